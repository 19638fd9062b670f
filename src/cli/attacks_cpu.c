/* attacks_cpu.c - policies that do not come to an end by themselves.
 *
 * A budget that is only an error can be caught, so most of these catch it. What runs in C sees
 * no count of instructions, so the library's own loops are in attacks_library.c.
 */
#include "cli/attacks.h"

static const struct mg_attack attacks[] = {
    {.name = "loop", .body = "while true do end", .code = "budget-"},
    {.name = "loop-goto", .body = "::again:: goto again", .code = "budget-"},
    {.name = "loop-for",
     .body = "for i = math.mininteger, math.maxinteger do end",
     .code = "budget-"},
    {.name = "loop-float-for", .body = "for i = 1, 1e300, 1e-300 do end", .code = "budget-"},
    {.name = "loop-in-simple",
     .slot = "simple",
     .body = "while true do end",
     .code = "budget-"},
    {.name = "loop-in-preflighted",
     .slot = "preflighted",
     .body = "while true do end",
     .code = "budget-"},
    {.name = "loop-in-classify",
     .slot = "classify",
     .body = "while true do end",
     .code = "budget-"},
    {.name = "loop-in-origins",
     .slot = "origins",
     .body = "while true do end",
     .code = "budget-"},
    {.name = "loop-in-headers",
     .slot = "headers",
     .body = "while true do end",
     .code = "budget-"},
    {.name = "loop-for-a-denied-origin",
     .body = "while true do end",
     .origin = MG_ATTACK_EVIL,
     .code = "budget-"},
    {.name = "pcall-loop",
     .body = "local function spin() while true do end end\n"
             "while true do pcall(spin) end",
     .code = "budget-"},
    {.name = "pcall-then-answer",
     .body = "pcall(function() while true do end end)\n"
             "return win()",
     .origin = MG_ATTACK_EVIL,
     .code = "budget-"},
    {.name = "pcall-nested",
     .body = "local function dig(depth)\n"
             "  while true do pcall(dig, depth > 0 and depth - 1 or 0) end\n"
             "end\n"
             "dig(180)",
     .code = "budget-"},
    {.name = "pcall-of-pcall",
     .body = "while true do\n"
             "  pcall(pcall, pcall, pcall, pcall, function() while true do end end)\n"
             "end",
     .code = "budget-"},
    {.name = "pcall-twice-each-level",
     .body = "local function twice() pcall(twice) pcall(twice) end\n"
             "twice()\n"
             "while true do pcall(twice) end",
     .code = "budget-"},
    {.name = "pcall-names-the-budget",
     .body = "local said\n"
             "local _, why = pcall(function() while true do end end)\n"
             "said = why\n"
             "error(said)",
     .code = "budget-"},
    {.name = "close-loop",
     .body = "local guard <close> = { __close = function() while true do end end }\n",
     .code = "script-error"},
    {.name = "close-false", .body = "local guard <close> = false", .end = MG_ATTACK_DECLARED},
    {.name = "recursion",
     .body = "local function deeper() return 1 + deeper() end\n"
             "return deeper()",
     .code = "budget-"},
    {.name = "recursion-caught",
     .body = "local function deeper() return 1 + deeper() end\n"
             "while true do pcall(deeper) end",
     .code = "budget-"},
    {.name = "recursion-in-tails",
     .body = "local function again() return again() end\n"
             "return again()",
     .code = "budget-"},
    {.name = "recursion-mutual",
     .body = "local ping\n"
             "local function pong() return 1 + ping() end\n"
             "ping = function() return 1 + pong() end\n"
             "return ping()",
     .code = "budget-"},
    {.name = "recursion-through-c",
     .body = "local function dig() return (\"x\"):gsub(\"x\", dig) end\n"
             "dig()",
     .code = "script-error"},
    {.name = "recursion-through-sort",
     .body = "local function less() table.sort({ 3, 2, 1 }, less) return true end\n"
             "less()",
     .code = "script-error"},
    {.name = "recursion-exponential",
     .body = "local function tree(depth)\n"
             "  return depth == 0 and 1 or tree(depth - 1) + tree(depth - 1)\n"
             "end\n"
             "return tree(100)",
     .code = "budget-"},
    {.name = "varargs-grow",
     .body = "local function more(...) return more(1, ...) end\n"
             "return more()",
     .code = "budget-"},
    {.name = "select-scan",
     .body =
         "local function scan(...)\n"
         "  local sum = 0\n"
         "  while true do for i = 1, select(\"#\", ...) do sum = sum + select(i, ...) end end\n"
         "end\n"
         "local many = {}\n"
         "for i = 1, 200 do many[i] = i end\n"
         "scan(table.unpack(many))",
     .code = "budget-"},
    {.name = "hash-collisions",
     .body = "local slow = {}\n"
             "for i = 1, math.maxinteger do slow[i << 40] = true end",
     .code = "budget-"},
    {.name = "next-over-holes",
     .body = "local holes = {}\n"
             "for i = 1, 50000 do holes[\"k\" .. i] = true end\n"
             "for key in pairs(holes) do holes[key] = nil end\n"
             "while true do next(holes) end",
     .code = "budget-"},
    {.name = "compare-long-strings",
     .body =
         "local left, right = (\"x\"):rep(1000000) .. \"a\", (\"x\"):rep(1000000) .. \"b\"\n"
         "while true do pcall(function() return left < right end) end",
     .code = "budget-"},
    {.name = "number-to-string",
     .body = "local n = 1e300\n"
             "while true do n = tonumber((n * 1.0000001) .. \"\") end",
     .code = "budget-"},
    {.name = "string-to-number",
     .body = "local digits = (\"9\"):rep(1000000)\n"
             "while true do tonumber(digits) tonumber(digits, 36) end",
     .code = "budget-"},
    {.name = "error-loop",
     .body = "local long = (\"x\"):rep(100000)\n"
             "while true do pcall(error, long) end",
     .code = "budget-"},
    {.name = "assert-loop",
     .body = "while true do pcall(assert, false, {}) end",
     .code = "budget-"},
};

const struct mg_attack_group mg_attacks_cpu = {"cpu", attacks,
                                               sizeof(attacks) / sizeof(attacks[0])};
