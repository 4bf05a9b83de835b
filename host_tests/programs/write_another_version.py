"""The record of the registers gets another version."""

from system.durable import Durable

store = Durable("registers")
store.write(b"\x63" + store.value[1:])
