/* runtime: the name of what runs playbooks. */
#include "script/playbook.h"

#include <lua.h>

/* Raise the number when the playbook library changes what a recorded run would do. */
#define LIBRARY_VERSION "2"

const char *hk_script_runtime(void)
{
    return LUA_RELEASE ", playbook library " LIBRARY_VERSION;
}
