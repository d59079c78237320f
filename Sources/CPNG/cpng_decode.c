#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "cpng_shared.h"

// Bounds on what the chunks around the pixels may cost, so that a small file cannot ask for a lot.
enum {
    CHUNK_MAX = 8 << 20,     // bytes of one chunk, inflated
    CHUNK_COUNT_MAX = 128,   // text chunks kept
    MEMORY_MAX = 128 << 20,  // everything libpng holds: text, and a few rows of at most 1,000,000 pixels
};

struct cpng_decoder {
    png_structp png;
    png_infop info;
    png_infop end_info;
    const uint8_t *bytes;
    size_t remaining;
    size_t memory_left;
    int has_all_pixels;
    int (*is_stopped)(void);  // NULL until the pixels are read
    uint8_t *row;  // one RGBA row, only for images with alpha
    cpng_header header;
    cpng_failure failure;
};

// Every block remembers its size in front, so that freeing it gives the memory back to the decoder's budget.
typedef union {
    size_t size;
    max_align_t alignment;
} block_header;

static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
    cpng_decoder *decoder = png_get_mem_ptr(png);
    block_header *block = size <= decoder->memory_left ? malloc(sizeof *block + size) : NULL;
    if (block == NULL) return NULL;
    block->size = size;
    decoder->memory_left -= size;
    return block + 1;
}

static void give_memory_back(png_structp png, png_voidp memory) {
    cpng_decoder *decoder = png_get_mem_ptr(png);
    if (memory == NULL) return;
    block_header *block = (block_header *)memory - 1;
    decoder->memory_left += block->size;
    free(block);
}

static void check_stopped(cpng_decoder *decoder) {
    if (decoder->is_stopped == NULL || !decoder->is_stopped()) return;
    decoder->failure.status = CPNG_STOPPED;
    png_error(decoder->png, "stopped");
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    cpng_decoder *decoder = png_get_io_ptr(png);
    check_stopped(decoder);
    if (count > decoder->remaining) {
        decoder->failure.status = CPNG_ENDS_EARLY;
        png_error(png, "the file ends early");
    }
    memcpy(into, decoder->bytes, count);
    decoder->bytes += count;
    decoder->remaining -= count;
}

// Known to libpng and not needed here: dropped unread. Their checksums are still verified.
static const png_byte unneeded_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tIME";

int cpng_open(const uint8_t *bytes, size_t count, cpng_decoder **decoder_out, cpng_header *header,
              char message[CPNG_MESSAGE_SIZE]) {
    cpng_decoder *decoder = calloc(1, sizeof *decoder);
    *decoder_out = decoder;
    if (decoder == NULL) return CPNG_NO_MEMORY;
    decoder->bytes = bytes;
    decoder->remaining = count;
    decoder->memory_left = MEMORY_MAX;
    decoder->failure.message = message;
    decoder->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &decoder->failure, cpng_fail, cpng_ignore, decoder,
                                            take_memory, give_memory_back);
    if (decoder->png == NULL) return CPNG_NO_MEMORY;
    png_structp png = decoder->png;
    if (setjmp(png_jmpbuf(png))) return decoder->failure.status;

    decoder->info = png_create_info_struct(png);
    decoder->end_info = png_create_info_struct(png);
    if (decoder->info == NULL || decoder->end_info == NULL) return CPNG_NO_MEMORY;
    png_set_read_fn(png, decoder, read_bytes);
    png_set_benign_errors(png, 1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // The caller's own limit speaks first, and more clearly.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, CHUNK_MAX);
    png_set_chunk_cache_max(png, CHUNK_COUNT_MAX);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unneeded_chunks, sizeof unneeded_chunks / 5);
    png_read_info(png, decoder->info);

    decoder->header.width = png_get_image_width(png, decoder->info);
    decoder->header.height = png_get_image_height(png, decoder->info);
    decoder->header.has_alpha = (png_get_color_type(png, decoder->info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                                png_get_valid(png, decoder->info, PNG_INFO_tRNS) != 0;
    *header = decoder->header;
    return CPNG_OK;
}

static void join(uint8_t *rgba, const uint8_t *rgb, const uint8_t *alpha, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        memcpy(rgba + 4 * (size_t)x, rgb + 3 * (size_t)x, 3);
        rgba[4 * (size_t)x + 3] = alpha[x];
    }
}

static void split(const uint8_t *rgba, uint8_t *rgb, uint8_t *alpha, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        memcpy(rgb + 3 * (size_t)x, rgba + 4 * (size_t)x, 3);
        alpha[x] = rgba[4 * (size_t)x + 3];
    }
}

int cpng_read_pixels(cpng_decoder *decoder, uint8_t *rgb, size_t rgb_count, uint8_t *alpha, size_t alpha_count,
                     int (*is_stopped)(void), char message[CPNG_MESSAGE_SIZE]) {
    const uint32_t width = decoder->header.width, height = decoder->header.height;
    const size_t pixel_count = (size_t)width * height;
    png_structp png = decoder->png;
    decoder->failure.message = message;
    decoder->is_stopped = is_stopped;
    if (setjmp(png_jmpbuf(png))) {
        // A file cut off behind its pixels is still a whole picture.
        const int is_whole = decoder->has_all_pixels && decoder->failure.status == CPNG_ENDS_EARLY;
        return is_whole ? CPNG_OK : decoder->failure.status;
    }
    if (rgb_count != pixel_count * 3 || (decoder->header.has_alpha && alpha_count != pixel_count))
        png_error(png, "the pixel buffers have the wrong size");

    // 8-bit RGB or RGBA whatever the file holds. Of 16 bits the high byte is kept, and gamma is left alone, as Pillow
    // does.
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    const int pass_count = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    if (png_get_rowbytes(png, decoder->info) != (size_t)width * (decoder->header.has_alpha ? 4 : 3))
        png_error(png, "the rows have an unexpected size");
    if (decoder->header.has_alpha) {
        decoder->row = malloc((size_t)width * 4);
        if (decoder->row == NULL) return CPNG_NO_MEMORY;
    }
    for (int pass = 0; pass < pass_count; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            check_stopped(decoder);
            // A pass of an interlaced image changes some pixels of a row and reads back the others.
            const int clears_row = pass_count > 1 && pass == 0;
            uint8_t *rgb_row = rgb + (size_t)y * width * 3;
            if (clears_row) memset(rgb_row, 0, (size_t)width * 3);
            if (!decoder->header.has_alpha) {
                png_read_row(png, rgb_row, NULL);
                continue;
            }
            uint8_t *alpha_row = alpha + (size_t)y * width;
            if (clears_row) memset(alpha_row, 0, width);
            if (pass_count > 1) join(decoder->row, rgb_row, alpha_row, width);
            png_read_row(png, decoder->row, NULL);
            split(decoder->row, rgb_row, alpha_row, width);
        }
    }
    decoder->has_all_pixels = 1;
    png_read_end(png, decoder->end_info);
    return CPNG_OK;
}

static int texts_in(const cpng_decoder *decoder, png_infop info, png_textp *texts) {
    *texts = NULL;
    return info == NULL ? 0 : png_get_text(decoder->png, info, texts, NULL);
}

size_t cpng_text_count(const cpng_decoder *decoder) {
    png_textp texts;
    return (size_t)texts_in(decoder, decoder->info, &texts) + (size_t)texts_in(decoder, decoder->end_info, &texts);
}

cpng_text cpng_text_at(const cpng_decoder *decoder, size_t index) {
    png_textp texts;
    const size_t before = (size_t)texts_in(decoder, decoder->info, &texts);
    if (index >= before) {
        texts_in(decoder, decoder->end_info, &texts);
        index -= before;
    }
    const png_text text = texts[index];
    const int is_utf8 = text.compression == PNG_ITXT_COMPRESSION_NONE || text.compression == PNG_ITXT_COMPRESSION_zTXt;
    return (cpng_text){text.key, text.text, is_utf8 ? text.itxt_length : text.text_length, is_utf8};
}

void cpng_close(cpng_decoder *decoder) {
    if (decoder == NULL) return;
    free(decoder->row);
    if (decoder->png != NULL) {
        png_destroy_info_struct(decoder->png, &decoder->end_info);
        png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    }
    free(decoder);
}
