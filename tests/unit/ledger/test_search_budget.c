/*
 * search_budget: no question holds a reader longer than its budget, however it is made. The worst
 * that the language can say is generated and asked over a full file of the index, with a budget
 * that most of it can't keep; what is measured is the processor's time, since other things run
 * beside a test.
 */
#include "ledger/query.h"
#include "ledger/reader.h"
#include "ledger/search_ask.h"

#include "folder.h"
#include "limits.h"

#include <time.h>

enum {
    ENTRIES = 20000,
    WORDS_EACH = 40,
    QUESTIONS = 400,
    BUDGET_MS = 10,
    OVER_MS = 150, /* between two looks at the clock */
};

static uint64_t state = 12345;

static unsigned pick(unsigned count)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % count;
}

/* A word of a language of 26 × 900 words, of which some are frequent. */
static void put_word(struct hk_buf *out)
{
    unsigned letter = pick(26);

    hk_buf_appendf(out, "%c%u", 'a' + (int)letter, pick(4) == 0 ? pick(900) : pick(9));
}

static void fill(struct folder *folder)
{
    struct hk_buf payload;

    hk_buf_init(&payload, 65536);
    for (unsigned i = 0; i < ENTRIES;) {
        struct hk_write *write = hk_write_new();

        must(write != NULL, "out of memory");
        for (unsigned n = 0; n < 500; n++, i++) {
            char id[32];

            (void)snprintf(id, sizeof(id), "al-%u", i);
            hk_buf_clear(&payload);
            hk_buf_append_text(&payload, "{\"severity\":\"high\",\"view\":{\"title\":\"");
            for (unsigned w = 0; w < WORDS_EACH; w++) {
                put_word(&payload);
                hk_buf_append_char(&payload, ' ');
            }
            hk_buf_appendf(
                &payload, "\",\"src\":{\"ip\":\"10.%u.%u.%u\"}}}", pick(4), pick(256), pick(256));
            add(folder, write, HK_KIND_ALERT_RECEIVED, id, payload.data);
        }
        must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
    }
    hk_buf_done(&payload);
}

static void open_with_index(struct folder *folder)
{
    const struct hk_ledger_options options = {.data_dir = folder->path, .search = HK_SEARCH_ON};
    struct hk_error error = {.text = ""};

    must(hk_ledger_open(&options, &folder->ledger, &error) == HK_OK, error.text);
    must(hk_ledger_tenant_open(folder->ledger, "main", &folder->tenant, &error) == HK_OK,
        error.text);
}

static void await_index(struct folder *folder)
{
    struct hk_search_stats stats = {.behind = 1};

    while (stats.indexed < ENTRIES || stats.behind > 0) {
        const struct timespec pause = {.tv_nsec = 5000000};

        (void)nanosleep(&pause, NULL);
        hk_search_stats(hk_ledger_search(folder->ledger), &stats);
    }
}

/* --- the worst that can be said --- */

static void put_unit(struct hk_buf *out)
{
    static const char *const rest[] = {"10.*", "1*", "ip:1*", "title:a*", "severity:>=low",
        "kind:alert", "user:a*", "\"a1 b*\"", "-zz"};

    switch (pick(7)) {
    case 0:
    case 1:
    case 2:
        hk_buf_appendf(out, "%c*", 'a' + (int)pick(26));
        break;
    case 3:
        hk_buf_appendf(out, "%c%u", 'a' + (int)pick(26), pick(9));
        break;
    case 4: /* each of these words is in most entries */
        hk_buf_appendf(out, "\"%c%u %c%u %c*\"", 'a' + (int)pick(26), pick(9), 'a' + (int)pick(26),
            pick(9), 'a' + (int)pick(26));
        break;
    case 5:
        hk_buf_appendf(out, "-%c%u*", 'a' + (int)pick(26), pick(9));
        break;
    default:
        hk_buf_append_text(out, rest[pick(COUNT_OF(rest))]);
        break;
    }
}

static void put_question(struct hk_buf *out)
{
    unsigned units = 1 + pick(20);
    unsigned open = 0;

    for (unsigned i = 0; i < units; i++) {
        if (i > 0)
            hk_buf_append_text(out, pick(3) == 0 ? " " : " or ");
        if (open < 6 && pick(5) == 0) {
            hk_buf_append_char(out, '(');
            open++;
        }
        put_unit(out);
        if (open > 0 && pick(3) == 0) {
            hk_buf_append_char(out, ')');
            open--;
        }
    }
    while (open-- > 0)
        hk_buf_append_char(out, ')');
}

struct asked {
    struct folder *folder;
    struct hk_search_ask ask;
    struct hk_buf out;
};

static enum hk_status answer(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct asked *question = job;

    return hk_search_answer(hk_ledger_search(question->folder->ledger), reading,
        question->folder->tenant, &question->ask, &question->out, error);
}

static int64_t processor_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum hk_status ask_for(struct folder *folder, struct hk_reading *reading, const char *text,
    int64_t budget_ms, int64_t *ret_took_ms)
{
    struct asked question = {.folder = folder,
        .ask = {.query = text, .limit = HK_PAGE_ITEMS_MAX, .now_us = hk_time_wall_us()}};
    struct hk_error error = {.text = ""};
    int64_t begun_ms = processor_ms();
    enum hk_status status;

    hk_buf_init(&question.out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_reading_run(reading, budget_ms, answer, &question, &error);
    *ret_took_ms = processor_ms() - begun_ms;
    if (status != HK_OK && status != HK_TIMEOUT && status != HK_INVALID)
        (void)fprintf(stderr, "\n%s: %s\n", text, error.text);
    if (status == HK_TIMEOUT)
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "took too long"));
    hk_buf_done(&question.out);
    return status;
}

static void no_question_outlasts_its_budget(void)
{
    unsigned counts[2] = {0, 0};
    struct hk_reading *reading = NULL;
    int64_t worst_ms = 0;
    struct folder folder;
    struct hk_buf text;

    folder_make(&folder);
    open_with_index(&folder);
    fill(&folder);
    await_index(&folder);
    must(hk_reading_open(folder.path, NULL, &reading, NULL) == HK_OK, "no reading");
    hk_buf_init(&text, 4096);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        int64_t took_ms = 0;
        enum hk_status status;

        hk_buf_clear(&text);
        put_question(&text);
        status = ask_for(&folder, reading, text.data, BUDGET_MS, &took_ms);
        CU_ASSERT(status == HK_OK || status == HK_TIMEOUT || status == HK_INVALID);
        counts[status == HK_TIMEOUT] += status != HK_INVALID;
        if (took_ms > BUDGET_MS + OVER_MS)
            (void)fprintf(stderr, "\n%lld ms: %s\n", (long long)took_ms, text.data);
        CU_ASSERT(took_ms <= BUDGET_MS + OVER_MS);
        if (took_ms > worst_ms)
            worst_ms = took_ms;
    }
    printf("answered %u, refused in time %u, the longest took %lld ms of %d ... ", counts[0],
        counts[1], (long long)worst_ms, BUDGET_MS);
    CU_ASSERT(counts[0] > QUESTIONS / 20);
    CU_ASSERT(counts[1] > QUESTIONS / 20); /* or nothing was shown */
    hk_buf_done(&text);
    hk_reading_free(reading);
    folder_done(&folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"no question outlasts its budget", no_question_outlasts_its_budget},
    };
    return suite_run("search_budget", tests, COUNT_OF(tests));
}
