/* curl_start: libcurl's global state, once per process. Internal to loop/. */
#ifndef HK_LOOP_CURL_START_H
#define HK_LOOP_CURL_START_H

#include "base/status.h"

/* From any thread. */
HK_MUST_CHECK enum hk_status hk_curl_start(struct hk_error *error);

#endif
