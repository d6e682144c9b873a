/*
 * project_schema: the tables that are folded from the entries; see core/ARCHITECTURE.md.
 *
 * Keys begin with the tenant. Ids begin with a time, so new rows go to the end of their table.
 * Partial indexes hold only what is open or due, so that most entries touch none of them.
 */
#include "ledger/project.h"

const char hk_project_schema[] =
    "CREATE TABLE tenant(tenant INTEGER PRIMARY KEY, name TEXT, ledger TEXT, key TEXT);"
    "CREATE TABLE alert(tenant INTEGER NOT NULL, id TEXT NOT NULL, state TEXT, severity INTEGER,"
    " title TEXT, product TEXT, category TEXT, event_us INTEGER, received_us INTEGER,"
    " seen_us INTEGER, dedupe TEXT, into_alert TEXT, merged INTEGER, verdict TEXT, in_case TEXT, "
    "last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX alert_case ON alert(tenant, in_case) WHERE in_case IS NOT NULL;"
    "CREATE INDEX alert_into ON alert(tenant, into_alert) WHERE into_alert IS NOT NULL;"
    "CREATE INDEX alert_open ON alert(received_us) WHERE state IN ('new', 'routed');"
    "CREATE TABLE run(tenant INTEGER NOT NULL, id TEXT NOT NULL, alert TEXT, playbook TEXT,"
    " version TEXT, state TEXT, waits INTEGER, intents INTEGER, unknowns INTEGER,"
    " started_us INTEGER, ended_us INTEGER, reason TEXT, trial TEXT, shadow INTEGER,"
    " last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX run_trial ON run(tenant, trial, id) WHERE trial IS NOT NULL;"
    "CREATE INDEX run_live ON run(state, tenant, id)"
    " WHERE state IN ('running', 'waiting', 'unknown', 'diverged');"
    "CREATE INDEX run_alert ON run(tenant, alert);"
    "CREATE TABLE timer(tenant INTEGER NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL,"
    " due_us INTEGER, PRIMARY KEY(tenant, run, step)) WITHOUT ROWID;"
    "CREATE INDEX timer_due ON timer(due_us);"
    "CREATE TABLE gate(tenant INTEGER NOT NULL, id TEXT NOT NULL, run TEXT, step TEXT,"
    " gate_kind TEXT, state TEXT, action TEXT, target TEXT, summary TEXT, severity INTEGER,"
    " digest TEXT, role TEXT, quorum INTEGER, votes INTEGER, delegate TEXT, opened_us INTEGER,"
    " seen_us INTEGER, told_us INTEGER, decided_us INTEGER, expires_us INTEGER, tell_us INTEGER,"
    " last INTEGER, PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX gate_run ON gate(tenant, run);"
    "CREATE INDEX gate_tell ON gate(tell_us) WHERE tell_us IS NOT NULL;"
    "CREATE INDEX gate_due ON gate(expires_us) WHERE state = 'pending';"
    "CREATE TABLE containment(tenant INTEGER NOT NULL, id TEXT NOT NULL, run TEXT, step TEXT,"
    " gate TEXT, state TEXT, kind TEXT, action TEXT, target TEXT, target_type TEXT,"
    " by_hand INTEGER, since_us INTEGER, effective_us INTEGER, expires_us INTEGER,"
    " ended_us INTEGER, verified_us INTEGER, found TEXT, last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX containment_run ON containment(tenant, run);"
    "CREATE INDEX containment_due ON containment(expires_us)"
    " WHERE state IN ('active', 'drifted');"
    "CREATE INDEX containment_live ON containment(state, tenant, id)"
    " WHERE state IN ('starting', 'active', 'drifted', 'unknown', 'releasing');"
    "CREATE TABLE cases(tenant INTEGER NOT NULL, id TEXT NOT NULL, state TEXT, phase TEXT,"
    " title TEXT, severity INTEGER, assignee TEXT, verdict TEXT, proposed TEXT, alerts INTEGER,"
    " happening TEXT, do_now TEXT, impact TEXT, scope TEXT, into_case TEXT, after_case TEXT,"
    " opened_us INTEGER, alerted_us INTEGER, seen_us INTEGER, closed_us INTEGER, last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX cases_open ON cases(tenant, id) WHERE state = 'open';"
    "CREATE INDEX cases_into ON cases(tenant, into_case) WHERE into_case IS NOT NULL;"
    "CREATE TABLE case_entity(tenant INTEGER NOT NULL, in_case TEXT NOT NULL,"
    " entity TEXT NOT NULL, first_us INTEGER, last_us INTEGER,"
    " PRIMARY KEY(tenant, in_case, entity)) WITHOUT ROWID;"
    "CREATE INDEX case_entity_of ON case_entity(tenant, entity);"
    "CREATE TABLE task(tenant INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT, state TEXT,"
    " title TEXT, instruction TEXT, owner TEXT, role TEXT, in_case TEXT, run TEXT, step TEXT,"
    " containment TEXT, action TEXT, target TEXT, severity INTEGER, due_us INTEGER,"
    " opened_us INTEGER, done_us INTEGER, done_by TEXT, outcome TEXT, last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX task_open ON task(tenant, id) WHERE state = 'open';"
    "CREATE INDEX task_run ON task(tenant, run) WHERE run IS NOT NULL;"
    "CREATE INDEX task_case ON task(tenant, in_case) WHERE in_case IS NOT NULL;"
    "CREATE INDEX task_containment ON task(tenant, containment)"
    " WHERE state = 'open' AND containment IS NOT NULL;"
    "CREATE INDEX task_of_containment ON task(tenant, containment)"
    " WHERE containment IS NOT NULL;"
    "CREATE TABLE notice(tenant INTEGER NOT NULL, id TEXT NOT NULL, state TEXT, reason TEXT,"
    " about TEXT, contact TEXT, channel TEXT, language TEXT, event INTEGER, into_notice TEXT,"
    " tries INTEGER, queued_us INTEGER, due_us INTEGER, sent_us INTEGER, problem TEXT,"
    " last INTEGER, PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE INDEX notice_due ON notice(tenant, contact, channel, due_us, id)"
    " WHERE state = 'queued';"
    "CREATE INDEX notice_about ON notice(tenant, about) WHERE about IS NOT NULL;"
    "CREATE INDEX notice_into ON notice(tenant, into_notice) WHERE into_notice IS NOT NULL;"
    "CREATE TABLE contact(tenant INTEGER NOT NULL, name TEXT NOT NULL, user TEXT,"
    " told_us INTEGER, lapsed INTEGER, lapsed_us INTEGER, answered_us INTEGER, failed INTEGER,"
    " failed_us INTEGER, PRIMARY KEY(tenant, name)) WITHOUT ROWID;"
    "CREATE TABLE gap(tenant INTEGER NOT NULL, id TEXT NOT NULL, state TEXT, kind TEXT, name TEXT,"
    " detail TEXT, since_us INTEGER, ended_us INTEGER, last INTEGER, PRIMARY KEY(tenant, id))"
    " WITHOUT ROWID;"
    "CREATE TABLE playbook(tenant INTEGER NOT NULL, version TEXT NOT NULL, name TEXT,"
    " summary TEXT, added_us INTEGER, last INTEGER, PRIMARY KEY(tenant, version)) WITHOUT ROWID;"
    "CREATE TABLE in_force(tenant INTEGER NOT NULL, id TEXT NOT NULL, name TEXT, state TEXT,"
    " version TEXT, previous TEXT, file TEXT, how TEXT, since_us INTEGER, by_whom TEXT,"
    " trial TEXT, trial_id TEXT, trial_kind TEXT, trial_share INTEGER, trial_since_us INTEGER,"
    " trial_by TEXT, trial_until_us INTEGER, last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE TABLE plugin(tenant INTEGER NOT NULL, name TEXT NOT NULL, version TEXT, sha256 TEXT,"
    " last INTEGER, PRIMARY KEY(tenant, name)) WITHOUT ROWID;"
    "CREATE TABLE user(tenant INTEGER NOT NULL, id TEXT NOT NULL, name TEXT, role TEXT,"
    " state TEXT, password_us INTEGER, totp_us INTEGER, session_us INTEGER, last INTEGER,"
    " PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE TABLE token(tenant INTEGER NOT NULL, id TEXT NOT NULL, name TEXT, user TEXT,"
    " service TEXT, role TEXT, state TEXT, last INTEGER, PRIMARY KEY(tenant, id)) WITHOUT ROWID;"
    "CREATE TABLE erased(tenant INTEGER NOT NULL, seq INTEGER NOT NULL, erasure INTEGER,"
    " PRIMARY KEY(tenant, seq)) WITHOUT ROWID;"
    "CREATE TABLE subject(tenant INTEGER NOT NULL, subject TEXT NOT NULL, last INTEGER,"
    " PRIMARY KEY(tenant, subject)) WITHOUT ROWID;";

#define DUMP(table, key)                                                                           \
    {                                                                                              \
        table, "SELECT * FROM " table " WHERE tenant = ?1 ORDER BY " key                           \
    }

const struct hk_projection hk_projections[] = {
    DUMP("tenant", "tenant"),
    DUMP("alert", "id"),
    DUMP("run", "id"),
    DUMP("timer", "run, step"),
    DUMP("gate", "id"),
    DUMP("containment", "id"),
    DUMP("cases", "id"),
    DUMP("case_entity", "in_case, entity"),
    DUMP("task", "id"),
    DUMP("notice", "id"),
    DUMP("contact", "name"),
    DUMP("gap", "id"),
    DUMP("playbook", "version"),
    DUMP("in_force", "id"),
    DUMP("plugin", "name"),
    DUMP("user", "id"),
    DUMP("token", "id"),
    DUMP("erased", "seq"),
    DUMP("subject", "subject"),
};
const size_t hk_projections_count = sizeof(hk_projections) / sizeof(hk_projections[0]);
