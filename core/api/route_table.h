/*
 * route_table: words for rows of a route table. A table of its own for each subject, at the end of
 * the file with its handlers; routes.c holds the first, and each one's end names the next.
 * Internal to api/.
 */
#ifndef HK_API_ROUTE_TABLE_H
#define HK_API_ROUTE_TABLE_H

#include "api/routes.h"

extern const struct hk_param hk_list_query[];   /* state, after, limit */
extern const struct hk_member hk_reason_body[]; /* reason */

#define HK_ROUTE_LIST(what, least)                                                                 \
    {                                                                                              \
        .method = "GET", .path = "/v1/" what, .role = (least), .handler = hk_route_list,           \
        .summary = "List " what ", newest first", .query = hk_list_query, .collection = (what),    \
        .status = 200, .answer = "items, and where the next page begins", .problems = {            \
            400,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define HK_ROUTE_SHOW(what, least)                                                                 \
    {                                                                                              \
        .method = "GET", .path = "/v1/" what "/{id}", .role = (least), .handler = hk_route_show,   \
        .summary = "Show one of the " what, .collection = (what), .status = 200,                   \
        .answer = "the whole of it", .problems = {                                                 \
            404,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define HK_ROUTE_WRITE(where, least, fn, members, words)                                           \
    {                                                                                              \
        .method = "POST", .path = (where), .role = (least), .handler = (fn), .summary = (words),   \
        .body = (members), .status = 200, .answer = "it as it now stands", .problems = {           \
            400,                                                                                   \
            404,                                                                                   \
            409,                                                                                   \
            415,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }
#define HK_ROUTE_OPEN(where, fn, words, gives, type)                                               \
    {                                                                                              \
        .method = "GET", .path = (where), .handler = (fn), .summary = (words), .status = 200,      \
        .answer = (gives), .answer_type = (type)                                                   \
    }

#endif
