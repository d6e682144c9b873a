/* Drives a fuzz target without libFuzzer: every file given, or found in a folder given, and a
 * bounded number of mutations of each, always the same ones, so that a failure here can be
 * repeated.
 *
 *   fuzz_x [-n MUTATIONS] FILE|FOLDER...
 *
 * When the target dies, the last line on stderr names the file and the mutation; -w OUT writes that
 * input instead:
 *
 *   fuzz_x -w OUT -m MUTATION FILE
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MUTATIONS_DEFAULT 200
#define INPUT_BYTES_MAX (1U << 20)
#define INPUT_GROWTH_BYTES 64U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* What runs now, for the line that is written when it dies. */
static char current[512];

static unsigned long inputs_done;
static unsigned long mutations_each = MUTATIONS_DEFAULT;

static void die_named(int signal_number)
{
    ssize_t ignored = write(STDERR_FILENO, current, strlen(current));

    (void)ignored;
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}

/* Change one place of `data`, which has room for INPUT_GROWTH_BYTES more than its size. Gives back
 * the new size. */
static size_t mutate_once(uint8_t *data, size_t size_bytes, size_t room_bytes, uint64_t *state)
{
    static const uint8_t odd[] = {
        0, 1, 0x7f, 0x80, 0xff, '"', '\\', '\n', '\r', '{', '[', '<', '%', '-'};
    size_t at = size_bytes > 0 ? next_random(state) % size_bytes : 0;
    size_t length_bytes;

    if (size_bytes == 0) {
        data[0] = (uint8_t)next_random(state);
        return 1;
    }
    switch (next_random(state) % 6) {
    case 0: /* flip a bit */
        data[at] ^= (uint8_t)(1U << (next_random(state) % 8));
        return size_bytes;
    case 1: /* a byte that parsers stumble over */
        data[at] = odd[next_random(state) % sizeof(odd)];
        return size_bytes;
    case 2: /* cut the end */
        return at;
    case 3: /* take a piece out */
        length_bytes = 1 + next_random(state) % (size_bytes - at);
        memmove(data + at, data + at + length_bytes, size_bytes - at - length_bytes);
        return size_bytes - length_bytes;
    case 4: /* say a piece twice */
        length_bytes = 1 + next_random(state) % (size_bytes - at);
        if (length_bytes > room_bytes - size_bytes)
            length_bytes = room_bytes - size_bytes;
        memmove(data + at + length_bytes, data + at, size_bytes - at);
        return size_bytes + length_bytes;
    default: /* any byte */
        data[at] = (uint8_t)next_random(state);
        return size_bytes;
    }
}

/* Make mutation `number` of `seed`; 0 is the seed itself. The result is malloced with exactly its
 * own size, so that AddressSanitizer sees one byte too many. */
static uint8_t *make_input(
    const uint8_t *seed, size_t seed_bytes, unsigned long number, size_t *ret_size_bytes)
{
    uint64_t state = 0x9e3779b97f4a7c15U * (number + 1);
    size_t room_bytes = seed_bytes + INPUT_GROWTH_BYTES;
    size_t size_bytes = seed_bytes;
    uint8_t *work = malloc(room_bytes);
    uint8_t *exact;
    unsigned long changes;

    if (work == NULL)
        abort();
    if (seed_bytes > 0)
        memcpy(work, seed, seed_bytes);
    if (number > 0) {
        for (changes = 1 + next_random(&state) % 4; changes > 0; changes--)
            size_bytes = mutate_once(work, size_bytes, room_bytes, &state);
    }
    exact = malloc(size_bytes > 0 ? size_bytes : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, work, size_bytes);
    free(work);
    *ret_size_bytes = size_bytes;
    return exact;
}

static uint8_t *read_file(const char *path, size_t *ret_size_bytes)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_BYTES_MAX);

    if (file == NULL || data == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    *ret_size_bytes = fread(data, 1, INPUT_BYTES_MAX, file);
    (void)fclose(file);
    return data;
}

static void run_file(const char *path)
{
    size_t seed_bytes;
    uint8_t *seed = read_file(path, &seed_bytes);
    unsigned long number;

    for (number = 0; number <= mutations_each; number++) {
        size_t size_bytes;
        uint8_t *input = make_input(seed, seed_bytes, number, &size_bytes);

        (void)snprintf(
            current, sizeof(current), "replay: died on %s, mutation %lu\n", path, number);
        (void)LLVMFuzzerTestOneInput(input, size_bytes);
        free(input);
        inputs_done++;
    }
    free(seed);
}

/* Run a file, or all files of a folder in the order of their names. */
static void run_path(const char *path)
{
    struct dirent **names;
    struct stat status;
    int count;
    int i;

    if (stat(path, &status) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    if (!S_ISDIR(status.st_mode)) {
        run_file(path);
        return;
    }
    count = scandir(path, &names, NULL, alphasort);
    for (i = 0; i < count; i++) {
        char inner[4096];

        if (names[i]->d_name[0] != '.') {
            (void)snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
            run_path(inner);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static int write_input(const char *out, const char *path, unsigned long number)
{
    size_t seed_bytes;
    size_t size_bytes;
    size_t written_bytes;
    uint8_t *seed = read_file(path, &seed_bytes);
    uint8_t *input = make_input(seed, seed_bytes, number, &size_bytes);
    FILE *file = fopen(out, "wb");

    written_bytes = file != NULL ? fwrite(input, 1, size_bytes, file) : 0;
    free(input);
    free(seed);
    if (file == NULL || fclose(file) != 0 || written_bytes != size_bytes) {
        (void)fprintf(stderr, "%s: %s\n", out, strerror(errno));
        return 2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *out = NULL;
    unsigned long mutation = 0;
    int option;

    while ((option = getopt(argc, argv, "n:m:w:")) != -1) {
        switch (option) {
        case 'n':
            mutations_each = strtoul(optarg, NULL, 10);
            break;
        case 'm':
            mutation = strtoul(optarg, NULL, 10);
            break;
        case 'w':
            out = optarg;
            break;
        default:
            return 2;
        }
    }
    if (optind >= argc) {
        (void)fprintf(stderr, "usage: %s [-n MUTATIONS] FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    if (out != NULL)
        return write_input(out, argv[optind], mutation);

    (void)signal(SIGABRT, die_named);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    (void)signal(SIGSEGV, die_named);
    (void)signal(SIGBUS, die_named);
#endif
    for (; optind < argc; optind++)
        run_path(argv[optind]);
    (void)printf("%lu inputs\n", inputs_done);
    return inputs_done > 0 ? 0 : 2;
}
