# What is frozen. Not the port's own modules: its _boot.py waits for a person where the file system
# is damaged.
# ruff: noqa: F821
include("$(MPY_DIR)/extmod/asyncio")
freeze("$(BOARD_DIR)/../ESP32_GATEWAY", ("_boot.py", "storage.py"))
freeze("$(BOARD_DIR)/../../firmware", "main.py")
