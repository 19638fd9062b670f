/* test_upvalues.c - which variables outside of it a function assigns, and on which line. */
#include <lauxlib.h>
#include <lualib.h>

#include "core/buf.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"
#include "script/upvalues.h"

/* What is found in the function that `text` returns, as "name line;". */
static void find(lua_State *L, const char *text, char *out, size_t size,
                 struct mg_upvalues *found)
{
    if (luaL_loadbufferx(L, text, strlen(text), "@x", "t") != LUA_OK ||
        lua_pcall(L, 0, 1, 0) != LUA_OK) {
        mg_expect_text(text, lua_tostring(L, -1), "no error");
    }
    int top = lua_gettop(L);
    mg_upvalues_find(L, -1, found);
    mg_expect_int("the stack is balanced", lua_gettop(L), top);
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < found->count; i++) {
        if (found->lines[i] != 0) {
            const char *name = lua_getupvalue(L, -1, i + 1); /* +1 */
            lua_pop(L, 1);
            length +=
                (size_t)snprintf(out + length, size - length, "%s %d;", name, found->lines[i]);
            assert_true(length < size);
        }
    }
    lua_pop(L, 1);
}

static const struct {
    const char *desc;
    const char *text;
    const char *found;
} rows[] = {
    {"no variables", "return function() end", ""},
    {"a read", "local a = 1 return function() return a end", ""},
    {"an assignment", "local a\nreturn function()\na = 1 end", "a 3;"},
    {"the second of three",
     "local a, b, c\nreturn function() return a, c, function()\nb = c\n"
     "end end",
     "b 3;"},
    {"each form of value",
     "local a, b, c, d, e, f, g\nreturn function(...)\na = nil\nb = true\nc = 1.5\nd = 'x'\n"
     "e = {}\nf = ...\ng = function() end end",
     "a 3;b 4;c 5;d 6;e 7;f 8;g 9;"},
    {"several at once", "local a, b\nreturn function()\na, b = b, a end", "a 3;b 3;"},
    {"as the variable of a function", "local f\nreturn function()\nfunction f() end end",
     "f 3;"},
    {"of a call", "local a\nreturn function(x)\na = x() end", "a 3;"},
    {"the first of two lines", "local a\nreturn function()\na = 1\na = 2 end", "a 3;"},
    {"a field", "local a = {}\nreturn function() a.x = 1 a[1] = 2 a[a] = 3 end", ""},
    {"a global", "return function()\nx = 1 end", ""},
    {"the environment", "return function()\n_ENV = {} end", "_ENV 2;"},
    {"own variables", "return function() local a a = 1 return function() a = 2 end end", ""},
    {"own variables, two levels",
     "return function() local a return function() return function() a = 2 end end end", ""},
    {"a parameter of its own", "return function(a) return function() a = 1 end end", ""},
    {"a loop's variable of its own",
     "return function() for i = 1, 3 do local f = function() i = 2 end end end", ""},
    {"by a function inside", "local a\nreturn function() return function()\na = 1 end end",
     "a 3;"},
    {"by one four levels down",
     "local a\nreturn function() return function() return function() return function()\n"
     "a = 1 end end end end",
     "a 3;"},
    {"by the second function inside",
     "local a, b\nreturn function() local f = function() return a end\n"
     "local g = function()\nb = 1 end end",
     "b 4;"},
    {"by a function behind one with functions inside",
     "local a, b\nreturn function() local f = function() return function() local a a = 1\n"
     "end end return function()\nb = a end end",
     "b 4;"},
    {"shadowed inside", "local a\nreturn function() return a, function(a) a = 1 end end", ""},
    {"with constants of each kind in between",
     "local a\nreturn function() local t = { 1, 2.5, 'short', nil, true, false, 1 << 40,\n"
     "'a string that is longer than forty characters, to be a long one' }\nt[1e300] = -1e-300\n"
     "a = t end",
     "a 5;"},
    {"behind a goto and a close",
     "local a\nreturn function() ::top:: local x <close> = nil local y <const> = 1\n"
     "if a then goto top end\na = y end",
     "a 4;"},
};

static void assignments_are_found(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[256];
        struct mg_upvalues found;
        find(L, rows[i].text, out, sizeof(out), &found);
        mg_expect_true(rows[i].desc, found.is_known);
        mg_expect_text(rows[i].desc, out, rows[i].found);
    }
    lua_close(L);
}

/* Lines far apart, and code so long that lines are kept in the second table. */
static void lines_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *filler;
        unsigned lines_each;
    } fillers[] = {
        {"empty lines", "\n", 1}, {"code", "x = x + 1\n", 1}, {"much code", "x(1) x(2)\n", 1}};
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    for (size_t i = 0; i < MG_COUNT(fillers); i++) {
        for (unsigned count = 0; count < 700; count += 7) {
            char text[16384];
            char out[64];
            char want[64];
            struct mg_upvalues found;
            size_t length =
                (size_t)snprintf(text, sizeof(text), "local n\nreturn function(x)\n");
            for (unsigned j = 0; j < count; j++) {
                length += (size_t)snprintf(text + length, sizeof(text) - length, "%s",
                                           fillers[i].filler);
            }
            (void)snprintf(text + length, sizeof(text) - length, "n = x\nend");
            (void)snprintf(want, sizeof(want), "n %u;", 3 + count);
            find(L, text, out, sizeof(out), &found);
            mg_expect_text(fillers[i].desc, out, want);
        }
    }
    lua_close(L);
}

static void distrusted_code_may_assign_everything(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    char out[256];
    struct mg_upvalues found;
    mg_upvalues_distrust(L);
    find(L, "local a, b\nreturn function()\nreturn a, b, c end", out, sizeof(out), &found);
    mg_expect_int("is it known", found.is_known, false);
    mg_expect_text("all, at the function's line", out, "a 2;b 2;_ENV 2;");
    find(L, "return function() end", out, sizeof(out), &found);
    mg_expect_int("none to assign", found.count, 0);
    lua_close(L);
}

/* ---- properties ---- */

enum {
    NAMES = 6,
    DEPTH = 5,
};

/* Writes functions in functions; `visible` says of each name whether it is still the variable
 * outside, `assigned` notes the ones assigned. */
struct writer {
    struct mg_prng *prng;
    char *out;
    size_t size;
    size_t length;
    bool assigned[NAMES];
};

static void write_text(struct writer *writer, const char *text)
{
    size_t length = strlen(text);
    assert_true(writer->length + length < writer->size);
    memcpy(writer->out + writer->length, text, length + 1);
    writer->length += length;
}

static void write_body(struct writer *writer, const bool *visible, unsigned depth)
{
    bool own[NAMES];
    memcpy(own, visible, sizeof(own));
    unsigned statements = (unsigned)mg_prng_below(writer->prng, 6);
    for (unsigned i = 0; i < statements; i++) {
        size_t name = mg_prng_below(writer->prng, NAMES);
        char text[64];
        switch (mg_prng_below(writer->prng, 5)) {
        case 0:
            (void)snprintf(text, sizeof(text), "v%zu = v%zu ", name, (name + 1) % NAMES);
            writer->assigned[name] = writer->assigned[name] || own[name];
            break;
        case 1:
            (void)snprintf(text, sizeof(text), "local v%zu = v%zu ", name, name);
            own[name] = false;
            break;
        case 2:
            (void)snprintf(text, sizeof(text), "v%zu.x = v%zu\n", name, (name + 2) % NAMES);
            break;
        default:
            if (depth == DEPTH) {
                continue;
            }
            write_text(writer, "local f = function() ");
            write_body(writer, own, depth + 1);
            (void)snprintf(text, sizeof(text), "end ");
        }
        write_text(writer, text);
    }
}

static void found_is_what_was_written(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("found_is_what_was_written");
    unsigned long cases = mg_property_cases(2000);
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    for (unsigned long i = 0; i < cases; i++) {
        static char text[1 << 18];
        static const bool all[NAMES] = {true, true, true, true, true, true};
        char out[256];
        char want[256];
        struct mg_upvalues found;
        struct writer writer = {.prng = &prng, .out = text, .size = sizeof(text)};
        write_text(&writer, "local v0, v1, v2, v3, v4, v5 return function() ");
        write_body(&writer, all, 0);
        /* Names in a fixed order, and a use of each, so that all are upvalues. */
        write_text(&writer, "end");
        find(L, text, out, sizeof(out), &found);
        size_t assigned = 0;
        for (size_t name = 0; name < NAMES; name++) {
            (void)snprintf(want, sizeof(want), "v%zu ", name);
            mg_expect_int(text, strstr(out, want) != NULL, writer.assigned[name]);
            assigned += writer.assigned[name];
        }
        for (const char *p = out; *p != '\0'; p++) {
            assigned -= *p == ';';
        }
        mg_expect_u64(text, assigned, 0);
    }
    lua_close(L);
}

static int append(lua_State *L, const void *bytes, size_t size, void *context)
{
    (void)L;
    struct mg_buf *buf = context;
    mg_buf_add(buf, (struct mg_str){bytes, size});
    return 0;
}

/* Bytes that are no function are refused, and never read beyond: cut anywhere, changed
 * anywhere. */
static void any_bytes_may_be_read(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("any_bytes_may_be_read");
    unsigned long cases = mg_property_cases(20000);
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    struct mg_buf dump;
    mg_buf_init(&dump, 1 << 16);
    assert_int_equal(luaL_loadstring(L, "local a, b = 1, 'x' return function() a = b\n\n\n\n"
                                        "return function(c) b = { c, 1.5 } end end"),
                     LUA_OK);
    assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
    assert_int_equal(lua_dump(L, append, &dump, 0), 0);
    struct mg_guard guard = {0};
    struct mg_upvalues found;
    struct mg_str whole = mg_buf_str(&dump);
    mg_expect_true("whole", mg_upvalues_read(whole, &found));
    mg_expect_int("whole", found.count, 2);
    for (size_t length = 0; length < whole.len; length++) {
        struct mg_str cut = mg_guard_str(&guard, (struct mg_str){whole.ptr, length});
        mg_expect_int("cut", mg_upvalues_read(cut, &found), false);
    }
    unsigned long understood = 0;
    for (unsigned long i = 0; i < cases; i++) {
        char *copy = mg_guard_copy(&guard, whole);
        for (uint64_t changes = 1 + mg_prng_below(&prng, 4); changes > 0; changes--) {
            copy[mg_prng_below(&prng, whole.len)] = (char)mg_prng_next(&prng);
        }
        understood += mg_upvalues_read((struct mg_str){copy, whole.len}, &found);
    }
    mg_expect_true("some were refused", understood < cases);
    mg_guard_free(&guard);
    mg_buf_fini(&dump);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_are_found),
        cmocka_unit_test(lines_are_exact),
        cmocka_unit_test(distrusted_code_may_assign_everything),
        cmocka_unit_test(found_is_what_was_written),
        cmocka_unit_test(any_bytes_may_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
