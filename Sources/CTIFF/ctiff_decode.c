#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctiff_shared.h"

struct ctiff_decoder {
    ctiff_file file;
    TIFF *tiff;
};

static void listen(ctiff_decoder *decoder, char *message) {
    message[0] = 0;
    decoder->file.message = message;
}

int ctiff_open(const uint8_t *bytes, size_t count, size_t max_allocation, ctiff_decoder **decoder_out,
               char message[CTIFF_MESSAGE_SIZE]) {
    ctiff_decoder *decoder = calloc(1, sizeof *decoder);
    *decoder_out = decoder;
    if (decoder == NULL) return CTIFF_NO_MEMORY;
    listen(decoder, message);
    decoder->file.bytes = (uint8_t *)bytes;  // only read: the capacity is 0
    decoder->file.count = count;
    // h: the header only, since a page is chosen later.
    decoder->tiff = ctiff_open_file(&decoder->file, "rh", max_allocation);
    return decoder->tiff == NULL ? CTIFF_DAMAGED : CTIFF_OK;
}

static uint16_t field(TIFF *tiff, uint32_t tag) {
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : 0;
}

static uint32_t long_field(TIFF *tiff, uint32_t tag) {
    uint32_t value = 0;
    return TIFFGetField(tiff, tag, &value) == 1 ? value : 0;
}

static void describe(TIFF *tiff, ctiff_page *page) {
    memset(page, 0, sizeof *page);
    page->width = long_field(tiff, TIFFTAG_IMAGEWIDTH);
    page->height = long_field(tiff, TIFFTAG_IMAGELENGTH);
    page->bits_per_sample = field(tiff, TIFFTAG_BITSPERSAMPLE);
    page->sample_count = field(tiff, TIFFTAG_SAMPLESPERPIXEL);
    page->sample_format = field(tiff, TIFFTAG_SAMPLEFORMAT);
    page->compression = field(tiff, TIFFTAG_COMPRESSION);
    page->orientation = field(tiff, TIFFTAG_ORIENTATION);
    // Required, and yet missing in some scans: white is zero there, as in faxes.
    uint16_t photometric = PHOTOMETRIC_MINISWHITE;
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    page->photometric = photometric;
    page->is_separate = field(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && page->sample_count > 1;
    uint16_t count = 0, *extras = NULL;
    if (TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &extras) == 1 && extras != NULL) {
        page->extra_count = count;
        for (uint16_t i = 0; i < count && i < CTIFF_EXTRA_MAX; i++) page->extras[i] = extras[i];
    }
    if (photometric == PHOTOMETRIC_YCBCR)
        TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &page->horizontal_subsampling,
                              &page->vertical_subsampling);
    page->is_tiled = TIFFIsTiled(tiff);
    if (page->is_tiled) {
        page->tile_width = long_field(tiff, TIFFTAG_TILEWIDTH);
        page->tile_height = long_field(tiff, TIFFTAG_TILELENGTH);
    }
}

int ctiff_set_page(ctiff_decoder *decoder, uint64_t offset, ctiff_page *page, char message[CTIFF_MESSAGE_SIZE]) {
    TIFF *tiff = decoder->tiff;
    listen(decoder, message);
    if (!TIFFSetSubDirectory(tiff, offset)) return CTIFF_DAMAGED;
    describe(tiff, page);
    if (!TIFFIsCODECConfigured(page->compression)) return CTIFF_NO_CODEC;
    // libjpeg does the colours, as in a JPEG file.
    if (page->compression == COMPRESSION_JPEG && page->photometric == PHOTOMETRIC_YCBCR && !page->is_separate)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    const tmsize_t row_size = page->is_tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
    if (row_size <= 0) return CTIFF_DAMAGED;
    page->row_size = (size_t)row_size;
    return CTIFF_OK;
}

int ctiff_palette(ctiff_decoder *decoder, const uint16_t **red, const uint16_t **green, const uint16_t **blue) {
    uint16_t *r = NULL, *g = NULL, *b = NULL;
    const int found = TIFFGetField(decoder->tiff, TIFFTAG_COLORMAP, &r, &g, &b);
    *red = r;
    *green = g;
    *blue = b;
    return found == 1 && r != NULL && g != NULL && b != NULL;
}

int ctiff_read_rows(ctiff_decoder *decoder, uint32_t first, uint32_t count, uint16_t plane, uint8_t *into,
                    size_t into_count, int (*is_stopped)(void), char message[CTIFF_MESSAGE_SIZE]) {
    listen(decoder, message);
    const tmsize_t row_size = TIFFScanlineSize(decoder->tiff);
    if (row_size <= 0 || into_count / (size_t)row_size < count) {
        snprintf(message, CTIFF_MESSAGE_SIZE, "its rows have an unexpected size");
        return CTIFF_DAMAGED;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (is_stopped()) return CTIFF_STOPPED;
        if (TIFFReadScanline(decoder->tiff, into + (size_t)i * (size_t)row_size, first + i, plane) != 1)
            return CTIFF_DAMAGED;
    }
    return CTIFF_OK;
}

int ctiff_read_tile(ctiff_decoder *decoder, uint32_t x, uint32_t y, uint16_t plane, uint8_t *into, size_t into_count,
                    char message[CTIFF_MESSAGE_SIZE]) {
    listen(decoder, message);
    const tmsize_t size = TIFFTileSize(decoder->tiff);
    if (size <= 0 || into_count < (size_t)size) {
        snprintf(message, CTIFF_MESSAGE_SIZE, "its tiles have an unexpected size");
        return CTIFF_DAMAGED;
    }
    return TIFFReadTile(decoder->tiff, into, x, y, 0, plane) < 0 ? CTIFF_DAMAGED : CTIFF_OK;
}

uint32_t ctiff_rows_per_strip(ctiff_decoder *decoder) {
    uint32_t rows = 0;
    TIFFGetFieldDefaulted(decoder->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    return rows;
}

int ctiff_read_colours(ctiff_decoder *decoder, uint32_t x, uint32_t y, uint8_t *into, size_t into_count,
                       char message[CTIFF_MESSAGE_SIZE]) {
    TIFF *tiff = decoder->tiff;
    listen(decoder, message);
    const uint32_t page_width = long_field(tiff, TIFFTAG_IMAGEWIDTH);
    const uint32_t page_height = long_field(tiff, TIFFTAG_IMAGELENGTH);
    const int is_tiled = TIFFIsTiled(tiff);
    const uint32_t width = is_tiled ? long_field(tiff, TIFFTAG_TILEWIDTH) : page_width;
    const uint32_t height = is_tiled ? long_field(tiff, TIFFTAG_TILELENGTH) : ctiff_rows_per_strip(decoder);
    char reason[1024] = "";
    TIFFRGBAImage colours;
    const uint32_t columns = x >= page_width ? 0 : width < page_width - x ? width : page_width - x;
    const uint32_t rows = y >= page_height ? 0 : height < page_height - y ? height : page_height - y;
    if (columns == 0 || rows == 0 || into_count / 4 / columns < rows) {
        snprintf(message, CTIFF_MESSAGE_SIZE, "its blocks have an unexpected size");
        return CTIFF_DAMAGED;
    }
    if (!TIFFRGBAImageOK(tiff, reason) || !TIFFRGBAImageBegin(&colours, tiff, 1, reason)) {
        snprintf(message, CTIFF_MESSAGE_SIZE, "%.*s", CTIFF_MESSAGE_SIZE - 1, reason);
        return CTIFF_DAMAGED;
    }
    // The orientation is the caller's business: rows come as they are stored.
    colours.orientation = colours.req_orientation = ORIENTATION_TOPLEFT;
    colours.row_offset = (int)y;
    colours.col_offset = (int)x;
    uint32_t *words = (uint32_t *)(void *)into;
    const int read = TIFFRGBAImageGet(&colours, words, columns, rows);
    TIFFRGBAImageEnd(&colours);
    if (!read) return CTIFF_DAMAGED;
    for (size_t i = 0; i < (size_t)columns * rows; i++) {
        const uint32_t word = words[i];
        into[4 * i] = (uint8_t)TIFFGetR(word);
        into[4 * i + 1] = (uint8_t)TIFFGetG(word);
        into[4 * i + 2] = (uint8_t)TIFFGetB(word);
        into[4 * i + 3] = (uint8_t)TIFFGetA(word);
    }
    return CTIFF_OK;
}

void ctiff_close(ctiff_decoder *decoder) {
    if (decoder == NULL) return;
    if (decoder->tiff != NULL) TIFFClose(decoder->tiff);
    free(decoder);
}
