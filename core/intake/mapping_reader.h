/*
 * mapping_reader: what the readers of a mapping's parts share. Inside the room only.
 */
#ifndef HK_INTAKE_MAPPING_READER_H
#define HK_INTAKE_MAPPING_READER_H

#include "intake/mapping.h"

struct hk_mapping_reader {
    const struct hk_mapping_file *file;
    const struct hk_json *root;
    const struct hk_json *maps; /* of the document that is being read; NULL: none */
    struct hk_arena *arena;
    const char *slots[HK_MAPPING_SLOTS_MAX]; /* names that patterns find */
    unsigned slot_count;
    char path[192]; /* where we are: "fields.src.ip" */
    struct hk_error *error;
};

/* Go into a part of the document and back: leave with what enter gave. */
size_t hk_mapping_enter(struct hk_mapping_reader *reader, const char *key);
void hk_mapping_leave(struct hk_mapping_reader *reader, size_t mark);

/* "FILE:LINE: PATH: what is wrong", with the line of node. */
enum hk_status hk_mapping_fail(struct hk_mapping_reader *reader, const struct hk_json *node,
    const char *format, ...) HK_PRINTF(3, 4);
/* Put the same before an error that is there already. */
enum hk_status hk_mapping_locate(
    struct hk_mapping_reader *reader, const struct hk_json *node, enum hk_status status);
enum hk_status hk_mapping_no_memory(struct hk_mapping_reader *reader);
/* Refuse keys that are not in the list. */
HK_MUST_CHECK enum hk_status hk_mapping_keys(
    struct hk_mapping_reader *reader, const struct hk_json *object, const char *const *keys);

/* A path; names of slots must have been found by a pattern that was read before. */
HK_MUST_CHECK enum hk_status hk_mapping_path(struct hk_mapping_reader *reader,
    const struct hk_json *node, struct hk_slice text, struct hk_path *ret_path);
/* {"path": test, …}: a list of conditions. */
HK_MUST_CHECK enum hk_status hk_mapping_conditions(struct hk_mapping_reader *reader,
    const struct hk_json *object, const struct hk_condition **ret_first, unsigned *ret_count);
/* A source or a list of them; they are put at the end of *in_out_list. shape is that of the field:
 * constants are checked by it. */
HK_MUST_CHECK enum hk_status hk_mapping_sources(struct hk_mapping_reader *reader,
    const struct hk_json *node, enum hk_shape shape, const struct hk_source **in_out_list);
/* What patterns find: {"path": ["pattern", …], …} or, for the message's text, a list alone. */
HK_MUST_CHECK enum hk_status hk_mapping_finds(struct hk_mapping_reader *reader,
    const struct hk_json *node, const struct hk_find **in_out_list);

/* The sources of one field, put at the end of those that it has. */
HK_MUST_CHECK enum hk_status hk_mapping_target(struct hk_mapping_reader *reader,
    const struct hk_json *node, enum hk_target target, struct hk_fields *in_out_fields);
/* {"field": source, …}; a "find" among them is left to the caller. */
HK_MUST_CHECK enum hk_status hk_mapping_fields(struct hk_mapping_reader *reader,
    const struct hk_json *object, struct hk_fields *in_out_fields);
/* {"by": source, "of": {…}} or a list of them, put at the end of *in_out_list. */
HK_MUST_CHECK enum hk_status hk_mapping_cases(struct hk_mapping_reader *reader,
    const struct hk_json *node, const struct hk_cases **in_out_list);

#endif
