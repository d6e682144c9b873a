/*
 * query_case_sets: what belongs to a case, as sets of ids for statements of which ?1 is the tenant
 * and ?2 the case. To be asked as `tenant = ?1 AND id IN …`: each set is read from one index, and
 * each row by its key, so that a case costs what is in it, however large the tables are. (A
 * condition such as `run IN …` on the table itself may be answered by a walk over all rows of the
 * tenant.)
 */
#ifndef HK_LEDGER_QUERY_CASE_SETS_H
#define HK_LEDGER_QUERY_CASE_SETS_H

/* The case, and those that were merged into it. */
#define HK_CASE_MEMBERS                                                                            \
    "(WITH RECURSIVE member(id) AS (SELECT ?2 UNION SELECT c.id FROM cases c JOIN member m"        \
    " ON c.into_case = m.id WHERE c.tenant = ?1) SELECT id FROM member)"
#define HK_CASE_ALERTS                                                                             \
    "(SELECT a.id FROM alert a WHERE a.tenant = ?1 AND a.in_case IN " HK_CASE_MEMBERS ")"
#define HK_CASE_RUNS                                                                               \
    "(SELECT r.id FROM run r WHERE r.tenant = ?1 AND r.alert IN " HK_CASE_ALERTS ")"
#define HK_CASE_GATES "(SELECT g.id FROM gate g WHERE g.tenant = ?1 AND g.run IN " HK_CASE_RUNS ")"
#define HK_CASE_CONTAINMENTS                                                                       \
    "(SELECT co.id FROM containment co WHERE co.tenant = ?1 AND co.run IN " HK_CASE_RUNS ")"
#define HK_CASE_TASKS                                                                              \
    "(SELECT t.id FROM task t WHERE t.tenant = ?1 AND t.run IN " HK_CASE_RUNS                      \
    " UNION SELECT t.id FROM task t WHERE t.tenant = ?1 AND t.in_case IN " HK_CASE_MEMBERS ")"

#endif
