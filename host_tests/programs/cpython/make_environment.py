"""Makes the environment of the tree in the working directory, with a Python without ensurepip, as
Debian's without python3-venv is; prints what was made."""

import sys

sys.modules["ensurepip"] = None
sys.path[:0] = ["tools/bootstrap", "tools"]

import environment  # noqa: E402

print(environment.make().text)
