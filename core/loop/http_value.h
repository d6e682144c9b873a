/*
 * http_value: what may stand in the parts of a request head that the parser acts on. Internal to
 * loop/.
 */
#ifndef HK_LOOP_HTTP_VALUE_H
#define HK_LOOP_HTTP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

bool hk_http_method_is_known(const char *method);
/* A host name or address, with or without a port. */
bool hk_http_host_is_good(const char *value);
/* Digits only. What doesn't fit is UINT64_MAX. */
bool hk_http_length_read(const char *value, uint64_t *ret_length);
/* Does a Connection header list "close"? */
bool hk_http_connection_closes(const char *value);

#endif
