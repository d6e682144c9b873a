/* What the tests of mappings share: sets, and messages read by them. */
#ifndef TEST_INTAKE_PRODUCTS_H
#define TEST_INTAKE_PRODUCTS_H

#include "intake/products.h"
#include "support.h"

struct mapped {
    struct taken taken;
    enum hk_status status;
    struct hk_mapping_trouble trouble;
    struct hk_error error;
};

/* Read the message with the products; a syslog source's unless the hint says else. */
static inline struct mapped map_bytes(const struct hk_products *products, const char *bytes,
    size_t size, const struct hk_message_hint *hint)
{
    static const struct hk_message_hint plain = {
        .transport = HK_TRANSPORT_SYSLOG, .now_us = NOW_US};
    struct mapped mapped = {.status = HK_OK};

    mapped.status = hk_products_read(products, bytes, size, hint != NULL ? hint : &plain, NULL,
        &mapped.taken.in, &mapped.trouble, &mapped.error);
    if (mapped.status == HK_OK) {
        CU_ASSERT_EQUAL_FATAL(hk_json_parse(mapped.taken.in.view, strlen(mapped.taken.in.view),
                                  &hk_json_limits_own, &mapped.taken.doc, &mapped.error),
            HK_OK);
        mapped.taken.view = mapped.taken.doc.root;
    }
    return mapped;
}

static inline struct mapped map(const struct hk_products *products, const char *text)
{
    return map_bytes(products, text, strlen(text), NULL);
}

static inline void mapped_done(struct mapped *mapped)
{
    taken_done(&mapped->taken);
}

static inline struct hk_products *builtin_products(void)
{
    struct hk_products *products = NULL;
    struct hk_error error = {0};

    if (hk_products_new_builtin(&products, &error) != HK_OK) {
        (void)printf("\n  %s", error.text);
        CU_FAIL_FATAL("the mappings that are built in can't be read");
    }
    return products;
}

/* A set of one mapping of the tenant's own; fails the test when the mapping is wrong. */
static inline struct hk_products *own_products(const struct hk_products *builtin, const char *text)
{
    const struct hk_mapping_file file = {"own.json", text, strlen(text)};
    struct hk_products *products = NULL;
    struct hk_error error = {0};

    if (hk_products_new(builtin, &file, 1, &products, &error) != HK_OK) {
        (void)printf("\n  %s", error.text);
        CU_FAIL_FATAL("the mapping is wrong");
    }
    return products;
}

#endif
