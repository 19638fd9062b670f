/* attacks_escape.c - ways out of the sandbox: names that Lua has and policies have not, the
 * metatables behind strings and libraries, environments, code made from text.
 */
#include "cli/attacks.h"

/* A name that is nowhere: reading it is an error. Caught, it still gives nothing. */
#define ABSENT(word)                                                    \
    {                                                                   \
        .name = "absent-" word,                                         \
        .body = "local there = pcall(function() return " word " end)\n" \
                "if there then return win() end\n"                      \
                "return " word,                                         \
        .origin = MG_ATTACK_EVIL, .code = "global-undefined"            \
    }

/* A member that a library of Lua has and ours has not. */
#define NO_MEMBER(library, word)                                                           \
    {                                                                                      \
        .name = "absent-" library "-" word,                                                \
        .body = "if " library "." word " then return win() end", .origin = MG_ATTACK_EVIL, \
        .end = MG_ATTACK_DECLARED                                                          \
    }

static const struct mg_attack attacks[] = {
    ABSENT("load"),
    ABSENT("loadstring"),
    ABSENT("loadfile"),
    ABSENT("dofile"),
    ABSENT("require"),
    ABSENT("package"),
    ABSENT("debug"),
    ABSENT("io"),
    ABSENT("os"),
    ABSENT("coroutine"),
    ABSENT("xpcall"),
    ABSENT("getmetatable"),
    ABSENT("setmetatable"),
    ABSENT("rawget"),
    ABSENT("rawset"),
    ABSENT("rawequal"),
    ABSENT("rawlen"),
    ABSENT("collectgarbage"),
    ABSENT("print"),
    ABSENT("warn"),
    ABSENT("_G"),
    ABSENT("newproxy"),
    ABSENT("getfenv"),
    ABSENT("setfenv"),
    ABSENT("unpack"),
    NO_MEMBER("string", "dump"),
    NO_MEMBER("string", "pack"),
    NO_MEMBER("string", "unpack"),
    NO_MEMBER("string", "packsize"),
    NO_MEMBER("math", "random"),
    NO_MEMBER("math", "randomseed"),
    {.name = "string-method-dump", .body = "return (\"\").dump(win)", .code = "script-error"},
    {.name = "string-metatable-index",
     .body = "if (\"\").__index or (\"\").__metatable or string.__index then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "string-method-assign",
     .body = "local s = \"\"\n"
             "s.lower = function() return \"" MG_ATTACK_EVIL "\" end",
     .code = "script-error"},
    {.name = "library-assign",
     .body = "string.lower = function() return \"" MG_ATTACK_EVIL "\" end",
     .code = "script-error"},
    {.name = "library-assign-caught",
     .body =
         "pcall(function() table.concat = function() return \"" MG_ATTACK_EVIL "\" end end)\n"
         "pcall(function() math.max = nil end)\n"
         "pcall(function() utf8.charpattern = \"\" end)\n"
         "pcall(table.insert, table, win)\n"
         "pcall(table.move, { win }, 1, 1, 1, string)\n"
         "if string[1] or table[1] or not math.max then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "library-walk",
     .body = "for _, library in ipairs({ string, table, math, utf8 }) do\n"
             "  for key, value in pairs(library) do\n"
             "    if type(key) ~= \"string\" or key:sub(1, 2) == \"__\" then return win() end\n"
             "    if type(value) == \"table\" then return win() end\n"
             "  end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "global-new", .body = "leaked = true", .code = "state-kept"},
    {.name = "global-replace-allow",
     .body = "allow = function() return win() end",
     .code = "state-kept"},
    {.name = "global-replace-tostring", .body = "tostring = win", .code = "state-kept"},
    {.name = "environment-assign", .body = "_ENV.leaked = true", .code = "state-kept"},
    {.name = "environment-replace",
     .body = "_ENV = { allow = allow, type = type }",
     .code = "state-kept"},
    {.name = "environment-local",
     .body = "local allowed = allow\n"
             "local _ENV = { pcall = pcall }\n"
             "if pcall(function() return os end) and os then return allowed {} end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "environment-walk",
     .body = "for key, value in pairs(_ENV) do\n"
             "  if key == \"_G\" or key == \"__index\" or key == \"os\" then return win() end\n"
             "end\n"
             "if _ENV.__index or _ENV.__metatable then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "environment-writers",
     .body = "pcall(table.insert, _ENV, win)\n"
             "pcall(table.move, { win }, 1, 1, 1, _ENV)\n"
             "pcall(table.sort, _ENV)\n"
             "if next(_ENV) == 1 then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "finalizer-table",
     .body = "local bomb = { __gc = function() while true do end end,\n"
             "  __index = function() return win end, __len = function() return 1 << 60 end }\n"
             "if bomb.win or #bomb > 0 then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "error-table", .body = "error({ __tostring = win })", .code = "script-error"},
    {.name = "error-nil", .body = "error()", .code = "script-error"},
    {.name = "error-function", .body = "error(win)", .code = "script-error"},
    {.name = "error-request", .body = "error(req)", .code = "script-error"},
    {.name = "error-number", .body = "error(42, 1 << 60)", .code = "script-error"},
    {.name = "error-decision",
     .body = "error(win())",
     .origin = MG_ATTACK_EVIL,
     .code = "script-error"},
    {.name = "error-text",
     .body =
         "error(\"" MG_ATTACK_SECRET "\\r\\nX-Evil: 1\\r\\n\\r\\n" MG_ATTACK_SECRET "\", 0)",
     .code = "script-error"},
    {.name = "declare-resource",
     .body = "resource \"/late\" { cors = { origins = \"*\" } }",
     .code = "declared-late"},
    {.name = "declare-default",
     .body = "default { cors = { origins = \"*\" } }",
     .code = "declared-late"},
    {.name = "declare-upstream",
     .body = "upstream \"x\" { \"http://127.0.0.1:1\" }",
     .code = "declared-late"},
    {.name = "declare-plugin",
     .body = "plugin \"x\" { resources = { \"/\" } }",
     .code = "declared-late"},
    {.name = "include-at-run-time",
     .body = "return include \"_x.lua\"",
     .code = "declared-late"},
    {.name = "file-at-run-time",
     .body = "return allow { origins = file \"/etc/passwd\" }",
     .code = "declared-late"},
    {.name = "respond-at-run-time",
     .body = "return respond { body = \"x\" }",
     .code = "declared-late"},
};

const struct mg_attack_group mg_attacks_escape = {"escape", attacks,
                                                  sizeof(attacks) / sizeof(attacks[0])};
