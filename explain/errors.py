"""What goes wrong: input that cannot be used, said in one line."""

from __future__ import annotations


class InputError(ValueError):
    """Unusable input: names the option, its value, the rule broken and the mend.

    A parameter is written in the message as `{name}`; the command line shows it as an option (`--d-k`),
    Python as the keyword (`d_k`).

    >>> str(InputError("{d_k} is 0: it must be positive"))
    'd_k is 0: it must be positive'
    """

    def __init__(self, message: str) -> None:
        self.message = message.replace("×", "x")
        super().__init__(_fill(self.message, ""))

    def as_options(self) -> str:
        """The message as the command line prints it."""
        return _fill(self.message, "--")


def _fill(message: str, prefix: str) -> str:
    pieces = message.replace("{{", "\0").split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        filled.append((prefix + name.replace("_", "-") if prefix else name) + rest)
    return "".join(filled).replace("\0", "{")


def amount(count: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    irregular = {
        "entry": "entries", "axis": "axes", "batch": "batches", "bias": "biases", "full batch": "full batches",
        "matrix": "matrices",
    }  # fmt: skip
    return f"{count} {noun}" if count == 1 else f"{count} {irregular.get(noun, noun + 's')}"


def printable(text: str) -> str:
    """Text without the characters that would move the cursor, change the colour or break the line."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def shown(value: object, limit: int = 40) -> str:
    """A value short enough for one line of an error message; its braces are no placeholders."""
    text = printable(str(value)).replace("{", "{{")
    if len(text) <= limit:
        return text
    return f"{text[: limit - 12]}… ({len(text)} characters)"
