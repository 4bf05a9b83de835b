"""A factory reset where the label cannot be kept: kept in part, or so that it cannot be read for
want of memory, or not at all. Prints for each whether it was refused, whether anything was erased,
and what is kept then."""

import json

from used_flash import Gateway, flash

from panel import factory_reset


class Torn(Gateway):
    def keep(self, data):
        self.nvs = data and data[:5]


class Unread(Gateway):
    def kept(self):
        if self.nvs is not None:
            raise MemoryError
        return None


class Full(Gateway):
    def keep(self, data):
        raise OSError(28)


before = bytes(flash.data)
said = []
for kind in Torn, Unread, Full:
    gateway = kind(flash)
    try:
        factory_reset.reset(gateway)
        said.append(["erased", None])
    except (OSError, MemoryError):
        said.append(["refused" if before == flash.data else "erased", gateway.nvs])
print(json.dumps(said))
