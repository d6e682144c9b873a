/* pool_bad_note: built for an ABI that this engine does not have. */
#include "hikeshi/plugin.h"

__attribute__((section(".note.hikeshi"), used, aligned(4))) static const struct hk_abi_note note = {
    8, 8, 1, "Hikeshi", 7, 3};
