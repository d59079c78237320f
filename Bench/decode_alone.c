// Decodes a JPEG and a PNG with libjpeg-turbo and libpng and nothing else, as often as the third argument says; prints
// the median and the best time of each. cc -O2 decode_alone.c -ljpeg -lpng -o decode_alone
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>
#include <png.h>

static unsigned char *bytes;
static size_t count, position;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) exit(1);
    fseek(file, 0, SEEK_END);
    count = (size_t)ftell(file);
    rewind(file);
    bytes = realloc(bytes, count);
    if (fread(bytes, 1, count, file) != count) exit(1);
    fclose(file);
}

static void decode_jpeg(void) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr error;
    jpeg.err = jpeg_std_error(&error);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, count);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    const size_t stride = (size_t)jpeg.output_width * 3;
    unsigned char *pixels = malloc(stride * jpeg.output_height);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = pixels + stride * jpeg.output_scanline;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    free(pixels);
}

static void take(png_structp png, png_bytep into, size_t size) {
    (void)png;
    memcpy(into, bytes + position, size);
    position += size;
}

static void decode_png(void) {
    position = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, NULL, take);
    png_read_info(png, info);
    const size_t stride = png_get_rowbytes(png, info);
    const png_uint_32 height = png_get_image_height(png, info);
    unsigned char *pixels = malloc(stride * height);
    for (png_uint_32 y = 0; y < height; y++) png_read_row(png, pixels + stride * y, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    free(pixels);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, void (*decode)(void), int repetitions) {
    double times[64];
    for (int i = 0; i < repetitions; i++) {
        const double start = now();
        decode();
        times[i] = now() - start;
    }
    qsort(times, (size_t)repetitions, sizeof *times, compare);
    printf("%s alone: %.1f ms (%.1f)\n", name, times[repetitions / 2] * 1e3, times[0] * 1e3);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 1;
    char path[4096];
    snprintf(path, sizeof path, "%s/photo.jpg", arguments[1]);
    read_file(path);
    measure("decode jpeg", decode_jpeg, 9);
    snprintf(path, sizeof path, "%s/photo.png", arguments[1]);
    read_file(path);
    measure("decode png", decode_png, 9);
}
