#include "source/sign.h"
#include <string.h>
bool hk_sign_template_is_good(const char *text)
{
    return strstr(text, "{body}") != NULL;
}
bool hk_sign_is_replayable(const struct hk_webhook_config *config)
{
    return config->time_header == NULL;
}
