/*
 * project: what each kind of entry does to the projections; that every kind is folded; that a
 * rebuild gives the same rows.
 */
#include "ledger/project.h"

#include "folder.h"
#include "ledger/erase_kept.h"

static void every_kind_is_folded(void)
{
    for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
        const char *const *statements;
        const char *noun_sql = hk_noun_last_sql(hk_kind_noun((enum hk_kind)kind));

        CU_ASSERT_TRUE(hk_fold_statements((enum hk_kind)kind, &statements) > 0);
        /* Some statement moves the subject's `last`, in the table that its chain begins from. */
        CU_ASSERT_PTR_NOT_NULL(
            strstr(statements[0], "last") != NULL
                ? statements[0]
                : (statements[1] != NULL ? strstr(statements[1], "last") : NULL));
        CU_ASSERT_PTR_NOT_NULL(noun_sql);
    }
}

struct fold_step {
    enum hk_kind kind;
    const char *subject;
    const char *payload;
    const char *sql;
    const char *expected;
};

#define RUN_STATE "SELECT state || ' ' || waits || intents || unknowns FROM run WHERE id = 'ru-1'"

/* "entries" and "subjects" of a payload.erased that takes everything that can be taken. */
static void write_erasure(const struct folder *folder, struct hk_buf *out)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READONLY);
    sqlite3_stmt *stmt = NULL;
    struct hk_buf subjects;
    struct hk_jw jw;

    hk_buf_init(&subjects, 1 << 20);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "entries");
    hk_jw_array(&jw);
    must(sqlite3_prepare_v2(db, "SELECT line, payload FROM entry ORDER BY pos", -1, &stmt, NULL) ==
             SQLITE_OK,
        "entries");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(stmt, 0);
        const char *payload = (const char *)sqlite3_column_text(stmt, 1);
        struct hk_json_doc doc;
        struct hk_entry entry;

        must(hk_entry_parse(line, strlen(line), &entry, NULL) == HK_OK, line);
        if (!hk_erase_may(entry.kind))
            continue;
        must(hk_json_parse(payload, strlen(payload), &hk_json_limits_own, &doc, NULL) == HK_OK,
            payload);
        hk_jw_object(&jw);
        hk_jw_kv_i64(&jw, "seq", (int64_t)entry.seq);
        hk_jw_key(&jw, "kept");
        hk_erase_kept(entry.kind, doc.root, &jw);
        hk_jw_object_end(&jw);
        hk_buf_appendf(&subjects, "%s\"%s\"", subjects.size > 0 ? "," : "", entry.subject);
        hk_json_doc_done(&doc);
    }
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    out->size--; /* one member more */
    hk_buf_appendf(out, ",\"subjects\":[%s]}", subjects.data != NULL ? subjects.data : "");
    hk_buf_done(&subjects);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

/* What was kept of the payloads is enough for all that the fold of payload.erased leaves alone. */
static void erase_everything(struct folder *folder)
{
    struct hk_buf payload;
    struct hk_buf out;

    hk_buf_init(&payload, 1 << 20);
    write_erasure(folder, &payload);
    put(folder, HK_KIND_PAYLOAD_ERASED, "erasure", payload.data);
    hk_buf_done(&payload);
    tamper(folder, "UPDATE entry SET salt = NULL, payload = NULL WHERE EXISTS"
                   " (SELECT 1 FROM erased WHERE seq = pos & 1099511627775)");
    CU_ASSERT_TRUE(rebuild(folder, &out));
    if (strstr(out.data, "\"ok\":true") == NULL)
        (void)fprintf(stderr, "%s\n", out.data);
    hk_buf_done(&out);
    CU_ASSERT_TRUE(verify(folder, NULL, &out));
    hk_buf_done(&out);
}

static void run_steps(const struct fold_step *steps, size_t count)
{
    struct folder folder;
    struct hk_buf out;

    folder_init(&folder);
    for (size_t i = 0; i < count; i++) {
        put(&folder, steps[i].kind, steps[i].subject, steps[i].payload);
        if (steps[i].sql != NULL)
            CU_ASSERT_TRUE(answers(&folder, steps[i].sql, steps[i].expected));
    }
    CU_ASSERT_TRUE(rebuild(&folder, &out));
    hk_buf_done(&out);
    CU_ASSERT_TRUE(verify(&folder, NULL, &out));
    hk_buf_done(&out);
    erase_everything(&folder);
    folder_done(&folder);
}

/* Alerts come into cases, cases into each other, and back. */
static void cases_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_ALERT_RECEIVED, "al-1", "{\"severity\":\"medium\"}", NULL, NULL},
        {HK_KIND_ALERT_RECEIVED, "al-2", "{\"severity\":\"high\"}", NULL, NULL},
        {HK_KIND_CASE_OPENED, "ca-1",
            "{\"title\":\"T\",\"severity\":\"medium\",\"alert\":\"al-1\","
            "\"entities\":[\"ip:203.0.113.1\",\"user:a\"]}",
            "SELECT state || phase || title || severity || alerts ||"
            " (SELECT in_case FROM alert WHERE id = 'al-1') ||"
            " (SELECT group_concat(entity) FROM case_entity WHERE in_case = 'ca-1') FROM cases",
            "openidentifyT31ca-1ip:203.0.113.1,user:a"},
        {HK_KIND_CASE_JOINED, "al-2",
            "{\"case\":\"ca-1\",\"severity\":\"high\",\"entity\":\"user:a\","
            "\"entities\":[\"user:a\",\"ip:203.0.113.2\"]}",
            "SELECT severity || alerts || (SELECT in_case FROM alert WHERE id = 'al-2') ||"
            " (SELECT count(*) || sum(last_us > first_us) FROM case_entity) FROM cases",
            "42ca-131"},
        {HK_KIND_CASE_OPENED, "ca-2", "{\"title\":\"U\",\"severity\":\"low\"}",
            "SELECT alerts || (alerted_us IS NULL) FROM cases WHERE id = 'ca-2'", "01"},
        {HK_KIND_CASE_SPLIT, "al-2", "{\"from\":\"ca-1\",\"to\":\"ca-2\"}",
            "SELECT group_concat(id || alerts) || (SELECT in_case FROM alert WHERE id = 'al-2')"
            " FROM cases",
            "ca-11,ca-21ca-2"},
        {HK_KIND_CASE_MERGED, "ca-2", "{\"into\":\"ca-1\"}",
            "SELECT state || into_case FROM cases WHERE id = 'ca-2'", "mergedca-1"},
        {HK_KIND_CASE_UNMERGED, "ca-2", "{}",
            "SELECT state || (into_case IS NULL) FROM cases WHERE id = 'ca-2'", "open1"},
        {HK_KIND_CASE_SEEN, "ca-1", "{}", "SELECT seen_us > opened_us FROM cases WHERE id = 'ca-1'",
            "1"},
        {HK_KIND_CASE_PHASE, "ca-1", "{\"phase\":\"contain\"}", NULL, NULL},
        {HK_KIND_CASE_ASSIGNED, "ca-1", "{\"to\":\"analyst-1\"}",
            "SELECT phase || assignee FROM cases WHERE id = 'ca-1'", "containanalyst-1"},
        {HK_KIND_CASE_DESCRIBED, "ca-1", "{\"happening\":\"h\"}", NULL, NULL},
        {HK_KIND_CASE_DESCRIBED, "ca-1", "{\"do_now\":\"d\",\"title\":\"V\"}",
            "SELECT happening || do_now || title FROM cases WHERE id = 'ca-1'", "hdV"},
        {HK_KIND_CASE_NOTED, "ca-1", "{\"text\":\"n\"}", NULL, NULL},
        {HK_KIND_CASE_EVIDENCE, "ca-1", "{\"name\":\"n\"}", NULL, NULL},
        {HK_KIND_CASE_RELEASING, "ca-1", "{\"reason\":\"r\"}", NULL, NULL},
        {HK_KIND_CASE_PROPOSED, "ca-1", "{\"verdict\":\"expected\"}",
            "SELECT state || proposed FROM cases WHERE id = 'ca-1'", "openexpected"},
        {HK_KIND_CASE_CLOSED, "ca-1", "{\"verdict\":\"true_positive\"}",
            "SELECT state || verdict || (closed_us > opened_us) FROM cases WHERE id = 'ca-1'",
            "closedtrue_positive1"},
        {HK_KIND_CASE_REOPENED, "ca-1", "{\"reason\":\"r\"}",
            "SELECT state || (verdict IS NULL) || (proposed IS NULL) || (closed_us IS NULL)"
            " FROM cases WHERE id = 'ca-1'",
            "open111"},
    };
    run_steps(steps, COUNT_OF(steps));
}

/* What stands for a playbook's name: a rollback has nothing to go back to by itself, the file's
 * version is what was last made of the file, a trial comes and goes. */
static void versions_fold(void)
{
#define STANDS                                                                                     \
    "SELECT state || ' ' || version || ' ' || coalesce(previous, '-') || ' ' || file || ' ' || "   \
    "how"                                                                                          \
    " || ' ' || coalesce(trial || trial_kind || coalesce(trial_share, ''), '-') FROM in_force"
    static const struct fold_step steps[] = {
        {HK_KIND_PLAYBOOK_ADDED, "v1", "{\"name\":\"p\"}", NULL, NULL},
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v1\",\"how\":\"file\",\"file\":\"v1\"}", STANDS,
            "in_force v1 - v1 file -"},
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v2\",\"how\":\"file\",\"file\":\"v2\"}", STANDS,
            "in_force v2 v1 v2 file -"},
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v1\",\"how\":\"rollback\",\"reason\":\"r\"}", STANDS,
            "in_force v1 - v2 rollback -"},
        {HK_KIND_PLAYBOOK_TRIED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v3\",\"trial\":\"tr-1\",\"trial_kind\":\"share\","
            "\"share\":10,\"until_us\":5}",
            STANDS, "in_force v1 - v2 rollback v3share10"},
        {HK_KIND_PLAYBOOK_TRIAL_ENDED, "pb-1", "{\"why\":\"promoted\"}", NULL, NULL},
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v3\",\"how\":\"promote\"}", STANDS,
            "in_force v3 v1 v2 promote -"},
        {HK_KIND_PLAYBOOK_WITHDRAWN, "pb-1", "{\"name\":\"p\"}", STANDS,
            "withdrawn v3 v1 v2 promote -"},
        /* the same again: how and since when stay */
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v3\",\"how\":\"configured\"}", STANDS,
            "in_force v3 v1 v2 promote -"},
        {HK_KIND_PLAYBOOK_ENFORCED, "pb-1",
            "{\"name\":\"p\",\"version\":\"v3\",\"how\":\"file\",\"file\":\"v3\"}", STANDS,
            "in_force v3 v1 v3 promote -"},
        {HK_KIND_RUN_STARTED, "ru-1", "{\"playbook\":\"p\",\"version\":\"v3\"}",
            "SELECT coalesce(trial, '-') || shadow FROM run", "-0"},
        {HK_KIND_RUN_STARTED, "ru-2",
            "{\"playbook\":\"p\",\"version\":\"v2\",\"trial\":\"tr-1\",\"shadow\":true}",
            "SELECT trial || shadow FROM run WHERE id = 'ru-2'", "tr-11"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void tasks_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_TASK_OPENED, "ta-1",
            "{\"kind\":\"fallback\",\"title\":\"T\",\"instruction\":\"I\",\"owner\":\"o\","
            "\"role\":\"analyst\",\"run\":\"ru-1\",\"step\":\"0\",\"action\":\"a.b\","
            "\"target\":\"x\",\"severity\":\"high\",\"due_us\":5}",
            "SELECT state || kind || title || instruction || owner || role || run || step ||"
            " action || target || severity || due_us FROM task",
            "openfallbackTIoanalystru-10a.bx45"},
        {HK_KIND_TASK_ASSIGNED, "ta-1", "{\"to\":\"p\"}", "SELECT owner FROM task", "p"},
        {HK_KIND_TASK_DONE, "ta-1", "{\"outcome\":\"happened\"}",
            "SELECT state || outcome || done_by || (done_us > opened_us) FROM task",
            "donehappenedus-one1"},
        {HK_KIND_CONTAINMENT_STARTING, "co-1", "{\"run\":\"ru-1\",\"by_hand\":true}",
            "SELECT by_hand FROM containment", "1"},
        {HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"effective_us\":7,\"expires_us\":9}",
            "SELECT effective_us || expires_us FROM containment", "79"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void logins_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_USER_ADDED, "us-1", "{\"name\":\"n\",\"role\":\"approver\"}",
            "SELECT state || (password_us IS NULL) || (totp_us IS NULL) || (session_us IS NULL)"
            " FROM user",
            "active111"},
        {HK_KIND_USER_LINK_MADE, "us-1", "{\"expires_us\":9}",
            "SELECT password_us IS NULL FROM user", "1"},
        {HK_KIND_USER_PASSWORD_SET, "us-1", "{\"with\":\"link\"}",
            "SELECT password_us > 0 FROM user", "1"},
        {HK_KIND_SESSION_OPENED, "us-1", "{\"session\":\"se-1\",\"with\":\"password\"}",
            "SELECT session_us > password_us FROM user", "1"},
        {HK_KIND_USER_TOTP_SET, "us-1", "{}", "SELECT totp_us > session_us FROM user", "1"},
        {HK_KIND_SESSION_PROVEN, "us-1", "{\"session\":\"se-1\"}", NULL, NULL},
        {HK_KIND_USER_LOCKED, "us-1", "{\"failures\":11}", NULL, NULL},
        {HK_KIND_USER_UNLOCKED, "us-1", "{}", NULL, NULL},
        {HK_KIND_SESSION_CLOSED, "us-1", "{\"session\":\"se-1\",\"why\":\"logout\"}",
            "SELECT session_us > 0 FROM user", "1"},
        {HK_KIND_USER_TOTP_REMOVED, "us-1", "{\"reason\":\"lost\"}",
            "SELECT totp_us IS NULL FROM user", "1"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void alerts_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_ALERT_RECEIVED, "al-1",
            "{\"source\":\"s\",\"view\":{\"title\":\"T\",\"severity\":\"high\",\"category\":"
            "\"malware\",\"product\":\"edr\",\"time\":\"2026-01-01T00:00:00.5Z\"},\"dedupe\":"
            "\"d1\","
            "\"raw\":\"x\"}",
            "SELECT state || severity || title || product || category || event_us || dedupe ||"
            " merged FROM alert",
            "new4Tedrmalware1767225600500000d10"},
        {HK_KIND_ALERT_RECEIVED, "al-3",
            "{\"severity\":\"fatal\",\"event_us\":7,\"view\":{\"severity\":\"low\"}}",
            "SELECT severity || ' ' || event_us FROM alert WHERE id = 'al-3'", "6 7"},
        {HK_KIND_ALERT_MERGED, "al-2", "{\"view\":{},\"into\":\"al-1\"}",
            "SELECT group_concat(id || state || coalesce(into_alert, '-') || merged) FROM alert"
            " WHERE id <> 'al-3'",
            "al-1new-1,al-2mergedal-10"},
        {HK_KIND_ALERT_ROUTED, "al-1", "{\"runs\":[]}", "SELECT state FROM alert WHERE id = 'al-1'",
            "routed"},
        {HK_KIND_ALERT_SEEN, "al-1", "{\"by\":\"us-1\"}",
            "SELECT seen_us > received_us FROM alert WHERE id = 'al-1'", "1"},
        {HK_KIND_ALERT_CLOSED, "al-1", "{\"verdict\":\"true_positive\"}",
            "SELECT state || verdict FROM alert WHERE id = 'al-1'", "closedtrue_positive"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void runs_and_steps_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_RUN_STARTED, "ru-1",
            "{\"alert\":\"al-1\",\"playbook\":\"p\",\"version\":\"v\",\"severity\":\"high\"}",
            RUN_STATE, "running 000"},
        {HK_KIND_STEP_INTENDED, "ru-1", "{\"step\":\"0\",\"from\":\"none\"}", RUN_STATE,
            "running 010"},
        {HK_KIND_STEP_REPEATED, "ru-1", "{\"step\":\"0\",\"attempt\":2}", RUN_STATE, "running 010"},
        {HK_KIND_STEP_UNKNOWN, "ru-1", "{\"step\":\"0\",\"why\":\"w\"}", RUN_STATE, "unknown 001"},
        {HK_KIND_STEP_RESOLVED, "ru-1", "{\"step\":\"0\",\"ok\":true}", RUN_STATE, "running 000"},
        {HK_KIND_STEP_SETTLED, "ru-1", "{\"step\":\"1\",\"from\":\"none\"}", RUN_STATE,
            "running 000"},
        {HK_KIND_STEP_WAITING, "ru-1",
            "{\"step\":\"2\",\"for\":\"timer\",\"due_us\":99,\"from\":\"none\"}", RUN_STATE,
            "waiting 100"},
        {HK_KIND_STEP_WAITING, "ru-1", "{\"step\":\"3\",\"for\":\"gate\",\"gate\":\"ga-1\"}",
            "SELECT group_concat(step || ':' || due_us) FROM timer", "2:99"},
        {HK_KIND_STEP_WAITING, "ru-1",
            "{\"step\":\"3\",\"for\":\"gate\",\"gate\":\"ga-2\",\"from\":\"waiting\"}", RUN_STATE,
            "waiting 200"},
        {HK_KIND_STEP_INTENDED, "ru-1", "{\"step\":\"3\",\"from\":\"waiting\"}", RUN_STATE,
            "running 110"},
        {HK_KIND_STEP_SETTLED, "ru-1", "{\"step\":\"3\",\"from\":\"intended\"}", RUN_STATE,
            "waiting 100"},
        {HK_KIND_STEP_SETTLED, "ru-1", "{\"step\":\"2\",\"from\":\"waiting\"}", RUN_STATE,
            "running 000"},
        {HK_KIND_STEP_WAITING, "ru-1", "{\"step\":\"4\",\"for\":\"timer\",\"due_us\":5}",
            "SELECT count(*) FROM timer", "1"},
        {HK_KIND_RUN_CANCELLED, "ru-1", "{\"reason\":\"why\"}",
            "SELECT state || reason || (ended_us > started_us) ||"
            " (SELECT count(*) FROM timer) FROM run",
            "cancelledwhy10"},
        {HK_KIND_STEP_SETTLED, "ru-1", "{\"step\":\"4\",\"from\":\"waiting\"}",
            "SELECT state FROM run", "cancelled"},
        {HK_KIND_RUN_STARTED, "ru-2", "{}", NULL, NULL},
        {HK_KIND_RUN_DIVERGED, "ru-2", "{}", "SELECT state FROM run WHERE id = 'ru-2'", "diverged"},
        {HK_KIND_RUN_STARTED, "ru-3", "{}", NULL, NULL},
        {HK_KIND_RUN_FAILED, "ru-3", "{\"error\":\"e\"}",
            "SELECT state || reason FROM run WHERE id = 'ru-3'", "failede"},
        {HK_KIND_RUN_STARTED, "ru-4", "{}", NULL, NULL},
        {HK_KIND_RUN_FINISHED, "ru-4", "{\"value\":1}", "SELECT state FROM run WHERE id = 'ru-4'",
            "finished"},
    };
    run_steps(steps, COUNT_OF(steps));
}

#define GATE                                                                                       \
    "{\"run\":\"ru-1\",\"step\":\"0\",\"gate_kind\":\"action\",\"covers\":{},\"digest\":\"dd\","   \
    "\"role\":\"approver\",\"quorum\":2,\"excluded\":[],\"expires_us\":77,\"severity\":"           \
    "\"critical\",\"action\":\"a\",\"target\":\"t\",\"summary\":\"s\"}"

static void gates_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_GATE_OPENED, "ga-1", GATE,
            "SELECT state || run || step || gate_kind || action || target || summary || severity ||"
            " digest || role || quorum || votes || expires_us FROM gate",
            "pendingru-10actionats5ddapprover2077"},
        {HK_KIND_GATE_SEEN, "ga-1", "{}", "SELECT seen_us > opened_us FROM gate", "1"},
        {HK_KIND_GATE_VOTED, "ga-1", "{\"decision\":\"approve\"}", "SELECT votes FROM gate", "1"},
        {HK_KIND_GATE_DECIDED, "ga-1", "{\"outcome\":\"approved\"}",
            "SELECT state || (decided_us > seen_us) FROM gate", "approved1"},
        {HK_KIND_GATE_VOIDED, "ga-1", "{}", "SELECT state FROM gate", "void"},
        {HK_KIND_GATE_OPENED, "ga-2", GATE, NULL, NULL},
        {HK_KIND_GATE_VOTED, "ga-2", "{\"decision\":\"reject\"}",
            "SELECT votes FROM gate WHERE id = 'ga-2'", "0"},
        {HK_KIND_GATE_EXPIRED, "ga-2", "{}", "SELECT state FROM gate WHERE id = 'ga-2'", "expired"},
    };
    run_steps(steps, COUNT_OF(steps));
}

#define NOTICE "SELECT state || tries || coalesce(problem, '-') FROM notice WHERE id = "
#define TELL                                                                                       \
    "SELECT coalesce(tell_us, 0) || ' ' || (told_us IS NOT NULL) FROM gate WHERE id = 'ga-1'"
#define CONTACT                                                                                    \
    "SELECT group_concat(name || ':' || coalesce(user, '-') || lapsed || failed ||"                \
    " (told_us IS NOT NULL) || (answered_us IS NOT NULL)) FROM contact"

static void notices_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_GATE_OPENED, "ga-1", "{\"expires_us\":99,\"tell_us\":7}", TELL, "7 0"},
        {HK_KIND_GATE_SEEN, "ga-1", "{}", TELL, "7 0"},
        {HK_KIND_NOTICE_QUEUED, "no-1",
            "{\"reason\":\"approval\",\"about\":\"ga-1\",\"contact\":\"a\",\"channel\":\"mail\","
            "\"language\":\"ja\",\"user\":\"us-1\",\"next_us\":55}",
            "SELECT state || reason || about || contact || channel || language || tries ||"
            " (queued_us = due_us) FROM notice",
            "queuedapprovalga-1amailja01"},
        {HK_KIND_NOTICE_QUEUED, "no-2",
            "{\"reason\":\"approval\",\"about\":\"ga-1\",\"contact\":\"b\",\"channel\":\"chat\","
            "\"due_us\":5,\"next_us\":55}",
            TELL, "55 0"},
        {HK_KIND_NOTICE_FAILED, "no-1", "{\"problem\":\"451\",\"retry_us\":60}", NOTICE "'no-1'",
            "queued1451"},
        {HK_KIND_NOTICE_SENT, "no-1", "{\"answer\":\"250\"}", NOTICE "'no-1'", "sent1-"},
        {HK_KIND_GATE_SEEN, "ga-1", "{}", TELL, "55 1"},
        {HK_KIND_NOTICE_FAILED, "no-2", "{\"problem\":\"550\"}", NOTICE "'no-2'", "failed1550"},
        {HK_KIND_NOTICE_NOBODY, "no-3",
            "{\"reason\":\"escalation\",\"about\":\"ga-1\",\"why\":\"w\",\"next_us\":0,"
            "\"lapsed\":[\"a\"]}",
            CONTACT, "a:us-11010,b:-0100"},
        {HK_KIND_GATE_SEEN, "ga-1", "{}", TELL, "0 1"},
        {HK_KIND_GATE_DECIDED, "ga-1", "{\"outcome\":\"approved\"}",
            "SELECT tell_us = decided_us FROM gate", "1"},
        {HK_KIND_NOTICE_QUEUED, "no-4",
            "{\"reason\":\"outcome\",\"about\":\"ga-1\",\"contact\":\"a\",\"channel\":\"mail\","
            "\"next_us\":0}",
            TELL, "0 1"},
        {HK_KIND_RUN_FAILED, "ru-1", "{\"error\":\"e\"}", NULL, NULL},
        {HK_KIND_NOTICE_QUEUED, "no-5",
            "{\"reason\":\"failed\",\"about\":\"ru-1\",\"contact\":\"a\",\"channel\":\"mail\","
            "\"event_back\":1}",
            "SELECT line LIKE '% run.failed %' FROM entry, notice WHERE id = 'no-5' AND pos = "
            "event",
            "1"},
        {HK_KIND_NOTICE_GATHERED, "no-6",
            "{\"contact\":\"a\",\"channel\":\"mail\",\"of\":[\"no-4\",\"no-5\"]}",
            "SELECT group_concat(id || state) FROM notice WHERE into_notice = 'no-6'",
            "no-4gathered,no-5gathered"},
        {HK_KIND_NOTICE_SENT, "no-6", "{}",
            "SELECT group_concat(id || state) FROM notice WHERE id > 'no-3'",
            "no-4sent,no-5sent,no-6sent"},
        {HK_KIND_NOTICE_QUEUED, "no-7", "{\"reason\":\"test\",\"contact\":\"c\",\"channel\":\"m\"}",
            NULL, NULL},
        {HK_KIND_NOTICE_GATHERED, "no-8", "{\"contact\":\"c\",\"channel\":\"m\",\"of\":[\"no-7\"]}",
            NULL, NULL},
        {HK_KIND_NOTICE_DROPPED, "no-8", "{\"why\":\"gone\"}",
            "SELECT group_concat(id || state) FROM notice WHERE id > 'no-6'",
            "no-7dropped,no-8dropped"},
        {HK_KIND_GATE_OPENED, "ga-2", "{\"expires_us\":99}",
            "SELECT tell_us IS NULL FROM gate WHERE id = 'ga-2'", "1"},
        {HK_KIND_GATE_EXPIRED, "ga-2", "{}", "SELECT tell_us IS NULL FROM gate WHERE id = 'ga-2'",
            "1"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void containments_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_CONTAINMENT_STARTING, "co-1",
            "{\"run\":\"ru-1\",\"step\":\"0\",\"gate\":\"ga-1\",\"kind\":\"k\",\"action\":\"a\","
            "\"target\":\"t\",\"target_type\":\"ip\"}",
            "SELECT state || run || step || gate || kind || action || target || target_type FROM"
            " containment",
            "startingru-10ga-1katip"},
        {HK_KIND_CONTAINMENT_UNKNOWN, "co-1", "{\"why\":\"w\"}", "SELECT state FROM containment",
            "unknown"},
        {HK_KIND_CONTAINMENT_ACTIVE, "co-1", "{\"expires_us\":50}",
            "SELECT state || expires_us || (effective_us > since_us) FROM containment",
            "active501"},
        {HK_KIND_CONTAINMENT_RENEWED, "co-1", "{\"expires_us\":60}",
            "SELECT state || expires_us FROM containment", "active60"},
        {HK_KIND_CONTAINMENT_DRIFTED, "co-1", "{\"found\":\"nothing\"}",
            "SELECT state || found || (verified_us > effective_us) FROM containment",
            "driftednothing1"},
        {HK_KIND_CONTAINMENT_VERIFIED, "co-1", "{\"result\":{\"holds\":true}}",
            "SELECT state || (found IS NULL) || (verified_us > effective_us) FROM containment",
            "active11"},
        {HK_KIND_CONTAINMENT_RENEWING, "co-1", "{\"for_ms\":5}", "SELECT state FROM containment",
            "active"},
        {HK_KIND_CONTAINMENT_RELEASING, "co-1", "{}", "SELECT state FROM containment", "releasing"},
        {HK_KIND_CONTAINMENT_HELD, "co-1", "{\"retry_us\":70}",
            "SELECT state || expires_us FROM containment", "active70"},
        {HK_KIND_CONTAINMENT_RELEASED, "co-1", "{}",
            "SELECT state || (ended_us > effective_us) FROM containment", "released1"},
        {HK_KIND_CONTAINMENT_STARTING, "co-2", "{}", NULL, NULL},
        {HK_KIND_CONTAINMENT_FAILED, "co-2", "{}",
            "SELECT state FROM containment WHERE id = 'co-2'", "failed"},
    };
    run_steps(steps, COUNT_OF(steps));
}

static void names_and_people_fold(void)
{
    static const struct fold_step steps[] = {
        {HK_KIND_PLAYBOOK_ADDED, "aa11", "{\"name\":\"p\",\"summary\":\"s\"}",
            "SELECT version || name || summary FROM playbook", "aa11ps"},
        {HK_KIND_PLUGIN_LOADED, "world", "{\"version\":\"1\",\"sha256\":\"x\"}", NULL, NULL},
        {HK_KIND_PLUGIN_LOADED, "world", "{\"version\":\"2\",\"sha256\":\"y\"}",
            "SELECT group_concat(name || version || sha256) FROM plugin", "world2y"},
        {HK_KIND_USER_ADDED, "us-1", "{\"name\":\"one\",\"role\":\"approver\"}",
            "SELECT name || role || state FROM user", "oneapproveractive"},
        {HK_KIND_USER_DISABLED, "us-1", "{}", "SELECT state FROM user", "disabled"},
        {HK_KIND_TOKEN_CREATED, "to-1", "{\"service\":\"sv-1\",\"role\":\"viewer\",\"name\":\"n\"}",
            "SELECT name || coalesce(user, '-') || service || role || state FROM token",
            "n-sv-1vieweractive"},
        {HK_KIND_TOKEN_REVOKED, "to-1", "{}", "SELECT state FROM token", "revoked"},
        {HK_KIND_CONFIG_APPLIED, "config", "{}", NULL, NULL},
        {HK_KIND_ENGINE_STARTED, "engine", "{}", NULL, NULL},
        {HK_KIND_ENGINE_STOPPED, "engine", "{}",
            "SELECT group_concat(subject || (last - (1 << 40))) FROM subject",
            "config8,engine10,ledger0"},
    };
    run_steps(steps, COUNT_OF(steps));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"every kind is folded", every_kind_is_folded},
        {"cases", cases_fold},
        {"versions of playbooks", versions_fold},
        {"tasks", tasks_fold},
        {"alerts fold", alerts_fold},
        {"logins fold", logins_fold},
        {"runs and steps fold", runs_and_steps_fold},
        {"gates fold", gates_fold},
        {"notices fold", notices_fold},
        {"containments fold", containments_fold},
        {"names and people fold", names_and_people_fold},
    };
    return suite_run("project", tests, COUNT_OF(tests));
}
