/*
 * sign: who may send to a webhook. The signatures are made here by other means than in the code:
 * they were computed by openssl dgst over the bytes that each product documents.
 */
#include "source/sign.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define NOW_S 1795306845
#define NOW_US (INT64_C(1795306845) * 1000000)
#define WINDOW_MS (5 * 60 * 1000)

struct headers {
    const char *pairs[12]; /* name, value … NULL */
};

static const char *header(void *ctx, const char *name)
{
    const struct headers *headers = ctx;

    for (size_t i = 0; headers->pairs[i] != NULL; i += 2)
        if (strcmp(headers->pairs[i], name) == 0)
            return headers->pairs[i + 1];
    return NULL;
}

static bool is_good(const struct hk_webhook_config *config, const struct headers *headers,
    const char *body, int64_t now_us, char *ret_key)
{
    struct hk_sign_verdict verdict;
    const struct hk_sign_request request = {.header = header,
        .ctx = (void *)(uintptr_t)headers,
        .body = body,
        .body_size = strlen(body),
        .now_us = now_us};

    hk_sign_check(config, &request, &verdict);
    CU_ASSERT_TRUE(verdict.is_good == (verdict.why == NULL));
    CU_ASSERT_TRUE(verdict.is_good == (verdict.repeat_key[0] != '\0'));
    if (ret_key != NULL)
        (void)snprintf(ret_key, HK_SHA256_HEX_SIZE, "%s", verdict.repeat_key);
    return verdict.is_good;
}

static struct hk_webhook_config config_of(enum hk_webhook_scheme scheme)
{
    return (struct hk_webhook_config){.scheme = scheme,
        .secrets = {"s3cret"},
        .secret_count = 1,
        .prefix = "",
        .signs = "{body}",
        .window_ms = WINDOW_MS};
}

#include "sign_cases.h"

static void products_are_known(void)
{
    for (size_t i = 0; i < COUNT_OF(sign_cases); i++) {
        const struct sign_case *one = &sign_cases[i];
        struct hk_webhook_config config = config_of(one->scheme);
        struct headers headers = {{NULL}};
        if (one->header != NULL)
            config.header = one->header;
        if (one->signs != NULL)
            config.signs = one->signs;
        if (one->prefix != NULL)
            config.prefix = one->prefix;
        config.time_header = one->time_header;
        config.id_header = one->id_header;
        config.is_base64 = one->is_base64;
        if (one->secret != NULL)
            config.secrets[0] = one->secret;
        memcpy(headers.pairs, one->pairs, sizeof(one->pairs));
        if (is_good(&config, &headers, one->body, NOW_US, NULL) != one->is_good)
            (void)fprintf(stderr, "case %zu: %s\n", i, one->name);
        CU_ASSERT_EQUAL(is_good(&config, &headers, one->body, NOW_US, NULL), one->is_good);
        if (!one->is_good)
            continue;
        /* Not one byte of the body, not another secret; and not later, where the time is signed. */
        CU_ASSERT_FALSE(is_good(&config, &headers, "{\"a\":2}", NOW_US, NULL) && one->is_signed);
        CU_ASSERT_EQUAL(is_good(&config, &headers, one->body,
                            NOW_US + (int64_t)WINDOW_MS * 1000 + 2000000, NULL),
            !one->has_time);
        CU_ASSERT_EQUAL(is_good(&config, &headers, one->body,
                            NOW_US - (int64_t)WINDOW_MS * 1000 - 2000000, NULL),
            !one->has_time);
        config.secrets[0] = "another";
        CU_ASSERT_FALSE(is_good(&config, &headers, one->body, NOW_US, NULL));
        config.secrets[1] = one->secret != NULL ? one->secret : "s3cret"; /* being changed */
        config.secret_count = 2;
        CU_ASSERT_TRUE(is_good(&config, &headers, one->body, NOW_US, NULL));
    }
}

static void a_repetition_is_known(void)
{
    struct hk_webhook_config config = config_of(HK_WEBHOOK_BEARER);
    const struct headers headers = {{"authorization", "Bearer s3cret", NULL}};
    const struct headers with_id = {{"authorization", "Bearer s3cret", "x-id", "d-1", NULL}};
    char first[HK_SHA256_HEX_SIZE];
    char second[HK_SHA256_HEX_SIZE];
    char other[HK_SHA256_HEX_SIZE];

    CU_ASSERT_TRUE(is_good(&config, &headers, "{\"a\":1}", NOW_US, first));
    CU_ASSERT_TRUE(is_good(&config, &headers, "{\"a\":1}", NOW_US + 1000000, second));
    CU_ASSERT_TRUE(is_good(&config, &headers, "{\"a\":2}", NOW_US, other));
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_STRING_NOT_EQUAL(first, other);
    config.id_header = "x-id"; /* the same body with another id is news */
    CU_ASSERT_TRUE(is_good(&config, &headers, "{\"a\":1}", NOW_US, second));
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_TRUE(is_good(&config, &with_id, "{\"a\":1}", NOW_US, first));
    CU_ASSERT_TRUE(is_good(&config, &with_id, "{\"a\":2}", NOW_US, other));
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_STRING_EQUAL(first, other);
}

static void templates_are_checked(void)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"{body}", true},
        {"{time}.{body}", true},
        {"v1:{id}:{time}:{body}", true},
        {"", false},
        {"{time}", false},
        {"{body}{body}", false},
        {"{time}{time}{body}", false},
        {"{bodies}{body}", false},
        {"{body}}", false},
        {"{{body}", false},
        {"{", false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CU_ASSERT_EQUAL(hk_sign_template_is_good(cases[i].text), cases[i].is_good);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"products are known", products_are_known},
        {"a repetition is known", a_repetition_is_known},
        {"templates are checked", templates_are_checked},
    };

    return suite_run("source sign", tests, COUNT_OF(tests));
}
