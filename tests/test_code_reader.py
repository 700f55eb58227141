"""Model code is read as it stands: what becomes of it, what is told of the rest, and that nothing of it runs."""

import json
import sys
import time
from textwrap import dedent

import pytest

from explain.code.parts import Unknown
from explain.code.read import framework_of, read_model
from explain.errors import InputError
from explain.layers.base import Flow, MisfitError
from explain.layers.swapping import Swap


def read(text, which="", **let):
    return read_model(dedent(text), let, which=which)


def rows(model):
    """Name, description, line and sources of each call."""
    return [(call.name, call.layer.word if call.layer else None, call.line, call.sources) for call in model.calls]


def words(model):
    return [call.layer.word if call.layer else None for call in model.calls]


SERIES = """\
1 # reshape from [samples, timesteps] into [samples, timesteps, features]
2 n_features = 1
3 X = X.reshape((X.shape[0], X.shape[1], n_features))
4 # define model
5 print("n_steps", n_steps, "n_features", n_features)
6 model = Sequential()
7 model.add(LSTM(30, activation='relu', return_sequences=True, \\
8               input_shape=(n_steps, n_features)))
9 model.add(LSTM(30, activation='relu'))
10 model.add(Dense(1))
11 model.summary()
"""
COLUMNS = SERIES.replace("\n1", "\n1").replace("1 #", "1  #")
TEXT = """\
model = Sequential()
model.add(Embedding(1000, 16, input_length=200))
model.add(LSTM(32, dropout=0.1, recurrent_dropout=0.1))
model.add(Flatten())
model.add(Dropout(0.1))
model.add(Dense(256, activation='sigmoid'))
model.add(Dense(1, activation='sigmoid'))
"""


def test_listing_with_numbers_before_its_lines():
    model = read(SERIES)
    assert (model.framework, model.name, model.ordered) == ("keras", "model", True)
    steps = Unknown("n_steps", 8, "nothing in the code sets it", "n_steps", symbol="n_steps")
    assert [(entered.name, entered.shape) for entered in model.inputs] == [("input", (steps, 1))]
    assert rows(model) == [
        ("lstm", "lstm 30 sequences", 7, (-1,)), ("lstm_1", "lstm 30", 9, (0,)), ("dense", "dense 1", 10, (1,)),
    ]  # fmt: skip
    assert model.outputs == (2,)
    assert model.calls[0].written == (
        "LSTM(30, activation='relu', return_sequences=True, input_shape=(n_steps, n_features))"
    )
    assert [remark.text for remark in model.remarks] == ["the numbers before the lines are left out"]


def test_listing_whose_lines_begin_in_one_column():
    wide = "\n".join(f"{at:<3}{line.partition(' ')[2]}" for at, line in enumerate(SERIES.splitlines(), 1))
    assert rows(read(wide)) == rows(read(SERIES))


def test_supplied_value():
    assert read(SERIES, n_steps=3).inputs[0].shape == (3, 1)


def test_text_classifier():
    model = read(TEXT)
    assert model.inputs[0].shape == (200,)
    assert words(model) == ["embedding 1000 16", "lstm 32", "flatten", "dropout 0.1", "dense 256", "dense 1"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1,000", "line 2, Embedding(1,000, 16, input_length=200): 1,000 has a comma for thousands, which Python reads "
                  "as 2 numbers, 1 and 0; write 1000"),
        ("1,024", "line 2, model.add(Embedding(1,024, 16, input_length=200)): 1,024 has a comma for thousands, which "
                  "Python reads as 1 and 024; write 1024"),
        ("10,000,000", "10,000,000 has a comma for thousands, which Python reads as 3 numbers, 10 and 0 and 0; write "
                       "10000000"),
    ],
)  # fmt: skip
def test_comma_for_thousands(written, told):
    with pytest.raises(InputError) as caught:
        read(TEXT.replace("1000", written))
    assert str(caught.value).endswith(told)


def test_comma_for_thousands_in_a_variable():
    with pytest.raises(InputError, match=r"line 1, 20,000: 20,000 has a comma for thousands.*write 20000"):
        read("words = 20,000\nmodel = Sequential([Embedding(words, 8)])")


def test_zero_after_a_comma_is_no_slip():
    assert words(read("Sequential([Dense(3), ZeroPadding1D((1, 0)), Dropout(0)])"))[0] == "dense 3"


RESIDUAL = """
    from tensorflow import keras
    from tensorflow.keras import layers
    inputs = keras.Input(shape=(32, 32, 3), name="img")
    a = layers.Conv2D(8, 3, padding="same")(inputs)
    b = layers.Conv2D(8, 3, padding="same")(a)
    c = layers.add([a, b])
    d = layers.Activation("relu")(c + a)
    model = keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(d)), name="toy")
"""


def test_functional_model():
    model = read(RESIDUAL)
    assert [(entered.name, entered.shape, entered.line) for entered in model.inputs] == [("img", (32, 32, 3), 4)]
    assert rows(model) == [
        ("conv2d", "conv 8 3x3 same", 5, (-1,)), ("conv2d_1", "conv 8 3x3 same", 6, (0,)), ("add", "add", 7, (0, 1)),
        ("add_1", "add", 8, (2, 0)), ("activation", "relu", 8, (3,)),
        ("global_average_pooling2d", "globalavgpool", 9, (4,)), ("dense", "dense 10", 9, (5,)),
    ]  # fmt: skip


def test_layer_used_twice_and_model_used_as_a_layer():
    model = read("""
        shared = Dense(8, name="shared")
        one, other = Input((4,)), Input(shape=(4,))
        half = Model(one, Dense(2)(shared(one)))
        whole = Model([one, other], Concatenate()([half(one), half(other)]))
    """)
    assert [(call.name, call.sources, call.again) for call in model.calls] == [
        ("shared", (-1,), None), ("dense", (0,), None), ("shared", (-2,), 0), ("dense", (2,), 1),
        ("concatenate", (1, 3), None),
    ]  # fmt: skip


def test_states_of_an_encoder():
    model = read("""
        entered = Input(shape=(None, 71))
        _, h, c = LSTM(256, return_state=True)(entered)
        there = Input(shape=(None, 93))
        every, _, _ = LSTM(256, return_sequences=True, return_state=True)(there, initial_state=[h, c])
        model = Model([entered, there], Dense(93)(every))
    """)
    assert rows(model) == [("lstm", "lstm 256", 3, (-1,)), ("lstm_1", "lstm 256 sequences", 5, (-2,)),
                           ("dense", "dense 93", 6, (1,))]  # fmt: skip
    assert [size.text if isinstance(size, Unknown) else size for size in model.inputs[0].shape] == ["None", 71]


def test_last_state_of_a_layer_that_gives_all_steps():
    model = read("""
        x = Input((5, 3))
        every, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
        model = Model(x, Dense(2)(h))
    """)
    assert words(model) == ["lstm 4 sequences", "last", "dense 2"]


CNN = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 6, 5)
            self.pool = nn.MaxPool2d(2, 2)
            self.fc1 = nn.Linear(6 * 14 * 14, 120)
            self.spare = nn.Linear(3, 3)

        def forward(self, x):
            x = self.pool(F.relu(self.conv1(x)))
            x = torch.flatten(x, 1)
            return self.pool(self.fc1(x))

    net = Net()
"""


def test_module_with_a_forward_pass():
    model = read(CNN)
    assert (model.framework, model.name, [entered.name for entered in model.inputs]) == ("pytorch", "net", ["x"])
    assert [(call.name, call.written, call.line, call.sources, call.again, call.arrives) for call in model.calls] == [
        ("conv1", "nn.Conv2d(3, 6, 5)", 9, (-1,), None, 3),
        ("relu", "F.relu(…)", 15, (0,), None, None),
        ("pool", "nn.MaxPool2d(2, 2)", 10, (1,), None, None),
        ("flatten", "torch.flatten(x, 1)", 16, (2,), None, None),
        ("fc1", "nn.Linear(6 * 14 * 14, 120)", 11, (3,), None, 1176),
        ("pool", "nn.MaxPool2d(2, 2)", 10, (4,), 2, None),
        ("spare", "nn.Linear(3, 3)", 12, (), None, 3),
    ]
    assert [call.used for call in model.calls] == [True] * 6 + [False]
    assert [(remark.line, "spare is made" in remark.text) for remark in model.remarks] == [(12, True)]


def test_module_that_is_never_made():
    text = CNN.replace("net = Net()", "").replace("__init__(self)", "__init__(self, wide)").replace("120", "wide")
    model = read(text)
    assert model.name == "Net"
    assert words(model)[4] == "dense wide"
    assert "nothing gives this argument" in model.calls[4].layer.units.why
    assert words(read(text, wide=7))[4] == "dense 7"
    unknown = read(text.replace("self.fc1 = nn.Linear(", "self.fc1 = nn.Linear(2 * "))  # in_features is no name now
    assert words(unknown)[4] == "dense wide"


BLOCKS = """
    class Block(nn.Module):
        grows = 2
        def __init__(self, inside, outside, stride=1):
            super(Block, self).__init__()
            self.conv = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
            self.way = nn.Sequential()
            if stride != 1 or inside != outside:
                self.way = nn.Sequential(nn.Conv2d(inside, outside, 1, stride), nn.BatchNorm2d(outside))
        def forward(self, x):
            out = self.conv(x)
            out += self.way(x)
            return F.relu(out)

    class Net(nn.Module):
        def __init__(self, block, sizes, *, classes=10):
            super().__init__()
            self.inside = 4
            self.body = nn.Sequential(*[self._block(block, size) for size in sizes])
            self.head = nn.Linear(self.inside * block.grows, classes)
        def _block(self, block, size):
            made = block(self.inside, size, 1 if size == self.inside else 2)
            self.inside = size
            return made
        def forward(self, x):
            out = self.body(x)
            return self.head(out.view(out.size(0), -1))

    def small(**settings):
        return Net(Block, [4, 8], **settings)

    net = small(classes=3).to("cuda")
    print(net(torch.randn(2, 4, 2, 2)).shape)
"""


def test_blocks_of_the_same_file():
    model = read(BLOCKS)
    assert (model.name, model.inputs[0].shape) == ("net", (4, 2, 2))
    assert [(call.name, call.sources) for call in model.calls] == [
        ("body.0.conv", (-1,)), ("add", (0, -1)), ("relu", (1,)), ("body.1.conv", (2,)), ("body.1.way.0", (2,)),
        ("body.1.way.1", (4,)), ("add_1", (3, 5)), ("relu_1", (6,)), ("view", (7,)), ("head", (8,)),
    ]  # fmt: skip
    assert (model.calls[-1].arrives, words(model)[-2:]) == (16, ["flatten", "dense 3"])


RECURRENT = """
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(8, 16, {settings})
            self.fc = nn.Linear({wide}, 2)
        def forward(self, x):
            out, (h, c) = self.rnn(x)
            return self.fc({taken})
"""


@pytest.mark.parametrize(
    ("settings", "wide", "taken", "between"),
    [
        ("batch_first=True", 16, "out[:, -1, :]", ["last"]),
        ("batch_first=True", 16, "out[:, -1]", ["last"]),
        ("2, batch_first=True", 16, "h[-1]", ["last"]),
        ("batch_first=True", 16, "h.squeeze(0)", ["last"]),
        ("bidirectional=True", 32, "torch.cat((h[-2], h[-1]), dim=1)", ["last"]),
        ("bidirectional=True", 32, "torch.cat([h[0, :, :], h[1, :, :]], 1)", ["last"]),
        ("num_layers=1", 16, "out[-1]", ["last"]),
        ("num_layers=1", 16, "out.permute(1, 0, 2)[:, -1]", ["last"]),
        ("batch_first=True", 16, "out.mean(dim=1)", ["mean axis 1"]),
        ("batch_first=True", 16, "F.relu(out).max(dim=1)[0]", ["relu", None, None]),
        ("batch_first=True", 16, "out.contiguous().view(-1, 16)", ["reshape 16"]),
    ],
)
def test_what_is_taken_of_a_sequence(settings, wide, taken, between):
    model = read(RECURRENT.format(settings=settings, wide=wide, taken=taken))
    assert words(model)[1:-1] == between
    assert model.remarks == []


def test_batch_taken_for_time():
    model = read(RECURRENT.format(settings="num_layers=1", wide=16, taken="out[:, -1, :]"))
    assert [remark.text for remark in model.remarks] == [
        "out[:, -1, :] takes axis 1, which is the batch: nn.LSTM(8, 16, num_layers=1) has time first; give it "
        "batch_first=True"
    ]


@pytest.mark.parametrize(
    ("taken", "layers"),
    [
        ("x.view(-1, 320)", ["reshape 320"]),
        ("x.view(x.size(0), -1)", ["flatten"]),
        ("x.reshape(x.shape[0], 16, 5, 4)", ["reshape 16x5x4"]),
        ("x.reshape(len(x), -1)", ["flatten"]),
        ("x.view(-1, self.count(x))", ["flatten"]),
        ("torch.cat([x, self.a(x)], dim=1)", ["dense 3", "concatenate"]),
        ("x + self.a(x)", ["dense 3", "add"]),
        ("torch.add(x, self.a(x)) * 0.5", ["dense 3", "add", "multiply"]),
        ("x.unsqueeze(1).squeeze(1)", ["unsqueeze", "squeeze"]),
        ("x.permute(0, 2, 3, 1)", ["permute 2 3 1"]),
        ("x.transpose(0, 1).transpose(0, 1)", []),
        ("x.flatten(2).transpose(1, 2)", ["flatten from axis 2", "swap 1 2"]),
        ("x.transpose(-2, -1)", ["swap -2 -1"]),
        ("F.dropout(x, training=self.training)", ["dropout"]),
        ("F.max_pool1d(x, x.size(2))", ["max of all places"]),
        ("torch.sigmoid(x).tanh().to(x.device)", ["sigmoid", "tanh"]),
        ("self.a(x) if self.training else x", ["dense 3"]),
        ("torch.einsum('bi,bj->bij', x, x)", [None]),
    ],
)
def test_operations_of_a_forward_pass(taken, layers):
    model = read(f"""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 2)
            def count(self, x):
                total = 1
                for size in x.size()[1:]:
                    total *= size
                return total
            def forward(self, x, mask=None):
                return self.b({taken})
    """)
    used = [call for call in model.calls if call.used]
    assert [call.layer.word if call.layer else None for call in used] == [*layers, "dense 2"]
    assert model.ordered


def test_forward_pass_that_depends_on_data():
    model = read("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(3, 4)
                self.cells = nn.ModuleList([nn.LSTMCell(4, 4) for _ in range(2)])
            def forward(self, x):
                x = self.first(x)
                for step in range(x.size(1)):
                    x = self.cells[0](x)
                return x
    """)
    assert not model.ordered
    assert [(call.name, call.sources, call.arrives) for call in model.calls] == [
        ("first", (), 3), ("cells.0", (), 4), ("cells.1", (), 4),
    ]  # fmt: skip
    assert [(remark.line, remark.text) for remark in model.remarks] == [
        (9, "the forward pass is not read from line 9 on (for step in range(x.size(1)): it needs x.size(1), and how "
            "large it is is known when data passes): the layers stand in the order in which they are made"),
    ]  # fmt: skip


def test_choice_that_depends_on_data_without_weights():
    """What follows is still read; only its shape is open."""
    model = read("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.up, self.out = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 1, 1)
            def forward(self, x, y):
                x = self.up(x)
                if x.shape != y.shape:
                    x = F.interpolate(x, size=y.shape[2:])
                return self.out(torch.cat([x, y], dim=1))
    """)
    assert rows(model) == [
        ("up", "transposed 4 2x2 stride 2", 5, (-1,)), ("if", None, 8, (0,)), ("cat", "concatenate", 10, (1, -2)),
        ("out", "conv 1 1x1", 5, (2,)),
    ]  # fmt: skip
    assert (model.ordered, model.calls[1].weightless) == (True, True)


def test_swapped_axes():
    assert Swap((1, 2), "").output(Flow((3, 8, 4), "maps")).sizes == (8, 3, 4)
    assert Swap((-2, -1), "").output(Flow((3, 8, 4), "maps")).sizes == (3, 4, 8)
    with pytest.raises(MisfitError, match="it has no axes 1 and 2"):
        Swap((1, 2), "").output(Flow((3,), "vector"))


def test_layers_in_a_plain_list_are_not_trained():
    model = read("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = [nn.Linear(3, 3), nn.Linear(3, 3)]
            def forward(self, x):
                for layer in self.layers:
                    x = layer(x)
                return x
    """)
    assert len(model.calls) == 2
    assert all("nn.ModuleList" in remark.text for remark in model.remarks)


def test_states_that_a_sequential_cannot_pass_on():
    model = read("model = nn.Sequential(nn.LSTM(3, 4), nn.Linear(4, 1))")
    assert "nn.Sequential passes both on as one" in model.remarks[0].text


@pytest.mark.parametrize(
    ("code", "units"),
    [
        ("for n in [8, 4]:\n    model.add(Dense(n))", [8, 4]),
        ("for n in range(2, 5):\n    model.add(Dense(2 ** n))", [4, 8, 16]),
        ("n = 8\nwhile n > 1:\n    model.add(Dense(n))\n    n //= 2", [8, 4, 2]),
        ("for n, twice in zip((1, 2), [False, True]):\n    model.add(Dense(n * 2 if twice else n))", [1, 4]),
        ("for at, n in enumerate((5, 6), start=1):\n    if at % 2:\n        continue\n    model.add(Dense(n))", [6]),
        ("sizes = {'a': 3, **{'b': 4}}\n[model.add(Dense(n)) for n in sizes.values()]", [3, 4]),
        ("def wide(n, times=2):\n    return n * times\nmodel.add(Dense(wide(4)))", [8]),
        ("model.add(Dense(units=int(64 * 0.5)))", [32]),
        ("a, (b, *c) = 1, (2, 3, 4)\nmodel.add(Dense(a + b + sum(c)))", [10]),
        ("settings = dict(units=5)\nmodel.add(Dense(**settings))", [5]),
        ("model.add(Dense(len('four')))\nmodel.add(Dense(max(3, min(9, 7))))", [4, 7]),
        ("import math\nmodel.add(Dense(math.ceil(math.sqrt(10))))", [4]),
        ("from functools import partial\nWide = partial(Dense, activation='relu')\nmodel.add(Wide(6))", [6]),
        ("class Config:\n    units = 5\nmodel.add(Dense(Config.units))", [5]),
        ("class Config:\n    def __init__(self, n):\n        self.n = n\nc = Config(7)\nmodel.add(Dense(c.n))", [7]),
        ("layer = (lambda n: Dense(n))(3)\nmodel.add(layer)", [3]),
        ("if __name__ == '__main__':\n    model.add(Dense(2))", [2]),
        ("try:\n    import fast\nexcept ImportError:\n    fast = None\nmodel.add(Dense(3))", [3]),
        ("with strategy.scope():\n    model.add(Dense(3))", [3]),
        (
            "made = []\nmade += [Dense(1)]\nmade.append(Dense(2))\nfor each in made[::-1]:\n    model.add(each)",
            [2, 1],
        ),
        ("model.add(Dense(1))\nmodel.add(Dense(2))\nmodel.pop()", [1]),
        ("def add(n):\n    global total\n    total = n\nadd(4)\nmodel.add(Dense(total))", [4]),
        ("model.add(Dense((n := 3) + n))", [6]),
        ("assert 1 == 2\nmodel.add(Dense(1))", [1]),
        ("raise ValueError\nmodel.add(Dense(1))", [1]),
    ],
)
def test_plain_values_are_followed(code, units):
    model = read(f"model = Sequential()\n{code}")
    assert [call.layer.units for call in model.calls] == units


def test_names_of_layers():
    model = read("""
        for block in range(2):
            nothing = f"block{block}"
        model = Sequential([Conv2D(3, 3, name="first"), Conv2D(3, 3), MaxPool2D(), MaxPooling2D(),
                            Conv2DTranspose(3, 3), Dense(1, name=nothing + "_{:02d}".format(7)), Dense(1)])
    """)
    assert [call.name for call in model.calls] == [
        "first", "conv2d", "max_pooling2d", "max_pooling2d_1", "conv2d_transpose", "block1_07", "dense",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("Dense(3, input_shape=(4,))", (4,)),
        ("Dense(3, input_dim=4)", (4,)),
        ("Dense(3, batch_input_shape=(None, 4))", (4,)),
        ("LSTM(3, input_length=5, input_dim=4)", (5, 4)),
        ("Embedding(9, 3, input_length=6)", (6,)),
        ("Embedding(9, 3)", None),
        ("Input(shape=(7, 2)), LSTM(3)", (7, 2)),
        ("InputLayer(input_shape=(7, 2)), LSTM(3)", (7, 2)),
        ("Dense(3, input_shape=shape)", None),
        ("Sequential([Rescaling(2.0, input_shape=(9, 9, 3))]), Conv2D(2, 3)", (9, 9, 3)),
        ("Dense(3)", None),
    ],
)
def test_shape_of_the_input(layer, shape):
    assert read(f"model = Sequential([{layer}])").inputs[0].shape == shape


def test_shape_of_the_input_told_elsewhere():
    assert read("model = Sequential([Dense(3)])\nmodel.build((None, 4))").inputs[0].shape == (4,)
    torch = "import torch.nn as nn\nmodel = nn.Sequential(nn.Linear(4, 2))\n"
    assert read(torch + "model(torch.zeros(8, 4))").inputs[0].shape == (4,)
    assert read(torch + "from torchsummary import summary\nsummary(model, (4,))").inputs[0].shape == (4,)


def test_size_that_a_keras_model_knows():
    model = read("""
        x = Input((None, None, 3))
        y = Conv2D(8, 3)(x)
        if y.shape[-1] != x.shape[-1]:
            y = Conv2D(y.shape[-1] * 2, 1)(y)
        model = Model(x, y)
    """)
    assert words(model) == ["conv 8 3x3", "conv 16 1x1"]


def test_what_cannot_be_known():
    model = read("""
        model = Sequential()
        for i in range(blocks):
            model.add(Dense(3))
        if deep:
            model.add(Dropout(0.5))
        model.add(Dense(classes * 2))
        model.add(Foo(3))
        model.add(Dense(1))
    """)
    assert [(call.name, call.layer is None) for call in model.calls] == [
        ("for", True), ("if", True), ("dense", True), ("foo", True), ("dense_1", False),
    ]  # fmt: skip
    assert [call.unknown.line for call in model.calls[:4]] == [3, 5, 7, 8]
    assert [call.unknown.lacking for call in model.calls[:3]] == ["blocks", "deep", "classes"]
    assert words(read("model = Sequential()\nfor i in range(n):\n    model.add(Dense(i + 1))", n=2)) == [
        "dense 1", "dense 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("n_step", "{let} n_step: the code has no variable of this name that lacks a value; did you mean n_steps?"),
        ("other", "{let} other: the code has no variable of this name that lacks a value; what it needs is X, n_steps"),
    ],
)
def test_supplied_value_of_no_use(name, told):
    with pytest.raises(InputError) as caught:
        read(SERIES, **{name: 3})
    assert caught.value.message == told


def test_value_that_the_code_sets_itself():
    model = read("units = 3\nmodel = Sequential([Dense(units)])", units=5)
    assert words(model) == ["dense 3"]
    assert model.remarks[0].text == "units is set here; what --let gives for it is not used"


SEVERAL = """
    first = Sequential([Dense(1), Dense(2)])
    unfinished = Sequential()
    second = Sequential([Dense(3)])
    empty = Sequential()
"""


def test_several_models():
    model = read(SEVERAL)
    assert (model.name, words(model)) == ("second", ["dense 3"])
    assert model.remarks[0].text.startswith("of several models in the code the last one, second, is worked")
    assert words(read(SEVERAL, which="first")) == ["dense 1", "dense 2"]
    with pytest.raises(InputError, match="which is frist: the code has no model of this name; did you mean first"):
        read(SEVERAL, which="frist")
    with pytest.raises(InputError, match="has no layers"):
        read(SEVERAL, which="empty")


def test_function_that_is_never_called():
    model = read("""
        def block(x, units):
            return Dense(units)(x)
        def build(units=4):
            x = Input((3,))
            return Model(x, block(x, units))
    """)
    assert (model.name, words(model)) == ("build", ["dense 4"])
    assert model.remarks[0].text == "build is not called in the code: it is read as if it were, with its defaults"


def test_layers_by_themselves():
    model = read("rnn = nn.LSTM(10, 20, 2)")
    assert (model.ordered, [(call.name, call.arrives) for call in model.calls]) == (False, [("rnn", 10)])


def test_options_of_a_command_line():
    text = """
        parser = argparse.ArgumentParser()
        parser.add_argument("--nz", type=int, default=100)
        args = parser.parse_args()
        model = nn.Sequential(nn.Linear(args.nz, 2))
    """
    model = read(text)
    assert model.calls[0].arrives == 100
    assert model.remarks[0].text == "nz is taken to be its default, 100; --let nz=… gives another"
    assert read(text, nz=7).calls[0].arrives == 7


@pytest.mark.parametrize(
    ("text", "framework"),
    [
        ("import torch", "pytorch"),
        ("from keras import layers", "keras"),
        ("nn.Linear(3, 4)", "pytorch"),
        ("Linear(3, 4)", "pytorch"),
        ("Dense(3)", "keras"),
        ("Sequential([LSTM(30), Dense(1)])", "keras"),
        ("import torch\nimport keras\nmodel.add(Dense(3))", "keras"),
    ],
)
def test_whose_code_it_is(text, framework):
    assert framework_of(text) == framework


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```python\nmodel = Sequential([Dense(3)])\n```\nWhat now?", "only what stands between the fences"),
        (">>> model = Sequential([Dense(3)])", "the prompts"),
        ("%matplotlib inline\n!pip install keras\nmodel = Sequential([Dense(3)])", "start with %"),
        ("n\\_units = 3\nmodel = Sequential([Dense(n\\_units)])", "is read as _"),
        ("    model = Sequential()\n    model.add(Dense(3))", "the indentation"),
        ("model = Sequential([Dense(3)])\r\n", ""),
    ],
)
def test_what_copying_adds(text, told):
    model = read_model(text, {})
    assert words(model) == ["dense 3"]
    assert told in (model.remarks[0].text if model.remarks else "")


def test_notebook():
    cells = [
        {"cell_type": "markdown", "source": ["# A model"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "units = 3"], "outputs": [{"png": "x" * 200_000}]},
        {"cell_type": "code", "source": "model = Sequential([Dense(units)])"},
    ]
    model = read_model(json.dumps({"cells": cells, "nbformat": 4}), {})
    assert (words(model), model.calls[0].line) == (["dense 3"], 3)


@pytest.mark.parametrize("text", ['{"cells": 3}', '{"cells": [' + "[" * 100_000, '{"cells": [{}]}', '{"cells": null'])
def test_what_is_no_notebook(text):
    with pytest.raises(InputError):
        read_model(text, {})


WEIGHTS = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(1, 1, 8))
            self.fc = nn.Linear(8, 2)
        def forward(self, x):
            x = torch.cat([self.token.expand(x.size(0), -1, -1), x], dim=1)
            return self.fc(x[:, 0])
"""


def test_weights_of_no_layer_are_told():
    model = read(WEIGHTS)
    assert rows(model) == [("token", None, 5, ()), ("cat", "concatenate", 8, (0, -1)), ("last", "last", 9, (1,)),
                           ("fc", "dense 2", 6, (2,))]  # fmt: skip
    assert "weights of its own" in model.calls[0].unknown.why


@pytest.mark.parametrize(
    ("called", "weightless"),
    [
        ("torch.einsum('ij,ij->i', x, x)", True),
        ("mystery(x)", False),
        ("tf.layers.dense(x, 3)", False),
        ("x.odd()", True),
    ],
)
def test_what_may_have_weights(called, weightless):
    model = read(f"""
        import torch.nn as nn
        class Net(nn.Module):
            def forward(self, x):
                return {called}
    """)
    assert [call.weightless for call in model.calls] == [weightless]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the code is empty"),
        ("x = 3", "the code makes no model that is read"),
        ("model = Sequential()", "line 1: the model has no layers; add them"),
        ("model = Sequential([Dense(3)]", "line 1, model = Sequential([Dense(3)]: Python cannot read it"),
        ('print "x"', "write print(…), as Python 3 does"),
        ("model = Sequential([Dense(3)])\nx = “3”", "line 2"),
        ("x = 1" + "0" * 5000, "Exceeds the limit"),
        ("x\0y", "zero bytes"),
        ("m = 3 # \ud800", "save it in UTF-8"),
        ("[" * 100_000, "too many nested parentheses"),
        ("x = " + "-" * 100_000 + "1", "nested too deeply"),
        ("x = 1" + "+1" * 20_000, "nested too deeply"),
        ("x = " + "a." * 200 + "b", "nested too deeply"),
        ("é§$%" * 250_000, "the code has 1000000 characters: at most 150000 are read"),
        ("a = 1\n" * 20_000, "the code makes no model that is read"),
        ("model = Sequential()\nwhile True:\n    model.add(Dense(1))", "line 3: "),
        (
            "def f(n):\n    return f(n - 1) + f(n - 1)\nmodel = Sequential([Dense(f(9))])",
            "line 3: what stands here goes on",
        ),
        ("class A(nn.Module):\n    def __init__(self):\n        self.a = A()\nA()", "no layers"),
    ],
)
def test_bad_input_is_refused_at_once(text, told):
    begin = time.process_time()
    with pytest.raises(InputError) as caught:
        read_model(text, {})
    assert time.process_time() - begin < 1
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        "n = 10 ** 10 ** 10",
        "n = 1 << 10 ** 9",
        "n = 7\nwhile True:\n    n = n * n",
        "s = 'a' * 10 ** 9",
        "s = 'a'\nfor i in range(100):\n    s = s + s",
        "a = [1]\nfor i in range(100):\n    a = a + a",
        "a = [1]\nfor i in range(100):\n    a.extend(a)",
        "a = [1]\nfor i in range(60):\n    a = [a, a]\nb = a == a\nc = str(a) + f'{a}'\nd = {tuple(a): 1}",
        "a = []\na.append(a)\nfor each in a:\n    a.append(each)",
        "s = f'{1:1000000000}' + '%1000000000d' % 1 + '{:>999999999}'.format(1) + 'a'.ljust(10 ** 9)",
        "x = list(range(10 ** 9)) + [i for i in range(10 ** 9)]\ny = sum(range(10 ** 9))",
        "a = list(range(5000))\nb = [sorted(a) for i in a for j in a]",
        "while True:\n    pass",
        "for i in range(10 ** 12):\n    print(i)",
        "def f(x):\n    return f(x)\nf(1)",
        "def g():\n    while True:\n        yield 1\nx = list(g())",
        "f = lambda x: f(x)\nf(1)",
        "a, *b = [1] * 10 ** 9",
        "x = {i: i for i in range(10 ** 9)}",
        "match x:\n    case 1:\n        y = 2",
        "async def f():\n    await g()",
        "x = 1 / 0 + 2.0 ** 10 ** 6 + int('9' * 9000)",
    ],
)
def test_what_would_never_end_is_left_out(code):
    begin = time.process_time()
    model = read_model(f"{code}\nmodel = Sequential([Dense(3)])", {})
    assert time.process_time() - begin < 1
    assert words(model) == ["dense 3"]


def test_nothing_of_the_code_runs(tmp_path):
    """Every line of this would be seen: a file, the end of the process, an import, a loop."""
    there = tmp_path / "written"
    before = set(sys.modules)
    model = read_model(
        dedent(f"""
            import antigravity, os, socket, sys
            open({str(there)!r}, "w").write("here")
            os.system("touch {there}")
            os._exit(3)
            exec("open({str(there)!r}, 'w')")
            eval("__import__('os').abort()")
            socket.create_connection(("127.0.0.1", 9))
            sys.exit(1)
            model = Sequential([Dense(3), Dense(open({str(there)!r}, "w").write("4"))])
            model.fit(open({str(there)!r}, "w"), [print(1)])
            raise SystemExit
            while True:
                os.fork()
        """),
        {},
    )
    assert [call.layer is None for call in model.calls] == [False, True]
    assert not there.exists()
    assert "antigravity" not in set(sys.modules) - before


def test_a_reading_needs_no_framework():
    """Neither Keras nor PyTorch is loaded."""
    import subprocess

    code = (
        "import sys\nfrom explain.code.read import read_model\n"
        "read_model('import torch, keras\\nmodel = torch.nn.Sequential(torch.nn.Linear(3, 4))', {})\n"
        "assert not {'torch', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
