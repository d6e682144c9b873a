/*
 * backup_files: the files of a data folder that a backup holds beside the ledger: the signing key
 * and what plugins keep. Internal to ledger/.
 */
#ifndef HK_LEDGER_BACKUP_FILES_H
#define HK_LEDGER_BACKUP_FILES_H

#include "base/digest.h"
#include "ledger/db.h"

#include <stdbool.h>
#include <stddef.h>

struct hk_backup_file {
    struct hk_backup_file *next;
    char *name; /* from the data folder: "key/ledger.pem" */
    char *content;
    size_t size;
};
struct hk_backup_files {
    struct hk_backup_file *first; /* of one tenant: in the order of their names */
    struct hk_backup_file *last;  /* that was added */
    size_t size;                  /* bytes of all */
};

/* Read plain files under plugins/, and under key/ if wanted. HK_LIMIT beyond
 * HK_BACKUP_FILES_SIZE_MAX. Free with hk_backup_files_done in every case. */
HK_MUST_CHECK enum hk_status hk_backup_files_read(
    const char *data_dir, bool with_key, struct hk_backup_files *ret_files, struct hk_error *error);
/* The same of what the plugins of one tenant keep; names begin with its folder, "plugins/TENANT/".
 */
HK_MUST_CHECK enum hk_status hk_backup_files_read_tenant(const char *data_dir, const char *tenant,
    struct hk_backup_files *ret_files, struct hk_error *error);
/* Add a copy, behind those before it in the order of names (HK_CORRUPT). */
HK_MUST_CHECK enum hk_status hk_backup_files_add(struct hk_backup_files *files, const char *name,
    const void *content, size_t size, struct hk_error *error);
/* SHA-256 over name, NUL, SHA-256 of the content, of each in its order. */
void hk_backup_files_digest(
    const struct hk_backup_files *files, uint8_t ret_digest[HK_SHA256_SIZE]);
/* Write those that the data folder lacks. HK_CONFLICT when it has one of them with other bytes, or
 * others in the tenant's folder: then nothing is written. */
HK_MUST_CHECK enum hk_status hk_backup_files_place(const struct hk_backup_files *files,
    const char *data_dir, const char *tenant, struct hk_error *error);
void hk_backup_files_done(struct hk_backup_files *files); /* wipes: the key was among them */
/* The signing key, and the next one where it is being replaced, told apart from others: a ledger
 * that was copied between two looks with the same answer has the key that was read between them. */
HK_MUST_CHECK enum hk_status hk_backup_files_look_at_key(
    const char *data_dir, uint8_t ret_digest[HK_SHA256_SIZE], struct hk_error *error);
/* Into the table backup_file, which is made. */
HK_MUST_CHECK enum hk_status hk_backup_files_store(
    const struct hk_backup_files *files, sqlite3 *to, struct hk_error *error);

/* Write the files of the table into the folder. A name that leads out of key/ and plugins/ is
 * HK_INVALID. Nothing that is there is replaced. */
HK_MUST_CHECK enum hk_status hk_backup_files_extract(
    sqlite3 *from, const char *data_dir, struct hk_error *error);
/* Take away what was extracted, as far as it goes: of a restoration that failed. */
void hk_backup_files_remove(sqlite3 *from, const char *data_dir);
/* HK_OK when the folder is absent, or holds nothing but an engine's lock. */
HK_MUST_CHECK enum hk_status hk_backup_folder_is_empty(
    const char *data_dir, struct hk_error *error);

#endif
