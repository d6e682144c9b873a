/*
 * export: the bundle is checked here the way its HOWTO says, with SHA-256 alone.
 */
#include "ledger/audit.h"

#include "folder.h"

#include <sys/stat.h>

static char *read_file(const char *folder, const char *name, size_t *ret_size)
{
    char path[256];
    char *data = calloc(1, 65536);
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    must(file != NULL && data != NULL, path);
    *ret_size = fread(data, 1, 65535, file);
    (void)fclose(file);
    return data;
}

/* Root over the first count lines, from the definition. */
static void root_of(char *const *lines, size_t count, uint8_t ret_root[HK_SHA256_SIZE])
{
    uint8_t bytes[1 + 2 * HK_SHA256_SIZE] = {1};
    char leaf[HK_ENTRY_LINE_SIZE + 1] = {0};
    size_t k = 1;

    if (count == 1) {
        memcpy(leaf + 1, lines[0], strlen(lines[0]));
        hk_sha256_one(leaf, 1 + strlen(lines[0]), ret_root);
        return;
    }
    while (2 * k < count)
        k *= 2;
    root_of(lines, k, bytes + 1);
    root_of(lines + k, count - k, bytes + 1 + HK_SHA256_SIZE);
    hk_sha256_one(bytes, sizeof(bytes), ret_root);
}

static size_t cut_lines(char *text, char **lines, size_t max)
{
    size_t count = 0;

    for (char *line = strtok(text, "\n"); line != NULL && count < max; line = strtok(NULL, "\n"))
        lines[count++] = line;
    return count;
}

static void check_payloads(const char *at, char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned long seq = 99;
        char salt[65] = "";
        uint8_t bytes[1024];
        char hex[HK_SHA256_HEX_SIZE];
        size_t size = 0;

        CU_ASSERT_EQUAL(sscanf(at, "%lu %64s %zu", &seq, salt, &size), 3);
        CU_ASSERT_EQUAL(seq, i);
        CU_ASSERT_EQUAL(hk_hex_decode(salt, bytes, HK_SALT_SIZE), HK_OK);
        at = strchr(at, '\n') + 1;
        must(size < sizeof(bytes) - HK_SALT_SIZE, "a small payload");
        memcpy(bytes + HK_SALT_SIZE, at, size);
        hk_sha256_hex(bytes, HK_SALT_SIZE + size, hex);
        CU_ASSERT_STRING_EQUAL(hex, lines[i] + strlen(lines[i]) - 64);
        at += size + 1;
    }
    CU_ASSERT_EQUAL(*at, '\0');
}

static void the_bundle_checks_by_hand(void)
{
    struct folder folder;
    struct hk_audit_options options = {.data_dir = folder.path};
    struct hk_error error = {.text = ""};
    struct hk_buf root64;
    char out[128];
    char *lines[32];
    uint8_t root[HK_SHA256_SIZE];
    char *entries;
    char *other;
    size_t size;
    size_t count;

    folder_init(&folder);
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-1", "{\"raw\":\"line\\nline\"}");
    put(&folder, HK_KIND_ALERT_RECEIVED, "al-2", "{\"a\":\n1}"); /* a newline between tokens */
    put(&folder, HK_KIND_ALERT_CLOSED, "al-1", "{}");
    put(&folder, HK_KIND_CONTAINMENT_STARTING, "co-1", "{}");
    put(&folder, HK_KIND_CONTAINMENT_FAILED, "co-1", "{}");
    folder_close(&folder);
    (void)snprintf(out, sizeof(out), "%s/bundle", folder.path);
    CU_ASSERT_EQUAL(hk_audit_export(&options, out, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_audit_export(&options, out, &error), HK_CONFLICT);

    entries = read_file(out, "entries.txt", &size);
    count = cut_lines(entries, lines, COUNT_OF(lines));
    CU_ASSERT_EQUAL(count, 6);
    root_of(lines, count, root);
    hk_buf_init(&root64, 64);
    hk_base64(root, sizeof(root), &root64);
    other = read_file(out, "checkpoint.body", &size);
    CU_ASSERT_PTR_NOT_NULL(strstr(other, "/main\n6\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(other, root64.data));
    free(other);
    other = read_file(out, "checkpoint.sig", &size);
    CU_ASSERT_EQUAL(size, 64);
    free(other);
    other = read_file(out, "checkpoints.txt", &size);
    CU_ASSERT_PTR_NOT_NULL(strstr(other, "/main\n5\n"));
    free(other);
    other = read_file(out, "key.pem", &size);
    CU_ASSERT_EQUAL(strncmp(other, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA", 43), 0);
    free(other);
    other = read_file(out, "key.txt", &size);
    CU_ASSERT_EQUAL(strncmp(other, "hikeshi/", 8), 0);
    free(other);
    other = read_file(out, "payloads.bin", &size);
    check_payloads(other, lines, count);
    free(other);
    free(entries);
    hk_buf_done(&root64);
    folder_done(&folder);
}

static void one_tenant_at_a_time(void)
{
    struct folder folder;
    struct hk_audit_options options = {.data_dir = folder.path};
    struct hk_error error = {.text = ""};
    hk_tenant other;
    char out[128];
    char *text;
    size_t size;

    folder_init(&folder);
    CU_ASSERT_EQUAL(hk_ledger_tenant_open(folder.ledger, "other", &other, NULL), HK_OK);
    (void)snprintf(out, sizeof(out), "%s/bundle", folder.path);
    CU_ASSERT_EQUAL(hk_audit_export(&options, out, &error), HK_INVALID);
    options.tenant = "other";
    CU_ASSERT_EQUAL(hk_audit_export(&options, out, &error), HK_OK);
    text = read_file(out, "payloads.bin", &size);
    CU_ASSERT_PTR_NULL(strstr(text, "\"main\""));
    free(text);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"the bundle checks by hand", the_bundle_checks_by_hand},
        {"one tenant at a time", one_tenant_at_a_time},
    };
    return suite_run("export", tests, COUNT_OF(tests));
}
