/*
 * config: what is configured for one source. Read and checked by app/settings_sources.c, to which
 * the texts belong; they outlive whatever is made from them.
 */
#ifndef HK_SOURCE_CONFIG_H
#define HK_SOURCE_CONFIG_H

#include "base/ip.h"

enum hk_source_kind { HK_SOURCE_SYSLOG, HK_SOURCE_FILE, HK_SOURCE_WEBHOOK };

/* Where the lines of files come from that are there when the source is first used. */
enum hk_file_start { HK_FILE_START_BEGIN, HK_FILE_START_END };

struct hk_file_config {
    const char *path; /* absolute; may hold *, ? and [] as for glob(7) */
    enum hk_file_start start;
};

struct hk_source_config {
    const char *tenant;
    const char *name;
    enum hk_source_kind kind;
    const char *product; /* the mapping to use; NULL: the one that fits */
    struct hk_file_config file;
};

/* "syslog", "file", "webhook" */
const char *hk_source_kind_text(enum hk_source_kind kind);

#endif
