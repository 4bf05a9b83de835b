"""Looks names up without a socket. Arguments: the names. Prints what is found of each."""

import asyncio
import sys

from net import resolve

resolve.socket = None
for name in sys.argv[1:]:
    print(asyncio.run(resolve.resolve(name, None)))
