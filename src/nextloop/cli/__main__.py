"""Runs the command line as `python -m nextloop.cli`."""

from __future__ import annotations

from nextloop.cli.app import main

if __name__ == "__main__":
    main()
