"""The console entry: `explain` and `python -m explain`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # a short run makes no garbage worth collecting, and importing SymPy makes collections
    if sys.stdout is None:  # started with its output closed
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open to the end
    try:
        from explain.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command line could take care of it
        code = 130
    gc.freeze()  # nothing is left to be collected at exit
    sys.exit(code)


if __name__ == "__main__":
    main()
