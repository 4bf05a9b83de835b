"""What becomes of the head's three voltages before points are measured with them: nothing; line to
line, all three; line to line in place of the third."""

STAR, DELTA, SPLIT = 0, 1, 2
