/*
 * forms: one reader per form of alert. Each writes the alert view as one JSON object. Inside the
 * room only.
 */
#ifndef HK_INTAKE_FORMS_H
#define HK_INTAKE_FORMS_H

#include "base/json.h"
#include "base/severity.h"

/* What a form's reader finds out beside the view itself. */
struct hk_form_facts {
    enum hk_severity severity;
    int64_t event_us; /* holds the time of arrival beforehand */
};

/* The view itself: every known field is checked, others are kept. */
HK_MUST_CHECK enum hk_status hk_view_read(const struct hk_json *alert, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error);

/* Suricata EVE, event_type "alert". An optional field of the wrong shape is left out. */
HK_MUST_CHECK enum hk_status hk_eve_read(const struct hk_json *event, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error);

/* The category of the view for the text of a Suricata class. */
const char *hk_eve_category(const char *class_text);

#endif
