/*
 * batch: see batch.h.
 */
#include "source/batch.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct hk_batch *hk_batch_new(const struct hk_source *source, const char *transport)
{
    struct hk_batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL)
        return NULL;
    batch->source = source;
    batch->transport = transport;
    hk_buf_init(&batch->bytes, HK_BATCH_SIZE_MAX + HK_MESSAGE_SIZE_MAX);
    return batch;
}

void hk_batch_free(struct hk_batch *batch)
{
    if (batch == NULL)
        return;
    for (unsigned i = 0; i < batch->cursor_count; i++)
        free(batch->cursors[i].value);
    hk_buf_done(&batch->bytes);
    free(batch->head);
    free(batch);
}

bool hk_batch_is_full(const struct hk_batch *batch)
{
    return batch->count == HK_BATCH_MESSAGES_MAX || batch->bytes.size >= HK_BATCH_SIZE_MAX;
}

bool hk_batch_add(
    struct hk_batch *batch, const char *text, size_t size, bool is_cut, const char *peer)
{
    struct hk_message *message = &batch->messages[batch->count];

    assert(!hk_batch_is_full(batch) && size <= HK_MESSAGE_SIZE_MAX);
    *message = (struct hk_message){.at = batch->bytes.size, .size = size, .is_cut = is_cut};
    if (peer != NULL)
        (void)hk_copy_text(message->peer, sizeof(message->peer), peer);
    hk_buf_append(&batch->bytes, text, size);
    if (batch->bytes.failed)
        return false;
    batch->count++;
    return true;
}

bool hk_batch_cursor(struct hk_batch *batch, const char *key, const char *value)
{
    struct hk_batch_cursor *cursor = NULL;
    char *copy = hk_strdup(value);

    if (value != NULL && copy == NULL)
        return false;
    for (unsigned i = 0; i < batch->cursor_count && cursor == NULL; i++) {
        if (strcmp(batch->cursors[i].key, key) == 0)
            cursor = &batch->cursors[i];
    }
    if (cursor == NULL) {
        assert(batch->cursor_count < HK_BATCH_CURSORS_MAX);
        cursor = &batch->cursors[batch->cursor_count++];
        (void)hk_copy_text(cursor->key, sizeof(cursor->key), key);
    }
    free(cursor->value);
    cursor->value = copy;
    return true;
}
