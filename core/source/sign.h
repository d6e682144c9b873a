#ifndef HK_SOURCE_SIGN_H
#define HK_SOURCE_SIGN_H
#include "source/config.h"
#include <stdbool.h>
bool hk_sign_template_is_good(const char *text);
bool hk_sign_is_replayable(const struct hk_webhook_config *config);
#endif
