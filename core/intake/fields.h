/*
 * fields: messages that are made of named or numbered fields, as trees. Pure functions over bytes;
 * what is broken is read as far as it goes. The text is clean UTF-8. Inside the room only.
 *
 * A NULL from one of them means that the text is not of that form, or that memory is short, which
 * tree->failed tells.
 */
#ifndef HK_INTAKE_FIELDS_H
#define HK_INTAKE_FIELDS_H

#include "intake/tree.h"

/* What heads a CEF or LEEF message. */
struct hk_fields_head {
    struct hk_slice vendor;
    struct hk_slice product;
    struct hk_slice version;
    struct hk_slice id;
    struct hk_slice name;     /* CEF only */
    struct hk_slice severity; /* CEF only */
};

/* CEF: "CEF:0|vendor|product|version|id|name|severity|key=value …", found anywhere in the text.
 * Values may hold blanks; "\=", "\\", "\|" and "\n" are escapes. Where csNLabel names csN, the
 * value is there under that name too. */
struct hk_tree_node *hk_cef_read(
    struct hk_slice text, struct hk_tree *tree, struct hk_fields_head *ret_head);

/* LEEF: "LEEF:1.0|vendor|product|version|id|key=value<TAB>…" and LEEF 2.0, which has the delimiter
 * as one more field: a character, or its code as "x5E" or "0x5E". Where the tabs were lost on the
 * way, blanks are taken. */
struct hk_tree_node *hk_leef_read(
    struct hk_slice text, struct hk_tree *tree, struct hk_fields_head *ret_head);

/* Pairs: key=value. Values may be quoted. */
struct hk_pairs_rule {
    char between; /* what parts the pairs; '\0': blanks */
    char equals;  /* what parts key and value: '=' or ':' */
};
/* See what parts the pairs: tabs, "|", ";", "," where they do so throughout, or blanks. */
struct hk_pairs_rule hk_pairs_guess(struct hk_slice text);
/* An object, empty when there are no pairs. */
struct hk_tree_node *hk_pairs_read(
    struct hk_slice text, struct hk_pairs_rule rule, struct hk_tree *tree);
/* The same as extension of CEF: a value goes up to the next key, blanks included. */
struct hk_tree_node *hk_pairs_read_loose(struct hk_slice text, struct hk_tree *tree);

/* Comma-separated values (RFC 4180), or tab-separated ones, which know no quotes: an array. */
struct hk_tree_node *hk_csv_read(struct hk_slice text, char delimiter, struct hk_tree *tree);
/* A line of a Zeek log: an object whose keys are the names in columns ("ts\tuid\tid.orig_h…"; a
 * "#fields" before them is skipped). "-" and "(empty)" are left out. */
struct hk_tree_node *hk_zeek_read(
    struct hk_slice line, struct hk_slice columns, struct hk_tree *tree);

/* XML as far as events need it: elements are objects, those of text alone are texts, attributes are
 * fields, <Data Name="x">y</Data> is the field x. No DTD, no entities but the five and numbers. */
struct hk_tree_node *hk_xml_read(struct hk_slice text, struct hk_tree *tree);

#endif
