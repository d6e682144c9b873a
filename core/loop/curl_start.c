#include "loop/curl_start.h"

#include <curl/curl.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void start_curl(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum hk_status hk_curl_start(struct hk_error *error)
{
    (void)pthread_once(&once, start_curl);
    if (global_result != CURLE_OK) {
        return hk_fail(error, HK_NOMEM, "cannot start an HTTP client");
    }
    return HK_OK;
}
