/*
 * http_target: the request target's path and query, decoded strictly. Internal to loop/.
 */
#ifndef HK_LOOP_HTTP_TARGET_H
#define HK_LOOP_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* May this byte stand in a request target? */
bool hk_http_is_target_byte(unsigned char c);
/* Split target (origin-form, NUL-terminated, checked bytes) into *ret_path, decoded in place, and
 * *ret_query, which is left as sent. NULL when it is good, else one sentence about what isn't. */
const char *hk_http_target_split(char *target, char **ret_path, char **ret_query);

#endif
