#include "app/progress.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>

enum { EVERY_MS = 1000 };

void hk_progress_init(struct hk_progress *progress, const char *what)
{
    progress->what = what;
    progress->told_ms = hk_time_monotonic_ms();
}

void hk_progress_tell(void *ctx, uint64_t done, uint64_t total)
{
    struct hk_progress *progress = ctx;
    int64_t now_ms = hk_time_monotonic_ms();

    if (now_ms - progress->told_ms < EVERY_MS)
        return;
    progress->told_ms = now_ms;
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " %s\n", done, total, progress->what);
}
