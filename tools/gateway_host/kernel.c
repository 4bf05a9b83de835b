/* The measuring kernel's sums in C, for `make bench`: what a compiler makes of the same work on the same data layout. */
#include <stdint.h>

enum { BLOCK = 64, ROW = 6 };

void accumulate(const int16_t *samples, const int32_t *references, const int32_t *rows, int channels, int64_t *sums)
{
    for (int i = 0; i < channels; i++) {
        const int16_t *c = samples + i * BLOCK;
        const int32_t *r = references + rows[i];
        int64_t a = 0, b = 0, s = 0;
        for (int k = 0; k < BLOCK; k++, r += ROW) {
            int32_t x = c[k];
            int32_t v = r[1] * 256 + r[0];
            a += v * x;
            b += r[2] * x;
            s += x * x;
        }
        sums[3 * i] += a;
        sums[3 * i + 1] += b;
        sums[3 * i + 2] += s;
    }
}
