/*
 * store: the durable memory of the world, `world.log` in the state folder. Lines:
 *
 *   KEY ACTION TARGET    an effect took place
 *   READ KEY TARGET      somebody looked
 *   REPEAT KEY           an idempotent call came again with its key
 *   UNDO KEY             what KEY did was undone
 *
 * A line is appended by one write and synced before anything else happens. The file is read anew
 * before each question: another process may still be writing it, which is what the tests are about.
 */
#ifndef WORLD_STORE_H
#define WORLD_STORE_H

#include <stddef.h>
#include <stdint.h>

struct store;

/* NULL with errno set when the file can't be opened. */
struct store *store_open(const char *state_dir);
void store_close(struct store *store);
/* Append one line, "A B" or "A B C" when c is not NULL; spaces and control bytes within c become
 * '_'. Returns 0, or -1 with errno. */
int store_append(struct store *store, const char *a, const char *b, const char *c);
/* Effects with this key; of all keys when key is NULL. */
uint64_t store_effects(struct store *store, const char *key);
/* Has this key been undone? */
int store_is_undone(struct store *store, const char *key);

#endif
