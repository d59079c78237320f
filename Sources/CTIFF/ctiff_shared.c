#include "ctiff_shared.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int keep_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    ctiff_file *file = user;
    // The first words tell the cause; later ones only follow from it.
    if (file->message != NULL && file->message[0] == 0) vsnprintf(file->message, CTIFF_MESSAGE_SIZE, format, arguments);
    return 1;
}

static int ignore_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static tmsize_t read_file(thandle_t handle, void *into, tmsize_t size) {
    ctiff_file *file = handle;
    if (size < 0 || file->position >= file->count) return 0;
    const size_t left = file->count - file->position;
    const size_t count = (size_t)size < left ? (size_t)size : left;
    memcpy(into, file->bytes + file->position, count);
    file->position += count;
    return (tmsize_t)count;
}

static int grow(ctiff_file *file, size_t needed) {
    if (needed <= file->capacity) return 1;
    const size_t capacity = file->capacity * 2 > needed ? file->capacity * 2 : needed;
    uint8_t *grown = realloc(file->bytes, capacity);
    if (grown == NULL) {
        file->has_no_memory = 1;
        return 0;
    }
    file->bytes = grown;
    file->capacity = capacity;
    return 1;
}

static tmsize_t write_file(thandle_t handle, void *from, tmsize_t size) {
    ctiff_file *file = handle;
    if (file->capacity == 0 || size < 0) return 0;
    const size_t end = file->position + (size_t)size;
    if (!grow(file, end)) return 0;
    if (file->position > file->count) memset(file->bytes + file->count, 0, file->position - file->count);
    memcpy(file->bytes + file->position, from, (size_t)size);
    file->position = end;
    if (end > file->count) file->count = end;
    return size;
}

static toff_t seek_file(thandle_t handle, toff_t offset, int from) {
    ctiff_file *file = handle;
    uint64_t position = offset;
    if (from == SEEK_CUR) position += file->position;
    if (from == SEEK_END) position += file->count;
    // The classic format ends at 4 GiB; nothing that lies in memory ends far beyond it.
    if (position > (uint64_t)1 << 40) return (toff_t)-1;
    file->position = (size_t)position;
    return position;
}

static int close_file(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t file_size(thandle_t handle) { return ((ctiff_file *)handle)->count; }

static int map_file(thandle_t handle, void **base, toff_t *size) {
    ctiff_file *file = handle;
    if (file->capacity > 0) return 0;
    *base = file->bytes;
    *size = file->count;
    return 1;
}

static void unmap_file(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

// Some of libtiff's words go to the handlers of the process, whatever the options say.
static void silence(void) {
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
}

TIFF *ctiff_open_file(ctiff_file *file, const char *mode, size_t max_allocation) {
    static pthread_once_t silenced = PTHREAD_ONCE_INIT;
    pthread_once(&silenced, silence);
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)max_allocation);
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, file);
    TIFF *tiff = TIFFClientOpenExt("file", mode, file, read_file, write_file, seek_file, close_file, file_size, map_file,
                                   unmap_file, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

const char *ctiff_version(void) { return TIFFGetVersion(); }
