#include "cgif.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

struct cgif_decoder {
    const uint8_t *bytes;
    size_t remaining;
    int ran_out;
    GifFileType *gif;
    int error;
};

static int read_bytes(GifFileType *gif, GifByteType *into, int count) {
    cgif_decoder *decoder = gif->UserData;
    if (count < 0) return 0;
    size_t given = (size_t)count;
    if (given > decoder->remaining) {
        given = decoder->remaining;
        decoder->ran_out = 1;
    }
    memcpy(into, decoder->bytes, given);
    decoder->bytes += given;
    decoder->remaining -= given;
    return (int)given;
}

static int failure(cgif_decoder *decoder) {
    if (decoder->gif != NULL) decoder->error = decoder->gif->Error;
    if (decoder->error == D_GIF_ERR_NOT_ENOUGH_MEM) return CGIF_NO_MEMORY;
    return decoder->ran_out ? CGIF_ENDS_EARLY : CGIF_DAMAGED;
}

// A graphic control extension: flags, delay, transparent colour. GIF89a section 23.
static int read_extension(cgif_decoder *decoder, int *transparent) {
    int function = 0;
    GifByteType *block = NULL;
    if (DGifGetExtension(decoder->gif, &function, &block) != GIF_OK) return failure(decoder);
    if (function == GRAPHICS_EXT_FUNC_CODE && block != NULL && block[0] >= 4 && (block[1] & 1) != 0)
        *transparent = block[4];
    while (block != NULL)
        if (DGifGetExtensionNext(decoder->gif, &block) != GIF_OK) return failure(decoder);
    return CGIF_OK;
}

// Goes to the next frame.
static int find_frame(cgif_decoder *decoder, int *transparent) {
    for (;;) {
        GifRecordType type = UNDEFINED_RECORD_TYPE;
        if (DGifGetRecordType(decoder->gif, &type) != GIF_OK) return failure(decoder);
        if (type == TERMINATE_RECORD_TYPE) return CGIF_NO_FRAME;
        if (type == IMAGE_DESC_RECORD_TYPE) return CGIF_OK;
        if (type == EXTENSION_RECORD_TYPE) {
            const int status = read_extension(decoder, transparent);
            if (status != CGIF_OK) return status;
        }
    }
}

// Pillow passes over a table that says no more than the indices do.
static int is_ramp(const ColorMapObject *map) {
    for (int i = 0; i < map->ColorCount; i++)
        if (map->Colors[i].Red != i || map->Colors[i].Green != i || map->Colors[i].Blue != i) return 0;
    return 1;
}

int cgif_open(const uint8_t *bytes, size_t count, cgif_decoder **decoder_out, cgif_frame *frame) {
    cgif_decoder *decoder = calloc(1, sizeof *decoder);
    *decoder_out = decoder;
    if (decoder == NULL) return CGIF_NO_MEMORY;
    decoder->bytes = bytes;
    decoder->remaining = count;
    decoder->gif = DGifOpen(decoder, read_bytes, &decoder->error);
    if (decoder->gif == NULL) return failure(decoder);
    memset(frame, 0, sizeof *frame);
    frame->transparent = -1;
    const int status = find_frame(decoder, &frame->transparent);
    if (status != CGIF_OK) return status;
    GifFileType *gif = decoder->gif;
    if (DGifGetImageDesc(gif) != GIF_OK) return failure(decoder);
    frame->screen_width = (uint32_t)gif->SWidth;
    frame->screen_height = (uint32_t)gif->SHeight;
    frame->left = (uint32_t)gif->Image.Left;
    frame->top = (uint32_t)gif->Image.Top;
    frame->width = (uint32_t)gif->Image.Width;
    frame->height = (uint32_t)gif->Image.Height;
    frame->is_interlaced = gif->Image.Interlace;
    const ColorMapObject *map = gif->Image.ColorMap;
    if (map == NULL || (is_ramp(map) && gif->SColorMap != NULL)) map = gif->SColorMap;
    if (map == NULL) return CGIF_OK;
    for (int i = 0; i < map->ColorCount && i < 256; i++) {
        frame->colours[i][0] = map->Colors[i].Red;
        frame->colours[i][1] = map->Colors[i].Green;
        frame->colours[i][2] = map->Colors[i].Blue;
        frame->colour_count = (uint32_t)i + 1;
    }
    return CGIF_OK;
}

int cgif_read_rows(cgif_decoder *decoder, uint32_t row_count, uint8_t *into, size_t into_count) {
    const int width = decoder->gif->Image.Width;
    if (width <= 0 || into_count / (size_t)width < row_count) return CGIF_DAMAGED;
    for (uint32_t i = 0; i < row_count; i++)
        if (DGifGetLine(decoder->gif, into + (size_t)i * (size_t)width, width) != GIF_OK) return failure(decoder);
    return CGIF_OK;
}

int cgif_has_second_frame(cgif_decoder *decoder) {
    int transparent;
    return find_frame(decoder, &transparent) == CGIF_OK;
}

const char *cgif_words(const cgif_decoder *decoder) {
    const char *words = decoder == NULL ? NULL : GifErrorString(decoder->error);
    return words == NULL ? "its bytes make no sense" : words;
}

void cgif_close(cgif_decoder *decoder) {
    if (decoder == NULL) return;
    int error;
    if (decoder->gif != NULL) DGifCloseFile(decoder->gif, &error);
    free(decoder);
}

#define CGIF_QUOTED(x) #x
#define CGIF_TEXT(x) CGIF_QUOTED(x)

const char *cgif_version(void) {
    return CGIF_TEXT(GIFLIB_MAJOR) "." CGIF_TEXT(GIFLIB_MINOR) "." CGIF_TEXT(GIFLIB_RELEASE);
}
