#include <stdlib.h>
#include <string.h>

#include "ctiff_shared.h"

enum { STRIP_SIZE = 1 << 16, FIRST_CAPACITY = 1 << 16, DEFLATE_LEVEL = 6 };

static int set_fields(TIFF *tiff, const ctiff_image *image) {
    const uint32_t row_size = image->width * (uint32_t)image->channels * (uint32_t)image->bits_per_sample / 8;
    const uint32_t rows = row_size < STRIP_SIZE ? STRIP_SIZE / row_size : 1;
    int done = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image->width) &&
               TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image->height) &&
               TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, image->bits_per_sample) &&
               TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image->channels) &&
               TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                            image->channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB) &&
               TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
               TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
               TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows) &&
               TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
               TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
               TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, DEFLATE_LEVEL);
    const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    if (image->channels == 4) done = done && TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (image->profile_count > 0)
        done = done && TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)image->profile_count, image->profile);
    const uint8_t *at = image->texts;
    for (size_t i = 0; i < image->text_count && done; i++) {
        const uint32_t tag = (uint32_t)at[0] << 8 | at[1];
        const char *text = (const char *)at + 2;
        done = TIFFSetField(tiff, tag, text);
        at += 2 + strlen(text) + 1;
    }
    return done;
}

static int write_image(ctiff_file *file, const ctiff_image *image, const uint8_t *pixels, int (*is_stopped)(void)) {
    TIFF *tiff = ctiff_open_file(file, "wl", 1 << 30);
    if (tiff == NULL) return file->has_no_memory ? CTIFF_NO_MEMORY : CTIFF_DAMAGED;
    int status = set_fields(tiff, image) ? CTIFF_OK : CTIFF_DAMAGED;
    const size_t row_size = (size_t)image->width * (size_t)image->channels * (size_t)image->bits_per_sample / 8;
    // The predictor changes the row that it is given.
    uint8_t *row = malloc(row_size);
    if (row == NULL) status = CTIFF_NO_MEMORY;
    for (uint32_t y = 0; y < image->height && status == CTIFF_OK; y++) {
        memcpy(row, pixels + y * row_size, row_size);
        if (is_stopped())
            status = CTIFF_STOPPED;
        else if (TIFFWriteScanline(tiff, row, y, 0) != 1)
            status = CTIFF_DAMAGED;
    }
    free(row);
    if (status == CTIFF_OK && !TIFFWriteDirectory(tiff)) status = CTIFF_DAMAGED;
    TIFFClose(tiff);
    return file->has_no_memory ? CTIFF_NO_MEMORY : status;
}

int ctiff_encode(const ctiff_image *image, const void *pixels, size_t pixels_size, int (*is_stopped)(void),
                 uint8_t **tiff, size_t *tiff_count, char message[CTIFF_MESSAGE_SIZE]) {
    *tiff = NULL;
    *tiff_count = 0;
    message[0] = 0;
    const size_t pixel_size = (size_t)image->channels * (size_t)image->bits_per_sample / 8;
    if (pixels_size != (size_t)image->width * image->height * pixel_size) return CTIFF_DAMAGED;
    ctiff_file file = {.capacity = FIRST_CAPACITY, .message = message};
    file.bytes = malloc(file.capacity);
    if (file.bytes == NULL) return CTIFF_NO_MEMORY;
    const int status = write_image(&file, image, pixels, is_stopped);
    if (status != CTIFF_OK) {
        free(file.bytes);
        return status;
    }
    *tiff = file.bytes;
    *tiff_count = file.count;
    return status;
}

void ctiff_free(uint8_t *tiff) { free(tiff); }
