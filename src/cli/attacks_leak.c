/* attacks_leak.c - what a policy must not learn: addresses, which tell where things are in
 * memory, and anything of the machine. An attack that sees an address calls win().
 */
#include "cli/attacks.h"

/* A text that holds an address has "0x", or a number as long as one. */
#define LOOK                                                            \
    "local function look(text)\n"                                       \
    "  text = type(text) == \"string\" and text or \"\"\n"              \
    "  return text:find(\"0x%x\") or text:find(\"%x%x%x%x%x%x%x%x\")\n" \
    "end\n"

static const struct mg_attack attacks[] = {
    {.name = "address-tostring",
     .setup = LOOK,
     .body = "for _, value in ipairs({ {}, win, req, req.ctx, friends, string, tostring,\n"
             "    allow, _ENV }) do\n"
             "  if look(tostring(value)) then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "address-format",
     .setup = LOOK,
     .body = "for _, value in ipairs({ {}, win, req, friends, tostring, req.ctx }) do\n"
             "  for _, form in ipairs({ \"%s\", \"%p\", \"%-20p\", \"%q\", \"%x\" }) do\n"
             "    local fine, text = pcall(string.format, form, value)\n"
             "    if fine and look(text) then return win() end\n"
             "  end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "address-pointer-format",
     .body = "return (\"%p\"):format({})",
     .code = "script-error"},
    {.name = "address-in-errors",
     .setup = LOOK,
     .body = "local tries = {\n"
             "  function() return {} + 1 end, function() return win .. \"\" end,\n"
             "  function() return req < req end, function() return #win end,\n"
             "  function() return friends() end, function() return req.nothing.more end,\n"
             "  function() error({}) end, function() error(req) end,\n"
             "  function() return (\"x\"):rep({}) end, function() table.concat({ {} }) end,\n"
             "  function() for _ = {}, 1 do end end, function() req.ctx[nil] = 1 end,\n"
             "  function() return allow { [{}] = 1 } end, function() return deny(req) end,\n"
             "}\n"
             "for _, try in ipairs(tries) do\n"
             "  local fine, why = pcall(try)\n"
             "  if not fine and look(why) then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "address-as-number",
     .body = "for _, value in ipairs({ {}, win, req, friends }) do\n"
             "  if tonumber(value) or math.tointeger(value) or math.type(value) then\n"
             "    return win()\n"
             "  end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "frozen-is-a-table",
     .body = "if type(friends) ~= \"table\" or #friends ~= 2 or friends[1] ~= \"" MG_ATTACK_GOOD
             "\"\n"
             "  or next(friends) ~= 1 or table.concat(friends, \" \"):find(\"table\") then\n"
             "  return win()\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "error-is-a-string",
     .body = "for _, value in ipairs({ {}, win, req, false, 1 }) do\n"
             "  local _, why = pcall(error, value)\n"
             "  if type(why) == \"userdata\" then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "secret-in-error",
     .body = "error(\"" MG_ATTACK_SECRET "\")",
     .code = "script-error"},
    {.name = "secret-in-error-of-origins",
     .slot = "origins",
     .body = "error(\"" MG_ATTACK_SECRET "\")",
     .code = "script-error"},
    {.name = "secret-in-result",
     .body = "return \"" MG_ATTACK_SECRET "\"",
     .code = "hook-result"},
    {.name = "secret-as-origin",
     .slot = "origins",
     .body = "return { \"" MG_ATTACK_SECRET "\" }",
     .code = "origin-no-scheme"},
    {.name = "secret-in-log",
     .body = "log(\"" MG_ATTACK_SECRET "\", req, {}, nil)",
     .end = MG_ATTACK_HARMLESS},
    {.name = "log-flood",
     .body = "while true do log((\"x\"):rep(1000)) end",
     .code = "budget-"},
    {.name = "log-forges-lines",
     .body = "log(\"x\\r\\n{\\\"level\\\":\\\"error\\\"}\\27[2J\\0\")",
     .end = MG_ATTACK_HARMLESS},
};

const struct mg_attack_group mg_attacks_leak = {"leak", attacks,
                                                sizeof(attacks) / sizeof(attacks[0])};
