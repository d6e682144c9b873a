/*
 * Every mapping that is built in, on made-up messages: tests/unit/intake/messages/FORM.json is a
 * list of {"message": an object, or a text that is no JSON; "expect": {"path in the view": text},
 * and where they matter "form" (the mapping is asked for by name) and "head" (of a Zeek file)}.
 */
#include "intake/products.h"
#include "products.h"

#include <dirent.h>
#include <errno.h>

#define FORMS_MAX 512
#define FILE_SIZE_MAX (256 * 1024)

static struct hk_products *products;
static const char *forms[FORMS_MAX]; /* that have a message; from the result, so they live long */
static size_t form_count;

static const struct hk_json_limits limits = {FILE_SIZE_MAX, 64, 100000, false};

static void read_file(const char *folder, const char *name, struct hk_json_doc *ret_doc)
{
    static char text[FILE_SIZE_MAX];
    char path[1200];
    struct hk_error error = {0};
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    if (hk_json_parse(text, size, &limits, ret_doc, &error) != HK_OK) {
        (void)printf("\n  %s: %s", path, error.text);
        CU_FAIL_FATAL("a file of messages can't be read");
    }
}

/* The view's value as text: a list or object as its JSON. */
static bool is_seen(const struct hk_json *view, const char *path, const char *expected)
{
    const struct hk_json *value = hk_json_at(view, path);
    struct hk_buf buf;
    bool same;

    if (value == NULL)
        return *expected == '\0';
    if (value->text != NULL)
        return strcmp(value->text, expected) == 0;
    hk_buf_init(&buf, FILE_SIZE_MAX);
    hk_json_canonical(value, &buf);
    same = buf.size == strlen(expected) && memcmp(buf.data, expected, buf.size) == 0;
    hk_buf_done(&buf);
    return same;
}

static void check_case(const char *form, const struct hk_json *test)
{
    const struct hk_json *message = hk_json_get(test, "message");
    struct hk_message_hint hint = {.transport = HK_TRANSPORT_SYSLOG,
        .now_us = NOW_US,
        .form = hk_json_string_at(test, "form", NULL),
        .head = hk_json_string_at(test, "head", NULL)};
    bool is_text = message != NULL && message->type == HK_JSON_STRING;
    struct mapped mapped;

    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    mapped = map_bytes(products, is_text ? message->text : message->source,
        is_text ? message->text_size : message->source_size, &hint);
    CU_ASSERT_EQUAL(mapped.status, HK_OK);
    if (mapped.status != HK_OK || mapped.trouble.failed ||
        strcmp(mapped.taken.in.form, form) != 0) {
        (void)printf("\n  %s: came in as %s %s %s %s: %.*s", form,
            mapped.status == HK_OK ? mapped.taken.in.form : mapped.error.text, mapped.trouble.form,
            mapped.trouble.field, mapped.trouble.why, (int)message->source_size, message->source);
        CU_FAIL("not the form that was expected");
        mapped_done(&mapped);
        return;
    }
    for (const struct hk_json *want = hk_json_get(test, "expect")->first; want != NULL;
         want = want->next) {
        if (is_seen(mapped.taken.view, want->key, want->text))
            continue;
        (void)printf(
            "\n  %s: %s should be \"%s\" in %s", form, want->key, want->text, mapped.taken.in.view);
        CU_FAIL("a field is not what was expected");
    }
    if (form_count == 0 || forms[form_count - 1] != mapped.taken.in.form) {
        CU_ASSERT_TRUE_FATAL(form_count < FORMS_MAX);
        forms[form_count++] = mapped.taken.in.form;
    }
    mapped_done(&mapped);
}

static void test_messages(void)
{
    const char *source = getenv("HIKESHI_SOURCE");
    char folder[1024];
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(
        folder, sizeof(folder), "%s/tests/unit/intake/messages", source != NULL ? source : ".");
    dir = opendir(folder);
    if (dir == NULL)
        (void)printf("\n  %s: %s", folder, strerror(errno));
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);
        char form[64];
        struct hk_json_doc doc = {0};
        if (length < 6 || strcmp(entry->d_name + length - 5, ".json") != 0)
            continue;
        (void)snprintf(form, sizeof(form), "%.*s", (int)(length - 5), entry->d_name);
        read_file(folder, entry->d_name, &doc);
        CU_ASSERT_TRUE(doc.root->count > 0);
        for (const struct hk_json *test = doc.root->first; test != NULL; test = test->next)
            check_case(form, test);
        hk_json_doc_done(&doc);
    }
    (void)closedir(dir);
}

static void check_form(void *ctx, const struct hk_mapping_facts *facts)
{
    unsigned *count = ctx;

    ++*count;
    for (size_t i = 0; i < form_count; i++)
        if (strcmp(forms[i], facts->form) == 0)
            return;
    if (strcmp(facts->form, HK_FORM_UNMAPPED) == 0)
        return;
    (void)printf("\n  %s has no message of its own", facts->form);
    CU_FAIL("a mapping without a test");
}

static void test_each_has_messages(void)
{
    unsigned count = 0;

    hk_products_each(products, check_form, &count);
    CU_ASSERT_TRUE(count > 100);
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"messages of every mapping", test_messages},
        {"every mapping has messages", test_each_has_messages}, CU_TEST_INFO_NULL};
    struct hk_error error = {0};
    int failed;

    if (hk_products_new_builtin(&products, &error) != HK_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    failed = run_tests("mappings", tests);
    hk_products_free(products);
    return failed;
}
