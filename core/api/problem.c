/*
 * problem: see problem.h.
 */
#include "api/problem.h"

#include "loop/http_server.h"

void hk_problem_write(const struct hk_problem *problem, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "type", problem->type != NULL ? problem->type : "about:blank");
    hk_jw_kv(&jw, "title", hk_http_status_title(problem->status));
    hk_jw_kv_i64(&jw, "status", problem->status);
    if (problem->detail != NULL)
        hk_jw_kv(&jw, "detail", problem->detail);
    if (problem->retry_after_s > 0)
        hk_jw_kv_i64(&jw, "retry_after", problem->retry_after_s);
    if (problem->extra_key != NULL)
        hk_jw_kv_raw(&jw, problem->extra_key, problem->extra_json);
    hk_jw_object_end(&jw);
}

int hk_problem_status(enum hk_status status)
{
    switch (status) {
    case HK_OK:
        return 200;
    case HK_INVALID:
        return 400;
    case HK_NOT_FOUND:
        return 404;
    case HK_DENIED:
    case HK_UNPROVEN:
        return 403;
    case HK_CONFLICT:
        return 409;
    case HK_LIMIT:
        return 413;
    case HK_BUSY:
    case HK_TIMEOUT:
        return 503;
    case HK_UNSUPPORTED:
        return 501;
    case HK_CORRUPT:
    case HK_IO:
    case HK_NOMEM:
    case HK_INTERNAL:
        break;
    }
    return 500;
}
