"""A program that takes no interrupt."""

here = False
while True:
    try:
        if not here:
            here = True
            print("here")
        while True:
            pass
    except KeyboardInterrupt:
        print("no")
