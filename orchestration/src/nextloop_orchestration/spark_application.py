"""What spark-submit runs: the `nextloop` command, by the project's Python and not by Airflow's.

Comes in: a file for the report, then the command's arguments. Goes out: the report in that file,
since spark-submit's output is one stream; the command's exit code. It ends with spark-submit.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Final

_LOOK_SECONDS: Final = 0.5


def main() -> None:
    """Run the command with its standard output in a file."""
    # Python has put this script's folder first; its modules are not the application's.
    sys.path.pop(0)
    report = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_TRUNC)
    sys.stdout.flush()
    os.dup2(report, sys.stdout.fileno())
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    from nextloop.cli.app import main as nextloop

    nextloop()


def _end_with(submit: int) -> None:
    """End when spark-submit has gone, `kill -9` included: its task is not ours any more."""
    while os.getppid() == submit:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
