/*
 * reload: a changed configuration, or a new version of the program, without refusing anybody. What
 * is in the file is checked on a thread beside the loop. When it is good, the engine stops cleanly
 * and this process begins anew with the same arguments: there is one way to start, and it is the
 * only one that has to be right. Its listening sockets stay open meanwhile (loop/inherit.h).
 */
#ifndef HK_APP_RELOAD_H
#define HK_APP_RELOAD_H

#include "base/status.h"
#include "loop/loop.h"

struct hk_reload;

struct hk_reload_options {
    struct hk_loop *loop;
    const char *file; /* the configuration; borrowed, as are the others */
    const char *data_dir;
};
/* What was found, on the loop. HK_OK: the file may be applied. */
typedef void hk_reload_fn(void *ctx, enum hk_status status, const struct hk_error *error);

HK_MUST_CHECK enum hk_status hk_reload_new(const struct hk_reload_options *options,
    hk_reload_fn *checked, void *ctx, struct hk_reload **ret_reload, struct hk_error *error);
/* Waits for a check that is under way. NULL is fine. */
void hk_reload_free(struct hk_reload *reload);
/* Start a check; checked follows. HK_BUSY while one is under way. */
HK_MUST_CHECK enum hk_status hk_reload_check(struct hk_reload *reload, struct hk_error *error);
/* Begin anew with the same arguments (NULL-ended). Everything is closed before; comes back only
 * when it fails. */
HK_MUST_CHECK enum hk_status hk_begin_anew(
    const char *program, char *const *argv, struct hk_error *error);

#endif
