"""2^20 additions of fractions. Prints the registers, then once more after the rest is added."""

from energy.registers import Registers

both = Registers(2)
for _ in range(1 << 20):
    both.add(0, 1 << 40)
    both.add(1, (1 << 60) - 1)
print(*both.joules)
both.add(1, 1 << 20)
print(*both.joules)
