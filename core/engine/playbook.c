#include "engine/playbook.h"

#include "base/text.h"
#include "engine/memory.h"
#include "script/playbook.h"

#include <stdlib.h>
#include <string.h>

struct hk_playbook *hk_playbook_new(
    const char *file, const char *source, size_t source_size, struct hk_error *error)
{
    struct hk_buf out;
    hk_buf_init(&out, HK_PLAYBOOK_SIZE_MAX);
    struct hk_playbook *playbook = hk_engine_alloc(sizeof *playbook);
    if (hk_playbook_describe(source, source_size, file, &out, error) != HK_OK)
        goto fail;
    if (hk_json_parse(out.data, out.size, &hk_json_limits_own, &playbook->descriptor, error) !=
        HK_OK)
        goto fail;
    hk_playbook_version(source, source_size, playbook->version);
    playbook->name = hk_json_string_at(playbook->descriptor.root, "name", "");
    playbook->file = hk_strdup(file);
    playbook->source = hk_engine_alloc(source_size + 1);
    if (playbook->file == NULL) {
        (void)hk_fail(error, HK_NOMEM, "%s: out of memory", file);
        goto fail;
    }
    memcpy(playbook->source, source, source_size);
    playbook->source[source_size] = 0;
    playbook->source_size = source_size;
    hk_buf_done(&out);
    return playbook;
fail:
    hk_buf_done(&out);
    hk_playbook_free(playbook);
    return NULL;
}

void hk_playbook_free(struct hk_playbook *playbook)
{
    if (playbook == NULL)
        return;
    hk_json_doc_done(&playbook->descriptor);
    free(playbook->file);
    free(playbook->source);
    free(playbook);
}

struct hk_playbook *hk_playbook_recorded(const struct hk_stored *stored, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    struct hk_playbook *playbook = NULL;
    if (stored->payload == NULL) {
        (void)hk_fail(error, HK_NOT_FOUND, "its text was erased");
        return NULL;
    }
    if (hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error) ==
        HK_OK) {
        const char *source = hk_json_string_at(doc.root, "source", "");
        playbook = hk_playbook_new(
            hk_json_string_at(doc.root, "file", "playbook"), source, strlen(source), error);
    }
    hk_json_doc_done(&doc);
    return playbook;
}

struct hk_playbook *hk_playbook_adopt(struct hk_tenant_state *tenant, struct hk_playbook *playbook)
{
    struct hk_playbook *known = hk_map_get(&tenant->playbooks, playbook->version);
    if (known != NULL) {
        hk_playbook_free(playbook);
        return known;
    }
    hk_engine_must(hk_map_put(&tenant->playbooks, playbook->version, playbook), "a playbook", NULL);
    return playbook;
}

void hk_playbook_write(struct hk_tx *tx, const struct hk_playbook *playbook)
{
    const struct hk_json *root = playbook->descriptor.root;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_PLAYBOOK_ADDED, playbook->version);
    hk_jw_kv(jw, "name", playbook->name);
    hk_jw_kv(jw, "summary", hk_json_string_at(root, "summary", ""));
    hk_jw_kv_value(jw, "on", hk_json_get(root, "on"));
    if (hk_json_get(root, "limits") != NULL)
        hk_jw_kv_value(jw, "limits", hk_json_get(root, "limits"));
    hk_jw_kv(jw, "file", playbook->file);
    hk_jw_kv(jw, "source", playbook->source);
    hk_tx_end(tx);
}
