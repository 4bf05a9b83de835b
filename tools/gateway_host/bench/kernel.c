/* The measuring kernel's sums in C, for `make bench`: what a compiler makes of the same work on the same data layout. */
#include <stdint.h>

enum { BLOCK = 64, ROW = 10 };

void accumulate(const int16_t *samples, const int32_t *references, const int32_t *rows, int channels, int64_t *sums)
{
    for (int i = 0; i < channels; i++) {
        const int16_t *c = samples + i * BLOCK;
        const int32_t *r = references + rows[i];
        int64_t a = 0, b = 0, s = 0;
        for (int k = 0; k < BLOCK; k += 2, r += ROW) {
            int32_t x = c[k], y = c[k + 1];
            a += (int64_t)(r[0] * x) + r[1] * y;
            b += r[2] * (x + y);
            s += (int64_t)(x * x) + y * y;
        }
        sums[3 * i] -= a;
        sums[3 * i + 1] += b;
        sums[3 * i + 2] += s;
    }
}
