/*
 * value: texts of products as values of the view. Inside the room only.
 */
#ifndef HK_INTAKE_VALUE_H
#define HK_INTAKE_VALUE_H

#include "base/ip.h"
#include "base/severity.h"
#include "intake/target.h"
#include "intake/when.h"

/* Is it a word that products write where they have nothing ("", "-", "N/A", "null", …)? */
bool hk_value_is_nothing(struct hk_slice value);

/* One of ours, or what others call it ("warning", "error", "sev-1" …); HK_SEVERITY_NONE: unknown.
 * Numbers mean something else in each product and are unknown. */
enum hk_severity hk_value_severity(struct hk_slice value);

/* Our severity for syslog's level, 0 emergency … 7 debug. */
enum hk_severity hk_value_syslog_severity(int level);

/* By the patterns (may be NULL), then by all forms that are known, and counts from 1970. */
bool hk_value_time(struct hk_slice value, const char *const *patterns,
    const struct hk_when_ground *ground, int64_t *ret_time_us);

/* An address, also with a port, a prefix length or a zone behind it, in brackets, or the first of a
 * list. The address of nobody (0.0.0.0, ::) is none. Written in its normal form. */
bool hk_value_ip(struct hk_slice value, char ret_text[HK_IP_TEXT_SIZE]);
/* 0 … 65535; of "address:port" the port. */
bool hk_value_port(struct hk_slice value, int *ret_port);
/* A name of a host: no address, no blanks. Slashes before it ("\\\\HOST") are cut off. */
bool hk_value_host(struct hk_slice value, struct hk_slice *ret_host);
/* "user@domain", also as "Name <user@domain>". */
bool hk_value_mail(struct hk_slice value, struct hk_slice *ret_mail);
/* digits hexadecimal digits, written in lower case with a NUL. Also after "SHA256=" in a list. */
bool hk_value_hash(struct hk_slice value, const char *name, size_t digits, char *ret_text);
/* The next "T1059" or "T1059.001" of the text; *in_out_at is where to look from. */
#define HK_TECHNIQUE_SIZE 16
bool hk_value_technique(
    struct hk_slice value, size_t *in_out_at, char ret_technique[HK_TECHNIQUE_SIZE]);
/* The word for a product: a-z, 0-9 and '_', of "Trend Micro" "trend_micro". False: nothing is left.
 */
bool hk_value_product(struct hk_slice value, char *ret_word, size_t capacity);

#endif
