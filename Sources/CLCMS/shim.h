#include <lcms2.h>

/* What Little CMS offers as macros that Swift cannot read. */
enum {
    /* 8-bit pixels of 3 bytes: RGB, and gray in the first of them. */
    CLCMS_RGB = TYPE_RGB_8,
    CLCMS_GRAY_OF_RGB = COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | EXTRA_SH(2) | BYTES_SH(1),
    /* 8-bit inks, as Adobe writes them into JPEGs: 255 is none. */
    CLCMS_INKS = TYPE_CMYK_8_REV,
};
