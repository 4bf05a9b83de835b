"""`make chip`: MicroPython's own firmware with a board's image in an emulated ESP32."""
