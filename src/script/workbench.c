/* workbench.c - see the header.
 *
 * os.exit raises a value of its own. Whatever protected call lies between it and the door may
 * catch it, as busted does for a test: there it shows as the text that __tostring gives.
 */
#include "script/workbench.h"

#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "core/alloc.h"
#include "core/log.h"

struct mg_workbench {
    lua_State *L;
};

/* The value that os.exit raises. */
struct leaving {
    int code;
};

static const char LEAVING[] = "moongate.leaving";

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return mg_realloc(block, new_size);
}

static int on_panic(lua_State *L)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    MG_LOG(MG_LOG_ERROR, "error in Lua outside of a protected call",
           {"message", mg_str_from(message)});
    abort();
}

static int leaving_tostring(lua_State *L)
{
    const struct leaving *leaving = luaL_checkudata(L, 1, LEAVING);
    lua_pushfstring(L, "os.exit(%d) was called", leaving->code);
    return 1;
}

/* os.exit([code [, close]]) */
static int leave(lua_State *L)
{
    int code = EXIT_SUCCESS;
    if (lua_isboolean(L, 1)) {
        code = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
    } else {
        code = (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
    }
    struct leaving *leaving = lua_newuserdatauv(L, sizeof(*leaving), 0); /* +1 */
    leaving->code = code;
    luaL_setmetatable(L, LEAVING);
    return lua_error(L);
}

static void open_libraries(lua_State *L)
{
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},          {LUA_LOADLIBNAME, luaopen_package},
        {LUA_COLIBNAME, luaopen_coroutine}, {LUA_TABLIBNAME, luaopen_table},
        {LUA_IOLIBNAME, luaopen_io},        {LUA_OSLIBNAME, luaopen_os},
        {LUA_STRLIBNAME, luaopen_string},   {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},    {LUA_DBLIBNAME, luaopen_debug},
    };
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1); /* +1 */
        lua_pop(L, 1);
    }
    (void)luaL_newmetatable(L, LEAVING); /* +1 */
    lua_pushcfunction(L, leaving_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_getglobal(L, LUA_OSLIBNAME); /* +1 */
    lua_pushcfunction(L, leave);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 2);
}

struct run {
    lua_CFunction main;
    void *argument;
};

static int enter(lua_State *L)
{
    const struct run *run = lua_touserdata(L, 1);
    open_libraries(L);
    lua_pushcfunction(L, run->main);
    lua_pushlightuserdata(L, run->argument);
    lua_callk(L, 1, 1, 0, NULL); /* below the door of mg_workbench_run */
    return 1;
}

/* What is thrown stays as it is if it is os.exit's; anything else becomes a text. */
static int on_error(lua_State *L)
{
    if (luaL_testudata(L, 1, LEAVING) == NULL) {
        const char *text = luaL_tolstring(L, 1, NULL); /* +1 */
        luaL_traceback(L, L, text, 1);                 /* +1 */
    }
    return 1;
}

struct mg_workbench *mg_workbench_new(void)
{
    struct mg_workbench *workbench = mg_calloc(1, sizeof(*workbench));
    if (workbench == NULL) {
        return NULL;
    }
    workbench->L = lua_newstate(allocate, NULL);
    if (workbench->L == NULL) {
        free(workbench);
        return NULL;
    }
    (void)lua_atpanic(workbench->L, on_panic);
    return workbench;
}

void mg_workbench_free(struct mg_workbench *workbench)
{
    if (workbench != NULL) {
        lua_close(workbench->L);
        free(workbench);
    }
}

void mg_workbench_run(struct mg_workbench *workbench, lua_CFunction main, void *argument,
                      struct mg_workbench_end *end)
{
    lua_State *L = workbench->L;
    struct run run = {main, argument};
    *end = (struct mg_workbench_end){.code = EXIT_SUCCESS};
    /* Light values: nothing is allocated before the pcall. */
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, enter);
    lua_pushlightuserdata(L, &run);
    int status = lua_pcall(L, 1, 1, -3);
    const struct leaving *leaving = status == LUA_OK ? NULL : luaL_testudata(L, -1, LEAVING);
    if (status == LUA_OK) {
        end->code = lua_isinteger(L, -1) ? (int)lua_tointeger(L, -1) : EXIT_SUCCESS;
    } else if (leaving != NULL) {
        end->code = leaving->code;
    } else {
        const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        end->has_raised = true;
        (void)snprintf(end->message, sizeof(end->message), "%s", message);
    }
    lua_settop(L, 0);
}
