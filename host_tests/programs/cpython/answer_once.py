"""Greets, answers the first line that it reads, and says one thing more."""

import sys

print("hello")
print(sys.stdin.readline().strip() + "!")
print("xx")
