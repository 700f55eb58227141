"""One row of an attention by another, dz_1/dv_2 and its like, against the Jacobians of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explain import attention
from explain.errors import InputError

Q = [[1.0, 0.5, -1.0], [0.0, 2.0, 1.0]]
K = [[1.0, 1.0, 0.0], [0.5, -1.0, 2.0], [0.0, 1.0, 1.0], [2.0, 0.0, -1.0]]
V = [[2.0, 0.0], [0.0, 4.0], [1.0, -1.0], [0.5, 3.0]]
SEEN = [[1, 1, 0, 1], [0, 1, 1, 1]]
NAMES = [
    "dz_1/dv_3",
    "dz_2/dv_1",
    "dz_1/dq_1",
    "dz_2/ds_2",
    "dz_1/du_1",
    "da_2/dq_2",
    "da_1/ds_1",
    "du_2/dq_2",
    "dz_1/da_1",
]


def jacobian(name, mask):
    """The same derivative by torch, of the row's function."""
    top, bottom = name[1:].split("/d")
    query, other = int(top[2]) - 1, int(bottom[2]) - 1
    q, k, v = (torch.tensor(part, dtype=torch.float64) for part in (Q[query], K, V))
    hidden = torch.tensor([0.0 if seen else -torch.inf for seen in SEEN[query]], dtype=torch.float64) if mask else 0
    found = {"q": q, "s": k @ q, "u": k @ q / 3**0.5}
    found["a"] = torch.softmax(found["u"] + hidden, 0)
    found["v"] = v[other]

    def along(moved):
        state = {}
        for letter in "qsuaz":
            if letter == bottom[0]:
                state[letter] = moved
                continue
            before = {"s": "q", "u": "s", "a": "u", "z": "a"}.get(letter)
            if letter == "q" or before not in state:
                state[letter] = found.get(letter)
            if before in state and letter != "q":
                values = torch.cat([v[:other], moved[None], v[other + 1 :]]) if bottom[0] == "v" else v
                state[letter] = {
                    "s": lambda x: k @ x, "u": lambda x: x / 3**0.5, "a": lambda x: torch.softmax(x + hidden, 0),
                    "z": lambda x, values=values: values.T @ x,
                }[letter](state[before])  # fmt: skip
        return state[top[0]]

    return torch.autograd.functional.jacobian(along, found[bottom[0]]).numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mask", [None, SEEN], ids=["open", "masked"])
def test_one_row_by_another(name, mask):
    answer = attention(Q=Q, K=K, V=V, mask=mask, find=name)
    assert answer.passed
    np.testing.assert_allclose(answer[name].value, jacobian(name, mask), rtol=1e-9, atol=1e-12)


def test_by_an_unknown_value():
    answer = attention(scores="112,96", find="dz_1/dv_2")
    assert "0.1192 I" in answer.to_markdown()


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({"Q": Q, "K": K, "V": V}, "dz_1/dq_2", "every query is worked by itself"),
        ({"Q": Q, "K": K, "V": V}, "dz_3/dv_1", "there are 2 queries and 4 keys"),
        ({"Q": Q, "K": K, "V": V}, "da_1/dv_1", "only the output z_1 depends on the values"),
        ({"scores": "1,2"}, "dz_1/dq_1", "the scores are given"),
        ({"scores": "1,2"}, "dz_1/ds_1", "give V, one value a row"),
        ({"scores": "1,2", "V": "1,0;0,1"}, "dz_1/ds_1", "of one query the values are worked one by one"),
        ({"Q": Q, "K": K, "V": V}, "dz_1/dk_1", "derivatives by one key are not worked; ask for dz_1/dq_1"),
        ({"Q": Q, "K": K, "V": V}, "ds_1/dz_1", "is not in this answer"),
    ],
)
def test_what_cannot_be_asked(given, name, said):
    with pytest.raises(InputError, match=said):
        attention(**given, find=name)
