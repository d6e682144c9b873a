/*
 * log: diagnostics, one line each to stderr. Never the record: that is the ledger. Only app, api,
 * engine, source and loop log; libraries below return errors. Control bytes are escaped, secrets
 * are the caller's duty to leave out.
 */
#ifndef HK_BASE_LOG_H
#define HK_BASE_LOG_H

#include "base/status.h"

enum hk_log_level { HK_LOG_ERROR, HK_LOG_WARNING, HK_LOG_INFO, HK_LOG_DEBUG };

/* How a line looks: "TIME LEVEL TEXT"; one JSON object with time, level and text; or "<N>TEXT",
 * where the journal of systemd reads the level and knows the time itself. */
enum hk_log_format { HK_LOG_TEXT, HK_LOG_JSON, HK_LOG_JOURNAL };

void hk_log_set_format(enum hk_log_format format);
void hk_log_set_level(enum hk_log_level level);
/* Safe from any thread; a line is written with one write(2). */
void hk_log(enum hk_log_level level, const char *format, ...) HK_PRINTF(2, 3);

#endif
