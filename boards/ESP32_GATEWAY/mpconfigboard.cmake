# MicroPython for every gateway with an ESP32: docs/device.md.
# The port wants the partition table's place in an sdkconfig, relative to itself or absolute.
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.gateway
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n"
)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    ${CMAKE_BINARY_DIR}/sdkconfig.gateway
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
