/*
 * folder: a data folder without a running engine, for the commands that work on it. Holds the
 * engine lock while it is open.
 */
#ifndef HK_APP_FOLDER_H
#define HK_APP_FOLDER_H

#include "app/cli.h"
#include "ledger/ledger.h"
#include "ledger/query.h"

struct hk_folder {
    int lock_fd; /* -1: not locked */
    struct hk_ledger *ledger;
    hk_tenant tenant;
    char tenant_name[HK_ID_SIZE];
};

/* Make the folder, private to its owner, unless it is there. */
HK_MUST_CHECK enum hk_status hk_folder_make(const char *path, struct hk_error *error);

/* Lock and open, and choose the tenant: --tenant, or the only one there is; in a new ledger "main".
 * may_make: make folder and tenant when they aren't there. Close with hk_folder_close in every
 * case. */
HK_MUST_CHECK enum hk_status hk_folder_open(
    const struct hk_cli *cli, bool may_make, struct hk_folder *ret_folder, struct hk_error *error);
/* Lock and open what must be there; no tenant is chosen. */
HK_MUST_CHECK enum hk_status hk_folder_open_whole(
    const struct hk_cli *cli, struct hk_folder *ret_folder, struct hk_error *error);
void hk_folder_close(struct hk_folder *folder);

#endif
