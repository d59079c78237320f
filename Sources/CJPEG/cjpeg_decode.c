#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

enum { ROWS_AT_ONCE = 16 };

struct cjpeg_decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf on_error;
    int (*is_stopped)(void);  // NULL until the pixels are read
    int status;
    int has_multiple_scans;
    int ran_out;  // the bytes ended and the decoder was given an end marker of ours
    uint8_t *cmyk_row;
    char *message;
};

static const JOCTET end_marker[] = {0xFF, JPEG_EOI};

static void fail(j_common_ptr common, int status) {
    cjpeg_decoder *decoder = common->client_data;
    decoder->status = status;
    longjmp(decoder->on_error, 1);
}

static void fail_with_words(j_common_ptr common) {
    cjpeg_decoder *decoder = common->client_data;
    common->err->format_message(common, decoder->message);
    if (decoder->ran_out) fail(common, CJPEG_ENDS_EARLY);
    fail(common, common->err->msg_code == JERR_OUT_OF_MEMORY ? CJPEG_NO_MEMORY : CJPEG_DAMAGED);
}

// Warnings are about files that decode all the same, with one exception: the entropy-coded data stops at the end
// marker and libjpeg would paint the rest grey.
static void warn(j_common_ptr common, int level) {
    const int code = common->err->msg_code;
    if (level >= 0 || !common->is_decompressor || code != JWRN_HIT_MARKER) return;
    if (((j_decompress_ptr)common)->unread_marker == JPEG_EOI) fail(common, CJPEG_ENDS_EARLY);
}

static void ignore_message(j_common_ptr common) { (void)common; }

// libjpeg calls this for every row of blocks that it reads in a scan, and before it gives rows out.
static void watch_progress(j_common_ptr common) {
    const cjpeg_decoder *decoder = common->client_data;
    if (decoder->is_stopped != NULL && decoder->is_stopped()) fail(common, CJPEG_STOPPED);
    if (((j_decompress_ptr)common)->input_scan_number > CJPEG_SCANS_MAX) fail(common, CJPEG_TOO_MANY_SCANS);
}

static void ignore_source(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean end_source(j_decompress_ptr jpeg) {
    cjpeg_decoder *decoder = jpeg->client_data;
    decoder->ran_out = 1;
    jpeg->src->next_input_byte = end_marker;
    jpeg->src->bytes_in_buffer = sizeof end_marker;
    return TRUE;
}

static void skip_source(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) {
        end_source(jpeg);
        return;
    }
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

int cjpeg_open(const uint8_t *bytes, size_t count, cjpeg_decoder **decoder_out, cjpeg_header *header,
               char message[CJPEG_MESSAGE_SIZE]) {
    cjpeg_decoder *decoder = calloc(1, sizeof *decoder);
    *decoder_out = decoder;
    if (decoder == NULL) return CJPEG_NO_MEMORY;
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    jpeg->err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = fail_with_words;
    decoder->errors.emit_message = warn;
    decoder->errors.output_message = ignore_message;
    decoder->message = message;
    jpeg->client_data = decoder;
    if (setjmp(decoder->on_error)) return decoder->status;

    jpeg_create_decompress(jpeg);
    decoder->progress.progress_monitor = watch_progress;
    jpeg->progress = &decoder->progress;
    decoder->source.init_source = ignore_source;
    decoder->source.fill_input_buffer = end_source;
    decoder->source.skip_input_data = skip_source;
    decoder->source.resync_to_restart = jpeg_resync_to_restart;
    decoder->source.term_source = ignore_source;
    decoder->source.next_input_byte = bytes;
    decoder->source.bytes_in_buffer = count;
    jpeg->src = &decoder->source;
    const int found = jpeg_read_header(jpeg, FALSE);
    if (decoder->ran_out) return CJPEG_ENDS_EARLY;
    if (found != JPEG_HEADER_OK) {
        snprintf(message, CJPEG_MESSAGE_SIZE, "it holds no picture");
        return CJPEG_DAMAGED;
    }
    decoder->has_multiple_scans = jpeg_has_multiple_scans(jpeg);
    header->width = jpeg->image_width;
    header->height = jpeg->image_height;
    header->channels = jpeg->num_components;
    return CJPEG_OK;
}

// a * b / 255, rounded, as Pillow's MULDIV255.
static uint8_t scaled(unsigned a, unsigned b) {
    const unsigned product = a * b + 128;
    return (uint8_t)(((product >> 8) + product) >> 8);
}

// Files hold CMYK inverted, as Adobe writes it: each ink is 255 minus its byte. RGB as Pillow's cmyk2rgb.
static void rgb_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
    for (size_t x = 0; x < width; x++) {
        const unsigned light = cmyk[4 * x + 3];
        for (size_t c = 0; c < 3; c++) rgb[3 * x + c] = (uint8_t)(light - scaled(255u - cmyk[4 * x + c], light));
    }
}

static void read_rows(cjpeg_decoder *decoder, uint8_t *pixels, size_t channels) {
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    const size_t row_count = (size_t)jpeg->output_width * channels;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *at = pixels + jpeg->output_scanline * row_count;
        if (decoder->cmyk_row != NULL) {
            JSAMPROW row = decoder->cmyk_row;
            jpeg_read_scanlines(jpeg, &row, 1);
            rgb_from_cmyk(row, at, jpeg->output_width);
            continue;
        }
        JSAMPROW rows[ROWS_AT_ONCE];
        const JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
        const JDIMENSION count = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE;
        for (JDIMENSION i = 0; i < count; i++) rows[i] = at + i * row_count;
        jpeg_read_scanlines(jpeg, rows, count);
    }
}

int cjpeg_read_pixels(cjpeg_decoder *decoder, uint8_t *pixels, size_t count, int channels, int (*is_stopped)(void),
                      uint32_t *rows_read, char message[CJPEG_MESSAGE_SIZE]) {
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    decoder->message = message;
    decoder->is_stopped = is_stopped;
    *rows_read = 0;
    if (setjmp(decoder->on_error)) {
        if (!decoder->has_multiple_scans) *rows_read = jpeg->output_scanline;
        return decoder->status;
    }
    const int is_cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    // The scans of a progressive file are all read by now. An end that came too soon loses the last of them.
    if (decoder->ran_out && decoder->has_multiple_scans) return CJPEG_ENDS_EARLY;
    if (jpeg->output_width != jpeg->image_width || jpeg->output_height != jpeg->image_height ||
        (channels != 3 && !(channels == 4 && is_cmyk)) ||
        count != (size_t)jpeg->output_width * jpeg->output_height * (size_t)channels) {
        snprintf(message, CJPEG_MESSAGE_SIZE, "the pixel buffer has the wrong size");
        return CJPEG_DAMAGED;
    }
    if (is_cmyk && channels == 3) {
        decoder->cmyk_row = malloc((size_t)jpeg->output_width * 4);
        if (decoder->cmyk_row == NULL) return CJPEG_NO_MEMORY;
    }
    read_rows(decoder, pixels, (size_t)channels);
    return CJPEG_OK;
}

void cjpeg_close(cjpeg_decoder *decoder) {
    if (decoder == NULL) return;
    jpeg_destroy_decompress(&decoder->jpeg);
    free(decoder->cmyk_row);
    free(decoder);
}

#define CJPEG_QUOTED(x) #x
#define CJPEG_TEXT(x) CJPEG_QUOTED(x)

const char *cjpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return "turbo " CJPEG_TEXT(LIBJPEG_TURBO_VERSION);
#else
    return CJPEG_TEXT(JPEG_LIB_VERSION);
#endif
}
