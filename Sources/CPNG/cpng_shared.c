#include "cpng_shared.h"

#include <setjmp.h>
#include <stdio.h>
#include <zlib.h>

void cpng_fail(png_structp png, png_const_charp words) {
    cpng_failure *failure = png_get_error_ptr(png);
    if (failure->status == CPNG_OK) failure->status = CPNG_DAMAGED;
    snprintf(failure->message, CPNG_MESSAGE_SIZE, "%s", words);
    png_longjmp(png, 1);
}

void cpng_ignore(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

uint32_t cpng_checksum(const uint8_t *bytes, size_t count) { return (uint32_t)crc32_z(0, bytes, count); }

const char *cpng_version(void) { return png_get_libpng_ver(NULL); }
