/*
 * project_sql: for each kind of entry the statements that fold it. Parameters, all optional:
 * :tenant :subject :actor :time :pos :payload, and :fields, which is the payload for hk_field.
 *
 * Everything here is read by rebuild again, for ever: a statement may be changed only so that it
 * gives the same rows for all entries written so far.
 */
#include "ledger/project.h"

#define P(path) "hk_field(:fields, '" path "')"
#define HERE " WHERE tenant = :tenant AND id = :subject"
#define MINE " WHERE tenant = :tenant AND run = :subject"
/* Severities as numbers, so that they sort. */
#define SEVERITY(path)                                                                             \
    "CASE " P(path) " WHEN 'informational' THEN 1 WHEN 'low' THEN 2 WHEN 'medium' THEN 3"          \
                    " WHEN 'high' THEN 4 WHEN 'critical' THEN 5 WHEN 'fatal' THEN 6 END"
#define SEEN_AGAIN(key) " ON CONFLICT(tenant, " key ") DO UPDATE SET last = excluded.last"

/* SQL reads as SQL, one clause a line. */
/* clang-format off */
#define ALERT_COLUMNS                                                                              \
    "INSERT INTO alert(tenant, id, state, severity, title, product, category, event_us,"           \
    " received_us, dedupe, into_alert, merged, last) VALUES(:tenant, :subject, "
/* The engine's own severity and time of the event, else those of the view. */
#define ALERT_VIEW                                                                                 \
    "coalesce(" SEVERITY("severity") ", " SEVERITY("view.severity") "), "                          \
    P("view.title") ", " P("view.product") ", " P("view.category") ", "                            \
    "coalesce(" P("event_us") ", hk_us(" P("view.time") ")), :time, " P("dedupe") ", "

#define SUBJECT_ROW                                                                                \
    "INSERT INTO subject(tenant, subject, last) VALUES(:tenant, :subject, :pos)"                   \
    " ON CONFLICT(tenant, subject) DO UPDATE SET last = excluded.last"

/* A step leaves one state and enters another: count and say what the run is now. */
#define STEP(waits, intents, unknowns)                                                             \
    "UPDATE run SET waits = waits + " waits ", intents = intents + " intents                       \
    ", unknowns = unknowns + " unknowns ", last = :pos, state = CASE"                              \
    " WHEN state IN ('finished', 'failed', 'cancelled', 'diverged') THEN state"                    \
    " WHEN unknowns + " unknowns " > 0 THEN 'unknown'"                                             \
    " WHEN intents + " intents " > 0 THEN 'running'"                                               \
    " WHEN waits + " waits " > 0 THEN 'waiting'"                                                   \
    " ELSE 'running' END" HERE
#define FROM_NONE "(coalesce(" P("from") ", 'none') = 'none')"
#define FROM(state) "(coalesce(" P("from") ", '') = '" state "')"
#define DROP_TIMER "DELETE FROM timer" MINE " AND step = " P("step")

/* What a case may be joined by, and when each was seen last. */
#define CASE_ENTITIES(in_case)                                                                     \
    "INSERT INTO case_entity(tenant, in_case, entity, first_us, last_us) SELECT :tenant, " in_case \
    ", value, :time, :time FROM json_each(:payload, '$.entities') WHERE true"                      \
    " ON CONFLICT(tenant, in_case, entity) DO UPDATE SET last_us = excluded.last_us"

#define RUN_ENDED(state, reason)                                                                   \
    "UPDATE run SET state = '" state "', ended_us = :time, reason = " reason ", last = :pos" HERE
#define DROP_TIMERS "DELETE FROM timer" MINE

/* Whoever was told about a gate is told how it ended. */
#define TELL_OUTCOME "tell_us = CASE WHEN told_us IS NOT NULL THEN :time END"
/* When the gate that a notice is about is looked at again: 0 is never, absent leaves it. */
#define TELL_AGAIN                                                                                 \
    "UPDATE gate SET tell_us = nullif(" P("next_us") ", 0) WHERE tenant = :tenant AND id = "       \
    P("about") " AND " P("next_us") " IS NOT NULL"
/* Contacts whose time to answer went by. */
#define LAPSED                                                                                     \
    "UPDATE contact SET lapsed = lapsed + 1, lapsed_us = :time WHERE tenant = :tenant"             \
    " AND name IN (SELECT value FROM json_each(:payload, '$.lapsed'))"
#define MY_MEMBERS " WHERE tenant = :tenant AND into_notice = :subject"
#define MY_CONTACT                                                                                 \
    " WHERE tenant = :tenant AND name = (SELECT contact FROM notice WHERE notice.tenant = :tenant" \
    " AND notice.id = :subject)"

/* Those that an erasure takes wholly, and those of which it takes a column. */
#define OF_SUBJECTS                                                                                \
    " WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:payload, '$.subjects'))"
#define OF_PARTS(column)                                                                           \
    " WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:payload, '$.parts." column "'))"
#define UNLESS_PART(column)                                                                        \
    "CASE WHEN id IN (SELECT value FROM json_each(:payload, '$.parts." column "')) THEN NULL ELSE " \
    column " END"

static const char *const statements[HK_KIND_COUNT][HK_FOLD_STATEMENTS_MAX] = {
    [HK_KIND_LEDGER_OPENED] = {
        "INSERT OR IGNORE INTO tenant(tenant, name, ledger, key)"
        " VALUES(:tenant, " P("tenant") ", " P("ledger") ", " P("key") ")",
        SUBJECT_ROW},
    [HK_KIND_LEDGER_RESTORED] = {SUBJECT_ROW},
    [HK_KIND_LEDGER_HEARTBEAT] = {SUBJECT_ROW},
    [HK_KIND_LEDGER_MOVED_OUT] = {SUBJECT_ROW},
    [HK_KIND_LEDGER_MOVED_IN] = {SUBJECT_ROW},
    [HK_KIND_KEY_ROTATED] = {
        "UPDATE tenant SET key = coalesce(" P("key") ", key) WHERE tenant = :tenant", SUBJECT_ROW},
    [HK_KIND_KEY_REVOKED] = {SUBJECT_ROW},
    /* Which entries have lost their payload, and what was derived from those: of some subjects all
     * that is no id, state, number or time of our own, of others some columns. */
    [HK_KIND_PAYLOAD_ERASED] = {
        SUBJECT_ROW,
        "INSERT OR REPLACE INTO erased(tenant, seq, erasure) SELECT :tenant,"
        " json_extract(value, '$.seq'), :pos & 1099511627775 FROM json_each(:payload, '$.entries')",
        "UPDATE alert SET title = NULL, product = NULL, category = NULL, dedupe = NULL" OF_SUBJECTS,
        "UPDATE run SET reason = NULL" OF_SUBJECTS,
        "UPDATE gate SET target = NULL, summary = NULL, digest = NULL" OF_SUBJECTS,
        "UPDATE containment SET target = NULL, found = NULL" OF_SUBJECTS,
        "UPDATE cases SET title = NULL, happening = NULL, do_now = NULL, impact = NULL,"
        " scope = NULL, assignee = NULL" OF_SUBJECTS,
        "UPDATE cases SET title = " UNLESS_PART("title") ", happening = " UNLESS_PART("happening")
        ", do_now = " UNLESS_PART("do_now") ", impact = " UNLESS_PART("impact") ", scope = "
        UNLESS_PART("scope") ", assignee = " UNLESS_PART("assignee") OF_PARTS("cases"),
        "DELETE FROM case_entity WHERE tenant = :tenant AND in_case IN (SELECT value FROM"
        " json_each(:payload, '$.subjects') UNION SELECT value FROM"
        " json_each(:payload, '$.parts.entities'))",
        "UPDATE task SET title = NULL, instruction = NULL, owner = NULL, target = NULL" OF_SUBJECTS,
        "UPDATE task SET owner = NULL" OF_PARTS("owner"),
        "UPDATE notice SET problem = NULL" OF_SUBJECTS,
        "UPDATE user SET name = NULL" OF_SUBJECTS,
        "UPDATE token SET name = NULL, service = NULL" OF_SUBJECTS,
        "UPDATE playbook SET summary = NULL WHERE tenant = :tenant AND version IN"
        " (SELECT value FROM json_each(:payload, '$.subjects'))"},
    [HK_KIND_ENGINE_STARTED] = {SUBJECT_ROW},
    [HK_KIND_ENGINE_STOPPED] = {SUBJECT_ROW},
    [HK_KIND_CONFIG_APPLIED] = {SUBJECT_ROW},
    [HK_KIND_PLAYBOOK_ADDED] = {
        "INSERT INTO playbook(tenant, version, name, summary, added_us, last)"
        " VALUES(:tenant, :subject, " P("name") ", " P("summary") ", :time, :pos)"
        " ON CONFLICT(tenant, version) DO UPDATE SET name = excluded.name,"
        " summary = excluded.summary, added_us = excluded.added_us, last = excluded.last"},
    /* What was in force before is what a rollback goes to; after one there is nothing to go to by
     * itself, or a second one would put the bad version into force again. */
    [HK_KIND_PLAYBOOK_ENFORCED] = {
        "INSERT INTO in_force(tenant, id, name, state, version, file, how, since_us, by_whom, last)"
        " VALUES(:tenant, :subject, " P("name") ", 'in_force', " P("version") ", " P("file") ", "
        P("how") ", :time, :actor, :pos) ON CONFLICT(tenant, id) DO UPDATE SET state = 'in_force',"
        " previous = CASE WHEN version = excluded.version THEN previous"
        " WHEN excluded.how = 'rollback' THEN NULL ELSE version END,"
        " how = CASE WHEN version = excluded.version THEN how ELSE excluded.how END,"
        " since_us = CASE WHEN version = excluded.version THEN since_us ELSE excluded.since_us END,"
        " by_whom = CASE WHEN version = excluded.version THEN by_whom ELSE excluded.by_whom END,"
        " version = excluded.version, file = coalesce(excluded.file, file), last = excluded.last"},
    [HK_KIND_PLAYBOOK_WITHDRAWN] = {"UPDATE in_force SET state = 'withdrawn', last = :pos" HERE},
    [HK_KIND_PLAYBOOK_TRIED] = {
        "UPDATE in_force SET trial = " P("version") ", trial_id = " P("trial") ", trial_kind = "
        P("trial_kind") ", trial_share = " P("share") ", trial_since_us = :time, trial_by = :actor,"
        " trial_until_us = " P("until_us") ", last = :pos" HERE},
    [HK_KIND_PLAYBOOK_TRIAL_ENDED] = {
        "UPDATE in_force SET trial = NULL, trial_id = NULL, trial_kind = NULL, trial_share = NULL,"
        " trial_since_us = NULL, trial_by = NULL, trial_until_us = NULL, last = :pos" HERE},
    [HK_KIND_PLUGIN_LOADED] = {
        "INSERT INTO plugin(tenant, name, version, sha256, last)"
        " VALUES(:tenant, :subject, " P("version") ", " P("sha256") ", :pos)"
        " ON CONFLICT(tenant, name) DO UPDATE SET version = excluded.version,"
        " sha256 = excluded.sha256, last = excluded.last"},
    [HK_KIND_USER_ADDED] = {
        "INSERT INTO user(tenant, id, name, role, state, last)"
        " VALUES(:tenant, :subject, " P("name") ", " P("role") ", 'active', :pos)"
        " ON CONFLICT(tenant, id) DO UPDATE SET name = excluded.name, role = excluded.role,"
        " state = 'active', last = excluded.last"},
    [HK_KIND_USER_DISABLED] = {"UPDATE user SET state = 'disabled', last = :pos" HERE},
    [HK_KIND_USER_LINK_MADE] = {"UPDATE user SET last = :pos" HERE},
    [HK_KIND_USER_PASSWORD_SET] = {"UPDATE user SET password_us = :time, last = :pos" HERE},
    [HK_KIND_USER_TOTP_SET] = {"UPDATE user SET totp_us = :time, last = :pos" HERE},
    [HK_KIND_USER_TOTP_REMOVED] = {"UPDATE user SET totp_us = NULL, last = :pos" HERE},
    [HK_KIND_USER_LOCKED] = {"UPDATE user SET last = :pos" HERE},
    [HK_KIND_USER_UNLOCKED] = {"UPDATE user SET last = :pos" HERE},
    [HK_KIND_SESSION_OPENED] = {"UPDATE user SET session_us = :time, last = :pos" HERE},
    [HK_KIND_SESSION_PROVEN] = {"UPDATE user SET last = :pos" HERE},
    [HK_KIND_SESSION_CLOSED] = {"UPDATE user SET last = :pos" HERE},
    [HK_KIND_TOKEN_CREATED] = {
        "INSERT INTO token(tenant, id, name, user, service, role, state, last)"
        " VALUES(:tenant, :subject, " P("name") ", " P("user") ", " P("service") ", " P("role")
        ", 'active', :pos)" SEEN_AGAIN("id")},
    [HK_KIND_TOKEN_REVOKED] = {"UPDATE token SET state = 'revoked', last = :pos" HERE},
    [HK_KIND_TENANT_ENTERED] = {SUBJECT_ROW},
    [HK_KIND_TENANT_CHECKPOINTED] = {SUBJECT_ROW},

    [HK_KIND_ALERT_RECEIVED] = {
        ALERT_COLUMNS "'new', " ALERT_VIEW "NULL, 0, :pos)" SEEN_AGAIN("id")},
    [HK_KIND_ALERT_MERGED] = {
        ALERT_COLUMNS "'merged', " ALERT_VIEW P("into") ", 0, :pos)" SEEN_AGAIN("id"),
        "UPDATE alert SET merged = merged + 1 WHERE tenant = :tenant AND id = " P("into")},
    [HK_KIND_ALERT_ROUTED] = {"UPDATE alert SET state = 'routed', last = :pos" HERE},
    [HK_KIND_ALERT_SEEN] = {
        "UPDATE alert SET seen_us = coalesce(seen_us, :time), last = :pos" HERE},
    [HK_KIND_ALERT_CLOSED] = {
        "UPDATE alert SET state = 'closed', verdict = " P("verdict") ", last = :pos" HERE},

    [HK_KIND_RUN_STARTED] = {
        "INSERT INTO run(tenant, id, alert, playbook, version, state, waits, intents, unknowns,"
        " started_us, trial, shadow, last) VALUES(:tenant, :subject, " P("alert") ", " P("playbook") ", "
        P("version") ", 'running', 0, 0, 0, :time, " P("trial") ", coalesce(" P("shadow")
        ", 0), :pos)" SEEN_AGAIN("id"),
        "INSERT OR REPLACE INTO timer(tenant, run, step, due_us)"
        " SELECT :tenant, :subject, '', " P("ends_us") " WHERE " P("ends_us") " IS NOT NULL"},
    [HK_KIND_RUN_SIGNALLED] = {"UPDATE run SET last = :pos" HERE},
    [HK_KIND_RUN_DIVERGED] = {"UPDATE run SET state = 'diverged', last = :pos" HERE, DROP_TIMERS},
    [HK_KIND_RUN_FINISHED] = {RUN_ENDED("finished", "NULL"), DROP_TIMERS},
    [HK_KIND_RUN_FAILED] = {RUN_ENDED("failed", P("error")), DROP_TIMERS},
    [HK_KIND_RUN_CANCELLED] = {RUN_ENDED("cancelled", P("reason")), DROP_TIMERS},

    [HK_KIND_STEP_WAITING] = {
        STEP(FROM_NONE, "0", "0"),
        "INSERT OR REPLACE INTO timer(tenant, run, step, due_us)"
        " SELECT :tenant, :subject, " P("step") ", " P("due_us")
        " WHERE " P("for") " IN ('timer', 'signal', 'call')"},
    [HK_KIND_STEP_INTENDED] = {STEP("-" FROM("waiting"), "1", "0")},
    [HK_KIND_STEP_REPEATED] = {"UPDATE run SET last = :pos" HERE},
    [HK_KIND_STEP_UNKNOWN] = {STEP("0", "-1", "1")},
    [HK_KIND_STEP_SETTLED] = {
        STEP("-" FROM("waiting"), "-" FROM("intended"), "-" FROM("unknown")),
        DROP_TIMER},
    [HK_KIND_STEP_RESOLVED] = {STEP("0", "0", "-1")},

    [HK_KIND_GATE_OPENED] = {
        "INSERT INTO gate(tenant, id, run, step, gate_kind, state, action, target, summary,"
        " severity, digest, role, quorum, votes, opened_us, expires_us, tell_us, last)"
        " VALUES(:tenant, :subject, " P("run") ", " P("step") ", " P("gate_kind") ", 'pending', "
        P("action") ", " P("target") ", " P("summary") ", " SEVERITY("severity") ", "
        P("digest") ", " P("role") ", " P("quorum") ", 0, :time, " P("expires_us") ", "
        P("tell_us") ", :pos)"
        SEEN_AGAIN("id")},
    [HK_KIND_GATE_SEEN] = {"UPDATE gate SET seen_us = coalesce(seen_us, :time), last = :pos" HERE},
    [HK_KIND_GATE_VOTED] = {
        "UPDATE gate SET votes = votes + (coalesce(" P("decision") ", '') <> 'reject'),"
        " last = :pos" HERE,
        "UPDATE contact SET lapsed = 0, answered_us = :time WHERE tenant = :tenant"
        " AND user = :actor"},
    [HK_KIND_GATE_NARROWED] = {
        "UPDATE gate SET target = " P("target") ", summary = " P("summary") ", digest = "
        P("digest") ", role = " P("role") ", quorum = " P("quorum") ", votes = 0, last = :pos" HERE},
    [HK_KIND_GATE_DELEGATED] = {
        "UPDATE gate SET delegate = " P("to") ", tell_us = coalesce(" P("tell_us")
        ", tell_us), last = :pos" HERE},
    [HK_KIND_GATE_NOTED] = {"UPDATE gate SET last = :pos" HERE},
    [HK_KIND_GATE_DECIDED] = {
        "UPDATE gate SET state = " P("outcome") ", decided_us = :time, " TELL_OUTCOME
        ", last = :pos" HERE},
    [HK_KIND_GATE_EXPIRED] = {
        "UPDATE gate SET state = 'expired', " TELL_OUTCOME ", last = :pos" HERE},
    [HK_KIND_GATE_VOIDED] = {
        "UPDATE gate SET state = 'void', tell_us = NULL, last = :pos" HERE},

    [HK_KIND_GAP_OPENED] = {
        "INSERT INTO gap(tenant, id, state, kind, name, detail, since_us, last)"
        " VALUES(:tenant, :subject, 'open', " P("gap") ", " P("name") ", " P("detail")
        ", :time, :pos) ON CONFLICT(tenant, id) DO UPDATE SET state = 'open',"
        " detail = excluded.detail, since_us = excluded.since_us, ended_us = NULL,"
        " last = excluded.last"},
    [HK_KIND_GAP_CLOSED] = {
        "UPDATE gap SET state = 'closed', ended_us = :time, last = :pos" HERE},

    [HK_KIND_CONTAINMENT_STARTING] = {
        "INSERT INTO containment(tenant, id, run, step, gate, state, kind, action, target,"
        " target_type, by_hand, since_us, last) VALUES(:tenant, :subject, " P("run") ", " P("step")
        ", " P("gate") ", 'starting', " P("kind") ", " P("action") ", " P("target") ", "
        P("target_type") ", coalesce(" P("by_hand") ", 0), :time, :pos)" SEEN_AGAIN("id")},
    [HK_KIND_CONTAINMENT_ACTIVE] = {
        "UPDATE containment SET state = 'active',"
        " effective_us = coalesce(effective_us, " P("effective_us") ", :time),"
        " expires_us = " P("expires_us") ", last = :pos" HERE},
    [HK_KIND_CONTAINMENT_FAILED] = {
        "UPDATE containment SET state = 'failed', ended_us = :time, last = :pos" HERE},
    [HK_KIND_CONTAINMENT_UNKNOWN] = {"UPDATE containment SET state = 'unknown', last = :pos" HERE},
    [HK_KIND_CONTAINMENT_VERIFIED] = {
        "UPDATE containment SET state = 'active', verified_us = :time, found = NULL, last = :pos" HERE},
    [HK_KIND_CONTAINMENT_DRIFTED] = {
        "UPDATE containment SET state = 'drifted', verified_us = :time, found = " P("found")
        ", last = :pos" HERE},
    [HK_KIND_CONTAINMENT_RENEWING] = {"UPDATE containment SET last = :pos" HERE},
    [HK_KIND_CONTAINMENT_RENEWED] = {
        "UPDATE containment SET expires_us = " P("expires_us") ", last = :pos" HERE},
    [HK_KIND_CONTAINMENT_RELEASING] = {
        "UPDATE containment SET state = 'releasing', last = :pos" HERE},
    [HK_KIND_CONTAINMENT_HELD] = {
        "UPDATE containment SET state = 'active', expires_us = " P("retry_us") ", last = :pos" HERE},
    [HK_KIND_CONTAINMENT_RELEASED] = {
        "UPDATE containment SET state = 'released', ended_us = coalesce(" P("ended_us")
        ", :time), last = :pos" HERE},

    [HK_KIND_CASE_OPENED] = {
        "INSERT INTO cases(tenant, id, state, phase, title, severity, alerts, after_case,"
        " opened_us, alerted_us, last) VALUES(:tenant, :subject, 'open', 'identify', "
        P("title") ", coalesce(" SEVERITY("severity") ", 0), " P("alert") " IS NOT NULL, " P("after")
        ", :time, CASE WHEN " P("alert") " IS NOT NULL THEN :time END, :pos)" SEEN_AGAIN("id"),
        "UPDATE alert SET in_case = :subject WHERE tenant = :tenant AND id = " P("alert"),
        CASE_ENTITIES(":subject")},
    [HK_KIND_CASE_JOINED] = {
        "UPDATE alert SET in_case = " P("case") ", last = :pos" HERE,
        "UPDATE cases SET alerts = alerts + 1, severity = max(severity, coalesce("
        SEVERITY("severity") ", 0)), alerted_us = :time WHERE tenant = :tenant AND id = " P("case"),
        CASE_ENTITIES(P("case"))},
    [HK_KIND_CASE_SPLIT] = {
        "UPDATE alert SET in_case = " P("to") ", last = :pos" HERE,
        "UPDATE cases SET alerts = alerts + CASE id WHEN " P("to") " THEN 1 ELSE -1 END"
        " WHERE tenant = :tenant AND id IN (" P("from") ", " P("to") ")",
        CASE_ENTITIES(P("to"))},
    [HK_KIND_CASE_SEEN] = {
        "UPDATE cases SET seen_us = coalesce(seen_us, :time), last = :pos" HERE},
    [HK_KIND_CASE_PHASE] = {"UPDATE cases SET phase = " P("phase") ", last = :pos" HERE},
    [HK_KIND_CASE_ASSIGNED] = {"UPDATE cases SET assignee = nullif(" P("to") ", ''), last = :pos" HERE},
    [HK_KIND_CASE_NOTED] = {"UPDATE cases SET last = :pos" HERE},
    [HK_KIND_CASE_DESCRIBED] = {
        "UPDATE cases SET title = coalesce(" P("title") ", title), happening = coalesce("
        P("happening") ", happening), do_now = coalesce(" P("do_now") ", do_now),"
        " impact = coalesce(" P("impact") ", impact), scope = coalesce(" P("scope")
        ", scope), last = :pos" HERE},
    [HK_KIND_CASE_EVIDENCE] = {"UPDATE cases SET last = :pos" HERE},
    [HK_KIND_CASE_PROPOSED] = {
        "UPDATE cases SET proposed = " P("verdict") ", last = :pos" HERE},
    [HK_KIND_CASE_RELEASING] = {"UPDATE cases SET last = :pos" HERE},
    [HK_KIND_CASE_CLOSED] = {
        "UPDATE cases SET state = 'closed', verdict = " P("verdict")
        ", closed_us = :time, last = :pos" HERE},
    [HK_KIND_CASE_REOPENED] = {
        "UPDATE cases SET state = 'open', verdict = NULL, proposed = NULL, closed_us = NULL,"
        " last = :pos" HERE},
    [HK_KIND_CASE_MERGED] = {
        "UPDATE cases SET state = 'merged', into_case = " P("into") ", last = :pos" HERE},
    [HK_KIND_CASE_UNMERGED] = {
        "UPDATE cases SET state = 'open', into_case = NULL, last = :pos" HERE},

    [HK_KIND_TASK_OPENED] = {
        "INSERT INTO task(tenant, id, kind, state, title, instruction, owner, role, in_case, run,"
        " step, containment, action, target, severity, due_us, opened_us, last)"
        " VALUES(:tenant, :subject, " P("kind") ", 'open', " P("title") ", " P("instruction")
        ", " P("owner") ", " P("role") ", " P("case") ", " P("run") ", " P("step") ", "
        P("containment") ", " P("action") ", " P("target") ", " SEVERITY("severity") ", "
        P("due_us") ", :time, :pos)" SEEN_AGAIN("id")},
    [HK_KIND_TASK_ASSIGNED] = {"UPDATE task SET owner = nullif(" P("to") ", ''), last = :pos" HERE},
    [HK_KIND_TASK_DONE] = {
        "UPDATE task SET state = 'done', outcome = " P("outcome")
        ", done_us = :time, done_by = :actor, last = :pos" HERE},

    [HK_KIND_NOTICE_QUEUED] = {
        "INSERT INTO notice(tenant, id, state, reason, about, contact, channel, language, event,"
        " tries, queued_us, due_us, last) VALUES(:tenant, :subject, 'queued', " P("reason") ", "
        P("about") ", " P("contact") ", " P("channel") ", " P("language") ", :pos - "
        P("event_back") ", 0, :time, coalesce(" P("due_us") ", :time), :pos)" SEEN_AGAIN("id"),
        TELL_AGAIN,
        "INSERT INTO contact(tenant, name, user, lapsed, failed) SELECT :tenant, " P("contact") ", "
        P("user") ", 0, 0 WHERE " P("contact") " IS NOT NULL"
        " ON CONFLICT(tenant, name) DO UPDATE SET user = coalesce(excluded.user, user)",
        LAPSED},
    [HK_KIND_NOTICE_NOBODY] = {
        "INSERT INTO notice(tenant, id, state, reason, about, tries, queued_us, problem, last)"
        " VALUES(:tenant, :subject, CASE WHEN " P("quiet") " THEN 'quiet' ELSE 'nobody' END, "
        P("reason") ", " P("about") ", 0, :time, " P("why")
        ", :pos)" SEEN_AGAIN("id"),
        TELL_AGAIN, LAPSED},
    [HK_KIND_NOTICE_GATHERED] = {
        "INSERT INTO notice(tenant, id, state, reason, contact, channel, language, tries,"
        " queued_us, due_us, last) VALUES(:tenant, :subject, 'queued', 'gathered', " P("contact")
        ", " P("channel") ", " P("language") ", 0, :time, :time, :pos)" SEEN_AGAIN("id"),
        "UPDATE notice SET state = 'gathered', into_notice = :subject WHERE tenant = :tenant"
        " AND id IN (SELECT value FROM json_each(:payload, '$.of'))"},
    [HK_KIND_NOTICE_SENT] = {
        "UPDATE notice SET state = 'sent', sent_us = :time, problem = NULL, last = :pos" HERE,
        "UPDATE notice SET state = 'sent', sent_us = :time" MY_MEMBERS,
        "UPDATE gate SET told_us = :time WHERE tenant = :tenant AND told_us IS NULL AND id IN"
        " (SELECT about FROM notice WHERE notice.tenant = :tenant AND notice.id = :subject"
        " UNION ALL SELECT about FROM notice WHERE notice.tenant = :tenant"
        " AND notice.into_notice = :subject)",
        "UPDATE contact SET told_us = :time, failed = 0" MY_CONTACT},
    [HK_KIND_NOTICE_FAILED] = {
        "UPDATE notice SET state = CASE WHEN " P("retry_us") " IS NULL THEN 'failed'"
        " ELSE 'queued' END, tries = tries + 1, due_us = coalesce(" P("retry_us") ", due_us),"
        " problem = " P("problem") ", last = :pos" HERE,
        "UPDATE notice SET state = 'failed'" MY_MEMBERS " AND " P("retry_us") " IS NULL",
        "UPDATE contact SET failed = failed + 1, failed_us = :time" MY_CONTACT
        " AND " P("retry_us") " IS NULL",
        /* Whoever can't be reached isn't waited for. */
        "UPDATE gate SET tell_us = :time WHERE tenant = :tenant AND state = 'pending' AND "
        P("retry_us") " IS NULL AND id IN (SELECT about FROM notice WHERE notice.tenant = :tenant"
        " AND notice.id = :subject UNION ALL SELECT about FROM notice WHERE notice.tenant = :tenant"
        " AND notice.into_notice = :subject)"},
    [HK_KIND_NOTICE_DROPPED] = {
        "UPDATE notice SET state = 'dropped', problem = " P("why") ", last = :pos" HERE,
        "UPDATE notice SET state = 'dropped'" MY_MEMBERS},
};
/* clang-format on */

size_t hk_fold_statements(enum hk_kind kind, const char *const **ret_statements)
{
    size_t count = 0;

    while (count < HK_FOLD_STATEMENTS_MAX && statements[kind][count] != NULL)
        count++;
    *ret_statements = statements[kind];
    return count;
}
