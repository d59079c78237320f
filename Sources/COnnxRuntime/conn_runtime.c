#include "conn_runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// What the library's one exported function returns.
typedef struct {
    const ConnApi *(*get_table)(uint32_t version);
    const char *(*get_version)(void);
} Base;

const char *conn_open(const char *path, uint32_t api_version, const ConnApi **table, char *error, size_t error_size) {
    *table = NULL;
    // Never closed: its threads and its allocator may outlive any use of it.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        snprintf(error, error_size, "%s", reason != NULL ? reason : "unknown reason");
        return NULL;
    }
    const Base *(*get_base)(void) = (const Base *(*)(void))dlsym(library, "OrtGetApiBase");
    if (get_base == NULL) {
        snprintf(error, error_size, "it has no function OrtGetApiBase");
        return NULL;
    }
    const Base *base = get_base();
    const char *version = base->get_version();
    // A runtime that is too old answers NULL and writes a line to standard error; its version tells us without.
    char *end;
    unsigned long major = strtoul(version, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    if (major > 1 || minor >= api_version) *table = base->get_table(api_version);
    return version;
}
