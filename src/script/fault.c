/* fault.c - errors of scripts: raised by us or by Lua, taken apart where they happen.
 *
 * An error of ours travels as a light userdata that no script can make; what it says is in
 * `raised`, or in `final` once a bound was passed. A script's own errors are strings with
 * "file:line: " in front, and are taken apart by the message handler while the stack still
 * knows the whole names of the files, and which lines are running: a script can write anything
 * in front of its message, and clients' bytes with it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "script/state_internal.h"

enum {
    POSITION_LEVELS = 32,
    TRACEBACK_LEVELS = 8,
    NAME_SIZE = 48, /* of a function in a traceback */
};

/* Its address, as a light userdata, is the error value of mg_script_raise. */
static char mark;

/* ---- where the script stands ---- */

static const char *file_of(const lua_Debug *frame)
{
    return frame->source + (frame->source[0] == '@');
}

bool mg_script_position(lua_State *L, char *file, size_t size, int *line)
{
    lua_Debug frame;
    for (int level = 0; level < POSITION_LEVELS && lua_getstack(L, level, &frame); level++) {
        if (lua_getinfo(L, "Sl", &frame) && frame.currentline > 0) {
            const char *name = file_of(&frame);
            size_t length = strlen(name);
            if (length < size) { /* as good as always: each verdict of a hook asks */
                memcpy(file, name, length + 1);
            } else {
                mg_err_set(file, size, "%s", name);
            }
            *line = frame.currentline;
            return true;
        }
    }
    return false;
}

/* What a function is called, as a script may spell it: a key can be any text. */
static void name_function(const lua_Debug *frame, char name[static NAME_SIZE])
{
    mg_err_set(name, NAME_SIZE, "%s", frame->name);
    for (char *p = name; *p != '\0'; p++) {
        *p = (unsigned char)*p < ' ' || *p == 0x7F ? '?' : *p;
    }
}

/* One line for a level, or "" for a C function without a name: our own. */
static void trace_level(const lua_Debug *frame, char *line, size_t size)
{
    char name[NAME_SIZE];
    line[0] = '\0';
    if (frame->name != NULL) {
        name_function(frame, name);
    }
    const char *kind = strcmp(frame->namewhat, "metamethod") == 0 ? "metamethod" : "function";
    if (frame->what[0] == 'C') {
        if (frame->name != NULL) {
            mg_err_set(line, size, "[C]: in %s '%s'", kind, name);
        }
    } else if (frame->what[0] == 'm') {
        mg_err_set(line, size, "%s:%d: in the main chunk", file_of(frame), frame->currentline);
    } else if (frame->name != NULL) {
        mg_err_set(line, size, "%s:%d: in %s '%s'", file_of(frame), frame->currentline, kind,
                   name);
    } else {
        mg_err_set(line, size, "%s:%d: in the function of line %d", file_of(frame),
                   frame->currentline, frame->linedefined);
    }
}

/* Write what was called by what, from `level` outwards, as many whole lines as fit. */
static void trace(lua_State *L, int level, char *out, size_t size)
{
    size_t used = 0;
    int lines = 0;
    lua_Debug frame;
    out[0] = '\0';
    for (; level < POSITION_LEVELS && lines < TRACEBACK_LEVELS; level++) {
        char line[sizeof(((struct mg_err *)0)->file) + NAME_SIZE + 64];
        if (!lua_getstack(L, level, &frame) || !lua_getinfo(L, "nSl", &frame)) {
            return;
        }
        trace_level(&frame, line, sizeof(line));
        size_t length = strlen(line);
        if (length == 0 || used + length + 2 > size) {
            continue;
        }
        memcpy(out + used, line, length);
        used += length;
        out[used++] = '\n';
        out[used] = '\0';
        lines++;
    }
}

void mg_fault_place(const struct mg_script *script, int level, const char *code,
                    struct mg_script_fault *fault)
{
    fault->err = (struct mg_err){.severity = MG_ERROR, .code = code};
    fault->bound = MG_BOUND_NONE;
    (void)mg_script_position(script->L, fault->err.file, sizeof(fault->err.file),
                             &fault->err.line);
    if (script->is_sealed) {
        trace(script->L, level, fault->traceback, sizeof(fault->traceback));
    }
}

/* ---- raising ---- */

int mg_fault_raise_mark(lua_State *L)
{
    lua_pushlightuserdata(L, &mark);
    return lua_error(L);
}

int mg_script_raise(lua_State *L, const char *code, const char *hint, const char *format, ...)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    *err = (struct mg_err){.severity = MG_ERROR, .code = code};
    (void)mg_script_position(L, err->file, sizeof(err->file), &err->line);
    va_list args;
    va_start(args, format);
    char message[sizeof(err->message)];
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    MG_ERR_SET(err->message, "%s", message);
    MG_ERR_SET(err->hint, "%s", hint == NULL ? "" : hint);
    return mg_fault_raise_mark(L);
}

/* ---- taking apart ---- */

/* Take "name:line: " off the front of *message, where `name` is what Lua made of a file's name.
 * Returns: whether it was there. */
static bool take_position(const char *name, const char **message, int *line)
{
    size_t length = strlen(name);
    if (strncmp(*message, name, length) != 0 || (*message)[length] != ':') {
        return false;
    }
    const char *digits = *message + length + 1;
    size_t count = strspn(digits, "0123456789");
    unsigned long long number;
    if (digits[count] != ':' ||
        !mg_str_to_u64((struct mg_str){digits, count}, 1 << 30, &number)) {
        return false;
    }
    *line = (int)number;
    *message = digits + count + 1;
    *message += **message == ' ';
    return true;
}

/* Fill *err, which is placed, from a message of Lua's or the script's. The place in front of it
 * is believed where a function stands there now; any other stays a part of the message. */
static void read_message(lua_State *L, const char *message, struct mg_err *err)
{
    lua_Debug frame;
    for (int level = 0; level < POSITION_LEVELS && lua_getstack(L, level, &frame); level++) {
        const char *rest = message;
        int line;
        if (lua_getinfo(L, "Sl", &frame) && take_position(frame.short_src, &rest, &line) &&
            line == frame.currentline) {
            MG_ERR_SET(err->file, "%s", file_of(&frame));
            err->line = line;
            message = rest;
            break;
        }
    }
    /* No more than there is room for: printf would walk all of a long text. */
    MG_ERR_SET(err->message, "%.*s", (int)sizeof(err->message), message);
}

/* Never raises: it only looks. */
int mg_fault_on_error(lua_State *L)
{
    struct mg_script *script = mg_script_of(L);
    struct mg_script_fault *fault = script->fault;
    script->is_described = true;
    if (script->spent != NULL) {
        return 1; /* the door takes `final` */
    }
    mg_fault_place(script, 1, script->is_sealed ? "script-error" : "policy-error", fault);
    if (lua_touserdata(L, 1) == &mark) {
        fault->err = script->raised;
    } else if (lua_type(L, 1) == LUA_TSTRING) {
        read_message(L, lua_tostring(L, 1), &fault->err);
    } else {
        MG_ERR_SET(fault->err.message, "the %s raised an error that is a %s",
                   script->is_sealed ? "script" : "policy", luaL_typename(L, 1));
    }
    return 1;
}

int mg_fault_raise_syntax(lua_State *L, const char *name)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    const char *message = lua_tostring(L, -1);
    *err = (struct mg_err){.severity = MG_ERROR, .code = "policy-syntax"};
    MG_ERR_SET(err->file, "%s", name);
    /* Lua shortens long names, so look for ":line: " wherever it first stands. */
    for (const char *p = strchr(message, ':'); p != NULL; p = strchr(p + 1, ':')) {
        const char *rest = p;
        if (take_position("", &rest, &err->line)) {
            message = rest;
            break;
        }
    }
    MG_ERR_SET(err->message, "%s", message);
    return mg_fault_raise_mark(L);
}

int mg_fault_raise_limit(lua_State *L, const char *name, int line)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    const char *message = lua_tostring(L, -1);
    *err = (struct mg_err){.severity = MG_ERROR, .code = "policy-syntax", .line = line};
    MG_ERR_SET(err->file, "%s", name);
    if (strcmp(message, "C stack overflow") == 0) {
        message = "blocks, parentheses or operators are nested too deeply";
        MG_ERR_SET(err->hint, "split it up; Lua takes about 190 levels");
    }
    MG_ERR_SET(err->message, "%s", message);
    return mg_fault_raise_mark(L);
}

/* ---- catching ---- */

bool mg_script_pcall(lua_State *L, int arg_count)
{
    int status = lua_pcall(L, arg_count, LUA_MULTRET, 0);
    struct mg_script *script = mg_script_of(L);
    if (status == LUA_ERRMEM) {
        mg_budget_spend_memory(script);
    }
    if (script->spent != NULL) {
        (void)mg_fault_raise_mark(L);
    }
    if (status == LUA_OK) {
        return true;
    }
    if (lua_touserdata(L, -1) == &mark) {
        const struct mg_err *err = &script->raised;
        lua_pushfstring(L, "%s:%d: %s", err->file, err->line, err->message);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        return false;
    } else {
        lua_pushfstring(L, "the error is a %s", luaL_typename(L, -1));
    }
    lua_replace(L, -2);
    return false;
}
