/*
 * qr: see qr.h.
 */
#include "login/qr.h"

#include <errno.h>
#include <qrencode.h>

enum { DARK = 1 };

enum hk_status hk_qr_path(
    const char *text, unsigned *ret_side, struct hk_buf *out, struct hk_error *error)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    unsigned side;

    if (code == NULL)
        return hk_fail(error, errno == ENOMEM ? HK_NOMEM : HK_LIMIT, "no QR code of this text");
    side = (unsigned)code->width;
    for (unsigned y = 0; y < side; y++) {
        const unsigned char *row = code->data + (size_t)y * side;
        for (unsigned x = 0; x < side; x++) {
            unsigned begin = x;
            while (x < side && (row[x] & DARK) != 0)
                x++;
            if (x > begin)
                hk_buf_appendf(out, "M%u %uh%uv1h-%uz", begin, y, x - begin, x - begin);
        }
    }
    QRcode_free(code);
    *ret_side = side;
    return hk_buf_check(out, "QR code", error);
}
