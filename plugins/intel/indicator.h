/*
 * indicator: one address, digest, domain or URL in normal form, so that two ways to write the same
 * thing are equal.
 *
 * IPv4-mapped IPv6 is IPv4. Domains are lower case without dots at the ends. URLs lose what does
 * not name the resource (http or https, user and password, default port, fragment) and have a host
 * in lower case; '\' counts as '/', as it does for browsers.
 */
#ifndef INTEL_INDICATOR_H
#define INTEL_INDICATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDICATOR_SIZE 2049 /* longest text and NUL */
#define ADDRESS_TEXT_SIZE 50
#define DIGEST_SIZES 3

extern const size_t digest_sizes[DIGEST_SIZES]; /* bytes of md5, sha1, sha256 */

struct address {
    bool is_v4;
    uint8_t prefix;
    uint8_t bytes[16]; /* 4 of them when is_v4 */
};

/* An address or a range; host bits that are set are cleared. */
bool address_parse(const char *text, struct address *ret_address);
void address_format(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE]);

/* Which of digest_sizes it is, and its bytes; -1 when the text is none of them in hex. */
int digest_parse(const char *text, uint8_t ret_bytes[32]);

/* These write the normal form and return false when the text can't be one. has_subdomains is set
 * when it was written ".example.org" or "*.example.org". */
bool domain_normalize(const char *text, char ret_text[INDICATOR_SIZE], bool *ret_has_subdomains);
bool url_normalize(const char *text, char ret_text[INDICATOR_SIZE]);
/* The host of a normal URL: without brackets and port. */
void url_host(const char *url, char ret_host[INDICATOR_SIZE]);
void lower_case(char *text);
bool text_is_utf8(const char *text);
/* Make '?' of control bytes, and of everything but ASCII when the text is not UTF-8. */
void text_clean(char *text);

#endif
