#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// libpng behind plain functions: its setjmp and longjmp never leave this target.

#define CPNG_MESSAGE_SIZE 160

enum {
    CPNG_OK = 0,
    CPNG_DAMAGED = 1,     // the message holds libpng's words
    CPNG_ENDS_EARLY = 2,  // the bytes end before the image does
    CPNG_NO_MEMORY = 3,
    CPNG_STOPPED = 4,  // is_stopped said so
};

typedef struct cpng_decoder cpng_decoder;

typedef struct {
    uint32_t width, height;
    int has_alpha;  // an alpha channel or a tRNS chunk
} cpng_header;

// Reads everything up to the pixels. Allocates no pixel memory. `bytes` must outlive the decoder, and `*decoder` must
// be given to cpng_close whatever the result.
int cpng_open(const uint8_t *bytes, size_t count, cpng_decoder **decoder, cpng_header *header,
              char message[CPNG_MESSAGE_SIZE]);

// Reads the pixels, then the rest of the file. `rgb` is [height, width, 3]; `alpha` is [height, width], or NULL when
// the header says there is none. The counts are the sizes of the two buffers in bytes. `is_stopped` is asked for every
// row, and at every read of the file's bytes; when it says 1 the reading ends with CPNG_STOPPED.
int cpng_read_pixels(cpng_decoder *decoder, uint8_t *rgb, size_t rgb_count, uint8_t *alpha, size_t alpha_count,
                     int (*is_stopped)(void), char message[CPNG_MESSAGE_SIZE]);

typedef struct {
    const char *keyword;  // Latin-1, ends with 0; lives as long as the decoder
    const char *text;
    size_t text_count;
    int is_utf8;  // an iTXt chunk; otherwise Latin-1
} cpng_text;

size_t cpng_text_count(const cpng_decoder *decoder);
cpng_text cpng_text_at(const cpng_decoder *decoder, size_t index);

void cpng_close(cpng_decoder *decoder);

typedef struct {
    uint32_t width, height;
    int channels;          // 1 gray, 3 RGB, 4 RGBA
    const uint8_t *table;  // 256 bytes: what each pixel byte is written as; NULL writes it as it is
    // `text_count` records, each 't' (tEXt, Latin-1) or 'i' (iTXt, UTF-8), keyword, 0, text, 0.
    const char *texts;
    size_t texts_size;
    size_t text_count;
} cpng_image;

// Writes an 8-bit PNG. `pixels` is [height, width, channels]. `*png` must be freed with cpng_free; it is NULL when the
// result is not CPNG_OK. `is_stopped` is asked for every row; when it says 1 the writing ends with CPNG_STOPPED.
int cpng_encode(const cpng_image *image, const uint8_t *pixels, size_t pixels_count, int (*is_stopped)(void),
                uint8_t **png, size_t *png_count, char message[CPNG_MESSAGE_SIZE]);

void cpng_free(uint8_t *png);

// The version of the libpng that is linked.
const char *cpng_version(void);

#endif
