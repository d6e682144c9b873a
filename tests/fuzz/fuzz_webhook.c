/*
 * sign and unpack: any headers and bodies. The input is "name: value" lines, an empty line, and the
 * body. No scheme lets them in, since nobody here knows the secret; and what is unpacked lies
 * within what was sent.
 */
#include "source/sign.h"
#include "source/unpack.h"

#include "limits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    char *names[HEADERS_MAX];
    char *values[HEADERS_MAX];
    unsigned count;
    const char *body;
    size_t body_size;
};

static void must(bool promise)
{
    if (!promise)
        abort();
}

static const char *header(void *ctx, const char *name)
{
    const struct input *input = ctx;

    for (unsigned i = 0; i < input->count; i++)
        if (strcmp(input->names[i], name) == 0)
            return input->values[i];
    return NULL;
}

/* Cuts text, which is changed by that. */
static void read_input(char *text, size_t size, struct input *input)
{
    char *at = text;
    char *end;

    memset(input, 0, sizeof(*input));
    while ((end = memchr(at, '\n', size - (size_t)(at - text))) != NULL && end != at &&
           input->count < HEADERS_MAX) {
        char *colon;
        *end = '\0';
        colon = strstr(at, ": ");
        if (colon != NULL) {
            *colon = '\0';
            input->names[input->count] = at;
            input->values[input->count++] = colon + 2;
        }
        at = end + 1;
    }
    input->body = end != NULL ? end + 1 : at;
    input->body_size = size - (size_t)(input->body - text);
}

static void check_signatures(const struct input *input)
{
    static const char *const templates[] = {"{body}", "{time}.{body}", "{id}/{time}/{body}"};
    struct hk_sign_verdict verdict;
    const struct hk_sign_request request = {.header = header,
        .ctx = (void *)(uintptr_t)input,
        .body = input->body,
        .body_size = input->body_size,
        .now_us = INT64_C(1795306845000000)};

    for (int i = HK_WEBHOOK_GITHUB; i <= HK_WEBHOOK_GRAPH; i++) {
        for (size_t k = 0; k < 3; k++) {
            const struct hk_webhook_config config = {.scheme = (enum hk_webhook_scheme)i,
                .secrets = {"7b1d3c1fb3cc47a4b1d1b36a0b41d1e6", "whsec_bm9ib2R5IGtub3dzIHRoaXM="},
                .secret_count = 2,
                .header = "x-sig",
                .prefix = k == 1 ? "v1=" : "",
                .is_base64 = k == 2,
                .signs = templates[k],
                .time_header = k > 0 ? "x-time" : NULL,
                .id_header = k > 1 ? "x-id" : NULL,
                .window_ms = 300000};
            hk_sign_check(&config, &request, &verdict);
            must(!verdict.is_good && verdict.why != NULL);
        }
    }
}

static void check_unpacking(const struct input *input)
{
    const struct hk_webhook_config config = {.items = "data.alerts"};
    struct hk_unpacked unpacked;
    struct hk_error error;

    if (hk_unpack(&config, header((void *)(uintptr_t)input, "content-type"), input->body,
            input->body_size, &unpacked, &error) == HK_OK) {
        must(unpacked.count <= HK_ALERTS_PER_REQUEST_MAX);
        for (size_t i = 0; i < unpacked.count; i++)
            must(unpacked.items[i].at + unpacked.items[i].size <= unpacked.text.size);
        must(strlen(unpacked.notice) < sizeof(unpacked.notice));
        must(unpacked.answer == NULL || strlen(unpacked.answer) <= input->body_size);
    }
    hk_unpacked_done(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    char *text = malloc(size + 1);

    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    read_input(text, size, &input);
    check_signatures(&input);
    check_unpacking(&input);
    free(text);
    return 0;
}
