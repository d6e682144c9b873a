/*
 * files: each line comes once, whatever is done to the files and however often the engine ends.
 *
 * The ledger is played by two lists: the lines that were taken, and the cursors that moved with
 * them. A run that is broken off loses whatever was not taken, as a kill does.
 */
#include "base/time.h"
#include "source/files.h"

#include "support/suite.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS_MAX = 64, LINES_MAX_HERE = 20000, PATIENCE_MS = 30000 };

struct row {
    char key[64];
    char value[1024];
};

struct bench {
    char folder[64];
    char pattern[128];
    struct hk_source_config config;
    struct hk_source source;
    struct hk_tally *tally;
    struct hk_loop *loop;
    struct hk_files *files;
    struct hk_timer *timer;
    struct row rows[ROWS_MAX];
    size_t row_count;
    char *lines[LINES_MAX_HERE];
    size_t line_count;
    size_t cut_count;
    char head[256];
    unsigned busy;       /* so many offers are refused first */
    unsigned stop_after; /* lines taken, then the loop ends; 0: never */
    /* what is waited for */
    const char *wanted;
    size_t wanted_count;
    int64_t deadline_ms;
    bool is_found;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "can't go on: %s\n", what);
    abort();
}

/* --- the sink --- */

static void keep_cursor(struct bench *b, const struct hk_batch_cursor *cursor)
{
    size_t i = 0;

    while (i < b->row_count && strcmp(b->rows[i].key, cursor->key) != 0)
        i++;
    if (cursor->value == NULL) {
        if (i < b->row_count)
            b->rows[i] = b->rows[--b->row_count];
        return;
    }
    must(i < ROWS_MAX, "too many cursors");
    if (i == b->row_count)
        b->row_count++;
    (void)snprintf(b->rows[i].key, sizeof(b->rows[i].key), "%s", cursor->key);
    (void)snprintf(b->rows[i].value, sizeof(b->rows[i].value), "%s", cursor->value);
}

static enum hk_status on_offer(void *ctx, struct hk_batch *batch)
{
    struct bench *b = ctx;

    if (b->busy > 0) {
        b->busy--;
        return HK_BUSY;
    }
    for (unsigned i = 0; i < batch->count; i++) {
        const struct hk_message *message = &batch->messages[i];
        must(b->line_count < LINES_MAX_HERE, "too many lines");
        b->lines[b->line_count++] = strndup(batch->bytes.data + message->at, message->size);
        b->cut_count += message->is_cut;
    }
    if (batch->head != NULL)
        (void)snprintf(b->head, sizeof(b->head), "%s", batch->head);
    for (unsigned i = 0; i < batch->cursor_count; i++)
        keep_cursor(b, &batch->cursors[i]);
    if (b->stop_after > 0 && b->line_count >= b->stop_after)
        hk_loop_stop(b->loop);
    return HK_OK;
}

/* --- runs --- */

static void on_look(void *ctx);

static void begin(struct bench *b, enum hk_file_start start)
{
    const struct hk_sink sink = {.offer = on_offer, .ctx = b};
    struct hk_error error = {.text = ""};

    b->config.file.start = start;
    must(hk_loop_new(&b->loop, &error) == HK_OK, error.text);
    must(hk_files_new(b->loop, &sink, &b->files, &error) == HK_OK, error.text);
    must(hk_files_add(b->files, &b->source, &error) == HK_OK, error.text);
    for (size_t i = 0; i < b->row_count; i++)
        must(hk_files_restore(b->files, b->rows[i].key, b->rows[i].value, &error) == HK_OK,
            error.text);
    b->timer = hk_timer_new(b->loop, on_look, b);
    must(b->timer != NULL && hk_files_start(b->files, &error) == HK_OK, error.text);
}

static void end(struct bench *b)
{
    hk_files_free(b->files);
    hk_timer_free(b->timer);
    hk_loop_free(b->loop);
}

static void restart(struct bench *b)
{
    end(b);
    begin(b, b->config.file.start);
}

static void open_bench(struct bench *b, const char *pattern)
{
    memset(b, 0, sizeof(*b));
    (void)snprintf(b->folder, sizeof(b->folder), "/tmp/hikeshi-files-XXXXXX");
    must(mkdtemp(b->folder) != NULL, "no folder");
    (void)snprintf(b->pattern, sizeof(b->pattern), "%s/%s", b->folder, pattern);
    b->config = (struct hk_source_config){
        .tenant = "main", .name = "eve", .kind = HK_SOURCE_FILE, .file = {.path = b->pattern}};
    must(hk_tally_new(&b->tally, NULL) == HK_OK &&
             hk_tally_add(b->tally, 1, "eve", HK_SOURCE_FILE, &b->source.row, NULL) == HK_OK,
        "no tally");
    b->source.config = &b->config;
    b->source.tenant = 1;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void close_bench(struct bench *b)
{
    for (size_t i = 0; i < b->line_count; i++)
        free(b->lines[i]);
    hk_tally_free(b->tally);
    (void)nftw(b->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- waiting --- */

static size_t count_of(const struct bench *b, const char *line)
{
    size_t count = 0;

    for (size_t i = 0; i < b->line_count; i++)
        count += strcmp(b->lines[i], line) == 0;
    return count;
}

static void on_look(void *ctx)
{
    struct bench *b = ctx;

    b->is_found = b->wanted != NULL ? count_of(b, b->wanted) > 0 : b->line_count >= b->wanted_count;
    if (b->is_found || hk_time_monotonic_ms() > b->deadline_ms)
        hk_loop_stop(b->loop);
    else
        hk_timer_arm(b->timer, 5);
}

static void wait_here(struct bench *b)
{
    b->deadline_ms = hk_time_monotonic_ms() + PATIENCE_MS;
    hk_timer_arm(b->timer, 0);
    must(hk_loop_run(b->loop, NULL) == HK_OK, "the loop failed");
    CU_ASSERT_TRUE(b->is_found || (b->stop_after > 0 && b->line_count >= b->stop_after));
}

/* Let the loop run for a moment; for what is looked at from outside. */
static void run_for(struct bench *b, int64_t time_ms)
{
    b->wanted_count = SIZE_MAX;
    b->deadline_ms = hk_time_monotonic_ms() + time_ms;
    hk_timer_arm(b->timer, 0);
    must(hk_loop_run(b->loop, NULL) == HK_OK, "the loop failed");
}

static void wait_for_line(struct bench *b, const char *line)
{
    b->wanted = line;
    wait_here(b);
    b->wanted = NULL;
}

static void wait_for_count(struct bench *b, size_t count)
{
    b->wanted_count = count;
    wait_here(b);
}

/* --- files --- */

static void path_of(const struct bench *b, const char *name, char ret_path[PATH_MAX])
{
    (void)snprintf(ret_path, PATH_MAX, "%s/%s", b->folder, name);
}

static void append(const struct bench *b, const char *name, const char *text)
{
    char path[PATH_MAX];
    int fd;

    path_of(b, name, path);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "can't append");
    (void)close(fd);
}

static void rename_file(const struct bench *b, const char *from, const char *to)
{
    char old[PATH_MAX];
    char new[PATH_MAX];

    path_of(b, from, old);
    path_of(b, to, new);
    must(rename(old, new) == 0, "can't rename");
}

static void remove_file(const struct bench *b, const char *name)
{
    char path[PATH_MAX];

    path_of(b, name, path);
    must(unlink(path) == 0, "can't remove");
}

static void copy_file(const struct bench *b, const char *from, const char *to)
{
    char old[PATH_MAX];
    char text[65536];
    ssize_t size;
    int fd;

    path_of(b, from, old);
    fd = open(old, O_RDONLY | O_CLOEXEC);
    must(fd >= 0, "can't open");
    while ((size = read(fd, text, sizeof(text) - 1)) > 0) {
        text[size] = '\0';
        append(b, to, text);
    }
    (void)close(fd);
}

static void truncate_file(const struct bench *b, const char *name)
{
    char path[PATH_MAX];

    path_of(b, name, path);
    must(truncate(path, 0) == 0, "can't truncate");
}

/* Lines PREFIX-FIRST … */
static void append_many(
    const struct bench *b, const char *name, const char *prefix, int first, int count)
{
    char *text = malloc((size_t)count * 64);
    size_t size = 0;

    must(text != NULL, "no memory");
    for (int i = first; i < first + count; i++)
        size +=
            (size_t)snprintf(text + size, 64, "%s-%06d which is one of many lines\n", prefix, i);
    append(b, name, text);
    free(text);
}

/* Has each of the lines PREFIX-0 … come once? */
static bool all_came_once(const struct bench *b, const char *prefix, int count)
{
    unsigned char *seen = calloc((size_t)count, 1);
    bool is_good = seen != NULL;

    for (size_t i = 0; is_good && i < b->line_count; i++) {
        long number;
        if (strncmp(b->lines[i], prefix, strlen(prefix)) != 0)
            continue;
        number = strtol(b->lines[i] + strlen(prefix) + 1, NULL, 10);
        if (number < 0 || number >= count || seen[number]++ > 0) {
            (void)fprintf(stderr, "came again: %s\n", b->lines[i]);
            is_good = false;
        }
    }
    for (int i = 0; is_good && i < count; i++) {
        is_good = seen[i] == 1;
        if (!is_good)
            (void)fprintf(stderr, "did not come: %s-%06d\n", prefix, i);
    }
    free(seen);
    return is_good;
}

/* --- tests --- */

static void lines_come_as_they_are_written(void)
{
    struct bench b;

    open_bench(&b, "eve*.json");
    append(&b, "eve.json", "one\ntwo\n\nhal");
    append(&b, "eve.json.gz", "packed\n");
    append(&b, "other.txt", "other\n");
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_line(&b, "two");
    append(&b, "eve.json", "f\r\nthree\n");
    wait_for_line(&b, "three");
    append(&b, "eve-new.json", "new\n");
    wait_for_line(&b, "new");
    CU_ASSERT_EQUAL(b.line_count, 5);
    CU_ASSERT_EQUAL(count_of(&b, "half"), 1);
    CU_ASSERT_EQUAL(b.row_count, 3); /* two files and the mark of use */
    end(&b);
    close_bench(&b);
}

static void a_restart_goes_on_where_it_was(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 5000);
    b.stop_after = 1000; /* the rest is read, and lost with the run */
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 1000);
    b.stop_after = 0;
    restart(&b);
    append_many(&b, "eve.json", "a", 5000, 1000);
    wait_for_count(&b, 6000);
    append(&b, "eve.json", "last\n");
    wait_for_line(&b, "last");
    CU_ASSERT_TRUE(all_came_once(&b, "a", 6000));
    CU_ASSERT_EQUAL(b.line_count, 6001);
    end(&b);
    close_bench(&b);
}

static void a_busy_engine_loses_nothing(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 2000);
    b.busy = 50;
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 2000);
    CU_ASSERT_TRUE(all_came_once(&b, "a", 2000));
    end(&b);
    close_bench(&b);
}

static void a_renamed_file_is_read_to_its_end(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    rename_file(&b, "eve.json", "eve.json.1");
    append_many(&b, "eve.json.1", "a", 100, 100); /* the writer was not yet told */
    append_many(&b, "eve.json", "b", 0, 100);
    wait_for_count(&b, 300);
    append_many(&b, "eve.json.1", "a", 200, 1);
    wait_for_count(&b, 301);
    CU_ASSERT_TRUE(all_came_once(&b, "a", 201));
    CU_ASSERT_TRUE(all_came_once(&b, "b", 100));
    end(&b);
    close_bench(&b);
}

static void renamed_while_nothing_ran(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    end(&b);
    append_many(&b, "eve.json", "a", 100, 100);
    rename_file(&b, "eve.json", "eve.json.1");
    append_many(&b, "eve.json", "b", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 300);
    CU_ASSERT_TRUE(all_came_once(&b, "a", 200));
    CU_ASSERT_TRUE(all_came_once(&b, "b", 100));
    end(&b);
    close_bench(&b);
}

static void a_truncated_file_begins_anew(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    truncate_file(&b, "eve.json");
    append_many(&b, "eve.json", "b", 0, 300); /* longer at once than it was */
    wait_for_count(&b, 400);
    truncate_file(&b, "eve.json");
    append_many(&b, "eve.json", "c", 0, 10);
    wait_for_count(&b, 410);
    end(&b);
    truncate_file(&b, "eve.json");
    append_many(&b, "eve.json", "d", 0, 10);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 420);
    CU_ASSERT_TRUE(all_came_once(&b, "a", 100));
    CU_ASSERT_TRUE(all_came_once(&b, "b", 300));
    CU_ASSERT_TRUE(all_came_once(&b, "c", 10));
    CU_ASSERT_TRUE(all_came_once(&b, "d", 10));
    end(&b);
    close_bench(&b);
}

/* copytruncate, with a pattern that matches the copy, at each moment that matters. */
static void copied_and_truncated(const char *pattern, bool is_down, bool has_unread)
{
    struct bench b;
    int count = has_unread ? 200 : 100;

    open_bench(&b, pattern);
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    if (is_down)
        end(&b);
    else
        b.busy = 1000000; /* nothing gets through while it happens */
    if (has_unread)
        append_many(&b, "eve.json", "a", 100, 100);
    copy_file(&b, "eve.json", "eve.json.1");
    truncate_file(&b, "eve.json");
    append_many(&b, "eve.json", "b", 0, 50);
    if (is_down)
        begin(&b, HK_FILE_START_BEGIN);
    b.busy = 0;
    wait_for_count(&b, (size_t)count + 50);
    append(&b, "eve.json", "last\n");
    wait_for_line(&b, "last");
    restart(&b);
    append(&b, "eve.json", "very last\n");
    wait_for_line(&b, "very last");
    CU_ASSERT_TRUE(all_came_once(&b, "a", count));
    CU_ASSERT_TRUE(all_came_once(&b, "b", 50));
    CU_ASSERT_EQUAL(b.line_count, (size_t)count + 52);
    end(&b);
    close_bench(&b);
}

static void a_copy_is_read_from_where_the_original_was(void)
{
    for (int i = 0; i < 8; i++)
        copied_and_truncated((i & 4) != 0 ? "eve.json" : "eve.json*", (i & 1) != 0, (i & 2) != 0);
}

/* The scan sees the copy before the truncation, for as long as it likes. */
static void a_copy_beside_its_original_is_no_news(void)
{
    struct bench b;

    open_bench(&b, "eve*");
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    copy_file(&b, "eve.json", "eve.json.1");
    append(&b, "eve-other.json", "there was a scan\n");
    wait_for_line(&b, "there was a scan");
    append_many(&b, "eve.json", "a", 100, 100);
    wait_for_count(&b, 201);
    remove_file(&b, "eve.json.1");
    copy_file(&b, "eve.json", "eve.json.1");
    truncate_file(&b, "eve.json");
    append_many(&b, "eve.json", "b", 0, 10);
    wait_for_count(&b, 211);
    append(&b, "eve-third.json", "yet another\n");
    wait_for_line(&b, "yet another");
    CU_ASSERT_TRUE(all_came_once(&b, "a", 200));
    CU_ASSERT_TRUE(all_came_once(&b, "b", 10));
    end(&b);
    close_bench(&b);
}

/* Restored from a backup, or on a disk that got another number. */
static void a_moved_file_is_known_by_its_content(void)
{
    struct bench b;

    open_bench(&b, "eve.json");
    append_many(&b, "eve.json", "a", 0, 100);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 100);
    end(&b);
    copy_file(&b, "eve.json", "copy");
    rename_file(&b, "eve.json", "aside");
    rename_file(&b, "copy", "eve.json");
    remove_file(&b, "aside");
    append_many(&b, "eve.json", "a", 100, 10);
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 110);
    CU_ASSERT_TRUE(all_came_once(&b, "a", 110));
    CU_ASSERT_EQUAL(b.row_count, 2);
    end(&b);
    close_bench(&b);
}

static void a_first_use_may_begin_at_the_end(void)
{
    struct bench b;

    open_bench(&b, "eve*.json");
    append_many(&b, "eve.json", "a", 0, 100);
    append(&b, "eve.json", "an old line, hal");
    begin(&b, HK_FILE_START_END);
    while (b.row_count < 2) /* the file's and the mark of use */
        run_for(&b, 20);
    CU_ASSERT_EQUAL(b.line_count, 0);
    append(&b, "eve.json", "f of it\nnew\n");
    append(&b, "eve-2.json", "a new file\n");
    wait_for_count(&b, 2);
    CU_ASSERT_EQUAL(count_of(&b, "new"), 1);
    CU_ASSERT_EQUAL(count_of(&b, "a new file"), 1);
    restart(&b);
    append(&b, "eve-3.json", "another\n"); /* not new any more: from its beginning */
    wait_for_line(&b, "another");
    CU_ASSERT_EQUAL(b.line_count, 3);
    end(&b);
    close_bench(&b);
}

static void a_long_line_is_cut(void)
{
    struct bench b;
    char *text = malloc(3 * HK_MESSAGE_SIZE_MAX + 16);

    must(text != NULL, "no memory");
    open_bench(&b, "eve.json");
    memset(text, 'x', 3 * HK_MESSAGE_SIZE_MAX);
    (void)memcpy(text + 3 * HK_MESSAGE_SIZE_MAX, "x\nnext\n", 8);
    append(&b, "eve.json", "first\n");
    append(&b, "eve.json", text);
    b.stop_after = 2;
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_count(&b, 2);
    b.stop_after = 0;
    restart(&b); /* perhaps in the middle of it */
    wait_for_line(&b, "next");
    CU_ASSERT_EQUAL(b.line_count, 3);
    CU_ASSERT_EQUAL(b.cut_count, 1);
    CU_ASSERT_EQUAL(strlen(b.lines[1]), HK_MESSAGE_SIZE_MAX);
    end(&b);
    close_bench(&b);
    free(text);
}

static void the_head_of_a_zeek_log_goes_with_its_lines(void)
{
    static const char head[] = "#separator \\x09\n#fields\tts\tnote\n";
    struct bench b;

    open_bench(&b, "notice.log");
    append(&b, "notice.log", head);
    append(&b, "notice.log", "1\tScan\n");
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_line(&b, "1\tScan");
    CU_ASSERT_STRING_EQUAL(b.head, head);
    b.head[0] = '\0';
    restart(&b);
    append(&b, "notice.log", "2\tScan\n#close\n3\tScan\n");
    wait_for_line(&b, "3\tScan");
    CU_ASSERT_STRING_EQUAL(b.head, head);
    CU_ASSERT_EQUAL(b.line_count, 3);
    end(&b);
    close_bench(&b);
}

struct told {
    char problem[HK_TALLY_TEXT_SIZE];
};

static void on_source(void *ctx, const struct hk_tally_source *source)
{
    (void)snprintf(((struct told *)ctx)->problem, HK_TALLY_TEXT_SIZE, "%s", source->problem);
}

static void what_is_wrong_is_told(void)
{
    struct told told;
    struct bench b;

    open_bench(&b, "eve.json");
    begin(&b, HK_FILE_START_BEGIN);
    do {
        run_for(&b, 20);
        hk_tally_sources(b.tally, 1, on_source, &told);
    } while (told.problem[0] == '\0');
    CU_ASSERT_PTR_NOT_NULL(strstr(told.problem, "there is no file /tmp/hikeshi-files-"));
    append(&b, "eve.json", "here\n");
    wait_for_line(&b, "here");
    hk_tally_sources(b.tally, 1, on_source, &told);
    CU_ASSERT_STRING_EQUAL(told.problem, "");
    end(&b);
    close_bench(&b);
}

/* A link to a secret, made by whoever may write into the folder. Its owner is told from ours by the
 * number alone, which only root can give away. */
static void links_of_strangers_lead_nowhere(void)
{
    enum { STRANGER = 12345 };
    char secret[PATH_MAX];
    char path[PATH_MAX];
    struct told told;
    struct bench b;

    if (geteuid() != 0) {
        (void)printf("\n  not root: no file can be given to another owner\n");
        return;
    }
    open_bench(&b, "*.log");
    append(&b, "secret", "a secret\n");
    append(&b, "own", "of the stranger\n");
    path_of(&b, "secret", secret);
    path_of(&b, "a.log", path);
    must(symlink(secret, path) == 0 && lchown(path, STRANGER, STRANGER) == 0, "a link");
    path_of(&b, "own", secret);
    must(chown(secret, STRANGER, STRANGER) == 0, "a file");
    path_of(&b, "b.log", path);
    must(symlink("own", path) == 0 && lchown(path, STRANGER, STRANGER) == 0, "a link");
    append(&b, "ours", "of root\n");
    path_of(&b, "c.log", path);
    must(symlink("./ours", path) == 0, "a link");
    path_of(&b, "d.log", path);
    must(symlink("c.log", path) == 0 && mkfifo((path_of(&b, "e.log", path), path), 0600) == 0,
        "a link and a pipe");
    begin(&b, HK_FILE_START_BEGIN);
    wait_for_line(&b, "of the stranger");
    wait_for_line(&b, "of root");
    do {
        run_for(&b, 20);
        hk_tally_sources(b.tally, 1, on_source, &told);
    } while (told.problem[0] == '\0' && b.line_count < 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.problem, "a.log is a link"));
    CU_ASSERT_EQUAL(count_of(&b, "a secret"), 0);
    CU_ASSERT_EQUAL(b.line_count, 2);
    end(&b);
    close_bench(&b);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"lines come as they are written", lines_come_as_they_are_written},
        {"a restart goes on where it was", a_restart_goes_on_where_it_was},
        {"a busy engine loses nothing", a_busy_engine_loses_nothing},
        {"a renamed file is read to its end", a_renamed_file_is_read_to_its_end},
        {"renamed while nothing ran", renamed_while_nothing_ran},
        {"a truncated file begins anew", a_truncated_file_begins_anew},
        {"a copy is read from where the original was", a_copy_is_read_from_where_the_original_was},
        {"a copy beside its original is no news", a_copy_beside_its_original_is_no_news},
        {"a moved file is known by its content", a_moved_file_is_known_by_its_content},
        {"a first use may begin at the end", a_first_use_may_begin_at_the_end},
        {"a long line is cut", a_long_line_is_cut},
        {"the head of a Zeek log goes with its lines", the_head_of_a_zeek_log_goes_with_its_lines},
        {"what is wrong is told", what_is_wrong_is_told},
        {"links of strangers lead nowhere", links_of_strangers_lead_nowhere},
    };

    return suite_run("source files", tests, COUNT_OF(tests));
}
