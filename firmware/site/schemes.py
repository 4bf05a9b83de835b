"""What can be installed, as data: wiring schemes, current transformers (docs/site.md).
Needed to read a site.json, and not kept."""

from site.wiring import DELTA, SPLIT, STAR

# Scheme: the original's name for it, what `phase` of a point may be, how many of these have a
# voltage that is published as a phase's, what becomes of the voltages, what these should be (V).
SCHEMES = {
    "1x230": ("SINGLE", ("L1",), 1, STAR, 230),
    "3x400+N": ("THREE_STAR", ("L1", "L2", "L3"), 3, STAR, 230),
    "3x230": ("THREE_DELTA", ("L1", "L2", "L3"), 3, DELTA, 230),
    "2x120/240": ("DUAL", ("L1", "L2", "L1-L2"), 2, SPLIT, 120),
    "3x120/208": ("THREE_STAR", ("L1", "L2", "L3"), 3, STAR, 120),
    "3x277/480": ("THREE_STAR", ("L1", "L2", "L3"), 3, STAR, 277),
    "3x347/600": ("THREE_STAR", ("L1", "L2", "L3"), 3, STAR, 347),
}

UNKNOWN = "unknown"  # the phase of a point on the A-bus of which the current alone is wanted

# CT article: rated current in A (docs/a-bus.md section 2), the original's name for the type.
CTS = {
    "AC-CT-50A": (50, "SCT2_50A"),
    "AC-CT-S-50A": (50, "SCT2_50A"),
    "AC-CT-100A": (100, "SCT2_100A"),
    "AC-CT-200A": (200, "SCT2_200A"),
    "AC-CT-400A": (400, "SCT2_400A"),
    "AC-RSCT-4CM": (400, "ROGOWSKI_400A"),
    "AC-RSCT-12CM": (1600, "ROGOWSKI_1600A"),
    "AC-RSCT-19CM": (4000, "ROGOWSKI_4000A"),
    "AC-RSCT-30CM": (10000, "ROGOWSKI_10000A"),
    "SOLID-CORE": (80, "SOLID_CORE_80A"),
}
