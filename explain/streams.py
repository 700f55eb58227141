"""Bytes from files and from standard input, with what can go wrong said in one line."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from explain.errors import InputError


@contextmanager
def opened(where: str, path: str, mend: str) -> Iterator[IO[bytes]]:
    """A regular file to be read; a pipe or a device might never end.

    Args:
        where: what a message speaks of: the option and the name.
        mend: what to give instead.

    Raises:
        InputError: it is no regular file, or cannot be read.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{where} is a folder: name a file in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{where} is a pipe or a device: give - to read standard input")
        with open(path, "rb") as stream:
            yield stream
    except InputError:  # a ValueError too
        raise
    except OSError as error:
        raise InputError(f"{where}: {(error.strerror or str(error)).lower()}: {mend}") from error
    except ValueError as error:  # a zero byte or half a character in the name
        raise InputError(f"{where} is no name of a file: {mend}") from error


def standard_input(where: str, largest: int, mend: str) -> bytes:
    """The start of standard input, one byte more than is accepted.

    Raises:
        InputError: it is closed or not to be read here.
    """
    try:
        stream = getattr(sys.stdin, "buffer", sys.stdin)
        data = stream.read(largest + 1) if stream is not None else b""
    except (OSError, ValueError) as error:  # closed, or not to be read here
        raise InputError(f"{where}: standard input cannot be read: {mend}") from error
    return data.encode() if isinstance(data, str) else bytes(data)
