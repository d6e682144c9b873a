/*
 * Any bytes as a file with a tenant in it: each record keeps within its bounds, no name leads out
 * of its place, and what was read to its end is written back byte for byte.
 */
#include "ledger/move_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the records begin: behind two lines. */
static size_t records_of(const char *data, size_t size)
{
    const char *first = memchr(data, '\n', size);
    const char *second = memchr(first + 1, '\n', size - (size_t)(first + 1 - data));

    return (size_t)(second + 1 - data);
}

static void check(const struct hk_move_record *record)
{
    if (record->part == HK_MOVE_ENTRY &&
        (record->line_size >= HK_ENTRY_LINE_SIZE || record->line[record->line_size] != '\0' ||
            (record->salt == NULL) != (record->data == NULL)))
        abort();
    if (record->part == HK_MOVE_FILE &&
        (record->name[0] == '/' || strstr(record->name, "//") != NULL ||
            strncmp(record->name, "../", 3) == 0 || strstr(record->name, "/../") != NULL ||
            !hk_move_name_is_good(record->name)))
        abort();
    if (record->data != NULL && record->data[record->size] != '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_move_record record = {.part = HK_MOVE_ENTRY};
    struct hk_move_reader *reader = NULL;
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    char *again = NULL;
    size_t again_size = 0;
    FILE *out;
    bool is_whole;

    if (file == NULL)
        return 0;
    if (hk_move_reader_new(file, &reader, NULL) != HK_OK) {
        (void)fclose(file);
        return 0;
    }
    out = open_memstream(&again, &again_size);
    if (out == NULL)
        abort();
    if (hk_move_write_head(out, hk_move_reader_head(reader), NULL) != HK_OK)
        abort();
    do {
        is_whole = hk_move_read(reader, &record, NULL) == HK_OK;
        if (!is_whole)
            break;
        check(&record);
        hk_move_write(out, &record);
    } while (record.part != HK_MOVE_END);
    hk_move_reader_free(reader);
    (void)fclose(file);
    (void)fclose(out);
    if (is_whole) {
        size_t begin = records_of((const char *)data, size);
        size_t begin_again = records_of(again, again_size);

        if (size - begin != again_size - begin_again ||
            memcmp(data + begin, again + begin_again, size - begin) != 0)
            abort();
    }
    free(again);
    return 0;
}
