/*
 * config: a configuration file is Lua that returns one table of data (return hikeshi { … }), run in
 * the playbook sandbox without actions. at_least "high" becomes {"at_least":"high"}, secret "smtp"
 * becomes {"$secret":"smtp"}.
 */
#ifndef HK_SCRIPT_CONFIG_H
#define HK_SCRIPT_CONFIG_H

#include "base/buf.h"

/* Append the table as JSON. HK_INVALID with file:line; functions and other values that are no data
 * are named by their path ("tenants.main.plugins"). */
HK_MUST_CHECK enum hk_status hk_config_eval(
    const char *source, size_t size, const char *chunk, struct hk_buf *out, struct hk_error *error);

#endif
