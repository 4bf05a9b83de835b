"""The lamps of the status LED, by the board's pins."""

import machine

_WS2812_NS = (400, 850, 800, 450)  # a zero high, low; a one high, low


def lamps(pins: Pins) -> Callable[[int, int, int], None]:
    """A function of three levels (red, green, blue; 0 to 255, of light) that sets three lamps,
    each on a pin of its own, or one addressable LED. It allocates nothing."""
    if "led_addressable" in pins:
        pin = machine.Pin(pins["led_addressable"], machine.Pin.OUT)
        colours = bytearray(3)

        def set_addressable(red, green, blue):
            colours[0], colours[1], colours[2] = green, red, blue
            machine.bitstream(pin, 0, _WS2812_NS, colours)

        return set_addressable
    dark = 65535 * pins.get("led_low", 0)
    r, g, b = (
        machine.PWM(machine.Pin(pins[name]), freq=1000, duty_u16=dark)
        for name in ("led_red", "led_green", "led_blue")
    )

    def set_single(red, green, blue):
        r.duty_u16(abs(dark - red * 257))
        g.duty_u16(abs(dark - green * 257))
        b.duty_u16(abs(dark - blue * 257))

    return set_single
