/* attacks_state.c - policies that carry something from one exchange to the next. Each request
 * is made several times, so that what was left behind is found.
 */
#include "cli/attacks.h"

static const struct mg_attack attacks[] = {
    {.name = "upvalue-flag",
     .setup = "local seen = false",
     .body = "if seen then return win() end\n"
             "seen = true",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "upvalue-caught",
     .setup = "local seen = false",
     .body = "if seen then return win() end\n"
             "pcall(function() seen = true end)",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "upvalue-before-error",
     .setup = "local seen = false",
     .body = "if seen then return win() end\n"
             "seen = true\n"
             "error(\"x\")",
     .origin = MG_ATTACK_EVIL,
     .code = "script-error"},
    {.name = "upvalue-before-loop",
     .setup = "local seen = false",
     .body = "if seen then return win() end\n"
             "seen = true\n"
             "while true do end",
     .origin = MG_ATTACK_EVIL,
     .code = "budget-"},
    {.name = "upvalue-back-in-time",
     .setup = "local count = 0",
     .body = "count = count + 1\n"
             "count = count - 1\n"
             "if count ~= 0 then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "counter-closure",
     .setup = "local function counter()\n"
              "  local n = 0\n"
              "  return function() n = n + 1 return n end\n"
              "end\n"
              "local tick = counter()",
     .body = "if tick() > 1 then return win() end",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "counter-in-table",
     .setup = "local box = {}\n"
              "do local n = 0 box.tick = function() n = n + 1 return n end end",
     .body = "if box.tick() > 1 then return win() end",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "iterator-at-load",
     .setup = "local letters = (\"abcdefgh\"):gmatch(\".\")",
     .body = "local letter = letters()\n"
             "if letter ~= \"a\" then return win() end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "module-table",
     .setup = "local cache = {}",
     .body = "if cache.seen then return win() end\n"
             "cache.seen = true",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "module-table-nested",
     .setup = "local cache = { deep = { deeper = {} } }",
     .body = "if cache.deep.deeper.seen then return win() end\n"
             "cache.deep.deeper.seen = true",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "module-table-cycle",
     .setup = "local cache = {}\n"
              "cache.self, cache[cache] = cache, cache",
     .body = "if cache.self[cache].seen then return win() end\n"
             "cache[cache].self.seen = true",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "module-table-behind-pairs",
     .setup = "local cache = { one = {} }",
     .body = "for _, value in pairs(cache) do\n"
             "  if value.seen then return win() end\n"
             "  value.seen = true\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "module-table-as-key",
     .setup = "local cache = {}\n"
              "cache[{}] = true",
     .body = "for key in pairs(cache) do\n"
             "  if key.seen then return win() end\n"
             "  key.seen = true\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "friends-assign",
     .body = "friends[1] = \"" MG_ATTACK_EVIL "\"",
     .code = "state-kept"},
    {.name = "friends-insert",
     .body = "table.insert(friends, 1, \"" MG_ATTACK_EVIL "\")",
     .code = "state-kept"},
    {.name = "friends-remove", .body = "table.remove(friends)", .code = "state-kept"},
    {.name = "friends-move",
     .body = "table.move({ \"" MG_ATTACK_EVIL "\" }, 1, 1, 1, friends)",
     .code = "state-kept"},
    {.name = "friends-sort",
     .body = "table.sort(friends, function(a, b) return a > b end)",
     .code = "state-kept"},
    {.name = "friends-nil", .body = "friends[1] = nil", .code = "state-kept"},
    {.name = "friends-caught",
     .body = "pcall(function() friends[1] = \"" MG_ATTACK_EVIL "\" end)\n"
             "pcall(table.insert, friends, \"" MG_ATTACK_EVIL "\")\n"
             "pcall(table.sort, friends, function() return true end)\n"
             "for _, origin in ipairs(friends) do\n"
             "  if origin == req.origin then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "upvalue-of-another",
     .setup = "local list = { \"" MG_ATTACK_GOOD "\" }\n"
              "local function listed() return list end",
     .body = "list = { \"" MG_ATTACK_EVIL "\" }\n"
             "return allow { origins = listed() }",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "request-in-upvalue",
     .setup = "local kept",
     .body = "if kept and kept.path then return win() end\n"
             "kept = req",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "request-in-module-table",
     .setup = "local cache = {}",
     .body = "if cache.req then return win() end\n"
             "cache.req = req",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "request-in-context",
     .body = "if req.ctx.req then return win() end\n"
             "req.ctx.req = req",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "context-of-before",
     .body = "if next(req.ctx) ~= nil then return win() end\n"
             "req.ctx.seen, req.ctx[1] = true, true",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "context-before-error",
     .body = "if req.ctx.seen then return win() end\n"
             "req.ctx.seen = true\n"
             "error(\"x\")",
     .origin = MG_ATTACK_EVIL,
     .code = "script-error"},
    {.name = "context-before-loop",
     .body = "if req.ctx.seen then return win() end\n"
             "req.ctx.seen = true\n"
             "while true do end",
     .origin = MG_ATTACK_EVIL,
     .code = "budget-"},
    {.name = "context-in-upvalue",
     .setup = "local kept",
     .body = "if kept and kept.seen then return win() end\n"
             "kept = req.ctx\n"
             "kept.seen = true",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "context-cycle",
     .body = "if req.ctx.self then return win() end\n"
             "req.ctx.self, req.ctx.kept = req.ctx, function() return req end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "context-replace", .body = "req.ctx = {}", .code = "read-only"},
    {.name = "request-assign",
     .body = "req.origin = \"" MG_ATTACK_GOOD "\"",
     .code = "read-only"},
    {.name = "request-new-field", .body = "req.seen = true", .code = "read-only"},
    {.name = "request-parameters",
     .body = "if req.params.seen then return win() end\n"
             "req.params.seen = true",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "request-method-kept",
     .setup = "local header",
     .body = "if header then return win() end\n"
             "header = req.header",
     .origin = MG_ATTACK_EVIL,
     .code = "state-kept"},
    {.name = "request-method-of-a-table",
     .body = "return req.header({}, \"Host\")",
     .code = "hook-result"},
    {.name = "request-method-of-a-string",
     .body = "return req.header(\"Host\")",
     .code = "field-type"},
    {.name = "request-method-of-nothing", .body = "return req.headers()", .code = "field-type"},
    {.name = "request-field-unknown",
     .body = "return req.remote_user",
     .code = "field-unknown"},
    {.name = "request-header-of-a-table",
     .body = "return req:header({})",
     .code = "field-type"},
    {.name = "request-header-odd-names",
     .body = "for _, name in ipairs({ \"\", \"\\0\", \"a b\", \":\", \"Origin\\r\\n\",\n"
             "    (\"x\"):rep(100000) }) do\n"
             "  local fine, value = pcall(req.header, req, name)\n"
             "  if fine and value then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "request-walk",
     .body = "for key in pairs(req) do\n"
             "  if type(key) ~= \"string\" or key:sub(1, 2) == \"__\" then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
    {.name = "request-metafields",
     .body = "for _, key in ipairs({ \"__index\", \"__gc\", \"__metatable\", \"__name\" }) do\n"
             "  local fine, value = pcall(function() return req[key] end)\n"
             "  if fine and value then return win() end\n"
             "end",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_DECLARED},
    {.name = "decision-kept",
     .setup = "local kept",
     .body = "if kept then return kept end\n"
             "kept = win()",
     .origin = MG_ATTACK_EVIL,
     .code = "verdict-lost"},
    {.name = "decision-in-context",
     .body = "if req.ctx.kept then return req.ctx.kept end\n"
             "req.ctx.kept = win()",
     .origin = MG_ATTACK_EVIL,
     .end = MG_ATTACK_HARMLESS},
};

const struct mg_attack_group mg_attacks_state = {"state", attacks,
                                                 sizeof(attacks) / sizeof(attacks[0])};
