/*
 * settings: the configuration file, read and checked; see sdk/docs/configuration.md.
 *
 * Unknown keys are refused by their path. Relative paths are relative to the file's folder. What
 * the rooms read themselves (authority, lists, protected, budgets, capabilities, dedupe, lease) is
 * left as it is given, in the tenant's JSON.
 */
#ifndef HK_APP_SETTINGS_H
#define HK_APP_SETTINGS_H

#include "base/json.h"
#include "base/log.h"
#include "engine/engine.h"
#include "intake/products.h"
#include "ledger/sinks.h"
#include "loop/tls.h"
#include "plugin/pool.h"
#include "source/config.h"

/* What the setup points to is the settings' own, but for the texts of the playbooks. */
struct hk_tenant_settings {
    struct hk_tenant_setup setup;
    struct hk_playbook_file *playbooks;
    const char **playbook_paths; /* of the same, from the root */
    struct hk_plugin_config *plugins;
    struct hk_secrets *secrets;
    struct hk_source_config *sources;
    size_t source_count;
    struct hk_products *products; /* NULL: those that are built in */
};

#define HK_APP_URL_SIZE 256

/* Paths are absolute. cert_file is NULL when the listener speaks plain HTTP. */
struct hk_app_tls {
    const char *cert_file;
    const char *key_file;
    const char *client_ca_file; /* or NULL */
    const char *plain;          /* a loopback address for plain HTTP beside it, or NULL */
};

struct hk_app_settings {
    struct hk_arena arena; /* owns all texts and tables */
    struct hk_json_doc doc;
    const char *file;
    const char *source; /* of the file; NULL when it was read from JSON */
    const char *folder; /* of the file */
    const char *listen; /* "127.0.0.1:8686" */
    const char *url;    /* "https://soc.example", where people reach the pages; NULL: listen */
    struct hk_app_tls tls;
    bool has_socket;
    bool has_search;                   /* texts are indexed */
    const struct hk_sink_setup *sinks; /* where checkpoints go */
    size_t sink_count;
    const char *provider; /* the tenant whose ledger records the others' checkpoints, or NULL */
    enum hk_log_level log_level;
    enum hk_log_format log_format;
    struct hk_products *products; /* that are built in */
    struct hk_tenant_settings *tenants;
    size_t tenant_count;
};

/* Read the file, the playbooks it names, and find its plugins. data_dir is where plugins keep their
 * state (may be NULL when nothing will be started). HK_INVALID names the path of the key. Free with
 * hk_app_settings_done in every case. */
HK_MUST_CHECK enum hk_status hk_app_settings_load(const char *file, const char *data_dir,
    struct hk_app_settings *ret_settings, struct hk_error *error);
/* The same from the table as JSON; file is for relative paths and errors. */
HK_MUST_CHECK enum hk_status hk_app_settings_read(const char *json, size_t size, const char *file,
    const char *data_dir, struct hk_app_settings *ret_settings, struct hk_error *error);
void hk_app_settings_done(struct hk_app_settings *settings);

/* Load it, and look at everything else that a start would refuse: tenants' parts, playbooks,
 * plugins' files. Nothing is started. Free with hk_app_settings_done in every case. */
HK_MUST_CHECK enum hk_status hk_app_settings_check(const char *file, const char *data_dir,
    struct hk_app_settings *ret_settings, struct hk_error *error);
/* The listener's certificate and rules; *ret_tls is NULL when there are none. HK_INVALID and others
 * name the file. */
HK_MUST_CHECK enum hk_status hk_app_tls_new(
    const struct hk_app_settings *settings, struct hk_tls **ret_tls, struct hk_error *error);

/* Put the file, and the line where that is known, before an error that names a path of the
 * configuration ("tenants.main.lease.max: …"). */
void hk_app_settings_locate(const struct hk_app_settings *settings, struct hk_error *error);

#endif
