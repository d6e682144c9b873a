/*
 * qr: a text as a QR code (ISO/IEC 18004). libqrencode behind it.
 */
#ifndef HK_LOGIN_QR_H
#define HK_LOGIN_QR_H

#include "base/buf.h"

/* How many modules a side has (*ret_side), and the dark ones as a path in SVG, in units of one
 * module: "M0 0h7v1h-7z…". HK_LIMIT for a text that is too long. */
HK_MUST_CHECK enum hk_status hk_qr_path(
    const char *text, unsigned *ret_side, struct hk_buf *out, struct hk_error *error);

#endif
