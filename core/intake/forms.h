/*
 * forms: one reader per form of alert. Each writes the alert view as one JSON object. Inside the
 * room only.
 */
#ifndef HK_INTAKE_FORMS_H
#define HK_INTAKE_FORMS_H

#include "base/severity.h"
#include "intake/intake.h"
#include "limits.h"

/* Escapes may grow in the rewriting, and what is left out of EVE makes room. */
#define HK_VIEW_SIZE_MAX (2 * HK_ALERT_SIZE_MAX)

/* What a form's reader finds out beside the view itself. */
struct hk_form_facts {
    enum hk_severity severity;
    int64_t event_us;    /* holds the time of arrival beforehand */
    const char *product; /* given: of a view that names none; NULL: it stays without */
};

/* The view itself: every known field is checked, others are kept. */
HK_MUST_CHECK enum hk_status hk_view_read(const struct hk_json *alert, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error);

/* Suricata EVE, event_type "alert". An optional field of the wrong shape is left out. */
HK_MUST_CHECK enum hk_status hk_eve_read(const struct hk_json *event, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error);

/* Make the alert of a view that was written: read it again, sign it for dedupe. view is emptied;
 * take_raw (malloc'd; NULL: memory was short) is taken in every case. */
HK_MUST_CHECK enum hk_status hk_alert_finish(struct hk_buf *view, char *take_raw, const char *form,
    const struct hk_form_facts *facts, const struct hk_dedupe_rule *rule,
    struct hk_alert_in *ret_alert, struct hk_error *error);

/* The category of the view for the text of a Suricata class. */
const char *hk_eve_category(const char *class_text);

#endif
