/*
 * query_names: whom the ids of actors stand for. The record has ids alone; people want names.
 */
#ifndef HK_LEDGER_QUERY_NAMES_H
#define HK_LEDGER_QUERY_NAMES_H

#include "ledger/query.h"

/* Ids that are looked up for one document; further ones stay without a name. */
#define HK_NAMES_MAX 128

struct hk_names {
    char ids[HK_NAMES_MAX][HK_ID_SIZE];
    size_t count;
};

/* Note an id; what is no person's and no service's is passed over, and so is NULL. */
void hk_names_add(struct hk_names *names, const char *id);
/* Note all that a payload says of people: its members by, to, excluded, owner … */
void hk_names_add_payload(struct hk_names *names, const struct hk_json *payload);
/* Write "names": {id: name}: those that the tenant has. */
HK_MUST_CHECK enum hk_status hk_names_write(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_names *names, struct hk_jw *jw, struct hk_error *error);

#endif
