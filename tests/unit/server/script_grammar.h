/* script_grammar.h - random policies that are grammatical, hostile, and the same for the same
 * seed.
 *
 * Each makes a few local tables and functions, resources with functions of every kind, and
 * "/innocent" beside them. Statements loop, recurse, catch errors, write where they may not,
 * and call the library with the worst of constants. Every rule has credentials, so that "*", a
 * reflected origin and an http one are all faults: whatever origin an answer allows has to be
 * one of those that the policy names in full.
 */
#ifndef MG_TEST_SCRIPT_GRAMMAR_H
#define MG_TEST_SCRIPT_GRAMMAR_H

#include "core/buf.h"
#include "expect.h"
#include "prng.h"

enum {
    GRAMMAR_ORIGINS = 6,
    GRAMMAR_MAX_DEPTH = 5, /* of expressions, and of statements */
    GRAMMAR_MAX_BYTES = 256 << 10,
};

/* Origins that a policy may name; which of them, is drawn. None can be made of others. */
static const char *const grammar_origins[GRAMMAR_ORIGINS] = {
    "https://qjxvk.example",      "https://wzpfg.example:8443", "https://mhtbd.example",
    "https://yrkns.test.example", "https://kdlzs.example:444",  "http://localhost:3000",
};

struct grammar {
    struct mg_prng prng;
    struct mg_buf *out;
    bool is_named[GRAMMAR_ORIGINS];
    bool has_request; /* inside of a hook: `req` is there */
    unsigned loops;   /* around the statement, for `break` */
};

#define GRAMMAR_PICK(grammar, list) ((list)[mg_prng_below(&(grammar)->prng, MG_COUNT(list))])

static inline bool grammar_chance(struct grammar *grammar, unsigned percent)
{
    return mg_prng_below(&grammar->prng, 100) < percent;
}

static inline void grammar_put(struct grammar *grammar, const char *text)
{
    mg_buf_add(grammar->out, mg_str_from(text));
}

static inline void grammar_expression(struct grammar *grammar, unsigned depth);
static inline void grammar_block(struct grammar *grammar, unsigned depth);

/* One of the origins that this policy names. */
static inline void grammar_origin(struct grammar *grammar)
{
    size_t at = mg_prng_below(&grammar->prng, GRAMMAR_ORIGINS);
    while (!grammar->is_named[at]) {
        at = (at + 1) % GRAMMAR_ORIGINS;
    }
    mg_buf_printf(grammar->out, "\"%s\"", grammar_origins[at]);
}

static inline void grammar_constant(struct grammar *grammar)
{
    static const char *const constants[] = {
        "nil",
        "true",
        "false",
        "0",
        "1",
        "2",
        "-1",
        "3",
        "7",
        "100",
        "0.5",
        "-0.0",
        "1e308",
        "(0/0)",
        "math.huge",
        "math.mininteger",
        "math.maxinteger",
        "(1 << 62)",
        "0x7fffffff",
        "\"\"",
        "\"a\"",
        "\"%\"",
        "\"[\"",
        "\"(a*)*b\"",
        "\".-.-b\"",
        "\"%b()\"",
        "\"%f[%w]\"",
        "\"*\"",
        "\"null\"",
        "\"http://a.example\"",
        "\"https://*.com\"",
        "\"https://*\"",
        "\"\\r\\nX-Evil: 1\"",
        "\"\\0\"",
        "\"\\xff\"",
        "\"GET\"",
        "\"PUT\"",
        "\"X-A\"",
        "\"Cookie\"",
        "\"same-origin\"",
        "\"simple\"",
        "\"preflighted\"",
        "\"%99.99f\"",
        "\"%s%d\"",
        "\"%5$s\"",
        "(\"x\"):rep(300)",
        "(\"ab\"):rep(20000)",
        "\"tenant-frozen\"",
    };
    grammar_put(grammar, GRAMMAR_PICK(grammar, constants));
}

static inline void grammar_name(struct grammar *grammar)
{
    static const char *const names[] = {"a", "b", "c", "d",    "U",     "V",
                                        "T", "F", "a", "list", "_ENV.T"};
    static const char *const of_request[] = {"req",
                                             "req.ctx",
                                             "req.params",
                                             "req.path",
                                             "req.method",
                                             "req.host",
                                             "req.kind",
                                             "req.origin",
                                             "req.query",
                                             "req.ctx.x",
                                             "req:header(\"X-Flood\")",
                                             "req:headers(\"X-A\")"};
    if (grammar->has_request && grammar_chance(grammar, 30)) {
        grammar_put(grammar, GRAMMAR_PICK(grammar, of_request));
    } else if (grammar_chance(grammar, 2)) {
        grammar_put(grammar, "nowhere");
    } else {
        grammar_put(grammar, GRAMMAR_PICK(grammar, names));
    }
}

static inline void grammar_arguments(struct grammar *grammar, unsigned depth)
{
    unsigned count = (unsigned)mg_prng_below(&grammar->prng, 5);
    grammar_put(grammar, "(");
    for (unsigned i = 0; i < count; i++) {
        grammar_put(grammar, i == 0 ? "" : ", ");
        grammar_expression(grammar, depth + 1);
    }
    grammar_put(grammar, ")");
}

static inline void grammar_call(struct grammar *grammar, unsigned depth)
{
    static const char *const functions[] = {
        "string.rep",
        "string.format",
        "string.find",
        "string.match",
        "string.gsub",
        "string.gmatch",
        "string.byte",
        "string.char",
        "string.sub",
        "string.upper",
        "string.reverse",
        "string.len",
        "table.concat",
        "table.insert",
        "table.move",
        "table.pack",
        "table.remove",
        "table.sort",
        "table.unpack",
        "math.floor",
        "math.max",
        "math.fmod",
        "math.tointeger",
        "math.ult",
        "utf8.char",
        "utf8.codepoint",
        "utf8.len",
        "utf8.offset",
        "utf8.codes",
        "pcall",
        "error",
        "assert",
        "select",
        "next",
        "pairs",
        "ipairs",
        "tostring",
        "tonumber",
        "type",
        "F",
        "U",
        "a",
        "allow",
        "deny",
        "log",
        "resource",
        "respond",
        "file",
        "include",
        "req.header",
        "load",
        "setmetatable",
    };
    static const char *const methods[] = {"rep",  "find", "gsub", "format",
                                          "byte", "sub",  "upper"};
    if (grammar_chance(grammar, 25)) {
        grammar_put(grammar, "(\"\" .. tostring(");
        grammar_expression(grammar, depth + 1);
        mg_buf_printf(grammar->out, ")):%s", GRAMMAR_PICK(grammar, methods));
    } else {
        grammar_put(grammar, GRAMMAR_PICK(grammar, functions));
    }
    grammar_arguments(grammar, depth);
}

static inline void grammar_function(struct grammar *grammar, unsigned depth)
{
    unsigned loops = grammar->loops;
    grammar->loops = 0;
    grammar_put(grammar, "function(a, b, ...) local c, d = ...\n");
    grammar_block(grammar, depth + 1);
    grammar_put(grammar, " end");
    grammar->loops = loops;
}

static inline void grammar_table(struct grammar *grammar, unsigned depth)
{
    unsigned count = (unsigned)mg_prng_below(&grammar->prng, 5);
    grammar_put(grammar, "{ ");
    for (unsigned i = 0; i < count; i++) {
        if (grammar_chance(grammar, 20)) {
            grammar_put(grammar, "x = ");
        }
        if (grammar_chance(grammar, 30)) {
            grammar_origin(grammar);
        } else {
            grammar_expression(grammar, depth + 1);
        }
        grammar_put(grammar, ", ");
    }
    grammar_put(grammar, "}");
}

static inline void grammar_operation(struct grammar *grammar, unsigned depth)
{
    static const char *const binary[] = {
        "+",  "-",  "*",  "/",  "//", "%",  "^",   "..", "&",  "|",
        "<<", ">>", "==", "~=", "<",  "<=", "and", "or", "..", "~"};
    static const char *const unary[] = {"- ", "not ", "#", "~"};
    grammar_put(grammar, "(");
    if (grammar_chance(grammar, 25)) {
        grammar_put(grammar, GRAMMAR_PICK(grammar, unary));
    } else {
        grammar_expression(grammar, depth + 1);
        mg_buf_printf(grammar->out, " %s ", GRAMMAR_PICK(grammar, binary));
    }
    grammar_expression(grammar, depth + 1);
    grammar_put(grammar, ")");
}

static inline void grammar_expression(struct grammar *grammar, unsigned depth)
{
    uint64_t kind = depth >= GRAMMAR_MAX_DEPTH ? mg_prng_below(&grammar->prng, 55)
                                               : mg_prng_below(&grammar->prng, 100);
    if (kind < 25) {
        grammar_constant(grammar);
    } else if (kind < 50) {
        grammar_name(grammar);
    } else if (kind < 55) {
        grammar_origin(grammar);
    } else if (kind < 65) {
        grammar_operation(grammar, depth);
    } else if (kind < 80) {
        grammar_call(grammar, depth);
    } else if (kind < 90) {
        grammar_table(grammar, depth);
    } else if (kind < 95) {
        grammar_put(grammar, "(");
        grammar_name(grammar);
        grammar_put(grammar, ")[");
        grammar_expression(grammar, depth + 1);
        grammar_put(grammar, "]");
    } else {
        grammar_put(grammar, "(");
        grammar_function(grammar, depth);
        grammar_put(grammar, ")");
    }
}

static inline void grammar_assignment(struct grammar *grammar, unsigned depth)
{
    static const char *const targets[] = {"a",        "b",      "c",       "a",        "b",
                                          "U",        "V",      "T.x",     "T[1]",     "leak",
                                          "string.x", "_ENV.y", "list[1]", "T.deep.x", "_ENV"};
    static const char *const of_request[] = {"req.ctx.x", "req.ctx.x",    "req.ctx[1]",
                                             "req.path",  "req.params.x", "req.ctx"};
    bool is_of_request = grammar->has_request && grammar_chance(grammar, 30);
    grammar_put(
        grammar,
        is_of_request
            ? GRAMMAR_PICK(grammar, of_request)
            : targets[mg_prng_below(&grammar->prng,
                                    grammar_chance(grammar, 90) ? 5 : MG_COUNT(targets))]);
    grammar_put(grammar, " = ");
    grammar_expression(grammar, depth);
    grammar_put(grammar, "\n");
}

/* A loop of some kind around a block. */
static inline void grammar_loop(struct grammar *grammar, unsigned depth)
{
    static const char *const heads[] = {
        "while true do\n",
        "for i = 1, 10 do\n",
        "for i = 1, math.maxinteger do\n",
        "for i = 3, 1, -1 do\n",
        "for k, v in pairs(T) do\n",
        "for k, v in ipairs(list) do\n",
        "for k in (\"a b c\"):gmatch(\"%a\") do\n",
        "for k, v in next, a do\n",
        "while a do\n",
    };
    grammar->loops++;
    grammar_put(grammar, GRAMMAR_PICK(grammar, heads));
    grammar_block(grammar, depth + 1);
    if (grammar_chance(grammar, 60)) {
        grammar_put(grammar, " do break end\n");
    }
    grammar_put(grammar, " end\n");
    grammar->loops--;
}

static inline void grammar_statement(struct grammar *grammar, unsigned depth)
{
    uint64_t kind = mg_prng_below(&grammar->prng, depth >= GRAMMAR_MAX_DEPTH ? 60 : 100);
    if (kind < 30) {
        grammar_assignment(grammar, depth);
    } else if (kind < 45) {
        grammar_put(grammar, "local a = ");
        grammar_expression(grammar, depth);
        grammar_put(grammar, "\n");
    } else if (kind < 58) {
        grammar_put(grammar, "local _ = ");
        grammar_call(grammar, depth);
        grammar_put(grammar, "\n");
    } else if (kind < 60) {
        grammar_put(grammar,
                    grammar->loops > 0 ? "if a then break end\n" : "do return a end\n");
    } else if (kind < 75) {
        grammar_put(grammar, "if ");
        grammar_expression(grammar, depth + 1);
        grammar_put(grammar, " then\n");
        grammar_block(grammar, depth + 1);
        grammar_put(grammar, " end\n");
    } else if (kind < 85) {
        grammar_loop(grammar, depth);
    } else if (kind < 95) {
        grammar_put(grammar, "b, c = pcall(");
        grammar_function(grammar, depth);
        grammar_put(grammar, ", a, T)\n");
    } else {
        grammar_put(grammar, "do local d <close> = nil\n");
        grammar_block(grammar, depth + 1);
        grammar_put(grammar, " end\n");
    }
}

static inline void grammar_block(struct grammar *grammar, unsigned depth)
{
    unsigned count = (unsigned)mg_prng_below(&grammar->prng, depth < 2 ? 6 : 3);
    for (unsigned i = 0; i < count; i++) {
        /* Most statements fail; caught, they let those behind them run. */
        bool is_caught = depth == 0 && grammar_chance(grammar, 95);
        grammar_put(grammar, is_caught ? "pcall(function(...)\n" : "");
        grammar_statement(grammar, depth);
        grammar_put(grammar, is_caught ? "end)\n" : "");
    }
}

/* ---- policies ---- */

static inline void grammar_list(struct grammar *grammar)
{
    grammar_put(grammar, "{ ");
    for (uint64_t i = mg_prng_below(&grammar->prng, 4); i > 0; i--) {
        grammar_origin(grammar);
        grammar_put(grammar, ", ");
    }
    if (grammar_chance(grammar, 5)) {
        grammar_constant(grammar);
    }
    grammar_put(grammar, " }");
}

/* What allow { } is given besides origins. */
static inline void grammar_allow(struct grammar *grammar)
{
    static const char *const fields[] = {"methods",     "headers", "expose", "max_age",
                                         "credentials", "status",  "nothing"};
    grammar_put(grammar, "allow { origins = ");
    grammar_list(grammar);
    if (grammar_chance(grammar, 30)) {
        mg_buf_printf(grammar->out, ", %s = ", GRAMMAR_PICK(grammar, fields));
        grammar_expression(grammar, 3);
    }
    grammar_put(grammar, " }");
}

/* What the function `name` gives back: mostly of the right type. */
static inline void grammar_result(struct grammar *grammar, const char *name)
{
    uint64_t kind = mg_prng_below(&grammar->prng, 100);
    grammar_put(grammar, "do return ");
    if (kind < 15) {
        grammar_expression(grammar, 2);
    } else if (strcmp(name, "origins") == 0) {
        grammar_list(grammar);
    } else if (strcmp(name, "headers") == 0) {
        grammar_put(grammar, "{ \"X-A\", \"X-\" .. type(a) }");
    } else if (strcmp(name, "classify") == 0 || kind < 50) {
        grammar_put(grammar, "nil");
    } else if (kind < 85) {
        grammar_allow(grammar);
    } else {
        grammar_put(grammar, "deny(");
        grammar_expression(grammar, 3);
        grammar_put(grammar, ")");
    }
    grammar_put(grammar, " end\n");
}

static inline void grammar_hook(struct grammar *grammar, const char *name)
{
    mg_buf_printf(grammar->out, "%s = function(req)\nlocal a, b, c, d\n", name);
    grammar->has_request = true;
    grammar_block(grammar, 0);
    grammar_result(grammar, name);
    grammar->has_request = false;
    grammar_put(grammar, "end,\n");
}

static inline void grammar_resource(struct grammar *grammar, unsigned index)
{
    static const char *const hooks[] = {"preflight", "simple", "preflighted", "classify"};
    mg_buf_printf(grammar->out,
                  "resource \"/r%u/{name}\" { methods = { \"GET\", \"PUT\" }, "
                  "handler = respond { body = \"x\" },\ncors = { credentials = true,\n",
                  index);
    if (grammar_chance(grammar, 50)) {
        grammar_hook(grammar, "origins");
    } else {
        grammar_put(grammar, "origins = { ");
        grammar_origin(grammar);
        grammar_put(grammar, " },\n");
    }
    if (grammar_chance(grammar, 30)) {
        grammar_hook(grammar, "headers");
    }
    grammar_put(grammar, "},\n");
    for (size_t i = 0; i < MG_COUNT(hooks); i++) {
        if (grammar_chance(grammar, 40)) {
            grammar_hook(grammar, hooks[i]);
        }
    }
    grammar_put(grammar, "}\n");
}

/* Write the policy number `index` of a seed to `out`. */
static inline void grammar_policy(struct grammar *grammar, unsigned resources)
{
    for (unsigned i = 0; i < GRAMMAR_ORIGINS; i++) {
        grammar->is_named[i] = grammar_chance(grammar, 40);
    }
    grammar->is_named[mg_prng_below(&grammar->prng, GRAMMAR_ORIGINS)] = true;
    grammar_put(grammar, "local list = ");
    grammar_list(grammar);
    grammar_put(grammar, "\nlocal T = { deep = {}, list, 1, 2, 3, x = \"y\" }\n"
                         "local U, V = 0, {}\nlocal F\nlocal a, b, c, d\nF = ");
    grammar_function(grammar, 2);
    grammar_put(grammar, "\n");
    if (grammar_chance(grammar, 30)) {
        grammar_block(grammar, 3);
    }
    for (unsigned i = 0; i < resources; i++) {
        grammar_resource(grammar, i);
    }
    grammar_put(
        grammar,
        "resource \"/innocent\" { methods = { \"GET\", \"PUT\" }, handler = respond { body = "
        "\"fine\" }, cors = { origins = function(req)\n"
        "  return { (\"https://%s.example\"):format((\"INNOCENT\"):lower()) } end } }\n");
}

#endif
