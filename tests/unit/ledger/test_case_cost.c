/*
 * what a case costs: reading one is no walk over all cases, runs or alerts of the tenant.
 */
#include "ledger/query_case.h"
#include "ledger/query_timeline.h"
#include "ledger/query_work.h"
#include "ledger/reader.h"

#include "folder.h"

enum { FEW = 20, MANY = 400 };

/* The statements are asked in this job, which counts the steps that they take. */
struct cost {
    struct folder *folder;
    enum { ROW, SHOWN, TIMELINE } what;
    unsigned steps;
    struct hk_case_row row;
    struct hk_buf out;
};

static int count_step(void *ctx)
{
    (*(unsigned *)ctx)++;
    return 0;
}

static enum hk_status show_case(
    struct hk_reading *reading, struct cost *cost, struct hk_error *error)
{
    struct hk_jw jw;

    hk_jw_init(&jw, &cost->out);
    hk_jw_object(&jw);
    enum hk_status status =
        hk_query_case_members(reading, cost->folder->tenant, "ca-0000", &jw, error);
    hk_jw_object_end(&jw);
    return status;
}

static enum hk_status read_case(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct cost *cost = job;
    enum hk_status status = HK_OK;

    sqlite3_progress_handler(reading->db, 1, count_step, &cost->steps);
    if (cost->what == ROW)
        status =
            hk_query_case_row(reading, cost->folder->tenant, "ca-0000", true, &cost->row, error);
    else if (cost->what == SHOWN)
        status = show_case(reading, cost, error);
    else
        status = hk_query_timeline(
            reading, cost->folder->tenant, "ca-0000", 0, true, 100, &cost->out, error);
    sqlite3_progress_handler(reading->db, 0, NULL, NULL);
    return status;
}

static void add_case(struct folder *folder, struct hk_write *write, int number)
{
    char alert[16], run[16], in_case[16], gate[16], lease[16], task[16], payload[256];

    (void)snprintf(alert, sizeof(alert), "al-%04d", number);
    (void)snprintf(run, sizeof(run), "ru-%04d", number);
    (void)snprintf(in_case, sizeof(in_case), "ca-%04d", number);
    (void)snprintf(gate, sizeof(gate), "ga-%04d", number);
    (void)snprintf(lease, sizeof(lease), "co-%04d", number);
    (void)snprintf(task, sizeof(task), "ta-%04d", number);
    add(folder, write, HK_KIND_ALERT_RECEIVED, alert, "{\"view\":{\"title\":\"t\"}}");
    (void)snprintf(payload, sizeof(payload),
        "{\"title\":\"t\",\"alert\":\"%s\",\"entities\":[\"ip:192.0.2.%d\"]}", alert, number % 250);
    add(folder, write, HK_KIND_CASE_OPENED, in_case, payload);
    (void)snprintf(payload, sizeof(payload), "{\"alert\":\"%s\"}", alert);
    add(folder, write, HK_KIND_RUN_STARTED, run, payload);
    (void)snprintf(payload, sizeof(payload), "{\"run\":\"%s\"}", run);
    add(folder, write, HK_KIND_GATE_OPENED, gate, payload);
    add(folder, write, HK_KIND_CONTAINMENT_STARTING, lease, payload);
    add(folder, write, HK_KIND_TASK_OPENED, task, payload);
}

static void make_cases(struct folder *folder, int count)
{
    struct hk_write *write = hk_write_new();

    must(write != NULL, "out of memory");
    for (int i = 0; i < count; i++)
        add_case(folder, write, i);
    must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
}

static unsigned steps_of(struct folder *folder, int what)
{
    struct cost cost = {.folder = folder, .what = what};
    struct hk_error error = {.text = ""};

    hk_buf_init(&cost.out, 1 << 20);
    must(hk_ledger_read_now(folder->ledger, read_case, &cost, &error) == HK_OK, error.text);
    if (what == ROW) {
        CU_ASSERT_EQUAL(cost.row.alerts, 1);
        CU_ASSERT_EQUAL(cost.row.runs_live, 1);
        CU_ASSERT_EQUAL(cost.row.approvals_pending, 1);
        CU_ASSERT_EQUAL(cost.row.containments_live, 1);
        CU_ASSERT_EQUAL(cost.row.tasks_open, 1);
    } else {
        CU_ASSERT_PTR_NOT_NULL(strstr(cost.out.data, "0000"));
    }
    hk_buf_done(&cost.out);
    return cost.steps;
}

static void a_case_costs_what_is_in_it(void)
{
    struct folder few;
    struct folder many;

    folder_init(&few);
    folder_init(&many);
    make_cases(&few, FEW);
    make_cases(&many, MANY);
    for (int what = ROW; what <= TIMELINE; what++) {
        unsigned among_few = steps_of(&few, what);
        unsigned among_many = steps_of(&many, what);
        CU_ASSERT(among_few > 0);
        CU_ASSERT(among_many <= among_few + among_few / 4);
        if (among_many > among_few + among_few / 4)
            (void)fprintf(stderr, "question %d: %u steps among few cases, %u among many\n", what,
                among_few, among_many);
    }
    folder_done(&few);
    folder_done(&many);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a case costs what is in it", a_case_costs_what_is_in_it},
    };
    return suite_run("case cost", tests, COUNT_OF(tests));
}
