/*
 * check: recover a ledger as an engine does at its start, and audit it; for many folders, one after
 * the other. Each line of the input is "FOLDER" or "FOLDER<tab>CHECKPOINT", a file with a signed
 * note that had left the machine. Each line of the output is
 * {"opened":…,"problem":…,"verified":{…},"rebuilt":{…}}, the last two as `audit` gives them.
 */
#include "base/file.h"
#include "base/json.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192, NOTE_SIZE_MAX = 65536 };

static void tell_problem(const char *name, const struct hk_error *error)
{
    struct hk_buf text;
    struct hk_jw jw;

    hk_buf_init(&text, LINE_SIZE);
    hk_jw_init(&jw, &text);
    hk_jw_object(&jw);
    hk_jw_kv_bool(&jw, name, false);
    hk_jw_kv(&jw, "problem", error->text);
    hk_jw_object_end(&jw);
    printf("%s", text.data);
    hk_buf_done(&text);
}

/* What an audit said, or that it could not be made. */
static void tell(
    const char *name, enum hk_status status, const struct hk_buf *out, const struct hk_error *error)
{
    printf(",\"%s\":", name);
    if (status == HK_OK)
        printf("%s", out->data);
    else
        tell_problem("ok", error);
}

static void audit(const struct hk_audit_options *options)
{
    struct hk_error error;
    struct hk_buf out;
    bool ok = false;

    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    tell("verified", hk_audit_verify(options, &out, &ok, &error), &out, &error);
    hk_buf_done(&out);
    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    tell("rebuilt", hk_audit_rebuild_check(options, &out, &ok, &error), &out, &error);
    hk_buf_done(&out);
}

static void check(const char *folder, const char *checkpoint)
{
    struct hk_ledger_options options = {.data_dir = folder};
    struct hk_audit_options audited = {.data_dir = folder};
    struct hk_ledger *ledger = NULL;
    struct hk_error error;
    struct hk_buf note;
    enum hk_status status;

    hk_buf_init(&note, NOTE_SIZE_MAX);
    status = hk_ledger_open(&options, &ledger, &error);
    if (status == HK_OK && checkpoint != NULL)
        status = hk_file_read(checkpoint, NOTE_SIZE_MAX - 1, HK_FILE_ANY, &note, &error);
    hk_ledger_close(ledger);
    if (status != HK_OK) {
        tell_problem("opened", &error);
        printf("\n");
    } else {
        printf("{\"opened\":true");
        audited.checkpoint_text = checkpoint != NULL ? note.data : NULL;
        audit(&audited);
        printf("}\n");
    }
    (void)fflush(stdout);
    hk_buf_done(&note);
}

int main(void)
{
    char line[LINE_SIZE];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *checkpoint;

        line[strcspn(line, "\n")] = '\0';
        checkpoint = strchr(line, '\t');
        if (checkpoint != NULL)
            *checkpoint++ = '\0';
        check(line, checkpoint);
    }
    return EXIT_SUCCESS;
}
