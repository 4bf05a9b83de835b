"""The files removed from a flash after long use, which is no reset."""

import os

from used_flash import flash

for name in ("settings.0", "settings.1", "site.json", "key.pem"):
    os.remove(name)
flash.save()
print("{}")
