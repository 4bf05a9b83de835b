"""The firmware's version. Each one raises the earliest time that net/sntp.py believes."""

VERSION = "0.1.0"
# Raised where what came before must not come back by an update.
SECURITY = 1
