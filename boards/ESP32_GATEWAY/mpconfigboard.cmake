# MicroPython for every gateway with an ESP32: docs/device.md.
# The port wants the partition table's place in an sdkconfig, relative to itself or absolute.
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.gateway
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n"
    # Sleeps are exact to 1 ms in place of 10.
    "CONFIG_FREERTOS_HZ=1000\n"
    # What TLS, Wi-Fi and lwIP can have in the PSRAM leaves the internal memory to the rest.
    "CONFIG_MBEDTLS_EXTERNAL_MEM_ALLOC=y\n"
    "CONFIG_SPIRAM_TRY_ALLOCATE_WIFI_LWIP=y\n"
)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    boards/sdkconfig.spiram
    ${CMAKE_BINARY_DIR}/sdkconfig.gateway
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
