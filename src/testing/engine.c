/* engine.c - see the header. */
#include "testing/engine.h"

#include <stdlib.h>
#include <unistd.h>

#include <lauxlib.h>

#include "cors/reason.h"
#include "testing/coverage.h"
#include "testing/fetch_object.h"
#include "testing/gate_object.h"
#include "testing/push.h"

/* engine.coverage(): what was touched so far (coverage.h). */
static int coverage(lua_State *L)
{
    mg_coverage_push(L, mg_coverage_of(L)); /* +1 */
    return 1;
}

/* engine.reason(code): its sentence, or nil for a code that is a policy's own. */
static int reason(lua_State *L)
{
    const char *code = luaL_checkstring(L, 1);
    for (int i = 0; i < MG_REASON_COUNT; i++) {
        if (strcmp(mg_reason_code((enum mg_reason)i), code) == 0) {
            lua_pushstring(L, mg_reason_sentence((enum mg_reason)i));
            return 1;
        }
    }
    lua_pushnil(L);
    return 1;
}

/* engine.wants_colour(): for terminals, and for who has not said no (no-color.org). */
static int wants_colour(lua_State *L)
{
    const char *no_color = getenv("NO_COLOR");
    lua_pushboolean(L, isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0'));
    return 1;
}

int mg_engine_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"browser", mg_fetch_object_browser}, {"coverage", coverage},
        {"load", mg_gate_object_load},        {"reason", reason},
        {"wants_colour", wants_colour},       {NULL, NULL},
    };
    mg_gate_object_open(L);
    mg_fetch_object_open(L);
    luaL_newlib(L, functions); /* +1 */
    return 1;
}
