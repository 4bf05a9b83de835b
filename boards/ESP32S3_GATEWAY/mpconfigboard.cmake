# The same for a gateway with an ESP32-S3 and PSRAM on eight lines.
set(IDF_TARGET esp32s3)
include(${CMAKE_CURRENT_LIST_DIR}/../ESP32_GATEWAY/mpconfigboard.cmake)
