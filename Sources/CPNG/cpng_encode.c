#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cpng_shared.h"

typedef struct {
    int filter, level, strategy;
    int is_slow;
} recipe;

// What is smallest depends on the picture, and the first four are fast. Against Pillow's compress_level=4 (which ComfyUI
// uses) at 1024x768 on one core: a grainy photo takes 15 ms with AVG (Pillow 91 ms, 4 % larger), a sharp photo 26 ms
// with PAETH (97 ms, same size), a soft photo 21 ms with SUB (70 ms, 3 % smaller), a drawing 3 ms without a filter
// (13 ms, 3 % smaller).
static const recipe recipes[] = {
    {PNG_FILTER_AVG, 1, Z_RLE, 0},
    {PNG_FILTER_PAETH, 1, Z_RLE, 0},
    {PNG_FILTER_SUB, 1, Z_DEFAULT_STRATEGY, 0},
    {PNG_FILTER_NONE, 1, Z_DEFAULT_STRATEGY, 0},
    // Ramps and patterns made by machines repeat over long distances, which only a real search finds: a ramp is 4.6
    // times smaller with Pillow's own settings.
    {PNG_ALL_FILTERS, 4, Z_FILTERED, 1},
    {PNG_FILTER_NONE, 6, Z_DEFAULT_STRATEGY, 1},
};

// What a slow recipe must save, in percent, to be worth its time.
enum { SLOW_GAIN = 5, RECIPE_COUNT = sizeof recipes / sizeof *recipes };

enum { PROBE_BANDS = 4, PROBE_BAND_ROWS = 8, PROBE_ROWS = PROBE_BANDS * PROBE_BAND_ROWS };

typedef struct {
    png_structp png;
    png_infop info;
    uint8_t *row;  // one row through the table
    uint8_t *bytes;
    size_t count, capacity, limit;
    int (*is_stopped)(void);
    cpng_failure failure;
} encoder;

static void append(png_structp png, png_bytep bytes, size_t count) {
    encoder *out = png_get_io_ptr(png);
    if (count > out->limit - out->count) png_error(png, "the file would be larger than expected");
    if (count > out->capacity - out->count) {
        const size_t needed = out->count + count;
        const size_t capacity = out->capacity * 2 > needed ? out->capacity * 2 : needed;
        uint8_t *grown = realloc(out->bytes, capacity);
        if (grown == NULL) {
            out->failure.status = CPNG_NO_MEMORY;
            png_error(png, "not enough memory");
        }
        out->bytes = grown;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->count, bytes, count);
    out->count += count;
}

static void no_flush(png_structp png) { (void)png; }

static void set_texts(encoder *out, const cpng_image *image) {
    const char *at = image->texts;
    for (size_t i = 0; i < image->text_count; i++) {
        png_text text = {0};
        text.compression = *at++ == 'i' ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
        text.key = (char *)at;
        at += strlen(at) + 1;
        text.text = (char *)at;
        at += strlen(at) + 1;
        png_set_text(out->png, out->info, &text, 1);
    }
}

static size_t row_size(const cpng_image *image) {
    return (size_t)image->width * (size_t)image->channels * (size_t)image->bits / 8;
}

static void write_row(encoder *out, const cpng_image *image, const uint8_t *row) {
    const size_t row_count = row_size(image);
    if (image->table != NULL) {
        for (size_t i = 0; i < row_count; i++) out->row[i] = image->table[row[i]];
        row = out->row;
    }
    png_write_row(out->png, row);
}

// The whole picture, or with `is_probe` a picture of PROBE_ROWS of its rows and no texts.
static void write_image(encoder *out, const cpng_image *image, const uint8_t *pixels, recipe how, int is_probe) {
    static const int color_types[] = {0, PNG_COLOR_TYPE_GRAY, 0, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    png_structp png = out->png;
    const size_t row_count = row_size(image);
    const uint32_t height = is_probe ? PROBE_ROWS : image->height;
    png_set_write_fn(png, out, append, no_flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png, out->info, image->width, height, image->bits, color_types[image->channels], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, how.filter);
    png_set_compression_level(png, how.level);
    png_set_compression_strategy(png, how.strategy);
    png_set_compression_buffer_size(png, 1 << 16);
    if (!is_probe) set_texts(out, image);
    if (!is_probe && image->profile_size > 0)
        png_set_iCCP(png, out->info, "ICC Profile", PNG_COMPRESSION_TYPE_BASE, image->profile,
                     (png_uint_32)image->profile_size);
    png_write_info(png, out->info);
    for (uint32_t y = 0; y < height; y++) {
        if (out->is_stopped()) {
            out->failure.status = CPNG_STOPPED;
            png_error(png, "stopped");
        }
        const uint32_t band_start = image->height / PROBE_BANDS * (y / PROBE_BAND_ROWS);
        const uint32_t row_in_band = y % PROBE_BAND_ROWS;
        const uint32_t source = is_probe ? band_start + row_in_band : y;
        // A band's first row has nothing to do with the row written before it: that must not speak against a filter.
        if (is_probe && y > 0 && row_in_band <= 1)
            png_set_filter(png, PNG_FILTER_TYPE_BASE, row_in_band == 0 ? PNG_FILTER_SUB : how.filter);
        write_row(out, image, pixels + (size_t)source * row_count);
    }
    png_write_end(png, out->info);
}

// `out` is released by the caller, whatever happens here.
static int encode(encoder *out, const cpng_image *image, const uint8_t *pixels, recipe how, int is_probe) {
    const size_t row_count = row_size(image);
    const size_t pixels_count = row_count * (is_probe ? PROBE_ROWS : image->height);
    out->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &out->failure, cpng_fail, cpng_ignore);
    if (out->png == NULL) return CPNG_NO_MEMORY;
    if (setjmp(png_jmpbuf(out->png))) return out->failure.status;
    // Each row has one filter byte, and what deflate cannot compress costs it 5 bytes in 16 KiB: a twentieth is plenty.
    out->limit = (pixels_count + image->height) / 20 * 21 + image->texts_size * 2 + image->profile_size * 2 + (1 << 20);
    out->info = png_create_info_struct(out->png);
    out->capacity = pixels_count / 2 + 4096;
    out->bytes = malloc(out->capacity);
    out->row = image->table == NULL ? NULL : malloc(row_count);
    if (out->info == NULL || out->bytes == NULL || (image->table != NULL && out->row == NULL)) return CPNG_NO_MEMORY;
    write_image(out, image, pixels, how, is_probe);
    return CPNG_OK;
}

static void release(encoder *out) {
    png_destroy_write_struct(&out->png, &out->info);
    free(out->row);
}

// Writes a few rows with every recipe and names the one that made least of them. Costs about a tenth of the encoding.
// A stopped one is no matter: the encoding that follows is stopped, too.
static recipe best_recipe(const cpng_image *image, const uint8_t *pixels, int (*is_stopped)(void), char *message) {
    recipe best = recipes[0];
    size_t best_count = SIZE_MAX;
    // So little is quick whatever the recipe.
    if (image->height < PROBE_ROWS) return recipes[RECIPE_COUNT - 2];
    for (size_t i = 0; i < RECIPE_COUNT; i++) {
        encoder probe = {.is_stopped = is_stopped, .failure.message = message};
        const int status = encode(&probe, image, pixels, recipes[i], 1);
        const size_t cost = probe.count + (recipes[i].is_slow ? probe.count * SLOW_GAIN / 100 : 0);
        if (status == CPNG_OK && cost < best_count) {
            best = recipes[i];
            best_count = cost;
        }
        release(&probe);
        free(probe.bytes);
    }
    return best;
}

int cpng_encode(const cpng_image *image, const uint8_t *pixels, size_t pixels_count, int (*is_stopped)(void),
                uint8_t **png, size_t *png_count, char message[CPNG_MESSAGE_SIZE]) {
    *png = NULL;
    *png_count = 0;
    if (pixels_count != row_size(image) * image->height) return CPNG_DAMAGED;
    encoder out = {.is_stopped = is_stopped, .failure.message = message};
    const int status = encode(&out, image, pixels, best_recipe(image, pixels, is_stopped, message), 0);
    release(&out);
    if (status != CPNG_OK) {
        free(out.bytes);
        return status;
    }
    *png = out.bytes;
    *png_count = out.count;
    return status;
}

void cpng_free(uint8_t *png) { free(png); }
