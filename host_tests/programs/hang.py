"""A program that takes no interrupt."""

while True:
    try:
        while True:
            pass
    except KeyboardInterrupt:
        print("no")
