#ifndef CGIF_H
#define CGIF_H

#include <stddef.h>
#include <stdint.h>

// The first frame of a GIF through giflib, without its habit of keeping all frames.

enum {
    CGIF_OK = 0,
    CGIF_DAMAGED = 1,
    CGIF_ENDS_EARLY = 2,
    CGIF_NO_MEMORY = 3,
    CGIF_NO_FRAME = 4,  // the file ends, orderly, before its first frame
};

typedef struct cgif_decoder cgif_decoder;

typedef struct {
    // The logical screen, and where the first frame lies on it (or beyond).
    uint32_t screen_width, screen_height;
    uint32_t left, top, width, height;
    int is_interlaced;
    int transparent;  // the index of the colour that is clear, or -1
    // The frame's own colours, else the file's. 0 of them when there are none.
    uint32_t colour_count;
    uint8_t colours[256][3];
} cgif_frame;

// Reads up to the pixels of the first frame. `bytes` must outlive the decoder, and `*decoder` must be given to
// cgif_close whatever the result.
int cgif_open(const uint8_t *bytes, size_t count, cgif_decoder **decoder, cgif_frame *frame);

// Reads the indices of the next `row_count` rows in the file's order (interlaced files have another), `width` each.
int cgif_read_rows(cgif_decoder *decoder, uint32_t row_count, uint8_t *into, size_t into_count);

// Whether a second frame begins behind the pixels. Only when all rows were read.
int cgif_has_second_frame(cgif_decoder *decoder);

// giflib's words for what went wrong last.
const char *cgif_words(const cgif_decoder *decoder);

void cgif_close(cgif_decoder *decoder);

// The version of the giflib that this was built with.
const char *cgif_version(void);

#endif
