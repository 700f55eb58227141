"""The models here are read as text and imported by one test; they hold no tests and no doctests."""

collect_ignore_glob = ["*.py"]
