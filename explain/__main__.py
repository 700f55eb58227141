"""The console entry: `explain` and `python -m explain`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # a short run makes no garbage worth collecting, and importing SymPy makes collections
    from explain.cli import run

    code = run(sys.argv[1:])
    gc.freeze()  # nothing is left to be collected at exit
    sys.exit(code)


if __name__ == "__main__":
    main()
