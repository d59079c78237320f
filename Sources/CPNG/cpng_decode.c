#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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
    int lost_text;
    int wrong_checksum;
    int cut_off;
    int (*is_stopped)(void);  // NULL until the pixels are read
    uint8_t *row;  // one row in another form than the caller's
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

// A file cut off behind its pixels is still a whole picture.
static int ending(const cpng_decoder *decoder) {
    const int is_whole = decoder->has_all_pixels && decoder->failure.status == CPNG_ENDS_EARLY;
    return is_whole ? CPNG_OK : decoder->failure.status;
}

// A warning is about a chunk that is not needed, and the picture is still whole.
static void note_warning(png_structp png, png_const_charp words) {
    cpng_failure *failure = png_get_error_ptr(png);
    // The failure is the decoder's, and libpng's words start with the chunk's name.
    cpng_decoder *decoder = (cpng_decoder *)((char *)failure - offsetof(cpng_decoder, failure));
    if (strncmp(words, "zTXt", 4) == 0 || strncmp(words, "iTXt", 4) == 0 || strncmp(words, "tEXt", 4) == 0)
        decoder->lost_text = 1;
    if (strstr(words, "CRC error") != NULL) decoder->wrong_checksum = 1;
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

static void describe(cpng_decoder *decoder) {
    png_structp png = decoder->png;
    cpng_header *header = &decoder->header;
    header->width = png_get_image_width(png, decoder->info);
    header->height = png_get_image_height(png, decoder->info);
    header->has_alpha = 0;
    switch (png_get_color_type(png, decoder->info)) {
        case PNG_COLOR_TYPE_GRAY:
            header->layout = png_get_bit_depth(png, decoder->info) == 16 ? CPNG_GRAY_16 : CPNG_GRAY;
            header->pixel_size = header->layout == CPNG_GRAY_16 ? 2 : 1;
            break;
        case PNG_COLOR_TYPE_PALETTE:
            header->layout = CPNG_PALETTE;
            header->pixel_size = 1;
            header->has_alpha = png_get_valid(png, decoder->info, PNG_INFO_tRNS) != 0;
            break;
        case PNG_COLOR_TYPE_GRAY_ALPHA:
            header->layout = CPNG_GRAY_ALPHA;
            header->pixel_size = 2;
            header->has_alpha = 1;
            break;
        case PNG_COLOR_TYPE_RGB:
            header->layout = CPNG_RGB;
            header->pixel_size = 3;
            break;
        default:
            header->layout = CPNG_RGBA;
            header->pixel_size = 4;
            header->has_alpha = 1;
    }
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Whether a chunk that pixels do not need has a wrong checksum: libpng either drops such a chunk or says nothing of it.
static int has_wrong_checksum(const uint8_t *bytes, size_t count) {
    size_t position = 8;
    while (count >= 12 && position <= count - 12) {
        const size_t length = big_endian(bytes + position);
        if (length > count - position - 12) return 0;
        const uint8_t *type = bytes + position + 4;
        if ((type[0] & 0x20) != 0 && crc32(0, type, (uInt)length + 4) != big_endian(type + 4 + length)) return 1;
        position += length + 12;
    }
    return 0;
}

int cpng_has_right_header(const uint8_t *bytes, size_t count) {
    return count >= 33 && crc32(0, bytes + 12, 17) == big_endian(bytes + 29);
}

// Known to libpng and not needed here: dropped unread.
static const png_byte unneeded_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tIME";

int cpng_open(const uint8_t *bytes, size_t count, cpng_decoder **decoder_out, cpng_header *header,
              char message[CPNG_MESSAGE_SIZE]) {
    cpng_decoder *decoder = calloc(1, sizeof *decoder);
    *decoder_out = decoder;
    if (decoder == NULL) return CPNG_NO_MEMORY;
    decoder->bytes = bytes;
    decoder->remaining = count;
    decoder->memory_left = MEMORY_MAX;
    decoder->failure.message = message;
    decoder->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &decoder->failure, cpng_fail, note_warning, decoder,
                                            take_memory, give_memory_back);
    if (decoder->png == NULL) return CPNG_NO_MEMORY;
    png_structp png = decoder->png;
    if (setjmp(png_jmpbuf(png))) return decoder->failure.status;

    decoder->info = png_create_info_struct(png);
    decoder->end_info = png_create_info_struct(png);
    if (decoder->info == NULL || decoder->end_info == NULL) return CPNG_NO_MEMORY;
    png_set_read_fn(png, decoder, read_bytes);
    png_set_benign_errors(png, 1);
    // What a wrong checksum belongs to may be whole all the same, and zlib has a checksum of its own for the pixels.
    png_set_crc_action(png, PNG_CRC_WARN_USE, PNG_CRC_QUIET_USE);
    decoder->wrong_checksum = has_wrong_checksum(bytes, count);
    // The caller's own limit speaks first, and more clearly.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, CHUNK_MAX);
    png_set_chunk_cache_max(png, CHUNK_COUNT_MAX);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unneeded_chunks, sizeof unneeded_chunks / 5);
    png_read_info(png, decoder->info);

    describe(decoder);
    *header = decoder->header;
    return CPNG_OK;
}

static void join(uint8_t *rgba, const uint8_t *rgb, const uint8_t *alpha, uint32_t width) {
    for (size_t x = 0; x < width; x++) {
        rgba[4 * x] = rgb[3 * x];
        rgba[4 * x + 1] = rgb[3 * x + 1];
        rgba[4 * x + 2] = rgb[3 * x + 2];
        rgba[4 * x + 3] = alpha[x];
    }
}

static void split(const uint8_t *restrict rgba, uint8_t *restrict rgb, uint8_t *restrict alpha, uint32_t width) {
    for (size_t x = 0; x < width; x++) {
        rgb[3 * x] = rgba[4 * x];
        rgb[3 * x + 1] = rgba[4 * x + 1];
        rgb[3 * x + 2] = rgba[4 * x + 2];
        alpha[x] = rgba[4 * x + 3];
    }
}

// What `cut_off` makes is made again of the result.
static void widen(uint8_t *gray, const uint8_t *rgb, uint32_t width) {
    for (size_t x = 0; x < width; x++) {
        gray[2 * x] = 0;
        gray[2 * x + 1] = rgb[3 * x];
    }
}

// Pillow's I;16 to RGB: everything above 255 is white. Says whether there was any.
static int cut_off(const uint8_t *gray, uint8_t *rgb, uint32_t width) {
    uint8_t high = 0;
    for (size_t x = 0; x < width; x++) {
        const uint8_t level = gray[2 * x] == 0 ? gray[2 * x + 1] : 255;
        rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = level;
        high |= gray[2 * x];
    }
    return high != 0;
}

// Reads one row of a pass into its place.
static void read_row(cpng_decoder *decoder, uint8_t *rgb, uint8_t *alpha, int keeps_pixels) {
    const uint32_t width = decoder->header.width;
    if (decoder->header.layout == CPNG_GRAY_16) {
        if (keeps_pixels) widen(decoder->row, rgb, width);
        png_read_row(decoder->png, decoder->row, NULL);
        decoder->cut_off |= cut_off(decoder->row, rgb, width);
    } else if (decoder->header.has_alpha) {
        if (keeps_pixels) join(decoder->row, rgb, alpha, width);
        png_read_row(decoder->png, decoder->row, NULL);
        split(decoder->row, rgb, alpha, width);
    } else {
        png_read_row(decoder->png, rgb, NULL);
    }
}

int cpng_read_pixels(cpng_decoder *decoder, uint8_t *rgb, size_t rgb_count, uint8_t *alpha, size_t alpha_count,
                     int (*is_stopped)(void), char message[CPNG_MESSAGE_SIZE]) {
    const uint32_t width = decoder->header.width, height = decoder->header.height;
    const size_t pixel_count = (size_t)width * height;
    png_structp png = decoder->png;
    decoder->failure.message = message;
    decoder->is_stopped = is_stopped;
    if (setjmp(png_jmpbuf(png))) return ending(decoder);
    if (rgb_count != pixel_count * 3 || (decoder->header.has_alpha && alpha_count != pixel_count))
        png_error(png, "the pixel buffers have the wrong size");

    // Of 16 bits the high byte is kept, but for gray alone, and gamma is left alone, as Pillow does.
    size_t row_size = (size_t)width * (decoder->header.has_alpha ? 4 : 3);
    if (decoder->header.layout == CPNG_GRAY_16) {
        row_size = (size_t)width * 2;
    } else {
        if (decoder->header.layout == CPNG_PALETTE) png_set_palette_to_rgb(png);
        if (decoder->header.layout == CPNG_GRAY) png_set_expand_gray_1_2_4_to_8(png);
        png_set_strip_16(png);
        png_set_gray_to_rgb(png);
    }
    const int pass_count = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    if (png_get_rowbytes(png, decoder->info) != row_size) png_error(png, "the rows have an unexpected size");
    if (row_size != (size_t)width * 3) {
        decoder->row = malloc(row_size);
        if (decoder->row == NULL) return CPNG_NO_MEMORY;
        if (pass_count > 1) {
            memset(rgb, 0, rgb_count);
            if (alpha != NULL) memset(alpha, 0, alpha_count);
        }
    }
    for (int pass = 0; pass < pass_count; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            check_stopped(decoder);
            // A pass of an interlaced picture changes some pixels of some rows, and leaves the others.
            if (pass_count > 1 && !PNG_ROW_IN_INTERLACE_PASS(y, pass)) {
                png_read_row(png, NULL, NULL);
                continue;
            }
            read_row(decoder, rgb + (size_t)y * width * 3, alpha == NULL ? NULL : alpha + (size_t)y * width,
                     pass_count > 1);
        }
    }
    decoder->has_all_pixels = 1;
    png_read_end(png, decoder->end_info);
    return CPNG_OK;
}

int cpng_read_stored(cpng_decoder *decoder, uint8_t *pixels, size_t count, int (*is_stopped)(void),
                     char message[CPNG_MESSAGE_SIZE]) {
    const size_t row_size = (size_t)decoder->header.width * (size_t)decoder->header.pixel_size;
    png_structp png = decoder->png;
    decoder->failure.message = message;
    decoder->is_stopped = is_stopped;
    if (setjmp(png_jmpbuf(png))) return ending(decoder);
    if (decoder->header.layout == CPNG_PALETTE) png_set_packing(png);
    if (decoder->header.layout == CPNG_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (decoder->header.layout != CPNG_GRAY_16) png_set_strip_16(png);
    const int pass_count = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    if (png_get_rowbytes(png, decoder->info) != row_size || count != row_size * decoder->header.height)
        png_error(png, "the rows have an unexpected size");
    for (int pass = 0; pass < pass_count; pass++) {
        for (uint32_t y = 0; y < decoder->header.height; y++) {
            check_stopped(decoder);
            png_read_row(png, pixels + (size_t)y * row_size, NULL);
        }
    }
    decoder->has_all_pixels = 1;
    png_read_end(png, decoder->end_info);
    return CPNG_OK;
}

void cpng_palette(const cpng_decoder *decoder, uint8_t rgba[1024]) {
    png_colorp colors = NULL;
    png_bytep alpha = NULL;
    int color_count = 0, alpha_count = 0;
    png_get_PLTE(decoder->png, decoder->info, &colors, &color_count);
    png_get_tRNS(decoder->png, decoder->info, &alpha, &alpha_count, NULL);
    for (int i = 0; i < 256; i++) {
        const png_color color = i < color_count ? colors[i] : (png_color){0, 0, 0};
        rgba[4 * i] = color.red;
        rgba[4 * i + 1] = color.green;
        rgba[4 * i + 2] = color.blue;
        rgba[4 * i + 3] = alpha != NULL && i < alpha_count ? alpha[i] : 255;
    }
}

int cpng_key(const cpng_decoder *decoder, uint8_t rgb[3]) {
    png_color_16p key = NULL;
    if (decoder->header.layout != CPNG_RGB || png_get_bit_depth(decoder->png, decoder->info) != 8) return 0;
    if (png_get_tRNS(decoder->png, decoder->info, NULL, NULL, &key) == 0 || key == NULL) return 0;
    rgb[0] = (uint8_t)key->red;
    rgb[1] = (uint8_t)key->green;
    rgb[2] = (uint8_t)key->blue;
    return 1;
}

int cpng_cut_off(const cpng_decoder *decoder) { return decoder->cut_off; }

const uint8_t *cpng_profile(const cpng_decoder *decoder, size_t *count) {
    png_charp name = NULL;
    png_bytep profile = NULL;
    png_uint_32 length = 0;
    int compression = 0;
    const int found =
        png_get_iCCP(decoder->png, decoder->info, &name, &compression, &profile, &length) == PNG_INFO_iCCP;
    *count = found ? length : 0;
    return found ? profile : NULL;
}

int cpng_lost_text(const cpng_decoder *decoder) { return decoder->lost_text; }

int cpng_wrong_checksum(const cpng_decoder *decoder) { return decoder->wrong_checksum; }

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
