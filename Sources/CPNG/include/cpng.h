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

// How the pixels are stored, after samples of less than 8 bits were widened to 8.
enum {
    CPNG_GRAY = 0,        // 1 byte
    CPNG_GRAY_16 = 1,     // 2 bytes, the high one first
    CPNG_PALETTE = 2,     // 1 byte
    CPNG_GRAY_ALPHA = 3,  // 2 bytes; of 16 bits the high ones
    CPNG_RGB = 4,         // 3 bytes; of 16 bits the high ones
    CPNG_RGBA = 5,        // 4 bytes; of 16 bits the high ones
};

typedef struct {
    uint32_t width, height;
    int layout;      // one of the six
    int pixel_size;  // bytes of a stored pixel
    int has_alpha;   // an alpha channel, or a palette with transparent entries
} cpng_header;

// Reads everything up to the pixels. Allocates no pixel memory. `bytes` must outlive the decoder, and `*decoder` must
// be given to cpng_close whatever the result.
int cpng_open(const uint8_t *bytes, size_t count, cpng_decoder **decoder, cpng_header *header,
              char message[CPNG_MESSAGE_SIZE]);

// Reads the pixels as Pillow's convert("RGB") makes them, then the rest of the file. A transparent colour of a gray or
// RGB file is a colour like all others, and 16-bit gray is cut off at 255. `rgb` is [height, width, 3]; `alpha` is [height, width], or NULL when
// the header says there is none. The counts are the sizes of the two buffers in bytes. `is_stopped` is asked for every
// row, and at every read of the file's bytes; when it says 1 the reading ends with CPNG_STOPPED.
int cpng_read_pixels(cpng_decoder *decoder, uint8_t *rgb, size_t rgb_count, uint8_t *alpha, size_t alpha_count,
                     int (*is_stopped)(void), char message[CPNG_MESSAGE_SIZE]);

// Reads the pixels in their layout, [height, width, pixel_size], then the rest of the file. Otherwise as above.
int cpng_read_stored(cpng_decoder *decoder, uint8_t *pixels, size_t count, int (*is_stopped)(void),
                     char message[CPNG_MESSAGE_SIZE]);

// The palette as 256 times RGBA. What the file leaves out is black and opaque.
void cpng_palette(const cpng_decoder *decoder, uint8_t rgba[1024]);

// The transparent colour of an 8-bit RGB file; 0 when there is none.
int cpng_key(const cpng_decoder *decoder, uint8_t rgb[3]);

// Whether 16-bit gray was above 255 in the pixels that were read as RGB.
int cpng_cut_off(const cpng_decoder *decoder);

// The embedded colour profile, which lives as long as the decoder; NULL when there is none that makes sense.
const uint8_t *cpng_profile(const cpng_decoder *decoder, size_t *count);

// Whether a text was left out because it is damaged, or larger than anyone writes.
int cpng_lost_text(const cpng_decoder *decoder);

// Whether the first chunk is as long as a header is, and has the right checksum.
int cpng_has_right_header(const uint8_t *bytes, size_t count);

// 1 when the checksum of a chunk that was read is wrong; what it holds is used all the same.
int cpng_wrong_checksum(const cpng_decoder *decoder);

typedef struct {
    const char *keyword;  // Latin-1, ends with 0; lives as long as the decoder
    const char *text;
    size_t text_count;
    int is_utf8;  // an iTXt chunk; otherwise Latin-1
} cpng_text;

size_t cpng_text_count(const cpng_decoder *decoder);
cpng_text cpng_text_at(const cpng_decoder *decoder, size_t index);

void cpng_close(cpng_decoder *decoder);

// The CRC-32 that stands behind a chunk's type and body.
uint32_t cpng_checksum(const uint8_t *bytes, size_t count);

typedef struct {
    uint32_t width, height;
    int channels;          // 1 gray, 3 RGB, 4 RGBA
    int bits;              // 8, or 16 for words with the high byte first
    const uint8_t *table;  // 256 bytes: what each pixel byte is written as; NULL writes it as it is
    // `text_count` records, each 't' (tEXt, Latin-1) or 'i' (iTXt, UTF-8), keyword, 0, text, 0.
    const char *texts;
    size_t texts_size;
    size_t text_count;
    const uint8_t *profile;  // ICC, or NULL
    size_t profile_size;
} cpng_image;

// Writes a PNG. `pixels` is [height, width, channels]. `*png` must be freed with cpng_free; it is NULL when the
// result is not CPNG_OK. `is_stopped` is asked for every row; when it says 1 the writing ends with CPNG_STOPPED.
int cpng_encode(const cpng_image *image, const uint8_t *pixels, size_t pixels_count, int (*is_stopped)(void),
                uint8_t **png, size_t *png_count, char message[CPNG_MESSAGE_SIZE]);

void cpng_free(uint8_t *png);

// The version of the libpng that is linked.
const char *cpng_version(void);

#endif
