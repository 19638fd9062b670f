/* push.h - from the engine's values to Lua's, and back. Private to src/testing.
 *
 * Errors:    what pushes raises when memory is out; what reads raises for values of a wrong
 *            type, naming the field.
 */
#ifndef MG_TESTING_PUSH_H
#define MG_TESTING_PUSH_H

#include <lauxlib.h>
#include <lua.h>

#include "core/arena.h"
#include "core/err.h"
#include "cors/browser.h"
#include "policy/resource.h"
#include "server/options.h"

/* Set a field of the table at the top; an empty `text` that is NULL sets nothing. */
void mg_push_text_field(lua_State *L, const char *name, struct mg_str text);
void mg_push_integer_field(lua_State *L, const char *name, uint64_t number);
void mg_push_boolean_field(lua_State *L, const char *name, bool value);

/* Push (+1) a list of the faults, each with severity, code, file, line, where, message, hint
 * and text, which is all of it as `check` prints it. */
void mg_push_faults(lua_State *L, const struct mg_errs *errs);

/* Push (+1) a list of { name, value }. */
void mg_push_fields(lua_State *L, const struct mg_browser_field *fields, size_t count);

/* Push (+1) what there is to know of a resource: pattern, file, line, methods, cors ("rule",
 * "same-origin", "off"), handler, functions, and with a rule public, credentials, rejects,
 * any_method, rule_methods, origins (the first MG_PUSH_MAX_ORIGINS) and origin_count. */
enum {
    MG_PUSH_MAX_ORIGINS = 32
};
void mg_push_resource(lua_State *L, const struct mg_resource *resource);

/* The field `name` of the table at `index` as text in `arena`, empty where it is nil; raises
 * for anything but a string or a number. */
struct mg_str mg_take_text(lua_State *L, int index, const char *name, struct mg_arena *arena);
bool mg_take_flag(lua_State *L, int index, const char *name);

/* The field `name`, a list of strings, into `list`; the strings live in `arena`. */
void mg_take_strings(lua_State *L, int index, const char *name, struct mg_strings *list,
                     struct mg_arena *arena);

/* The list of { name, value } at field `name`, in `arena`. */
const struct mg_browser_field *mg_take_fields(lua_State *L, int index, const char *name,
                                              struct mg_arena *arena, size_t *count);

#endif
