/*
 * syslog: read one syslog message, without its framing: RFC 5424, RFC 3164, and what vendors make
 * of the latter: no PRI, a year or a zone in the date, ISO dates, sequence numbers before the date,
 * no host, "%FACILITY-SEVERITY-MNEMONIC:" without a tag. Inside the room only.
 *
 * A header is what can be read as one; all that can't is the message. No message is wrong.
 */
#ifndef HK_INTAKE_SYSLOG_H
#define HK_INTAKE_SYSLOG_H

#include "intake/when.h"

/* Parts of the message's own bytes; those that are missing have size 0. */
struct hk_syslog {
    int facility; /* 0 … 23; -1: no PRI */
    int severity; /* 0 emergency … 7 debug; -1: no PRI */
    bool is_5424;
    bool has_time;
    int64_t time_us;
    struct hk_slice host;
    struct hk_slice app;   /* APP-NAME or the tag */
    struct hk_slice pid;   /* PROCID or what stands in brackets after the tag */
    struct hk_slice msgid; /* RFC 5424 only */
    struct hk_slice sd;    /* structured data with its brackets, RFC 5424 only */
    struct hk_slice msg;   /* without a BOM, blanks before it and line ends after it */
};

void hk_syslog_read(
    struct hk_slice message, const struct hk_when_ground *ground, struct hk_syslog *ret_syslog);

/* Walk over structured data (RFC 5424, 6.3). Start with *cursor 0; each call gives the next
 * parameter, with the id of its element; false at the end or where it is broken. The value's
 * escapes (\" \\ \]) are still in it. */
struct hk_sd_param {
    struct hk_slice id;
    struct hk_slice name;
    struct hk_slice value;
};
struct hk_sd_cursor {
    size_t at;
    struct hk_slice id;
};
bool hk_sd_next(struct hk_slice sd, struct hk_sd_cursor *cursor, struct hk_sd_param *ret_param);

#endif
