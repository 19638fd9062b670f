/* attacks_load.c - policies that attack while they are loaded: the parser, the bounds of
 * loading, files of the machine, code that is no text, a set that is another one each time.
 */
#include "cli/attacks.h"

/* A whole policy that is one expression or statement, made long. */
#define BOMB(title, head, unit, count, tail, fault)                                       \
    {                                                                                     \
        .name = "parse-" title, .setup = head "$FLOOD" tail, .slot = "", .flood = (unit), \
        .flood_count = (count), .end = MG_ATTACK_REFUSED, .code = (fault)                 \
    }

/* A name of Lua that policies have not. */
#define ABSENT(title, code_text)                                               \
    {                                                                          \
        .name = "load-" title, .setup = (code_text), .end = MG_ATTACK_REFUSED, \
        .code = "global-undefined"                                             \
    }

static const struct mg_attack attacks[] = {
    {.name = "load-loop",
     .setup = "while true do end",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-timeout"},
    {.name = "load-loop-caught",
     .setup = "while true do pcall(function() while true do end end) end",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-timeout"},
    {.name = "load-memory",
     .setup = "local s = \"x\" while true do s = s .. s end",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "load-memory-caught",
     .setup = "while true do pcall(function() local t = {}\n"
              "  while true do t[#t + 1] = (\"x\"):rep(100000) .. #t end end) end",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "load-variables",
     .setup = "local t = {} for i = 1, 5000 do\n"
              "  local n = 0 t[i] = function() n = n + 1 end end",
     .body = "return t.x",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-variables"},
    {.name = "load-recursion",
     .setup = "local function deeper() return 1 + deeper() end\n"
              "deeper()",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "load-error-table",
     .setup = "error({})",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-error"},
    {.name = "load-bytecode",
     .setup = "\033LuaT\001\031\223\r\n\032\n",
     .slot = "",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-bytecode"},
    ABSENT("os", "os.execute(\"true\")"),
    ABSENT("io", "io.open(\"/etc/passwd\")"),
    ABSENT("require", "require(\"os\")"),
    ABSENT("code", "load(\"return 1\")()"),
    ABSENT("debug", "debug.sethook()"),
    ABSENT("metatable", "setmetatable({}, { __gc = function() while true do end end })"),
    ABSENT("string-metatable", "getmetatable(\"\").__index = {}"),
    ABSENT("coroutine", "local co = coroutine.wrap(function() while true do end end)"),
    {.name = "load-include-absolute",
     .setup = "include \"/etc/passwd\"",
     .end = MG_ATTACK_REFUSED,
     .code = "path-invalid"},
    {.name = "load-include-upwards",
     .setup = "include \"../../_x.lua\"",
     .end = MG_ATTACK_REFUSED,
     .code = "path-invalid"},
    {.name = "load-file-absolute",
     .setup = "resource \"/x\" { cors = { origins = file \"/etc/passwd\" } }",
     .end = MG_ATTACK_REFUSED,
     .code = "path-invalid"},
    {.name = "load-library-assign",
     .setup = "string.lower = nil",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-error"},
    {.name = "load-late-declaration",
     .setup = "local late = resource \"/late\"",
     .body = "late { cors = { origins = \"*\" } }",
     .end = MG_ATTACK_REFUSED,
     .code = "declaration-incomplete"},
    {.name = "load-another-set-each-time",
     .setup = "local order, names = {}, {}\n"
              "for i = 1, 64 do names[{}] = i end\n"
              "for _, i in pairs(names) do order[#order + 1] = i end\n"
              "resource(\"/\" .. table.concat(order, \"-\")) {}",
     .end = MG_ATTACK_HARMLESS},
    {.name = "load-functions-by-chance",
     .setup = "local names, first = {}, nil\n"
              "for i = 1, 64 do names[{}] = i end\n"
              "for _, i in pairs(names) do first = first or i end\n"
              "resource \"/chance\" { cors = { origins = first > 32 and\n"
              "  function() return {} end or { \"" MG_ATTACK_GOOD "\" } } }",
     .end = MG_ATTACK_HARMLESS},
    {.name = "load-shared-table",
     .setup = "local shared = { origins = { \"" MG_ATTACK_GOOD "\" } }\n"
              "resource \"/one\" { cors = shared }\n"
              "shared.origins[1] = \"" MG_ATTACK_EVIL "\"",
     .end = MG_ATTACK_DECLARED},
    BOMB("parentheses", "local x = ", "(", 200000, "1", "policy-syntax"),
    BOMB("tables", "local x = ", "{", 200000, "", "policy-syntax"),
    BOMB("not", "local x = ", "not ", 200000, "1", "policy-syntax"),
    BOMB("minus", "local x = ", "- ", 200000, "1", "policy-syntax"),
    BOMB("concatenations", "local a = \"\" local x = a", "..a", 200000, "", "policy-syntax"),
    BOMB("powers", "local x = 1", "^1", 200000, "", "policy-syntax"),
    BOMB("blocks", "", "do ", 200000, "", "policy-syntax"),
    BOMB("ifs", "", "if true then ", 70000, "", "policy-syntax"),
    BOMB("functions", "", "return function() ", 50000, "", "policy-syntax"),
    BOMB("calls", "local x = ", "f(", 300000, "", "policy-syntax"),
    BOMB("locals", "", "local a ", 100000, "", "policy-syntax"),
    BOMB("parameters", "local function f(", "a,", 300000, "a) end", "policy-syntax"),
    BOMB("arguments", "local function f() end f(", "1,", 300000, "1)", "policy-syntax"),
    BOMB("string-open", "local x = \"", "x", 1000000, "", "policy-syntax"),
    BOMB("long-string-open", "local x = [", "=", 1000000, "[", "policy-syntax"),
    BOMB("escapes", "local x = \"", "\\z ", 300000, "", "policy-syntax"),
    BOMB("labels", "", "::a:: ", 150000, "", "policy-syntax"),
    BOMB("gotos", "", "goto a ", 140000, "", "policy-syntax"),
    /* Work of the parser that goes by the square of the text. */
    {.name = "parse-elseifs",
     .setup = "local a if a then $FLOOD end",
     .flood = "elseif a then ",
     .flood_count = 15000,
     .end = MG_ATTACK_HARMLESS},
    {.name = "parse-comment",
     .setup = "--$FLOOD\n",
     .flood = "x",
     .flood_count = 1000000,
     .end = MG_ATTACK_DECLARED},
    {.name = "parse-constants",
     .setup = "local x = { $FLOOD }",
     .flood = "1,",
     .flood_count = 480000,
     .end = MG_ATTACK_DECLARED},
    {.name = "parse-digits",
     .setup = "local x = $FLOOD",
     .flood = "9",
     .flood_count = 1000000,
     .end = MG_ATTACK_HARMLESS},
    {.name = "parse-indices",
     .setup = "local x = function(a) return a$FLOOD end",
     .flood = ".a",
     .flood_count = 400000,
     .end = MG_ATTACK_HARMLESS},
    {.name = "load-pattern",
     .setup = "local _ = (\"x\"):rep(2000):find(\".-.-.-.-.-b\")",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-timeout"},
};

const struct mg_attack_group mg_attacks_load = {"load", attacks,
                                                sizeof(attacks) / sizeof(attacks[0])};
