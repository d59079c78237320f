#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "cjpeg.h"

enum { ROWS_AT_ONCE = 16, FIRST_CAPACITY = 1 << 16 };

typedef struct {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf on_error;
    int status;
    uint8_t *bytes;
    size_t capacity;
    char *message;
} encoder;

static void fail_with_words(j_common_ptr common) {
    encoder *out = common->client_data;
    common->err->format_message(common, out->message);
    out->status = common->err->msg_code == JERR_OUT_OF_MEMORY ? CJPEG_NO_MEMORY : CJPEG_DAMAGED;
    longjmp(out->on_error, 1);
}

static void ignore_message(j_common_ptr common) { (void)common; }

static void start_destination(j_compress_ptr jpeg) { (void)jpeg; }

// Called when all of the buffer is used, whatever free_in_buffer says.
static boolean grow_destination(j_compress_ptr jpeg) {
    encoder *out = jpeg->client_data;
    uint8_t *grown = realloc(out->bytes, out->capacity * 2);
    if (grown == NULL) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    out->bytes = grown;
    out->destination.next_output_byte = grown + out->capacity;
    out->destination.free_in_buffer = out->capacity;
    out->capacity *= 2;
    return TRUE;
}

static void write_rows(encoder *out, const uint8_t *rgb, int (*is_stopped)(void)) {
    struct jpeg_compress_struct *jpeg = &out->jpeg;
    while (jpeg->next_scanline < jpeg->image_height) {
        if (is_stopped()) {
            out->status = CJPEG_STOPPED;
            longjmp(out->on_error, 1);
        }
        JSAMPROW rows[ROWS_AT_ONCE];
        const JDIMENSION left = jpeg->image_height - jpeg->next_scanline;
        const JDIMENSION count = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE;
        for (JDIMENSION i = 0; i < count; i++)
            // libjpeg takes rows that are not const and leaves them alone.
            rows[i] = (JSAMPROW)(rgb + (size_t)(jpeg->next_scanline + i) * jpeg->image_width * 3);
        jpeg_write_scanlines(jpeg, rows, count);
    }
}

// `out` is released by the caller, whatever happens here.
static int encode(encoder *out, const uint8_t *rgb, uint32_t width, uint32_t height, int quality,
                  int has_full_colour, int (*is_stopped)(void)) {
    struct jpeg_compress_struct *jpeg = &out->jpeg;
    jpeg->err = jpeg_std_error(&out->errors);
    out->errors.error_exit = fail_with_words;
    out->errors.output_message = ignore_message;
    jpeg->client_data = out;
    if (setjmp(out->on_error)) return out->status;

    jpeg_create_compress(jpeg);
    out->capacity = FIRST_CAPACITY;
    out->bytes = malloc(out->capacity);
    if (out->bytes == NULL) return CJPEG_NO_MEMORY;
    out->destination.init_destination = start_destination;
    out->destination.empty_output_buffer = grow_destination;
    out->destination.term_destination = start_destination;
    out->destination.next_output_byte = out->bytes;
    out->destination.free_in_buffer = out->capacity;
    jpeg->dest = &out->destination;
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    if (has_full_colour) jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    write_rows(out, rgb, is_stopped);
    jpeg_finish_compress(jpeg);
    return CJPEG_OK;
}

int cjpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int has_full_colour,
                 int (*is_stopped)(void), uint8_t **jpeg, size_t *jpeg_count, char message[CJPEG_MESSAGE_SIZE]) {
    *jpeg = NULL;
    *jpeg_count = 0;
    encoder *out = calloc(1, sizeof *out);
    if (out == NULL) return CJPEG_NO_MEMORY;
    out->message = message;
    const int status = encode(out, rgb, width, height, quality, has_full_colour, is_stopped);
    jpeg_destroy_compress(&out->jpeg);
    if (status == CJPEG_OK) {
        *jpeg = out->bytes;
        *jpeg_count = out->capacity - out->destination.free_in_buffer;
    } else {
        free(out->bytes);
    }
    free(out);
    return status;
}

void cjpeg_free(uint8_t *jpeg) { free(jpeg); }
