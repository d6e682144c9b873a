/*
 * http_response: the bytes of an answer's head, and of the answers that the server gives by itself.
 * Internal to loop/.
 */
#ifndef HK_LOOP_HTTP_RESPONSE_H
#define HK_LOOP_HTTP_RESPONSE_H

#include "loop/http_server.h"

#define HK_HTTP_DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */

void hk_http_format_date(int64_t time_s, char ret_text[HK_HTTP_DATE_SIZE]);
/* Append status line and headers, empty line included. */
void hk_http_write_head(struct hk_buf *out, const struct hk_http_response *response,
    const char *date, bool closes, bool is_secure);
/* Has the status a body at all (not 1xx, 204, 304)? */
bool hk_http_status_has_body(int status);
/* Append an RFC 9457 problem document. */
void hk_http_write_problem(struct hk_buf *out, int status, const char *detail);

#endif
