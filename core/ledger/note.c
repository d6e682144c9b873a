/*
 * note: checkpoints as signed notes; see note.h.
 */
#include "ledger/note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALGORITHM_ED25519 0x01
#define DASH "\xe2\x80\x94 " /* em dash and a blank begin a signature line */
#define SIGNATURE_BYTES_MAX 512

void hk_note_origin(const char *ledger, const char *tenant, char ret_origin[HK_NOTE_ORIGIN_SIZE])
{
    int size = snprintf(ret_origin, HK_NOTE_ORIGIN_SIZE, "hikeshi/%s/%s", ledger, tenant);

    assert(size > 0 && size < HK_NOTE_ORIGIN_SIZE);
    (void)size;
}

/* SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), its first four bytes */
static void key_id(const char *name, const uint8_t public_key[HK_KEY_PUBLIC_SIZE],
    uint8_t ret_id[HK_NOTE_KEY_ID_SIZE])
{
    static const uint8_t middle[] = {0x0a, ALGORITHM_ED25519};
    const struct hk_bytes parts[] = {
        {name, strlen(name)}, {middle, sizeof(middle)}, {public_key, HK_KEY_PUBLIC_SIZE}};
    uint8_t digest[HK_SHA256_SIZE];

    hk_sha256(parts, 3, digest);
    memcpy(ret_id, digest, HK_NOTE_KEY_ID_SIZE);
}

/* A signature over body_size bytes of out from begin on, as a line at its end. */
static enum hk_status add_signature(const struct hk_key *key, const char *origin, size_t begin,
    size_t body_size, struct hk_buf *out, struct hk_error *error)
{
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    uint8_t blob[HK_NOTE_KEY_ID_SIZE + HK_KEY_SIGNATURE_SIZE];
    enum hk_status status;

    hk_key_public(key, public_key);
    key_id(origin, public_key, blob);
    status = hk_key_sign(key, out->data + begin, body_size, blob + HK_NOTE_KEY_ID_SIZE, error);
    if (status != HK_OK)
        return status;
    hk_buf_appendf(out, DASH "%s ", origin);
    hk_base64(blob, sizeof(blob), out);
    hk_buf_append_char(out, '\n');
    return hk_buf_check(out, "checkpoint", error);
}

enum hk_status hk_note_sign(const struct hk_key *key, const char *origin, uint64_t size,
    const uint8_t root[HK_SHA256_SIZE], struct hk_buf *out, struct hk_error *error)
{
    size_t begin = out->size;
    size_t body_size;
    enum hk_status status;

    hk_buf_appendf(out, "%s\n%" PRIu64 "\n", origin, size);
    hk_base64(root, HK_SHA256_SIZE, out);
    hk_buf_append_char(out, '\n');
    body_size = out->size - begin;
    hk_buf_append_char(out, '\n');
    status = hk_buf_check(out, "checkpoint", error);
    return status == HK_OK ? add_signature(key, origin, begin, body_size, out, error) : status;
}

enum hk_status hk_note_cosign(
    const struct hk_key *key, const char *origin, struct hk_buf *out, struct hk_error *error)
{
    struct hk_note note;
    enum hk_status status = hk_note_parse(out->data, out->size, &note, error);

    return status == HK_OK ? add_signature(key, origin, 0, note.body_size, out, error) : status;
}

/* A key name: no blanks, no '+', printable bytes; fits. */
static bool copy_name(const char *text, size_t size, char ret_name[HK_NOTE_ORIGIN_SIZE])
{
    if (size == 0 || size >= HK_NOTE_ORIGIN_SIZE)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f || text[i] == '+')
            return false;
    memcpy(ret_name, text, size);
    ret_name[size] = '\0';
    return true;
}

/* Decimal without leading zeros. */
static bool read_size(const char *text, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (size == 0 || (size > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < size; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (text[i] < '0' || text[i] > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

/* The next line and its size without '\n'; false at the end or when '\n' is missing. */
static bool next_line(const char **at, const char *end, const char **ret_line, size_t *ret_size)
{
    const char *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;

    if (newline == NULL)
        return false;
    *ret_line = *at;
    *ret_size = (size_t)(newline - *at);
    *at = newline + 1;
    return true;
}

static bool read_signature(const char *line, size_t size, struct hk_note_signature *ret_signature)
{
    uint8_t blob[SIGNATURE_BYTES_MAX];
    size_t blob_size;
    const char *blank;

    if (size <= strlen(DASH) || memcmp(line, DASH, strlen(DASH)) != 0)
        return false;
    line += strlen(DASH);
    size -= strlen(DASH);
    blank = memchr(line, ' ', size);
    if (blank == NULL || !copy_name(line, (size_t)(blank - line), ret_signature->name))
        return false;
    size -= (size_t)(blank + 1 - line);
    if (hk_base64_decode(blank + 1, size, blob, sizeof(blob), &blob_size) != HK_OK ||
        blob_size <= HK_NOTE_KEY_ID_SIZE)
        return false;
    memcpy(ret_signature->key_id, blob, HK_NOTE_KEY_ID_SIZE);
    ret_signature->is_ours = blob_size == HK_NOTE_KEY_ID_SIZE + HK_KEY_SIGNATURE_SIZE;
    if (ret_signature->is_ours)
        memcpy(ret_signature->signature, blob + HK_NOTE_KEY_ID_SIZE, HK_KEY_SIGNATURE_SIZE);
    return true;
}

static enum hk_status read_signatures(
    const char *at, const char *end, struct hk_note *note, struct hk_error *error)
{
    const char *line;
    size_t size;

    while (at < end) {
        if (note->signature_count == HK_NOTE_SIGNATURES_MAX)
            return hk_fail(
                error, HK_LIMIT, "checkpoint: more than %d signatures", HK_NOTE_SIGNATURES_MAX);
        if (!next_line(&at, end, &line, &size) ||
            !read_signature(line, size, &note->signatures[note->signature_count]))
            return hk_fail(error, HK_INVALID, "checkpoint: bad signature line");
        note->signature_count++;
    }
    if (note->signature_count == 0)
        return hk_fail(error, HK_INVALID, "checkpoint: no signature");
    return HK_OK;
}

enum hk_status hk_note_parse(
    const char *text, size_t size, struct hk_note *ret_note, struct hk_error *error)
{
    const char *at = text;
    const char *end = text + size;
    const char *line;
    size_t line_size;
    size_t root_size;

    memset(ret_note, 0, sizeof(*ret_note));
    if (size > HK_NOTE_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "checkpoint: larger than %d bytes", HK_NOTE_SIZE_MAX);
    if (!next_line(&at, end, &line, &line_size) || !copy_name(line, line_size, ret_note->origin))
        return hk_fail(error, HK_INVALID, "checkpoint: bad origin line");
    if (!next_line(&at, end, &line, &line_size) || !read_size(line, line_size, &ret_note->size))
        return hk_fail(error, HK_INVALID, "checkpoint: bad size line");
    if (!next_line(&at, end, &line, &line_size) ||
        hk_base64_decode(line, line_size, ret_note->root, HK_SHA256_SIZE, &root_size) != HK_OK ||
        root_size != HK_SHA256_SIZE)
        return hk_fail(error, HK_INVALID, "checkpoint: bad root line");
    ret_note->body_size = (size_t)(at - text);
    if (!next_line(&at, end, &line, &line_size) || line_size != 0)
        return hk_fail(error, HK_INVALID, "checkpoint: no blank line after the root");
    return read_signatures(at, end, ret_note, error);
}

enum hk_status hk_note_verify(const char *text, const struct hk_note *note,
    const struct hk_verifier *verifier, struct hk_error *error)
{
    uint8_t id[HK_NOTE_KEY_ID_SIZE];

    key_id(verifier->name, verifier->public_key, id);
    for (size_t i = 0; i < note->signature_count; i++) {
        const struct hk_note_signature *signature = &note->signatures[i];

        if (!signature->is_ours || strcmp(signature->name, verifier->name) != 0 ||
            memcmp(signature->key_id, id, sizeof(id)) != 0)
            continue;
        if (hk_key_verify(verifier->public_key, text, note->body_size, signature->signature))
            return HK_OK;
        return hk_fail(error, HK_DENIED, "checkpoint: the signature does not fit the text");
    }
    return hk_fail(error, HK_DENIED, "checkpoint: not signed by this ledger's key");
}

void hk_verifier_id(const struct hk_verifier *verifier, char ret_id[2 * HK_NOTE_KEY_ID_SIZE + 1])
{
    uint8_t id[HK_NOTE_KEY_ID_SIZE];

    key_id(verifier->name, verifier->public_key, id);
    hk_hex(id, sizeof(id), ret_id);
}

void hk_verifier_format(const struct hk_verifier *verifier, char ret_text[HK_VERIFIER_KEY_SIZE])
{
    uint8_t blob[1 + HK_KEY_PUBLIC_SIZE] = {ALGORITHM_ED25519};
    char id_text[2 * HK_NOTE_KEY_ID_SIZE + 1];
    struct hk_buf base64;

    hk_buf_init(&base64, 64);
    memcpy(blob + 1, verifier->public_key, HK_KEY_PUBLIC_SIZE);
    hk_verifier_id(verifier, id_text);
    hk_base64(blob, sizeof(blob), &base64);
    (void)snprintf(ret_text, HK_VERIFIER_KEY_SIZE, "%s+%s+%s", verifier->name, id_text,
        base64.data != NULL ? base64.data : "");
    hk_buf_done(&base64);
}

enum hk_status hk_verifier_parse(
    const char *text, struct hk_verifier *ret_verifier, struct hk_error *error)
{
    const char *id = strchr(text, '+');
    const char *base64 = id != NULL ? strchr(id + 1, '+') : NULL;
    uint8_t blob[1 + HK_KEY_PUBLIC_SIZE];
    char again[HK_VERIFIER_KEY_SIZE];
    size_t size;

    if (base64 == NULL || !copy_name(text, (size_t)(id - text), ret_verifier->name) ||
        hk_base64_decode(base64 + 1, strlen(base64 + 1), blob, sizeof(blob), &size) != HK_OK ||
        size != sizeof(blob) || blob[0] != ALGORITHM_ED25519)
        return hk_fail(error, HK_INVALID, "not a verifier key");
    memcpy(ret_verifier->public_key, blob + 1, HK_KEY_PUBLIC_SIZE);
    hk_verifier_format(ret_verifier, again);
    if (strcmp(again, text) != 0)
        return hk_fail(error, HK_INVALID, "verifier key: its id does not fit its key");
    return HK_OK;
}
