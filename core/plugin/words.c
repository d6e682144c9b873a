/*
 * words: see words.h.
 */
#include "plugin/words.h"

#include <string.h>

static const char *const effects[] = {
    [HK_READ] = "read",
    [HK_IDEMPOTENT] = "idempotent",
    [HK_PROBEABLE] = "probeable",
    [HK_ONCE] = "once",
};
static const char *const kinds[] = {
    [HK_ENRICH] = "enrich",
    [HK_NOTIFY] = "notify",
    [HK_CONTAIN] = "contain",
    [HK_ERADICATE] = "eradicate",
    [HK_RESTORE] = "restore",
    [HK_CHANGE] = "change",
};

const char *hk_effect_text(enum hk_effect effect)
{
    return effect >= HK_READ && effect <= HK_ONCE ? effects[effect] : NULL;
}

const char *hk_kind_of_action_text(enum hk_kind_of_action kind)
{
    return kind >= HK_ENRICH && kind <= HK_CHANGE ? kinds[kind] : NULL;
}

bool hk_effect_from_text(const char *text, enum hk_effect *ret_effect)
{
    for (int i = HK_READ; text != NULL && i <= HK_ONCE; i++)
        if (strcmp(text, effects[i]) == 0) {
            *ret_effect = (enum hk_effect)i;
            return true;
        }
    return false;
}

bool hk_kind_of_action_from_text(const char *text, enum hk_kind_of_action *ret_kind)
{
    for (int i = HK_ENRICH; text != NULL && i <= HK_CHANGE; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *ret_kind = (enum hk_kind_of_action)i;
            return true;
        }
    return false;
}
