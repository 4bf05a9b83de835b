"""Types of devices, by the first four digits of their serial numbers, and how many points there
may be. Owns these numbers, for both buses and for site.json."""

from micropython import const

GATHERER = "50"  # a Genius: the first two digits
GATEWAYS = (GATHERER, "51")
LTE_GATEWAY = "5140"
HEADS = ("5400", "5020")  # a Power Box, a Genius Flex's front end
SOLID_CORE = "5600"
INPUT_MODULE, OUTPUT_MODULE = "5700", "5710"
HUBS = {"5500": 4, "5520": 4, SOLID_CORE: 3}  # inputs of what may have points on the A-bus
MAX_MODULES = const(10)  # on the B-bus, of Input and Output modules
MAX_POINTS = const(28)  # on the A-bus, or of a Power Box
MAX_IN_MESSAGE = const(64)  # with those of meters: messages have an end
