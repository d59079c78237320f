#ifndef CPNG_SHARED_H
#define CPNG_SHARED_H

#include <png.h>

#include "cpng.h"

// What a failing libpng call leaves behind: set before the longjmp, read after it.
typedef struct {
    int status;
    char *message;  // CPNG_MESSAGE_SIZE bytes of the caller; set by every function before its setjmp
} cpng_failure;

// libpng's error handler; its error pointer is a cpng_failure.
void cpng_fail(png_structp png, png_const_charp words) __attribute__((noreturn));

// libpng's warning handler: a warning is about a chunk that is not needed, and the picture is still whole.
void cpng_ignore(png_structp png, png_const_charp words);

#endif
