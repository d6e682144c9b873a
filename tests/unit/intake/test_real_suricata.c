/*
 * Alerts that Suricata really wrote, when they are there: HK_SHARED/data/alerts-suricata, or
 * ../shared beside the source tree. Each line is taken, with its time, addresses and ports, and the
 * signature ids are those that are expected.
 */
#include "base/ip.h"
#include "base/time.h"
#include "intake/intake.h"
#include "support.h"

#include <dirent.h>

#define IDS_MAX 4096
#define LINE_SIZE_MAX (256 * 1024)

struct ids {
    int64_t items[IDS_MAX];
    size_t count;
};

static char folder[1024];
static char line[LINE_SIZE_MAX];

static void add(struct ids *ids, int64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->items[i] == id)
            return;
    CU_ASSERT_TRUE_FATAL(ids->count < IDS_MAX);
    ids->items[ids->count++] = id;
}

static bool has_all(const struct ids *all, const struct ids *some)
{
    for (size_t i = 0; i < some->count; i++) {
        size_t j = 0;
        while (j < all->count && all->items[j] != some->items[i])
            j++;
        if (j == all->count) {
            (void)printf("\n  signature %lld is in one set only", (long long)some->items[i]);
            return false;
        }
    }
    return true;
}

static void compare_ip(const char *was, const char *is)
{
    char normal[HK_IP_TEXT_SIZE];
    struct hk_ip ip;

    CU_ASSERT_PTR_NOT_NULL_FATAL(was);
    CU_ASSERT_EQUAL_FATAL(hk_ip_parse(was, &ip, NULL), HK_OK);
    hk_ip_format(&ip, normal);
    CU_ASSERT_STRING_EQUAL(normal, is);
}

static void compare(const char *text, struct ids *ids)
{
    struct taken taken = take(text);
    struct hk_json_doc doc;
    int64_t time_us = 0;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(taken.in.form, "suricata");
    CU_ASSERT_STRING_EQUAL(
        seen(&taken, "title"), hk_json_string_at(doc.root, "alert.signature", "?"));
    CU_ASSERT_EQUAL(
        hk_time_parse(hk_json_string_at(doc.root, "timestamp", ""), &time_us, NULL), HK_OK);
    CU_ASSERT_EQUAL(taken.in.event_us, time_us);
    time_us = 0;
    CU_ASSERT_EQUAL(hk_time_parse(seen(&taken, "time"), &time_us, NULL), HK_OK);
    CU_ASSERT_EQUAL(taken.in.event_us, time_us);
    compare_ip(hk_json_string_at(doc.root, "src_ip", NULL), seen(&taken, "src.ip"));
    compare_ip(hk_json_string_at(doc.root, "dest_ip", NULL), seen(&taken, "dst.ip"));
    CU_ASSERT_EQUAL(
        hk_json_i64_at(doc.root, "src_port", -1), hk_json_i64_at(taken.view, "src.port", -1));
    CU_ASSERT_EQUAL(
        hk_json_i64_at(doc.root, "dest_port", -1), hk_json_i64_at(taken.view, "dst.port", -1));
    CU_ASSERT_EQUAL(hk_json_at(taken.view, "url") != NULL,
        hk_json_at(doc.root, "http.url") != NULL && hk_json_at(doc.root, "http.hostname") != NULL);
    add(ids, hk_json_i64_at(taken.view, "rule.sid", -1));
    hk_json_doc_done(&doc);
    taken_done(&taken);
}

static FILE *open_file(const char *name)
{
    char path[2048];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    return file;
}

static unsigned check_file(const char *name)
{
    struct ids *seen_ids = calloc(2, sizeof(*seen_ids));
    struct ids *expected = seen_ids + 1;
    char ids_name[300];
    unsigned count = 0;
    FILE *file = open_file(name);

    if (seen_ids == NULL)
        abort();
    for (; fgets(line, sizeof(line), file) != NULL; count++) {
        line[strcspn(line, "\r\n")] = '\0';
        compare(line, seen_ids);
    }
    (void)fclose(file);
    (void)snprintf(ids_name, sizeof(ids_name), "%.*s.signature-ids.txt",
        (int)(strlen(name) - strlen(".eve.jsonl")), name);
    file = open_file(ids_name);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strtoll(line, NULL, 10) > 0)
            add(expected, strtoll(line, NULL, 10));
    (void)fclose(file);
    CU_ASSERT_TRUE(expected->count > 0);
    CU_ASSERT_TRUE(has_all(seen_ids, expected));
    CU_ASSERT_TRUE(has_all(expected, seen_ids));
    (void)printf("\n  %s: %u alerts, %zu signatures", name, count, seen_ids->count);
    free(seen_ids);
    return count;
}

static bool find_folder(void)
{
    const char *shared = getenv("HK_SHARED");
    const char *source = getenv("HIKESHI_SOURCE");
    DIR *dir;

    if (shared != NULL)
        (void)snprintf(folder, sizeof(folder), "%s/data/alerts-suricata", shared);
    else
        (void)snprintf(folder, sizeof(folder), "%s/../shared/data/alerts-suricata",
            source != NULL ? source : ".");
    dir = opendir(folder);
    if (dir == NULL)
        return false;
    (void)closedir(dir);
    return true;
}

static void test_files(void)
{
    unsigned count = 0;
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t size = strlen(entry->d_name);
        if (size > 10 && strcmp(entry->d_name + size - 10, ".eve.jsonl") == 0)
            count += check_file(entry->d_name);
    }
    (void)closedir(dir);
    CU_ASSERT_TRUE(count > 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"each alert is taken and accounted for", test_files}, CU_TEST_INFO_NULL};

    if (!find_folder()) {
        (void)printf("skipped: there is no folder %s\n", folder);
        return 0;
    }
    return run_tests("alerts of Suricata", tests);
}
