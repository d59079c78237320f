#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

// libjpeg behind plain functions: its setjmp and longjmp never leave this target.

#define CJPEG_MESSAGE_SIZE 256

enum {
    CJPEG_OK = 0,
    CJPEG_DAMAGED = 1,         // the message holds libjpeg's words
    CJPEG_ENDS_EARLY = 2,      // the bytes end before the image does
    CJPEG_TOO_MANY_SCANS = 3,  // more than CJPEG_SCANS_MAX
    CJPEG_NO_MEMORY = 4,
    CJPEG_STOPPED = 5,  // is_stopped said so
};

enum {
    // Encoders write about ten. Each one visits the whole picture, so thousands in a small file would take hours.
    CJPEG_SCANS_MAX = 100,
};

typedef struct cjpeg_decoder cjpeg_decoder;

typedef struct {
    uint32_t width, height;  // as stored: EXIF orientation is the caller's business
    int channels;            // 1 gray, 3 RGB or YCbCr, 4 CMYK or YCCK
} cjpeg_header;

// Reads everything up to the pixels. Allocates no pixel memory. `bytes` must outlive the decoder, and `*decoder` must
// be given to cjpeg_close whatever the result.
int cjpeg_open(const uint8_t *bytes, size_t count, cjpeg_decoder **decoder, cjpeg_header *header,
               char message[CJPEG_MESSAGE_SIZE]);

// Reads the pixels as [height, width, 3] RGB, or with `channels` 4, which only files of 4 can have, as
// [height, width, 4] CMYK the way the file has it (usually inverted). `count` is the size of the buffer in bytes. When the bytes end early
// `*rows_read` is how many rows there were, or 0 when that cannot be said (a progressive file has parts of all rows).
// `is_stopped` is asked for every few rows, of each scan in a progressive file; when it says 1 the reading ends with
// CJPEG_STOPPED.
int cjpeg_read_pixels(cjpeg_decoder *decoder, uint8_t *pixels, size_t count, int channels, int (*is_stopped)(void),
                      uint32_t *rows_read, char message[CJPEG_MESSAGE_SIZE]);

void cjpeg_close(cjpeg_decoder *decoder);

// Writes a baseline JPEG of `rgb`, [height, width, 3], with `quality` 1 to 100 and colour at half resolution, as Pillow
// does, or at full resolution. `*jpeg` must be freed with cjpeg_free; it is NULL when the result is not CJPEG_OK. `is_stopped` is asked for every
// few rows; when it says 1 the writing ends with CJPEG_STOPPED.
int cjpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int has_full_colour,
                 int (*is_stopped)(void), uint8_t **jpeg, size_t *jpeg_count, char message[CJPEG_MESSAGE_SIZE]);

void cjpeg_free(uint8_t *jpeg);

// The version of the libjpeg that this was compiled with.
const char *cjpeg_version(void);

#endif
