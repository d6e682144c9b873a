/*
 * apply: write the view of an event as a mapping says. Inside the room only.
 */
#ifndef HK_INTAKE_APPLY_H
#define HK_INTAKE_APPLY_H

#include "intake/eval.h"
#include "intake/forms.h"

/* Write the view as one object. facts->event_us holds the time of arrival beforehand. earlier (may
 * be NULL) is the trouble that another mapping had with the event, and is written as "mapping".
 * False: the mapping fails on this event, and *ret_trouble says on which field and why. */
bool hk_mapping_apply(const struct hk_mapping *mapping, struct hk_event *event,
    const struct hk_mapping_trouble *earlier, struct hk_jw *jw, struct hk_form_facts *facts,
    struct hk_mapping_trouble *ret_trouble);

/* Append what the syslog header said: {"host", "app", "severity", "facility", "time"}. Nothing when
 * there was none. */
void hk_write_header(const struct hk_event *event, struct hk_jw *jw);

/* Write text as a title: one line, of HK_MAPPING_TITLE_MAX bytes at most. */
void hk_write_title(struct hk_jw *jw, struct hk_slice text);

#endif
