"""The command `wsac`: the same program as the Rust binary."""

import os
import signal
import sys

from wsac import _wsac
from wsac._tables import METEOR_TABLES


def main() -> int:
    # Python's handler would only note Ctrl-C until the program returns; the program has its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The program looks beside its own file, which is Python's here.
    if not os.environ.get("WSAC_METEOR") and METEOR_TABLES.is_file():
        os.environ["WSAC_METEOR"] = str(METEOR_TABLES)
    return _wsac.main(["wsac", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
