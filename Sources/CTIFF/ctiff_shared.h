#ifndef CTIFF_SHARED_H
#define CTIFF_SHARED_H

#include <tiffio.h>

#include "ctiff.h"

// A file in memory. For reading `capacity` is 0 and `bytes` belongs to the caller.
typedef struct {
    uint8_t *bytes;
    size_t count, capacity, position;
    int has_no_memory;
    char *message;  // CTIFF_MESSAGE_SIZE bytes of the caller; the first error since it was set
} ctiff_file;

// NULL when the header makes no sense or there is no memory.
TIFF *ctiff_open_file(ctiff_file *file, const char *mode, size_t max_allocation);

#endif
