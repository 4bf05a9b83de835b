"""Prints which umqtt.simple is imported: whether it can unsubscribe, which 1.3.4 cannot."""

from umqtt.simple import MQTTClient

print(hasattr(MQTTClient, "unsubscribe"))
