/* modules.h - the Lua modules of lua/moongate/testing, which are part of the program, and the
 * engine below them.
 *
 * Threads:   any; the chunks are constant.
 */
#ifndef MG_TESTING_MODULES_H
#define MG_TESTING_MODULES_H

#include <stddef.h>

#include <lua.h>

struct mg_testing_chunk {
    const char *name;  /* of the module: "moongate.testing.report" */
    const char *chunk; /* name of the chunk, in messages */
    const unsigned char *bytes;
    size_t size;
};

/* All of them, ended by a NULL name; made from the files when the program is built. */
extern const struct mg_testing_chunk mg_testing_chunks[];

/* Have `require` find "moongate.engine" and every module, in any Lua 5.4 state. Raises when
 * memory is out. */
void mg_testing_offer(lua_State *L);

/* Loads the module that is named by the first argument, as `require` calls it. */
int mg_testing_load(lua_State *L);

#endif
