# MicroPython for every gateway with an ESP32: docs/device.md.
# `make firmware` says how much flash there is, in MB: 4, 8 or 16.
set(GATEWAY_FLASH_MB 4)
if(DEFINED ENV{GATEWAY_FLASH_MB})
    set(GATEWAY_FLASH_MB $ENV{GATEWAY_FLASH_MB})
endif()

# The port wants the partition table's place in an sdkconfig, relative to itself or absolute.
get_filename_component(GATEWAY_TABLES ${MICROPY_BOARD_DIR}/../ESP32_GATEWAY ABSOLUTE)
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.gateway
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${GATEWAY_TABLES}/partitions-${GATEWAY_FLASH_MB}MB.csv\"\n"
    "CONFIG_ESPTOOLPY_FLASHSIZE_4MB=n\n"
    "CONFIG_ESPTOOLPY_FLASHSIZE_${GATEWAY_FLASH_MB}MB=y\n"
    # Sleeps are exact to 1 ms in place of 10.
    "CONFIG_FREERTOS_HZ=1000\n"
    # What TLS, Wi-Fi and lwIP can have in the PSRAM leaves the internal memory to the rest.
    "CONFIG_MBEDTLS_EXTERNAL_MEM_ALLOC=y\n"
    "CONFIG_SPIRAM_TRY_ALLOCATE_WIFI_LWIP=y\n"
)

if(IDF_TARGET STREQUAL "esp32s3")
    set(GATEWAY_CHIP boards/sdkconfig.usb boards/sdkconfig.spiram_sx boards/sdkconfig.spiram_oct)
else()
    set(GATEWAY_CHIP boards/sdkconfig.spiram)
endif()
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    ${GATEWAY_CHIP}
    ${CMAKE_BINARY_DIR}/sdkconfig.gateway
)

set(MICROPY_FROZEN_MANIFEST ${GATEWAY_TABLES}/manifest.py)
