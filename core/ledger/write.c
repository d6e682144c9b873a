/*
 * write: collect what is to be written together; see ledger.h.
 */
#include "ledger/write.h"

#include "base/text.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct hk_write *hk_write_new(void)
{
    struct hk_write *write = calloc(1, sizeof(*write));

    if (write != NULL)
        write->tail = &write->first;
    return write;
}

void hk_write_drop_ops(struct hk_write *write)
{
    struct hk_op *op = write->first;

    while (op != NULL) {
        struct hk_op *next = op->next;

        free(op->payload);
        free(op->key);
        free(op->request);
        free(op);
        op = next;
    }
    write->first = NULL;
    write->tail = &write->first;
}

void hk_write_free(struct hk_write *write)
{
    if (write == NULL)
        return;
    hk_write_drop_ops(write);
    free(write->erasure);
    free(write);
}

static struct hk_op *add_op(struct hk_write *write, enum hk_op_type type, hk_tenant tenant)
{
    struct hk_op *op = calloc(1, sizeof(*op));

    if (op == NULL)
        return NULL;
    op->type = type;
    op->tenant = tenant;
    *write->tail = op;
    write->tail = &op->next;
    return op;
}

static enum hk_status check_entry(hk_tenant tenant, enum hk_kind kind, const char *subject,
    const char *actor, int64_t time_us, const char *payload, size_t payload_size,
    struct hk_error *error)
{
    if (tenant == 0 || tenant >= HK_TENANTS_MAX)
        return hk_fail(error, HK_INTERNAL, "entry: no such tenant");
    if ((unsigned)kind >= HK_KIND_COUNT)
        return hk_fail(error, HK_INTERNAL, "entry: no such kind");
    if (!hk_id_is_valid(subject) || !hk_id_is_valid(actor))
        return hk_fail(error, HK_INVALID, "entry: bad subject or actor in %s", hk_kind_text(kind));
    if (time_us <= 0)
        return hk_fail(error, HK_INTERNAL, "entry: no time in %s", hk_kind_text(kind));
    if (payload == NULL || payload_size < 2 || payload[0] != '{' ||
        payload[payload_size - 1] != '}')
        return hk_fail(
            error, HK_INVALID, "entry: payload of %s is no JSON object", hk_kind_text(kind));
    if (payload_size > HK_PAYLOAD_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "entry: payload of %s is larger than %d bytes",
            hk_kind_text(kind), HK_PAYLOAD_SIZE_MAX);
    return HK_OK;
}

enum hk_status hk_write_add(struct hk_write *write, hk_tenant tenant, enum hk_kind kind,
    const char *subject, const char *actor, int64_t time_us, char *take_payload,
    size_t payload_size, struct hk_error *error)
{
    enum hk_status status =
        check_entry(tenant, kind, subject, actor, time_us, take_payload, payload_size, error);
    struct hk_op *op = NULL;

    if (status == HK_OK && (op = add_op(write, HK_OP_ENTRY, tenant)) == NULL)
        status = hk_fail(error, HK_NOMEM, "entry: out of memory");
    if (status != HK_OK) {
        free(take_payload);
        return status;
    }
    op->kind = kind;
    op->time_us = time_us;
    (void)hk_copy_text(op->subject, sizeof(op->subject), subject);
    (void)hk_copy_text(op->actor, sizeof(op->actor), actor);
    op->payload = take_payload;
    op->payload_size = payload_size;
    return HK_OK;
}

enum hk_status hk_write_token_hash(struct hk_write *write, hk_tenant tenant, const char *token_id,
    const uint8_t *hash, struct hk_error *error)
{
    struct hk_op *op;

    if (!hk_id_is_valid(token_id))
        return hk_fail(error, HK_INVALID, "token: bad id");
    op = add_op(write, HK_OP_TOKEN_HASH, tenant);
    if (op == NULL)
        return hk_fail(error, HK_NOMEM, "token: out of memory");
    (void)hk_copy_text(op->subject, sizeof(op->subject), token_id);
    op->has_hash = hash != NULL;
    if (hash != NULL)
        memcpy(op->hash, hash, sizeof(op->hash));
    return HK_OK;
}

enum hk_status hk_write_answer(struct hk_write *write, hk_tenant tenant, const char *actor,
    const char *key, const char *request_sha256, int status, const char *answer, int64_t time_us,
    struct hk_error *error)
{
    struct hk_op *op;

    if (!hk_id_is_valid(actor))
        return hk_fail(error, HK_INVALID, "answer: bad actor");
    op = add_op(write, HK_OP_ANSWER, tenant);
    if (op == NULL)
        return hk_fail(error, HK_NOMEM, "answer: out of memory");
    (void)hk_copy_text(op->actor, sizeof(op->actor), actor);
    op->key = hk_strdup(key);
    op->request = hk_strdup(request_sha256);
    op->payload = hk_strdup(answer);
    op->status = status;
    op->time_us = time_us;
    if (op->key == NULL || op->request == NULL || op->payload == NULL)
        return hk_fail(error, HK_NOMEM, "answer: out of memory");
    op->payload_size = strlen(op->payload);
    return HK_OK;
}

enum hk_status hk_write_cursor(struct hk_write *write, hk_tenant tenant,
    const struct hk_cursor *cursor, int64_t time_us, struct hk_error *error)
{
    struct hk_op *op;

    if (!hk_name_is_valid(cursor->source))
        return hk_fail(error, HK_INVALID, "cursor: bad source");
    if (strlen(cursor->key) > HK_CURSOR_KEY_MAX ||
        (cursor->value != NULL && strlen(cursor->value) > HK_CURSOR_VALUE_MAX))
        return hk_fail(error, HK_LIMIT, "cursor of %s: too long", cursor->source);
    op = add_op(write, HK_OP_CURSOR, tenant);
    if (op == NULL)
        return hk_fail(error, HK_NOMEM, "cursor: out of memory");
    (void)hk_copy_text(op->subject, sizeof(op->subject), cursor->source);
    op->time_us = time_us;
    op->key = hk_strdup(cursor->key);
    op->payload = hk_strdup(cursor->value);
    if (op->key == NULL || (cursor->value != NULL && op->payload == NULL))
        return hk_fail(error, HK_NOMEM, "cursor: out of memory");
    return HK_OK;
}

enum hk_status hk_write_credential(
    struct hk_write *write, const struct hk_credential *credential, struct hk_error *error)
{
    struct hk_op *op;

    if (!hk_name_is_valid(credential->shelf) || !hk_id_is_valid(credential->id))
        return hk_fail(error, HK_INVALID, "credential: bad shelf or id");
    if (credential->value != NULL && strlen(credential->value) > HK_CREDENTIAL_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "credential on %s: too long", credential->shelf);
    op = add_op(write, HK_OP_CREDENTIAL, credential->tenant);
    if (op == NULL)
        return hk_fail(error, HK_NOMEM, "credential: out of memory");
    (void)hk_copy_text(op->subject, sizeof(op->subject), credential->id);
    op->key = hk_strdup(credential->shelf);
    op->payload = hk_strdup(credential->value);
    if (op->key == NULL || (credential->value != NULL && op->payload == NULL))
        return hk_fail(error, HK_NOMEM, "credential: out of memory");
    return HK_OK;
}

enum hk_status hk_write_erase(
    struct hk_write *write, const struct hk_erase_request *request, struct hk_error *error)
{
    struct hk_op *op;

    if (write->erasure != NULL)
        return hk_fail(error, HK_INTERNAL, "erase: one at a time");
    if (!hk_id_is_valid(request->subject) || !hk_id_is_valid(request->actor))
        return hk_fail(error, HK_INVALID, "erase: bad subject or actor");
    if (request->reason[0] == '\0' || strlen(request->reason) > HK_REASON_SIZE_MAX)
        return hk_fail(
            error, HK_INVALID, "erase: say why, in at most %d bytes", HK_REASON_SIZE_MAX);
    op = add_op(write, HK_OP_ERASE, request->tenant);
    write->erasure = calloc(1, sizeof(*write->erasure));
    if (op == NULL || write->erasure == NULL)
        return hk_fail(error, HK_NOMEM, "erase: out of memory");
    op->time_us = request->time_us;
    (void)hk_copy_text(op->actor, sizeof(op->actor), request->actor);
    op->key = hk_strdup(request->subject);
    op->request = hk_strdup(request->reason);
    if (op->key == NULL || op->request == NULL)
        return hk_fail(error, HK_NOMEM, "erase: out of memory");
    return HK_OK;
}

enum hk_status hk_write_retire(
    struct hk_write *write, const struct hk_retire_request *request, struct hk_error *error)
{
    const struct hk_erase_request erase = {.tenant = request->tenant,
        .subject = request->rule,
        .actor = "engine",
        .reason = request->reason,
        .time_us = request->time_us};
    struct hk_buf list;
    enum hk_status status = hk_write_erase(write, &erase, error);
    struct hk_op *op = write->first;

    if (status != HK_OK)
        return status;
    while (op->type != HK_OP_ERASE)
        op = op->next;
    hk_buf_init(&list, HK_PAYLOAD_SIZE_MAX);
    hk_buf_append_text(&list, "");
    for (size_t i = 0; i < request->id_count; i++)
        hk_buf_appendf(&list, "%s\n", request->ids[i]);
    for (size_t i = 0; i < request->seq_count; i++)
        hk_buf_appendf(&list, "#%" PRIu64 "\n", request->seqs[i]);
    op->payload = hk_buf_take(&list, &op->payload_size);
    write->erasure->is_by_rule = true;
    return op->payload != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "erase: out of memory");
}

enum hk_status hk_write_key(struct hk_write *write, const struct hk_key_change *change,
    enum hk_op_type type, int64_t time_us, struct hk_op **ret_op, struct hk_error *error)
{
    struct hk_op *op;

    if (!hk_id_is_valid(change->actor))
        return hk_fail(error, HK_INVALID, "key: bad actor");
    if (change->reason[0] == '\0' || strlen(change->reason) > HK_REASON_SIZE_MAX)
        return hk_fail(error, HK_INVALID, "key: say why, in at most %d bytes", HK_REASON_SIZE_MAX);
    op = add_op(write, type, 0);
    if (op == NULL)
        return hk_fail(error, HK_NOMEM, "key: out of memory");
    op->time_us = time_us;
    (void)hk_copy_text(op->actor, sizeof(op->actor), change->actor);
    op->request = hk_strdup(change->reason);
    if (op->request == NULL)
        return hk_fail(error, HK_NOMEM, "key: out of memory");
    *ret_op = op;
    return HK_OK;
}
