/* attacks_memory.c - policies that take what memory they can get, and keep it if they can.
 */
#include "cli/attacks.h"

static const struct mg_attack attacks[] = {
    {.name = "grow-table",
     .body = "local t = {} while true do t[#t + 1] = #t end",
     .code = "budget-"},
    {.name = "grow-hash",
     .body = "local t = {} for i = 1, 1 << 40 do t[\"k\" .. i] = i end",
     .code = "budget-"},
    {.name = "grow-strings",
     .body = "local t = {} while true do t[#t + 1] = (\"x\"):rep(1000) .. #t end",
     .code = "budget-"},
    {.name = "grow-closures",
     .body = "local t = {} while true do t[#t + 1] = function() return t end end",
     .code = "budget-"},
    {.name = "grow-nested",
     .body = "local t = {} while true do t = { t } end",
     .code = "budget-"},
    {.name = "grow-arguments",
     .body = "local t = {}\n"
             "for i = 1, 200 do t[i] = i end\n"
             "while true do t[#t + 1] = table.pack(table.unpack(t, 1, 200)) end",
     .code = "budget-"},
    {.name = "garbage-tables",
     .body = "while true do local _ = { {}, {}, {} } end",
     .code = "budget-"},
    {.name = "garbage-strings",
     .body = "local n = 0 while true do n = n + 1 local _ = \"x\" .. n end",
     .code = "budget-"},
    {.name = "garbage-closures",
     .body = "while true do local n = 0 local _ = function() return n end end",
     .code = "budget-"},
    {.name = "out-of-memory-caught",
     .body = "while true do\n"
             "  pcall(function()\n"
             "    local t = {}\n"
             "    while true do t[#t + 1] = (\"x\"):rep(10000) end\n"
             "  end)\n"
             "end",
     .code = "budget-"},
    {.name = "out-of-memory-then-answer",
     .body = "pcall(function() local s = \"x\" while true do s = s .. s end end)\n"
             "return win()",
     .origin = MG_ATTACK_EVIL,
     .code = "budget-"},
    {.name = "out-of-memory-in-error",
     .body = "local s = (\"x\"):rep(1000000)\n"
             "while true do pcall(function() error(s .. s) end) end",
     .code = "budget-"},
    {.name = "grow-context",
     .body = "for i = 1, 1 << 40 do req.ctx[i] = (\"x\"):rep(1000) .. i end",
     .code = "budget-"},
    {.name = "context-of-a-megabyte",
     .body = "req.ctx.kept = (\"x\"):rep(1000000)",
     .end = MG_ATTACK_HARMLESS},
    {.name = "grow-result",
     .slot = "origins",
     .body = "local t = {}\n"
             "for i = 1, 1 << 40 do t[i] = \"https://\" .. i .. \".example\" end\n"
             "return t",
     .code = "budget-"},
    {.name = "read-fields-for-ever",
     .body = "while true do local _ = req:headers(\"X-Flood\") end",
     .flood = "x",
     .flood_count = 8000,
     .code = "budget-"},
    {.name = "read-parameters-for-ever",
     .body =
         "while true do local _ = req.params, req.path, req.origin, req:header(\"Host\") end",
     .code = "budget-"},
    {.name = "long-error-text",
     .body = "error((\"" MG_ATTACK_SECRET "\"):rep(100000))",
     .code = "script-error"},
};

const struct mg_attack_group mg_attacks_memory = {"memory", attacks,
                                                  sizeof(attacks) / sizeof(attacks[0])};
