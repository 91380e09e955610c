"""The command `wsac`: the same program as the Rust binary."""

import signal
import sys

from wsac import _wsac


def main() -> int:
    # Python's handler would only note Ctrl-C until the program returns; the program has its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _wsac.main(["wsac", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
