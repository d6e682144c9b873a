/*
 * move_file: a tenant's file, read and written; see move_file.h.
 */
#include "ledger/move_file.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/note.h"
#include "limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "hikeshi-tenant "
#define VERSION "1"
/* "checkpoint" or "file", a size and a name; and the head. */
#define HEAD_LINE_MAX 1024
#define FILE_NAME_MAX 512
#define PIECE_SIZE 65536

struct hk_move_reader {
    FILE *file;
    struct hk_move_head head;
    uint64_t at; /* bytes read */
    uint64_t entries;
    uint64_t checkpoints;
    uint64_t files;
    uint64_t files_size;
    uint8_t salt[HK_SALT_SIZE];
    char line[HK_ENTRY_LINE_SIZE];
    char name[FILE_NAME_MAX + 1];
    char head_line[HEAD_LINE_MAX]; /* of the record */
    char *data;
    size_t capacity;
};

static enum hk_status broken(
    const struct hk_move_reader *reader, const char *what, struct hk_error *error)
{
    if (feof(reader->file))
        return hk_fail(error, HK_CORRUPT, "the file ends too early, at byte %" PRIu64, reader->at);
    if (ferror(reader->file))
        return hk_fail(error, HK_IO, "the file can't be read at byte %" PRIu64, reader->at);
    return hk_fail(
        error, HK_CORRUPT, "the file is damaged before byte %" PRIu64 ": %s", reader->at, what);
}

/* A line without its end. */
static bool read_line(struct hk_move_reader *reader, char *ret_line, size_t capacity)
{
    size_t size = 0;
    int c;

    while ((c = getc(reader->file)) != EOF) {
        reader->at++;
        if (c == '\n') {
            ret_line[size] = '\0';
            return true;
        }
        if (c == '\0' || size + 1 == capacity)
            return false;
        ret_line[size++] = (char)c;
    }
    return false;
}

/* So many bytes, then a newline. */
static bool read_bytes(struct hk_move_reader *reader, void *ret_bytes, size_t size)
{
    size_t got = fread(ret_bytes, 1, size, reader->file);
    int c = got == size ? getc(reader->file) : EOF;

    reader->at += got + (c != EOF);
    return c == '\n';
}

static bool has_room(struct hk_move_reader *reader, size_t size)
{
    char *data;

    if (size <= reader->capacity)
        return true;
    data = realloc(reader->data, size * 2);
    if (data == NULL)
        return false;
    reader->data = data;
    reader->capacity = size * 2;
    return true;
}

/* Bytes of a size that a file claims are held only as far as they come. */
static enum hk_status read_data(struct hk_move_reader *reader, size_t size, struct hk_error *error)
{
    size_t got = 0;

    if (!has_room(reader, 1))
        return hk_fail(error, HK_NOMEM, "no memory for a record");
    while (got < size) {
        size_t piece = size - got < PIECE_SIZE ? size - got : PIECE_SIZE;

        if (!has_room(reader, got + piece + 1))
            return hk_fail(error, HK_NOMEM, "no memory for a record");
        piece = fread(reader->data + got, 1, piece, reader->file);
        reader->at += piece;
        if (piece == 0)
            return broken(reader, "", error);
        got += piece;
    }
    reader->data[size] = '\0';
    if (getc(reader->file) != '\n')
        return broken(reader, "a part is longer than it says", error);
    reader->at++;
    return HK_OK;
}

/* Decimal, in the one form that is written; moves *at behind it. */
static bool read_number(const char **at, uint64_t max, uint64_t *ret_number)
{
    const char *begin = *at;
    uint64_t number = 0;

    while (**at >= '0' && **at <= '9') {
        if (number > (max - (uint64_t)(**at - '0')) / 10)
            return false;
        number = number * 10 + (uint64_t)(*(*at)++ - '0');
    }
    *ret_number = number;
    return *at != begin && (begin[0] != '0' || *at == begin + 1);
}

static bool skip(const char **at, const char *text)
{
    size_t size = strlen(text);

    if (strncmp(*at, text, size) != 0)
        return false;
    *at += size;
    return true;
}

bool hk_move_name_is_good(const char *name)
{
    if (strlen(name) > FILE_NAME_MAX || strchr(name, '\n') != NULL)
        return false;
    while (true) {
        size_t part = strcspn(name, "/");

        if (part == 0 || (part == 1 && name[0] == '.') || strncmp(name, "..", part) == 0)
            return false;
        if (name[part] == '\0')
            return true;
        name += part + 1;
    }
}

/* --- the head --- */

static bool take_id(const struct hk_json *root, const char *key, char ret_id[HK_ID_SIZE])
{
    const char *text = hk_json_string_at(root, key, "");

    return hk_id_is_valid(text) && hk_copy_text(ret_id, HK_ID_SIZE, text);
}

static bool take_count(const struct hk_json *root, const char *key, uint64_t *ret_count)
{
    int64_t count = hk_json_i64_at(root, key, -1);

    *ret_count = (uint64_t)count;
    return count >= 0 && (uint64_t)count <= HK_ENTRIES_MAX;
}

static enum hk_status read_head(struct hk_move_reader *reader, struct hk_error *error)
{
    struct hk_move_head *head = &reader->head;
    struct hk_json_doc doc = {.root = NULL};
    char line[HEAD_LINE_MAX];
    enum hk_status status = HK_OK;

    if (!read_line(reader, line, sizeof(line)) || strncmp(line, MAGIC, strlen(MAGIC)) != 0)
        return hk_fail(error, HK_INVALID, "it is no file with a tenant");
    if (strcmp(line + strlen(MAGIC), VERSION) != 0)
        return hk_fail(error, HK_UNSUPPORTED,
            "it was written by a newer version (form %.20s; this one reads " VERSION ")",
            line + strlen(MAGIC));
    if (!read_line(reader, line, sizeof(line)) ||
        hk_json_parse(line, strlen(line), &hk_json_limits_own, &doc, NULL) != HK_OK ||
        !take_id(doc.root, "move", head->move) || !take_id(doc.root, "from", head->from) ||
        !take_id(doc.root, "to", head->to) || !take_id(doc.root, "tenant", head->tenant) ||
        !hk_name_is_valid(head->tenant) || !take_count(doc.root, "entries", &head->entries) ||
        !take_count(doc.root, "checkpoints", &head->checkpoints) ||
        !take_count(doc.root, "files", &head->files) || head->files > HK_MOVE_FILES_MAX)
        status = broken(reader, "its head can't be read", error);
    hk_json_doc_done(&doc);
    return status;
}

enum hk_status hk_move_reader_new(
    FILE *file, struct hk_move_reader **ret_reader, struct hk_error *error)
{
    struct hk_move_reader *reader = calloc(1, sizeof(*reader));
    enum hk_status status;

    if (reader == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a reader");
    reader->file = file;
    status = read_head(reader, error);
    if (status != HK_OK) {
        hk_move_reader_free(reader);
        return status;
    }
    *ret_reader = reader;
    return HK_OK;
}

void hk_move_reader_free(struct hk_move_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->data);
    free(reader);
}

const struct hk_move_head *hk_move_reader_head(const struct hk_move_reader *reader)
{
    return &reader->head;
}

/* --- records --- */

/* "SALT SIZE", or "- -". */
static bool read_salt_and_size(
    struct hk_move_reader *reader, const char *at, bool *ret_is_erased, uint64_t *ret_size)
{
    *ret_is_erased = strcmp(at, "- -") == 0;
    if (*ret_is_erased)
        return true;
    if (strlen(at) < 2 * HK_SALT_SIZE ||
        !hk_hex_decode_exact(at, 2 * HK_SALT_SIZE, reader->salt, HK_SALT_SIZE))
        return false;
    at += 2 * HK_SALT_SIZE;
    return skip(&at, " ") && read_number(&at, HK_PAYLOAD_SIZE_MAX, ret_size) && *at == '\0';
}

static enum hk_status read_entry(struct hk_move_reader *reader, const char *at,
    struct hk_move_record *record, struct hk_error *error)
{
    uint64_t line_size;
    uint64_t size = 0;
    bool is_erased;
    enum hk_status status = HK_OK;

    if (!read_number(&at, HK_ENTRY_LINE_SIZE - 1, &line_size) || !skip(&at, " ") ||
        !read_salt_and_size(reader, at, &is_erased, &size))
        return broken(reader, "an entry's sizes can't be read", error);
    if (!read_bytes(reader, reader->line, line_size) ||
        memchr(reader->line, '\0', line_size) != NULL ||
        memchr(reader->line, '\n', line_size) != NULL)
        return broken(reader, "a line is not as long as it says", error);
    reader->line[line_size] = '\0';
    if (!is_erased)
        status = read_data(reader, size, error);
    *record = (struct hk_move_record){.part = HK_MOVE_ENTRY,
        .line = reader->line,
        .line_size = line_size,
        .salt = is_erased ? NULL : reader->salt,
        .data = is_erased ? NULL : reader->data,
        .size = size};
    reader->entries++;
    return status;
}

static enum hk_status read_checkpoint(struct hk_move_reader *reader, const char *at,
    struct hk_move_record *record, struct hk_error *error)
{
    uint64_t size;
    enum hk_status status;

    if (!read_number(&at, HK_NOTE_SIZE_MAX, &size) || *at != '\0')
        return broken(reader, "a checkpoint's size can't be read", error);
    status = read_data(reader, size, error);
    *record =
        (struct hk_move_record){.part = HK_MOVE_CHECKPOINT, .data = reader->data, .size = size};
    reader->checkpoints++;
    return status;
}

static enum hk_status read_file(struct hk_move_reader *reader, const char *at,
    struct hk_move_record *record, struct hk_error *error)
{
    uint64_t size;
    enum hk_status status;

    if (!read_number(&at, HK_BACKUP_FILES_SIZE_MAX, &size) || !skip(&at, " ") ||
        !hk_copy_text(reader->name, sizeof(reader->name), at) || !hk_move_name_is_good(at))
        return broken(reader, "a file's size and name can't be read", error);
    reader->files_size += size;
    if (reader->files_size > HK_BACKUP_FILES_SIZE_MAX)
        return broken(reader, "the files in it are too large", error);
    status = read_data(reader, size, error);
    *record = (struct hk_move_record){
        .part = HK_MOVE_FILE, .data = reader->data, .size = size, .name = reader->name};
    reader->files++;
    return status;
}

enum hk_status hk_move_read(
    struct hk_move_reader *reader, struct hk_move_record *ret_record, struct hk_error *error)
{
    const char *at = reader->head_line;

    if (!read_line(reader, reader->head_line, sizeof(reader->head_line)))
        return broken(reader, "no record begins here", error);
    if (reader->entries < reader->head.entries)
        return skip(&at, "entry ") ? read_entry(reader, at, ret_record, error)
                                   : broken(reader, "an entry is missing", error);
    if (reader->checkpoints < reader->head.checkpoints)
        return skip(&at, "checkpoint ") ? read_checkpoint(reader, at, ret_record, error)
                                        : broken(reader, "a checkpoint is missing", error);
    if (reader->files < reader->head.files)
        return skip(&at, "file ") ? read_file(reader, at, ret_record, error)
                                  : broken(reader, "a file is missing", error);
    if (strcmp(at, "end") != 0 || getc(reader->file) != EOF)
        return broken(reader, "something follows its end", error);
    *ret_record = (struct hk_move_record){.part = HK_MOVE_END};
    return HK_OK;
}

/* --- writing --- */

enum hk_status hk_move_write_head(
    FILE *file, const struct hk_move_head *head, struct hk_error *error)
{
    struct hk_buf text;
    struct hk_jw jw;
    enum hk_status status;

    hk_buf_init(&text, HEAD_LINE_MAX);
    hk_jw_init(&jw, &text);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "move", head->move);
    hk_jw_kv(&jw, "tenant", head->tenant);
    hk_jw_kv(&jw, "from", head->from);
    hk_jw_kv(&jw, "to", head->to);
    hk_jw_kv_i64(&jw, "entries", (int64_t)head->entries);
    hk_jw_kv_i64(&jw, "checkpoints", (int64_t)head->checkpoints);
    hk_jw_kv_i64(&jw, "files", (int64_t)head->files);
    hk_jw_object_end(&jw);
    status = hk_buf_check(&text, "head", error);
    if (status == HK_OK)
        (void)fprintf(file, MAGIC VERSION "\n%s\n", text.data);
    hk_buf_done(&text);
    return status;
}

void hk_move_write(FILE *file, const struct hk_move_record *record)
{
    char salt[2 * HK_SALT_SIZE + 1];

    switch (record->part) {
    case HK_MOVE_ENTRY:
        if (record->salt == NULL) {
            (void)fprintf(file, "entry %zu - -\n%s\n", record->line_size, record->line);
            return;
        }
        hk_hex(record->salt, HK_SALT_SIZE, salt);
        (void)fprintf(
            file, "entry %zu %s %zu\n%s\n", record->line_size, salt, record->size, record->line);
        break;
    case HK_MOVE_CHECKPOINT:
        (void)fprintf(file, "checkpoint %zu\n", record->size);
        break;
    case HK_MOVE_FILE:
        (void)fprintf(file, "file %zu %s\n", record->size, record->name);
        break;
    case HK_MOVE_END:
        (void)fputs("end\n", file);
        return;
    }
    (void)fwrite(record->data, 1, record->size, file);
    (void)putc('\n', file);
}
