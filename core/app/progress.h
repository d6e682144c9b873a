/*
 * progress: how far something is that takes longer than a second, on stderr.
 */
#ifndef HK_APP_PROGRESS_H
#define HK_APP_PROGRESS_H

#include <stdint.h>

struct hk_progress {
    const char *what; /* "entries" */
    int64_t told_ms;
};

void hk_progress_init(struct hk_progress *progress, const char *what);
/* Has the shape of hk_audit_progress_fn; ctx is the progress. */
void hk_progress_tell(void *ctx, uint64_t done, uint64_t total);

#endif
