# Runs in the interpreter: prints why the firmware refuses the site.json of standard input, else
# nothing.
import sys

from site import document
from b_bus.site_meters import meters_of

try:
    document.load(sys.stdin.read(), meters_of)
except ValueError as error:
    print(error)
