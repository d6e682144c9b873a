/*
 * query_names: see query_names.h.
 */
#include "ledger/query_names.h"

#include "base/text.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <string.h>

void hk_names_add(struct hk_names *names, const char *id)
{
    if (id == NULL || names->count == HK_NAMES_MAX ||
        (strncmp(id, "us-", 3) != 0 && strncmp(id, "sv-", 3) != 0))
        return;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->ids[i], id) == 0)
            return;
    if (hk_copy_text(names->ids[names->count], HK_ID_SIZE, id))
        names->count++;
}

void hk_names_add_payload(struct hk_names *names, const struct hk_json *payload)
{
    static const char *const members[] = {
        "by", "to", "excluded", "requesters", "owner", "assignee", "from"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct hk_json *value = hk_json_get(payload, members[i]);
        if (value == NULL)
            continue;
        if (value->type != HK_JSON_ARRAY)
            hk_names_add(names, hk_json_string(value));
        else
            for (const struct hk_json *item = value->first; item != NULL; item = item->next)
                hk_names_add(names, hk_json_string(item));
    }
}

enum hk_status hk_names_write(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_names *names, struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT name FROM user WHERE tenant = ?1 AND id = ?2"
        " UNION ALL SELECT coalesce(nullif(name, ''), service) FROM token WHERE tenant = ?1 AND id "
        "= ?2 LIMIT 1",
        &stmt, error);

    hk_jw_key(jw, "names");
    hk_jw_object(jw);
    for (size_t i = 0; i < names->count && status == HK_OK; i++) {
        bool has_row = false;
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, names->ids[i]);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            hk_jw_kv(jw, names->ids[i], hk_stmt_text(stmt, 0));
        hk_stmt_reset(stmt);
    }
    hk_jw_object_end(jw);
    hk_stmt_free(stmt);
    return status;
}
