"""Set-up of the development environment: `python3 tools/bootstrap`, called by `make setup`.

Owns everything under build/ that is downloaded or made once. Needs Python's standard library only.
This file must be readable by any Python 3, so that an old one gets a remedy and not a traceback.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)


def _is_new_enough(path):
    code = "import sys; sys.exit(sys.version_info < " + repr(OLDEST) + ")"
    return subprocess.call([path, "-c", code], stderr=subprocess.DEVNULL) == 0


def main():
    if sys.version_info < OLDEST:
        for name in ("python3.13", "python3.12", "python3.11", "/usr/bin/python3"):
            path = shutil.which(name)
            if path and _is_new_enough(path):
                os.execv(path, [path] + sys.argv)
        sys.stderr.write(
            "error: Python 3.11 or newer is needed: install the package python3.11 (or newer) "
            "and run `make setup PYTHON=python3.11`\n"
        )
        return 2
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from gateway_host import hangup

    hangup.open_missing()
    import work

    return work.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
