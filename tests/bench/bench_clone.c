/*
 * Makes a ledger as it would be after many runs: the entries that a real engine wrote for one alert
 * and its run are appended again and again, through the ledger's own appender and with all that it
 * does beside them, under other ids. What differs between two runs is said by tokens: wherever the
 * text of one stands in an entry, each copy has its own.
 *
 *   id:TEXT          an id; its first two letters stay
 *   hex:TEXT         lower-case hexadecimal, as long
 *   key:STEP:TEXT    the idempotency key of that step
 *   ip:TEXT          an address of 10.0.0.0/8
 *   due:FROM:EVERY:TEXT   a time in microseconds: FROM, and EVERY later with each copy
 *
 * Usage: bench_clone DATA TENANT FIRST_SEQ LAST_SEQ COPIES TOKEN…     (DATA: of no running engine)
 */
#include "base/digest.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/append.h"
#include "ledger/entry.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 32, ENTRIES_MAX = 64, COPIES_PER_COMMIT = 250, COMMITS_PER_COPY = 8 };

struct token {
    char type; /* the first letter of its word */
    const char *text;
    size_t size;
    const char *step;
    int64_t from_us;
    int64_t every_us;
    char value[80]; /* in the copy that is being made */
};

/* A part of a payload: text that stays, then a token's (but at the end). */
struct piece {
    const char *text;
    size_t size;
    const struct token *token;
};

struct model {
    struct hk_entry entry;
    const struct token *subject;
    char *payload;
    struct piece *pieces;
    size_t count;
    size_t size_max;
};

struct clone {
    struct token tokens[TOKENS_MAX];
    size_t token_count;
    struct model models[ENTRIES_MAX];
    size_t model_count;
    const char *tenant_name;
    hk_tenant tenant;
};

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench_clone: %s\n", what);
    exit(1);
}

static char *rest_after(char *text)
{
    char *colon = strchr(text, ':');
    check(colon != NULL, "a token lacks a part");
    *colon = '\0';
    return colon + 1;
}

static void read_token(struct clone *clone, char *text)
{
    struct token *token = &clone->tokens[clone->token_count++];
    char *rest = rest_after(text);

    check(clone->token_count < TOKENS_MAX, "too many tokens");
    token->type = text[0];
    if (token->type == 'k') {
        token->step = rest;
        rest = rest_after(rest);
    } else if (token->type == 'd') {
        char *every = rest_after(rest);
        token->from_us = strtoll(rest, NULL, 10);
        rest = rest_after(every);
        token->every_us = strtoll(every, NULL, 10);
    }
    token->text = rest;
    token->size = strlen(rest);
    check(token->size > 0 && token->size < sizeof(token->value), "a token's text");
}

static const struct token *token_at(const struct clone *clone, const char *at, size_t left)
{
    for (size_t i = 0; i < clone->token_count; i++) {
        const struct token *token = &clone->tokens[i];
        if (token->size <= left && memcmp(at, token->text, token->size) == 0)
            return token;
    }
    return NULL;
}

static void cut(const struct clone *clone, struct model *model)
{
    const char *at = model->payload;
    const char *end = at + strlen(at);
    const char *begin = at;

    while (at <= end) {
        const struct token *token = at < end ? token_at(clone, at, (size_t)(end - at)) : NULL;
        if (token == NULL && at < end) {
            at++;
            continue;
        }
        model->pieces = realloc(model->pieces, (model->count + 1) * sizeof(*model->pieces));
        check(model->pieces != NULL, "out of memory");
        model->pieces[model->count++] =
            (struct piece){.text = begin, .size = (size_t)(at - begin), .token = token};
        model->size_max += (size_t)(at - begin) + sizeof(token->value);
        at += token != NULL ? token->size : 1;
        begin = at;
    }
}

static void read_models(struct clone *clone, sqlite3 *db, int64_t first, int64_t last)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error error;

    check(sqlite3_prepare_v2(db,
              "SELECT line, payload FROM entry WHERE pos BETWEEN ?1 AND ?2 ORDER BY pos", -1, &stmt,
              NULL) == SQLITE_OK,
        sqlite3_errmsg(db));
    (void)sqlite3_bind_int64(stmt, 1, (int64_t)clone->tenant * (INT64_C(1) << 40) + first);
    (void)sqlite3_bind_int64(stmt, 2, (int64_t)clone->tenant * (INT64_C(1) << 40) + last);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        struct model *model = &clone->models[clone->model_count];
        if (hk_entry_parse((const char *)sqlite3_column_text(stmt, 0),
                (size_t)sqlite3_column_bytes(stmt, 0), &model->entry, &error) != HK_OK)
            check(false, error.text);
        model->subject = token_at(clone, model->entry.subject, strlen(model->entry.subject));
        if (model->subject == NULL) /* not of the run, such as the engine's own */
            continue;
        model->payload = strdup((const char *)sqlite3_column_text(stmt, 1));
        check(model->payload != NULL, "out of memory");
        cut(clone, model);
        check(++clone->model_count < ENTRIES_MAX, "too many entries");
    }
    (void)sqlite3_finalize(stmt);
    check(clone->model_count > 0, "there are no such entries");
}

static void make_key(const struct clone *clone, struct token *token)
{
    const char *run = "";
    uint8_t digest[HK_SHA256_SIZE];

    for (size_t i = 0; i < clone->token_count; i++)
        if (clone->tokens[i].type == 'i' && strncmp(clone->tokens[i].text, "ru-", 3) == 0)
            run = clone->tokens[i].value;
    const struct hk_bytes parts[] = {{clone->tenant_name, strlen(clone->tenant_name) + 1},
        {run, strlen(run) + 1}, {token->step, strlen(token->step)}};
    hk_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest);
    hk_hex(digest, sizeof(digest), token->value);
}

/* What this copy has in place of the tokens. Ids first: keys are made of them. */
static void make_values(struct clone *clone, int64_t number, int64_t now_us)
{
    char prefix[3] = "";
    char id[HK_ID_SIZE];

    for (size_t i = 0; i < clone->token_count; i++) {
        struct token *token = &clone->tokens[i];
        if (token->type != 'i')
            continue;
        memcpy(prefix, token->text, 2);
        hk_id_new(prefix, now_us, id);
        memcpy(token->value, id, sizeof(id));
    }
    for (size_t i = 0; i < clone->token_count; i++) {
        struct token *token = &clone->tokens[i];
        if (token->type == 'k')
            make_key(clone, token);
        else if (token->type == 'h')
            (void)snprintf(token->value, sizeof(token->value), "%0*llx", (int)token->size,
                (unsigned long long)number);
        else if (token->type == 'd')
            (void)snprintf(token->value, sizeof(token->value), "%lld",
                (long long)(token->from_us + number * token->every_us));
        else if (token->type != 'i')
            (void)snprintf(token->value, sizeof(token->value), "10.%u.%u.%u",
                (unsigned)(number >> 16) & 255, (unsigned)(number >> 8) & 255,
                (unsigned)number & 255);
    }
}

static void add_copy(struct clone *clone, struct hk_write *write, int64_t number, int64_t now_us)
{
    struct hk_error error;

    make_values(clone, number, now_us);
    for (size_t i = 0; i < clone->model_count; i++) {
        const struct model *model = &clone->models[i];
        char *payload = malloc(model->size_max + 1);
        size_t size = 0;
        check(payload != NULL, "out of memory");
        for (size_t k = 0; k < model->count; k++) {
            const struct piece *piece = &model->pieces[k];
            memcpy(payload + size, piece->text, piece->size);
            size += piece->size;
            if (piece->token == NULL)
                continue;
            size_t value_size = strlen(piece->token->value);
            memcpy(payload + size, piece->token->value, value_size);
            size += value_size;
        }
        payload[size] = '\0';
        if (hk_write_add(write, clone->tenant, model->entry.kind, model->subject->value,
                model->entry.actor, now_us, payload, size, &error) != HK_OK)
            check(false, error.text);
    }
}

static void append_copies(struct clone *clone, struct hk_appender *appender, int64_t copies)
{
    int64_t now_us = hk_time_wall_us() - copies * 1000; /* one a millisecond, as ids sort by it */
    struct hk_error error;
    int64_t number = 0;

    for (unsigned commit = 1; number < copies; commit++) {
        struct hk_write *write = hk_write_new();
        check(write != NULL, "out of memory");
        for (int i = 0; i < COPIES_PER_COMMIT && number < copies; i++)
            add_copy(clone, write, ++number, now_us += 1000);
        if (hk_append_begin(appender, &error) != HK_OK ||
            hk_append_write(appender, write, &error) != HK_OK ||
            hk_append_commit(appender, commit % 64 == 0 || number == copies, &error) != HK_OK)
            check(false, error.text);
        hk_write_free(write);
        if (commit % COMMITS_PER_COPY == 0)
            (void)sqlite3_wal_checkpoint_v2(
                hk_appender_db(appender), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    (void)sqlite3_wal_checkpoint_v2(
        hk_appender_db(appender), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

int main(int argc, char **argv)
{
    static struct clone clone;
    struct hk_appender *appender = NULL;
    struct hk_error error;

    check(argc > 6, "usage: bench_clone DATA TENANT FIRST_SEQ LAST_SEQ COPIES TOKEN…");
    for (int i = 6; i < argc; i++)
        read_token(&clone, argv[i]);
    clone.tenant_name = argv[2];
    clone.tenant = 1;
    if (hk_appender_open(argv[1], NULL, &appender, &error) != HK_OK)
        check(false, error.text);
    read_models(
        &clone, hk_appender_db(appender), strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
    int64_t begun_us = hk_time_monotonic_us();
    int64_t copies = strtoll(argv[5], NULL, 10);
    append_copies(&clone, appender, copies);
    (void)printf("{\"entries_a_copy\":%zu,\"seconds\":%.3f}\n", clone.model_count,
        (double)(hk_time_monotonic_us() - begun_us) / 1e6);
    hk_appender_free(appender);
    for (size_t i = 0; i < clone.model_count; i++) {
        free(clone.models[i].payload);
        free(clone.models[i].pieces);
    }
    return 0;
}
