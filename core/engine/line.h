/*
 * line: runs that wait for their turn to be in memory, as ids, first in, first out.
 */
#ifndef HK_ENGINE_LINE_H
#define HK_ENGINE_LINE_H

#include "ledger/ledger.h"

struct hk_line;

struct hk_line *hk_line_new(void);
void hk_line_free(struct hk_line *line);
void hk_line_put(struct hk_line *line, hk_tenant tenant, const char *run);
bool hk_line_take(struct hk_line *line, hk_tenant *ret_tenant, char ret_run[HK_ID_SIZE]);
size_t hk_line_count(const struct hk_line *line);

#endif
