"""What is written into a chip's flash: its partitions, MicroPython, the merged image."""
