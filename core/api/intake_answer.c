/*
 * intake_answer: what is said about a POST of alerts.
 */
#include "api/intake_job.h"
#include "limits.h"

#include <string.h>

static void write_errors(struct hk_jw *jw, const struct hk_intake_job *job)
{
    hk_jw_array(jw);
    for (unsigned i = 0; i < job->count; i++) {
        const struct hk_intake_item *item = &job->items[i];
        if (item->state == HK_ITEM_TAKEN || item->state == HK_ITEM_PASSED)
            continue;
        hk_jw_object(jw);
        hk_jw_kv_i64(jw, "index", i);
        hk_jw_kv(jw, "problem", item->state == HK_ITEM_REFUSED ? "overloaded" : item->problem);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

void hk_intake_errors_write(const struct hk_intake_job *job, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    write_errors(&jw, job);
}

void hk_intake_answer_write(const struct hk_intake_job *job, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv_i64(&jw, "accepted", job->taken_count);
    hk_jw_key(&jw, "alerts");
    hk_jw_array(&jw);
    for (unsigned i = 0; i < job->count; i++) {
        const struct hk_intake_item *item = &job->items[i];
        if (item->state != HK_ITEM_TAKEN)
            continue;
        hk_jw_object(&jw);
        hk_jw_kv_i64(&jw, "index", i);
        hk_jw_kv(&jw, "id", item->id);
        hk_jw_kv(&jw, "duplicate_of", item->duplicate_of[0] != '\0' ? item->duplicate_of : NULL);
        hk_jw_object_end(&jw);
    }
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "errors");
    write_errors(&jw, job);
    hk_jw_object_end(&jw);
}

static void answer_none_taken(struct hk_intake_job *job)
{
    struct hk_problem problem = {
        .status = 400, .detail = "none of the alerts can be taken", .extra_key = "errors"};
    struct hk_error error;
    struct hk_buf errors;

    if (hk_intake_has_refused(job))
        problem.status = 429;
    if (problem.status == 429) {
        problem.detail = "overloaded: send again later";
        problem.retry_after_s = 1;
    } else if (job->count == 1) {
        problem.detail = job->items[0].problem;
    }
    hk_buf_init(&errors, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_intake_errors_write(job, &errors);
    if (hk_buf_check(&errors, "errors", &error) != HK_OK) {
        hk_answer_error(&job->job.exchange, error.status, &error);
    } else {
        problem.extra_json = errors.data;
        hk_answer_problem_full(&job->job.exchange, &problem);
    }
    hk_buf_done(&errors);
}

bool hk_intake_has_refused(const struct hk_intake_job *job)
{
    for (unsigned i = 0; i < job->count; i++)
        if (job->items[i].state == HK_ITEM_REFUSED)
            return true;
    return false;
}

void hk_intake_answer(struct hk_intake_job *job)
{
    if (job->webhook != NULL ? hk_intake_has_refused(job) : job->taken_count == 0) {
        answer_none_taken(job);
        return;
    }
    hk_intake_answer_write(job, &job->job.out);
    hk_answer_buf(&job->job.exchange, 202, &job->job.out);
}
