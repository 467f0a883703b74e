"""Runs the command line as `python -m nextloop.cli`."""

from __future__ import annotations

from nextloop.cli.entry import main

if __name__ == "__main__":
    main()
