/*
 * editor: files for editors and linters: what the playbook language has, in their forms.
 */
#ifndef HK_AUTHOR_EDITOR_H
#define HK_AUTHOR_EDITOR_H

#include "base/json.h"

/* Append definitions in LuaCATS, which Lua language servers read: the language's terms, the alert,
 * the tests, and each action of the catalog (see actions.h; NULL: none is known). */
void hk_editor_luacats(const struct hk_json *catalog, struct hk_buf *out);
/* Append a .luarc.json: Lua 5.4 without what playbooks don't have, definitions in the folder
 * .luacats. */
HK_MUST_CHECK enum hk_status hk_editor_luarc(struct hk_buf *out, struct hk_error *error);
/* Append a .luacheckrc with the names of the sandbox. */
HK_MUST_CHECK enum hk_status hk_editor_luacheckrc(struct hk_buf *out, struct hk_error *error);

#endif
