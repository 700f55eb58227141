"""What a page of a convolution tells: the letters of its index formulas, its slices, its pictures, its entries."""

from __future__ import annotations

import shlex

import pytest

from explain.cli import run


def printed(capsys, line):
    """A page on a terminal of 200 columns, in one line a sentence."""
    assert run([*shlex.split(line), "--format", "terminal", "--width", "200"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "conv --X '1,2;3,4' --K '1,0;0,1' --padding 1",
            "indices count from 1: i, j are row and column of the entry, u, v in the kernel\n",
        ),
        (
            "conv --X 1,2,3 --K 1,2 --dZ 1,1",
            "j is the place of the entry, u in the kernel, p of those summed over; outside stands 0\n",
        ),
        (
            "conv --X '1,2,3;4,5,6 | 1,0,1;0,1,0' --K '1,0;0,1 | 1,1;0,0'",
            "indices count from 1: i, j are row and column of the entry, u, v in the kernel; f is filter, c channel",
        ),
        (
            "pool --X '1,2;3,4 | 1,0;0,1' --window global --type average --dY '1,2'",
            "indices count from 1: i, j are row and column of the entry, u, v in the window; c is channel",
        ),
        ("conv --X '1,2;3,4 || 1,0;0,1' --K 1 --dims 2", "X₂,₁ is channel 1 of sample 2 of X"),
        ("conv --X '1,2;3,4' --K '1,0;0,1 || 1,1;0,0'", "K₂,₁ is channel 1 of filter 2 of K"),
        ("transposed-conv --X '1,2;3,4' --K '1,0;0,1 | 1,1;0,0'", "K₁,₂ is filter 2 of channel 1 of K"),
        ("conv --X '1,2,3;4,5,6' --K '1,2|3,4' --dims 1", "each row of X and of K is a channel"),
        ("conv --X 1,2,3,4,5 --K 1,2 --stride 2 --dZ 1,1", "stride and dilation change places"),
    ],
)
def test_letters_and_slices_are_told(line, told, capsys):
    """No index stands on a page without its meaning."""
    assert told in printed(capsys, line)


def test_the_window_covers_all_channels_of_a_row(capsys):
    """In one dimension the channels are the rows of the picture."""
    text = printed(capsys, "conv --X '1,2,3;4,5,6' --K '1,2|3,4' --dims 1")
    assert "  [1][2] 3      1 [2][3]\n  [4][5] 6      4 [5][6]\n" in text


def test_every_filter_has_an_entry_worked(capsys):
    """Each filter has a kernel of its own, so one entry of the second is worked too."""
    text = printed(capsys, "conv --X '1,2;3,4' --K '1,0;0,1 || 1,1;0,0'")
    assert "entry (1,1,1):  1 + 0 + 0 + 4 = 5" in text
    assert "entry (2,1,1):  1 + 2 + 0 + 0 = 3" in text


def test_both_paths_of_a_projection_are_drawn(capsys):
    """An input on two paths receives two products, and each is drawn under its own name."""
    text = printed(capsys, "resnet-block --X '1,2;3,4' --K-1 2 --K-2 1 --K-s 3 --dA-2 '1,0;0,1'")
    assert "term with ∂L/∂S: outputs whose windows hold (1,1)" in text
    assert "term with ∂L/∂Z₁: outputs whose windows hold (1,1)" in text


def test_a_chain_without_probabilities_is_refused_by_its_own_words(capsys):
    """A chain has no option for its last activation."""
    line = "cnn 'flatten, dense 1' --X '1,2;3,4' --W-2 1,1,1,1 --target 1 --loss binary-cross-entropy"
    assert run(shlex.split(line)) == 2
    error = capsys.readouterr().err
    assert "the chain gives an output outside (0, 1)" in error
    assert "end with sigmoid" in error


def test_a_place_that_windows_hold_is_worked(capsys):
    """With stride 2 and dilation 2 no window holds the corner, nor the middle: another place is shown."""
    text = printed(
        capsys,
        "conv --X '1,2,0,1;0,1,3,2;2,1,1,0;1,0,0,1' --K '1,0;-1,2' --stride 2 --padding 1 --dilation 2 "
        "--dZ '1,0;0,1' --find dL/dX",
    )
    assert "outputs whose windows hold (2,2), and the weights that lay on it" in text
    assert "entry (2,2):  2 + 0 + 0 + 1 = 3" in text
