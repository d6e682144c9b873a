/*
 * raw: the bytes that came, as one JSON value; products.h says how. Inside the room only.
 */
#ifndef HK_INTAKE_RAW_H
#define HK_INTAKE_RAW_H

#include "intake/slice.h"

/* A malloc'd JSON value: bytes that are one JSON object as they are, others as a text or a list of
 * two texts. NULL: no memory. */
char *hk_raw_make(struct hk_slice bytes, bool is_object);

#endif
