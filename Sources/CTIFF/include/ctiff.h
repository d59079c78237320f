#ifndef CTIFF_H
#define CTIFF_H

#include <stddef.h>
#include <stdint.h>

// libtiff behind plain functions: its get and set are variadic, and its handlers are functions with va_list. Files are
// memory. Nothing is printed.

#define CTIFF_MESSAGE_SIZE 200

enum {
    CTIFF_OK = 0,
    CTIFF_DAMAGED = 1,  // the message holds libtiff's words
    CTIFF_NO_MEMORY = 2,
    CTIFF_STOPPED = 3,  // is_stopped said so
    CTIFF_NO_CODEC = 4, // this libtiff was built without the file's compression
};

enum { CTIFF_EXTRA_MAX = 8 };

typedef struct ctiff_decoder ctiff_decoder;

typedef struct {
    uint32_t width, height;
    // Of a tile. Of strips there is nothing to know: they are read row by row.
    uint32_t tile_width, tile_height;
    int is_tiled;
    int is_separate;  // a plane for each sample
    uint16_t bits_per_sample, sample_count, sample_format, photometric, compression, orientation;
    uint16_t extra_count;  // CTIFF_EXTRA_MAX at most are told
    uint16_t extras[CTIFF_EXTRA_MAX];
    uint16_t horizontal_subsampling, vertical_subsampling;  // of YCbCr
    // Bytes of a row, or of a tile's row, of one plane or of all samples together.
    size_t row_size;
} ctiff_page;

// Reads the header. `bytes` must outlive the decoder, and `*decoder` must be given to ctiff_close whatever the result.
// No allocation of libtiff's is larger than `max_allocation` bytes.
int ctiff_open(const uint8_t *bytes, size_t count, size_t max_allocation, ctiff_decoder **decoder,
               char message[CTIFF_MESSAGE_SIZE]);

// Goes to the directory at `offset` and tells of its page.
int ctiff_set_page(ctiff_decoder *decoder, uint64_t offset, ctiff_page *page, char message[CTIFF_MESSAGE_SIZE]);

// Three tables of 2 to the bits_per_sample, or NULL. They live as long as the page is the current one.
int ctiff_palette(ctiff_decoder *decoder, const uint16_t **red, const uint16_t **green, const uint16_t **blue);

// Rows `first` to `first + count` of one plane (0 when the samples lie together), in the machine's byte order. Rows are
// to be read in order, plane by plane. `is_stopped` is asked for each.
int ctiff_read_rows(ctiff_decoder *decoder, uint32_t first, uint32_t count, uint16_t plane, uint8_t *into,
                    size_t into_count, int (*is_stopped)(void), char message[CTIFF_MESSAGE_SIZE]);

// The tile that holds the pixel, `tile_height` rows.
int ctiff_read_tile(ctiff_decoder *decoder, uint32_t x, uint32_t y, uint16_t plane, uint8_t *into, size_t into_count,
                    char message[CTIFF_MESSAGE_SIZE]);

// Rows of a strip or a tile as libtiff converts them to colours, for what is neither gray, RGB, palette nor CMYK:
// [rows, columns, 4] RGBA of what lies inside of the page. `x` and `y` are the block's first pixel; a strip is as wide
// as the page and has ctiff_rows_per_strip rows. `into` is aligned for words.
int ctiff_read_colours(ctiff_decoder *decoder, uint32_t x, uint32_t y, uint8_t *into, size_t into_count,
                       char message[CTIFF_MESSAGE_SIZE]);
uint32_t ctiff_rows_per_strip(ctiff_decoder *decoder);

void ctiff_close(ctiff_decoder *decoder);

typedef struct {
    uint32_t width, height;
    int channels;         // 1 gray, 3 RGB, 4 RGB and alpha
    int bits_per_sample;  // 8 or 16
    const uint8_t *profile;  // ICC, or NULL
    size_t profile_count;
    // `text_count` records: the tag's two bytes (high one first), text, 0.
    const uint8_t *texts;
    size_t text_count;
} ctiff_image;

// Writes one page with deflate. `pixels` is [height, width, channels] of bytes or 16-bit words. `*tiff` must be freed
// with ctiff_free; it is NULL when the result is not CTIFF_OK. `is_stopped` is asked for every row.
int ctiff_encode(const ctiff_image *image, const void *pixels, size_t pixels_size, int (*is_stopped)(void),
                 uint8_t **tiff, size_t *tiff_count, char message[CTIFF_MESSAGE_SIZE]);

void ctiff_free(uint8_t *tiff);

// The words of the libtiff that is linked: "LIBTIFF, Version 4.5.0" and a copyright.
const char *ctiff_version(void);

#endif
