"""The program tokgraft: the C++ one, plus the commands that live in Python."""

import signal
import sys

from tokgraft import _core
from tokgraft.optimizer import main as optimizer
from tokgraft.probe import main as probe
from tokgraft.report import main as report
from tokgraft.train.program import main as train

_COMMANDS = {"optimizer": optimizer, "probe": probe, "report": report, "train": train}


def main() -> int:
    # As a C++ program would: Ctrl-C and a closed pipe end it at once, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if len(sys.argv) > 1 and sys.argv[1] in _COMMANDS:
        return _COMMANDS[sys.argv[1]](sys.argv[2:])
    return _core.run_program(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
