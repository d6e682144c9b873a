/*
 * versions: which text of a playbook is in force for new runs. The configuration says which names a
 * tenant has, by their files; which version of a name is in force is state, and so in the ledger
 * (playbook.enforced), with who decided it and why.
 *
 * A file's text goes into force when the file has changed since something was made of it last
 * (hk_named.file): at a start, and when somebody asks for it. So what people put into force in
 * place of a file's text (promote, rollback) stays, over restarts too, until the file changes.
 * Runs keep the version that they began with.
 */
#ifndef HK_ENGINE_VERSIONS_H
#define HK_ENGINE_VERSIONS_H

#include "engine/tx.h"

/* Read the texts of the configured files into tenant->named; nothing is recorded. Each file needs a
 * name of its own. */
HK_MUST_CHECK enum hk_status hk_versions_read(struct hk_tenant_state *tenant,
    const struct hk_playbook_file *files, size_t count, struct hk_error *error);
/* At a start: bring tenant->named to what the ledger says, and write into tx what the files change
 * of that. Blocks. */
HK_MUST_CHECK enum hk_status hk_versions_open(
    struct hk_tenant_state *tenant, struct hk_tx *tx, struct hk_error *error);

/* The name of the tenant's, or NULL. */
struct hk_named *hk_versions_of(const struct hk_tenant_state *tenant, const char *name);

/* Why a version is put into force, as the record has it. */
enum hk_enforcing {
    HK_ENFORCE_FILE,  /* its file has changed */
    HK_ENFORCE_AGAIN, /* the configuration has the name again */
    HK_ENFORCE_PROMOTE,
    HK_ENFORCE_ROLLBACK,
};
/* Write that the version is in force (one that is the tenant's, see hk_playbook_adopt), and let it
 * be so: what begins from now on comes after it in the ledger. reason may be NULL. */
void hk_versions_enforce(struct hk_tx *tx, struct hk_named *named, struct hk_playbook *playbook,
    enum hk_enforcing how, const char *reason);

#endif
