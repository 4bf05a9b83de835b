"""Prints the steps of a breathing LED: when, in us, and its level."""

import json

from panel import animation

steps = []
now = [0]
animation = animation.Animation(lambda r, g, b: steps.append([now[0], g]), lambda: now[0])
animation.show("green", "breathing")
for _ in range(200):
    animation.frame()
    now[0] += 20000
print(json.dumps(steps))
