"""The published models of tests/models, run in their framework: what each layer gives and how many numbers it holds."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import NamedTuple

os.environ["KERAS_BACKEND"] = "torch"

BATCH = 7
MODELS = Path(__file__).parent / "models"


class Published(NamedTuple):
    """One model: its file, what makes it, what one sample is, what `explain model` is told besides."""

    file: str
    get: str = "model"  # the variable of the model, or the class that makes it
    sample: tuple[int, ...] = ()  # PyTorch: what a sample is, without the batch
    tokens: bool = False
    which: str = ""
    shared: bool = False  # whether a part of it is a model of its own
    batch: int | None = 0  # the axis of the samples; None: the model takes one sample alone

    def __str__(self) -> str:
        return f"{self.file}{'-' + self.which if self.which else ''}"

    @property
    def text(self) -> str:
        """The code."""
        return (MODELS / f"{self.file}.py").read_text(encoding="utf-8")


class Row(NamedTuple):
    """One use of a layer: its name, the shape of one sample that it gives, its parameters as its framework counts."""

    name: str
    shape: tuple[int | None, ...] | None  # None: the framework does not tell it
    parameters: int


KERAS = [
    Published("keras_mnist_convnet"),
    Published("keras_bidirectional_lstm"),
    Published("keras_text_convolutions"),
    Published("keras_timeseries"),
    Published("keras_toy_resnet"),
    Published("keras_tickets"),
    Published("keras_autoencoder", "autoencoder"),
    Published("keras_dcgan", "discriminator", which="discriminator"),
    Published("keras_dcgan", "generator", which="generator"),
    Published("keras_character_lstm"),
    Published("keras_stacked_lstm"),
    Published("keras_encoder_decoder_series"),
    Published("keras_unet"),
    Published("keras_small_xception"),
    Published("keras_seq2seq"),
    Published("keras_text_transformer"),
    Published("keras_vae_encoder", "encoder", which="encoder"),
    Published("keras_vae_encoder", "decoder", which="decoder"),
    Published("keras_collaborative"),
    Published("keras_inception"),
    Published("keras_cnn_lstm"),
    Published("keras_siamese", shared=True),
    Published("keras_augmented", shared=True),
    Published("keras_residual_units"),
]
TORCH = [
    Published("torch_quickstart", sample=(1, 28, 28)),
    Published("torch_cifar10", "net", (3, 32, 32)),
    Published("torch_mnist", "Net", (1, 28, 28)),
    Published("torch_dcgan", "netG", (100, 1, 1), which="netG"),
    Published("torch_dcgan", "netD", (3, 64, 64), which="netD"),
    Published("torch_char_rnn", "rnn", (5, 58), batch=1),
    Published("torch_lstm_tagger", sample=(5,), tokens=True, batch=None),
    Published("torch_vae", sample=(784,)),
    Published("torch_word_language_model", sample=(35,), tokens=True, batch=1),
    Published("torch_resnet18", sample=(3, 224, 224)),
    Published("torch_alexnet", "AlexNet", (3, 224, 224)),
    Published("torch_vgg", "vgg11_bn", (3, 224, 224)),
    Published("torch_time_sequence", "seq", (20,)),
    Published("torch_super_resolution", sample=(1, 32, 32)),
    Published("torch_lstm_series", sample=(12, 1)),
    Published("torch_unet", sample=(3, 64, 64)),
    Published("torch_mobilenet_v2", sample=(3, 224, 224)),
    Published("torch_densenet121", sample=(3, 224, 224)),
    Published("torch_inception", sample=(3, 96, 96)),
    Published("torch_encoder_classifier", sample=(35,), tokens=True),
    Published("torch_text_cnn", sample=(60,), tokens=True),
    Published("torch_linear_gan", "generator", (100,)),
    Published("torch_gpt", sample=(16,), tokens=True),
]


def run(model: Published):
    """The model itself, from its file, which is imported."""
    spec = importlib.util.spec_from_file_location(model.file, MODELS / f"{model.file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, model.get)
    return found() if isinstance(found, type) else found


def rows_of_keras(model) -> list[Row]:
    """Its layers in the order of `summary()`; layers of the file's own classes as the layers they are made of."""
    import keras

    rows: list[Row] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if own(layer) or isinstance(layer, keras.Model):
            inner = layer._flatten_layers(include_self=False, recursive=False)
            inside = [
                each for part in inner for each in (part.layers if isinstance(part, keras.Sequential) else [part])
            ]
            rows += [Row(each.name, None, each.count_params()) for each in inside]
            continue
        given = layer.output[0] if isinstance(layer.output, (list, tuple)) else layer.output
        rows.append(Row(layer.name, tuple(given.shape[1:]), layer.count_params()))
    return rows


def own(layer) -> bool:
    """Whether it is of a class of the file."""
    return not type(layer).__module__.startswith("keras.")


def rows_of_torch(model, published: Published) -> list[Row]:
    """Its modules in the order in which they are called."""
    import torch

    COMPOSED = (torch.nn.TransformerEncoder, torch.nn.MultiheadAttention)  # one layer each
    rows: list[Row] = []

    def hook(name: str):
        def note(module, _inputs, given) -> None:
            while isinstance(given, tuple):
                given = given[0]
            shape = list(given.shape)
            if published.batch is not None and BATCH in shape:
                shape.remove(BATCH)
            elif 1 in shape:
                shape.remove(1)  # the batch that the code puts in by itself
            rows.append(Row(name, tuple(shape), sum(each.numel() for each in module.parameters())))

        return note

    composed = [name for name, module in model.named_modules() if isinstance(module, COMPOSED)]
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in composed)
        if not inside and (not list(module.children()) or isinstance(module, COMPOSED)):
            module.register_forward_hook(hook(name))
    shape = list(published.sample)
    if published.batch is not None:
        shape.insert(published.batch, BATCH)
    model.eval()
    with torch.no_grad():
        model(torch.zeros(shape, dtype=torch.long if published.tokens else torch.get_default_dtype()))
    return rows
