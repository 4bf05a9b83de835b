#define MICROPY_HW_BOARD_NAME "Gateway"
#define MICROPY_HW_MCU_NAME "ESP32S3"

// Mount the partition "romfs" at /rom.
#define MICROPY_VFS_ROM (1)

#define MICROPY_PY_BLUETOOTH (0)
