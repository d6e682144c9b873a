/*
 * plugin_host: load one built plugin into the test and call it, with a clock that moves only when
 * it is told to and without threads or sandbox. One plugin at a time.
 */
#ifndef SUPPORT_PLUGIN_HOST_H
#define SUPPORT_PLUGIN_HOST_H

#include "hikeshi/plugin.h"

#include <stdbool.h>

/* dir: "plugins" or "tests/plugins". Returns NULL after saying why on stderr. */
const struct hk_plugin *plugin_host_load(const char *dir, const char *name);
/* init and done of the plugin. start returns what init returned. */
int plugin_host_start(const struct hk_plugin *plugin, const char *state_dir, const char *options);
void plugin_host_stop(void);

/* Start an action and return the id of the call. */
uint64_t plugin_host_begin(
    const char *action, const char *key, const char *undoes, const char *args, bool is_probe);
/* Ask an action's verify, and wait. */
int plugin_host_verify(
    const char *action, const char *key, const char *args, const char **ret_text);
void plugin_host_cancel(const char *action, uint64_t call_id);
/* Is the call settled? Its text is kept until the next stop. */
bool plugin_host_settled(uint64_t call_id, enum hk_outcome *ret_outcome, const char **ret_text);
/* Let the clock run until the call is settled, an hour at most; -1 when it was not. The text (never
 * NULL) is kept until the next stop. */
int plugin_host_wait(uint64_t call_id, const char **ret_text);
/* begin and wait. */
int plugin_host_call(const char *action, const char *key, const char *undoes, const char *args,
    const char **ret_text);
int plugin_host_probe(const char *action, const char *key, const char *args, const char **ret_text);

/* Move the clock on, running what comes due. */
void plugin_host_advance(uint64_t ms);
/* All lines logged since the last start. */
const char *plugin_host_log(void);
/* Settlements that were not for an open call. */
unsigned plugin_host_stray(void);

/* A new empty folder; the text stays until the next one. Remove it and what is in it. */
const char *plugin_host_folder(void);
void plugin_host_remove_folder(const char *folder);
/* A file in a folder, whole, to be freed; NULL when it is missing. */
char *plugin_host_read(const char *folder, const char *name);
void plugin_host_write(const char *folder, const char *name, const char *text);

#endif
