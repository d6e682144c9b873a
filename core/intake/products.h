/*
 * products: messages of products become alert views by mappings, small declarative files of which
 * many are built in and a tenant may bring its own (sdk/docs/mapping.md). Pure: no I/O, no clock
 * but the one it is given. A set is immutable once made and may be used by several threads at once.
 *
 * Nothing is refused for being unknown. What no mapping knows comes in by the generic way: form
 * "unmapped", severity informational, product "unknown", a title from what can be seen, and
 * whatever the envelope gave. A mapping that knows a message but fails on it leaves the message to
 * the generic way too, and says so in the result, so that the gap can be shown.
 *
 * An alert view that names no product and comes from a source other than the API has its source's
 * name as its product.
 *
 * raw, by its JSON type: an object is the message itself, byte for byte; a text is a message that
 * is no JSON object; a list of two texts is a message that is no clean UTF-8 text: ["escaped", …]
 * has "\xHH" for each byte that is none, and "\\" for each backslash; ["base64", …] is base64.
 */
#ifndef HK_INTAKE_PRODUCTS_H
#define HK_INTAKE_PRODUCTS_H

#include "intake/intake.h"

#define HK_FORM_UNMAPPED "unmapped"

struct hk_products;

/* A mapping's text; name is for errors. Borrowed for the call. */
struct hk_mapping_file {
    const char *name;
    const char *text;
    size_t size;
};

/* Make the set of the mappings that are built in. The error is one of ours, or memory. */
HK_MUST_CHECK enum hk_status hk_products_new_builtin(
    struct hk_products **ret_products, struct hk_error *error);
/* Make a tenant's set: its own files, asked first, above those of builtin (borrowed: it must
 * outlive the set; NULL: none). A file's mapping stands in for the built-in one of the same form,
 * which it may be like.
 * HK_INVALID: "FILE:LINE: PATH: what is wrong". */
HK_MUST_CHECK enum hk_status hk_products_new(const struct hk_products *builtin,
    const struct hk_mapping_file *files, size_t count, struct hk_products **ret_products,
    struct hk_error *error);
void hk_products_free(struct hk_products *products);

enum hk_transport {
    HK_TRANSPORT_API,     /* POST /v1/alerts: a broken alert view is refused, see below */
    HK_TRANSPORT_SYSLOG,  /* one message, without its framing */
    HK_TRANSPORT_FILE,    /* one line */
    HK_TRANSPORT_WEBHOOK, /* one body, or one item of it */
};

/* What is known beside the bytes. */
struct hk_message_hint {
    enum hk_transport transport;
    const char *source; /* name of the source, or NULL */
    const char *form;   /* the mapping to use, by its form or product; NULL: find it by looking */
    const char *peer;   /* address of the sender as text, or NULL */
    int64_t now_us;     /* time of arrival; taken when the message has no time */
    int utc_offset_min; /* zone of times that name none; 0 is UTC */
    const char *head;   /* of a Zeek file: its latest lines that begin with '#', or NULL */
};

/* A mapping knew the message, but failed on it. */
struct hk_mapping_trouble {
    bool failed;
    char form[64];  /* which mapping */
    char field[64]; /* the view's field */
    char why[160];
};

/* Read one message: a JSON object; a syslog message (RFC 5424, RFC 3164, and what vendors make of
 * them), with CEF, LEEF, JSON, XML, key=value or CSV in it, or one of those alone.
 *
 * ret_alert->form is the mapping's form ("view" and "suricata" too); it lives as long as the set.
 * The caller calls hk_alert_in_done. ret_trouble (may be NULL) is filled in every case.
 *
 * Fails with HK_UNSUPPORTED for a message that its mapping knows to be no alert, such as a Suricata
 * event of type flow or stats: sources pass over it and count it as ignored, the API refuses it.
 * Fails with HK_LIMIT (more than HK_ALERT_SIZE_MAX), HK_NOMEM, HK_INVALID for a message of no bytes
 * but blanks, HK_NOT_FOUND when hint->form names no mapping, and over the API only, HK_INVALID for
 * an object with a title that is no good alert view. */
HK_MUST_CHECK enum hk_status hk_products_read(const struct hk_products *products, const char *bytes,
    size_t size, const struct hk_message_hint *hint, const struct hk_dedupe_rule *dedupe,
    struct hk_alert_in *ret_alert, struct hk_mapping_trouble *ret_trouble, struct hk_error *error);

/* Is there a mapping of this form or product? For configurations that name one. */
bool hk_products_has(const struct hk_products *products, const char *form);

/* Walk over the mappings in the order of their forms. fn may be called from nowhere else. */
struct hk_mapping_facts {
    const char *form;
    const char *product;
    const char *file; /* "built in", or the name of the tenant's file */
};
typedef void hk_mapping_fn(void *ctx, const struct hk_mapping_facts *facts);
void hk_products_each(const struct hk_products *products, hk_mapping_fn *fn, void *ctx);

#endif
