/*
 * catalog: the actions that a configuration gives its playbooks, with their schemas, for tools that
 * work without an engine.
 *
 * The plugins are started once in their sandbox, as the engine starts them, with a folder of their
 * own that is thrown away; what they say about themselves is kept, and they are ended. No action is
 * called.
 */
#ifndef HK_APP_CATALOG_H
#define HK_APP_CATALOG_H

#include "author/suite.h"
#include "base/json.h"

struct hk_catalog {
    struct hk_json_doc doc; /* see author/actions.h */
    struct hk_suite_checker checker;
};

/* Read the configuration and ask its plugins. tenant may be NULL where there is one only. A plugin
 * that can't be started is told on stderr, and its actions are not checked. Before any thread
 * exists. Free with hk_catalog_done in every case. */
HK_MUST_CHECK enum hk_status hk_catalog_load(
    const char *config, const char *tenant, struct hk_catalog *ret_catalog, struct hk_error *error);
void hk_catalog_done(struct hk_catalog *catalog);

#endif
