/* file: read a file whole, and replace one so that a crash leaves the old or the new, never half.
 */
#ifndef EDL_FILE_H
#define EDL_FILE_H

#include <stddef.h>

/* Bytes that grow. Running out of memory ends the process; nothing was settled then. */
struct bytes {
    char *data; /* NUL-terminated once anything was added */
    size_t size;
    size_t capacity;
};

void bytes_add(struct bytes *bytes, const char *data, size_t size);
void bytes_add_text(struct bytes *bytes, const char *text);
void bytes_free(struct bytes *bytes);
/* malloc and strdup that never return NULL. */
void *memory_of(void *old, size_t size);
char *copy_of(const char *text);

/* Returns 0, or -1 with errno. A file that is missing is ENOENT. */
int file_read(const char *folder, const char *name, struct bytes *ret_bytes);
/* Returns 0; -1 with errno when the old file is still in place; -2 with errno when the new one is,
 * but might not outlive a power cut. */
int file_replace(const char *folder, const char *name, const char *data, size_t size);

#endif
