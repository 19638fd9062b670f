/* attacks_stall.c - work of one instruction or one call into C that nothing interrupts: texts
 * that are read as numbers, comparisons of long texts, keys that collide, heaps that take long
 * to collect.
 */
#include "cli/attacks.h"

/* A megabyte of digits, and a list that holds it `count` times. */
#define DIGITS(count)                       \
    "local digits = (\"1\"):rep(1000000)\n" \
    "local many = {}\n"                     \
    "for i = 1, " count " do many[i] = digits end\n"
/* Two texts of a megabyte that differ at their ends, `count` times in a list. */
#define TWINS(count)                                                                     \
    "local left, right = (\"x\"):rep(1000000) .. \"a\", (\"x\"):rep(1000000) .. \"b\"\n" \
    "local many = {}\n"                                                                  \
    "for i = 1, " count " do many[i] = i % 2 == 0 and left or right end\n"
/* Numbers that stand in one place of a table of 2^`bits` fields, at `scale` of each. */
#define COLLIDE(bits, scale) \
    "local slow = {}\n"      \
    "for i = 1, 1 << " bits " do slow[i * ((1 << " bits ") - 1) * " scale "] = true end\n"
/* A heap that is large before the first hook runs. */
#define HEAP            \
    "local heap = {}\n" \
    "for i = 1, 40000 do heap[i] = { i } end\n"

static const struct mg_attack attacks[] = {
    /* ---- texts read as numbers ---- */
    {.name = "digits-max",
     .body = DIGITS("2000") "while true do pcall(math.max, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-min-caught",
     .body = DIGITS("2000") "while true do pcall(math.min, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-utf8-char",
     .body = DIGITS("2000") "while true do pcall(utf8.char, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-string-char",
     .body = DIGITS("2000") "while true do pcall(string.char, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-zeros-string-char",
     .body = "local zeros = (\"0\"):rep(1000000) .. \"65\" local many = {} for i = 1, 2000 do "
             "many[i] = zeros end\n while true do pcall(string.char, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-zeros-utf8-char",
     .body = "local zeros = (\"0\"):rep(1000000) .. \"65\" local many = {} for i = 1, 2000 do "
             "many[i] = zeros end\n while true do pcall(utf8.char, table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-floor",
     .body = DIGITS("1") "while true do pcall(math.floor, digits) end",
     .code = "budget-"},
    {.name = "digits-arithmetic",
     .body = DIGITS("1") "while true do local _ = digits * digits + digits ^ digits end",
     .code = "budget-"},
    {.name = "digits-format",
     .body = DIGITS(
         "200") "while true do pcall(string.format, (\"%d\"):rep(200), table.unpack(many)) end",
     .code = "budget-"},
    {.name = "digits-rep",
     .body = DIGITS("1") "while true do pcall(string.rep, \"x\", digits) end",
     .code = "budget-"},
    {.name = "digits-select",
     .body = DIGITS("1") "while true do pcall(select, digits, 1) end",
     .code = "budget-"},
    {.name = "digits-sub",
     .body = DIGITS("1") "while true do pcall(string.sub, \"x\", digits, digits) end",
     .code = "budget-"},
    {.name = "digits-for",
     .body = DIGITS("1") "while true do pcall(function() for _ = digits, 1 do end end) end",
     .code = "budget-"},
    /* ---- comparisons ---- */
    {.name = "sort-twins", .body = TWINS("30000") "table.sort(many)", .code = "budget-"},
    {.name = "sort-twins-caught",
     .body = TWINS("4000") "while true do pcall(table.sort, many) end",
     .code = "budget-"},
    {.name = "sort-same",
     .body = "local same = (\"x\"):rep(1000000) local many = {} for i = 1, 2000 do many[i] = "
             "same end table.sort(many)",
     .code = "budget-"},
    {.name = "sort-numbers",
     .body = "local many = {} for i = 1, 31000 do many[i] = (i * 7919) % 31013 end while true "
             "do pcall(table.sort, many) end",
     .code = "budget-"},
    {.name = "sort-by-c",
     .body = "local many = {} for i = 1, 30000 do many[i] = i % 7 end while true do "
             "pcall(table.sort, many, math.ult) end",
     .code = "budget-"},
    {.name = "equal-twins",
     .body = TWINS("1") "local n = 0 while true do if left == right then n = n + 1 end end",
     .code = "budget-"},
    {.name = "find-mid-needle",
     .body = "local text = (\"a\"):rep(1000000) local needle = (\"a\"):rep(120) .. \"b\" .. "
             "(\"a\"):rep(120) while true do pcall(string.find, text, needle, 1, true) end",
     .code = "budget-"},
    {.name = "long-keys",
     .body = "local t, s = {}, (\"x\"):rep(500000) for i = 1, 1 << 40 do t[s .. i] = nil end",
     .code = "budget-"},
    {.name = "key-lookups-of-long",
     .body = "local t, s = { a = 1 }, (\"x\"):rep(1000000) while true do local _ = t[s .. "
             "\"y\"] end",
     .code = "budget-"},
    /* ---- replacement ---- */
    {.name = "replace-positions",
     .body = "return ((\"x\"):rep(10):gsub(\"()\", (\"%1\"):rep(500000)))",
     .code = "budget-"},
    {.name = "replace-captures",
     .body = "return ((\"x\"):rep(10):gsub(\"()\", (\"%0\"):rep(500000)))",
     .code = "budget-"},
    {.name = "replace-per-cents",
     .body = "return ((\"x\"):rep(10):gsub(\"x\", (\"%%\"):rep(500000)))",
     .code = "budget-"},
    {.name = "replace-table",
     .body = "local t = {} return ((\"x\"):rep(1000000):gsub(\"x\", t))",
     .code = "budget-"},
    {.name = "captures-many",
     .body = "local text = (\"a\"):rep(1000000) while true do pcall(string.gsub, text, "
             "(\"()\"):rep(32), \"%1\") end",
     .code = "budget-"},
    {.name = "match-captures-huge",
     .body = "local text = (\"a\"):rep(1000000) while true do pcall(string.match, text, "
             "(\"(.*)\"):rep(2)) end",
     .code = "budget-"},
    {.name = "concat-floats",
     .body = "local many = {} for i = 1, 100000 do many[i] = i + 0.1 end while true do "
             "pcall(table.concat, many) end",
     .code = "budget-"},
    /* ---- ranges ---- */
    {.name = "move-nothing",
     .body = "while true do pcall(table.move, {}, 1, 999999, 2) end",
     .code = "budget-"},
    {.name = "move-far",
     .body = "while true do pcall(table.move, {}, 1, 900000, math.maxinteger - 900000) end",
     .code = "budget-"},
    {.name = "move-to-the-end",
     .body = "local t = { 1 } table.move(t, 1, 1, math.maxinteger, t) table.insert(t, 1) "
             "table.insert(t, 1, 1)",
     .end = MG_ATTACK_HARMLESS},
    {.name = "length-at-the-end",
     .body = "local t = {} local i = 1 while i > 0 do t[i] = 1 i = i * 2 end "
             "t[math.maxinteger] = 1\n"
             "for _, f in ipairs({ function() table.insert(t, 2) end, function() "
             "table.insert(t, 1, 2) end, function() table.remove(t) end, function() "
             "table.remove(t, 2) end,\n"
             " function() table.remove(t, math.mininteger) end, function() table.insert(t, "
             "math.mininteger, 1) end,\n"
             " function() table.sort(t) end, function() table.concat(t) end, function() "
             "table.unpack(t) end, function() table.move(t, 1, #t, 2) end, function() for _ in "
             "ipairs(t) do end end }) do pcall(f) end",
     .end = MG_ATTACK_HARMLESS},
    {.name = "length-large",
     .body = "local t = {} for bit = 0, 29 do t[1 << bit] = 1 end\n"
             "for _, f in ipairs({ table.sort, table.concat, table.unpack, table.remove, "
             "table.insert }) do pcall(f, t, 1) pcall(f, t) end",
     .end = MG_ATTACK_HARMLESS},
    {.name = "unpack-wide",
     .body = "while true do pcall(table.unpack, {}, 1, 999000) end",
     .code = "budget-"},
    {.name = "pack-wide",
     .body = "local function again(...) return pcall(table.pack, ...) end while true do "
             "again(table.unpack({}, 1, 100000)) end",
     .code = "budget-"},
    {.name = "vararg-copies",
     .body = "local function again(n, ...) if n > 0 then return again(n - 1, ...) end end "
             "while true do pcall(again, 1000, table.unpack({}, 1, 50000)) end",
     .code = "budget-"},
    {.name = "select-from-many",
     .body = "local function count(...) local n = 0 for i = 1, select(\"#\", ...) do n = n + "
             "select(\"#\", select(i, ...)) end return n end\n while true do pcall(count, "
             "table.unpack({}, 1, 20000)) end",
     .code = "budget-"},
    /* ---- keys that collide ---- */
    {.name = "collide-12", .body = COLLIDE("12", "1"), .code = "budget-"},
    {.name = "collide-13", .body = COLLIDE("13", "1"), .code = "budget-"},
    {.name = "collide-14", .body = COLLIDE("14", "1"), .code = "budget-"},
    {.name = "collide-15", .body = COLLIDE("15", "1"), .code = "budget-"},
    {.name = "collide-16", .body = COLLIDE("16", "1"), .code = "budget-"},
    {.name = "collide-floats",
     .body = "local slow = {} for i = 1, 65536 do slow[(i * 65535.0) * 2.0 ^ 40] = true end",
     .code = "budget-"},
    {.name = "collide-unpack-at-the-end",
     .body = COLLIDE("10", "1") "return table.unpack(slow, 2, 200000)",
     .code = "budget-"},
    {.name = "collide-unpack-caught",
     .setup = COLLIDE("13", "1"),
     .body = "while true do pcall(table.unpack, slow, 2, 200000) end",
     .code = "budget-"},
    {.name = "collide-concat-at-the-end",
     .setup = COLLIDE("13", "1") "slow[2] = 1 slow[3] = 1",
     .body = "return table.concat(slow, \"\", 2, 200000)",
     .end = MG_ATTACK_HARMLESS},
    {.name = "collide-move-at-the-end",
     .setup = COLLIDE("13", "1"),
     .body = "return table.move(slow, 2, 200000, 1, {})",
     .code = "budget-"},
    {.name = "collide-next-to-a-list",
     .body = "local slow = {} for bit = 0, 16 do slow[1 << bit] = 1 end\n"
             "for i = 1, 1000 do slow[i * 1023] = 1 end\n"
             "while true do pcall(table.sort, slow) pcall(table.insert, slow, 1, 1) "
             "pcall(table.remove, slow, 1) end",
     .code = "budget-"},
    {.name = "collide-as-a-list",
     .setup = COLLIDE("13", "1"),
     .slot = "origins",
     .body = "return slow",
     .code = "list-invalid"},
    {.name = "collide-as-a-verdict",
     .setup = COLLIDE("13", "1"),
     .body = "return allow(slow)",
     .code = ""},
    {.name = "collide-while-loading",
     .setup = COLLIDE("15", "1"),
     .body = "return slow",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    /* ---- texts that were made while loading ---- */
    {.name = "text-kept-compared",
     .setup = "local zeros = (\"\\0\"):rep(31000000)",
     .body = "return zeros < zeros",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "text-kept-in-a-table",
     .setup = "local kept = { { (\"x\"):rep(30000000) } }",
     .body = "error(kept[1][1], 0)",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "text-kept-as-a-key",
     .setup = "local kept = { [(\"x\"):rep(30000000)] = true }",
     .body = "return _ENV[next(kept)]",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "text-kept-as-a-global",
     .setup = "kept = (\"x\"):rep(30000000)",
     .body = "return (\"x\"):find(kept)",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "text-kept-just-so",
     .setup = "local zeros = (\"\\0\"):rep(1 << 20)",
     .body = "while true do pcall(function() return zeros < zeros, ({ 1 })[zeros] end) end",
     .code = "budget-"},
    /* ---- collections of a large heap ---- */
    {.name = "heap-then-memory",
     .setup = HEAP,
     .body = "local t = { heap } while true do t[#t + 1] = (\"x\"):rep(1000) .. #t end",
     .code = "budget-"},
    {.name = "heap-then-garbage",
     .setup = HEAP,
     .body = "while true do local _ = { {}, {}, heap } end",
     .code = "budget-"},
    {.name = "heap-then-refusals",
     .setup = HEAP,
     .body = "while true do pcall(function() local s = (\"x\"):rep(2000000) return heap, s .. "
             "s .. s end) end",
     .code = "budget-"},
    {.name = "heap-then-doubling",
     .setup = HEAP,
     .body = "local s = \"x\" while heap do s = s .. s end",
     .code = "budget-"},
    {.name = "heap-of-fields",
     .setup = "local heap = { {}, {}, {}, {}, {}, {} }\n"
              "for i = 0, 59999 do heap[i // 10000 + 1][\"k\" .. i] = i end",
     .body = "while true do pcall(function() local s = (\"x\"):rep(2000000) return heap, s .. "
             "s .. s end) end",
     .code = "budget-"},
    {.name = "heap-then-pieces",
     .setup = HEAP,
     .body = "for i = 1, 1 << 40 do local _ = { heap, (\"x\"):rep(1200000) .. i } end",
     .code = "budget-"},
    {.name = "heap-then-large-pieces",
     .setup = HEAP,
     .body =
         "local s = (\"x\"):rep(900000) for i = 1, 1 << 40 do local _ = heap, s .. s .. i end",
     .code = "budget-"},
    {.name = "heap-then-lists",
     .setup = HEAP,
     .body = "while true do local t = {} for i = 1, 100000 do t[i] = heap end end",
     .code = "budget-"},
    {.name = "heap-strings-then-pieces",
     .setup = "local heap = {} for i = 1, 200000 do heap[i] = \"s\" .. i end",
     .body = "for i = 1, 1 << 40 do local _ = { heap, (\"x\"):rep(1200000) .. i } end",
     .code = "budget-"},
    {.name = "heap-strings-then-lists",
     .setup = "local heap = {} for i = 1, 200000 do heap[i] = \"s\" .. i end",
     .body = "while true do local t = {} for i = 1, 100000 do t[i] = heap end end",
     .code = "budget-"},
    {.name = "heap-functions-then-pieces",
     .setup = "local heap = {} for i = 1, 60000 do heap[i] = function() return i end end",
     .body = "for i = 1, 1 << 40 do local _ = { heap, (\"x\"):rep(1200000) .. i } end",
     .code = "budget-"},
    {.name = "heap-walk",
     .setup = HEAP,
     .body = "while true do for _ in pairs(heap) do end end",
     .code = "budget-"},
    {.name = "heap-next",
     .setup = "local heap = {} for i = 1, 200000 do heap[i] = 1 end",
     .body = "while true do next(heap) end",
     .code = "budget-"},
    {.name = "heap-unpack",
     .setup = HEAP,
     .body = "while true do pcall(table.unpack, heap) end",
     .code = "budget-"},
    {.name = "heap-concat",
     .setup = "local heap = {} for i = 1, 200000 do heap[i] = i end",
     .body = "while true do pcall(table.concat, heap) end",
     .code = "budget-"},
    {.name = "heap-sort",
     .setup = HEAP,
     .body = "while true do pcall(table.sort, heap) end",
     .code = "budget-"},
    {.name = "heap-too-large",
     .setup = "local heap = {} for i = 1, 120000 do heap[i] = { i } end",
     .body = "return heap.x",
     .end = MG_ATTACK_REFUSED,
     .code = "policy-memory"},
    {.name = "heap-of-globals",
     .setup = "for i = 1, 15000 do _ENV[(\"%064d\"):format(i)] = true end",
     .body = "return _ENV[(\"1\"):rep(64)]",
     .code = "global-undefined"},
    {.name = "heap-of-globals-caught",
     .setup = "for i = 1, 15000 do _ENV[(\"%064d\"):format(i)] = true end",
     .body = "while true do pcall(function() return _ENV[(\"1\"):rep(64)] end) end",
     .code = "budget-"},
    /* ---- depth ---- */
    {.name = "depth-of-frames",
     .body = "local function down(n) if n > 0 then return 1 + down(n - 1) end while true do "
             "end end pcall(down, 60000) while true do end",
     .code = "budget-"},
    {.name = "depth-of-frames-pcall",
     .body = "local function down(n) local ok = pcall(down, n + 1) while true do pcall(down, n "
             "+ 1) end end down(1)",
     .code = "budget-"},
    {.name = "depth-of-concat",
     .body = "local function f(n) return n == 0 and \"\" or f(n - 1) .. \"x\" end while true "
             "do pcall(f, 10000) end",
     .code = "budget-"},
    {.name = "error-in-deep-stack",
     .body = "local function down() return 1 + down() end while true do pcall(down) "
             "pcall(error) end",
     .code = "budget-"},
    {.name = "utf8-continuations",
     .body = "local s = \"a\" .. (\"\\x80\"):rep(1000000) while true do for _ in utf8.codes(s) "
             "do break end pcall(utf8.len, s) pcall(utf8.offset, s, 2) pcall(utf8.offset, s, "
             "-1) end",
     .code = "budget-"},
    {.name = "utf8-codepoint-all",
     .body = "local s = (\"a\"):rep(100000) while true do pcall(utf8.codepoint, s, 1, -1) end",
     .code = "budget-"},
    {.name = "tostring-floats",
     .body = "local n = 1.1 while true do local _ = n .. n .. n .. n .. n .. n .. n .. n .. n "
             ".. n n = n * 1.0001 end",
     .code = "budget-"},
    {.name = "concat-operands",
     .body = "local s = (\"x\"):rep(20000) while true do local _ = s .. s .. s .. s .. s .. s "
             ".. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s "
             ".. s .. s .. s .. s .. s end",
     .code = "budget-"},
    {.name = "set-huge",
     .body = "local set = \"[\" .. (\"a\"):rep(500000) .. \"]\" local text = (\"b\"):rep(1000) "
             "while true do pcall(string.find, text, set) end",
     .code = "budget-"},
    {.name = "set-unclosed",
     .body = "local set = \"[\" .. (\"a\"):rep(1000000) while true do pcall(string.find, "
             "\"b\", set) pcall(string.gsub, \"b\", set, \"\") end",
     .code = "budget-"},
    {.name = "frontier-huge",
     .body = "local set = \"%f[\" .. (\"a\"):rep(500000) .. \"]\" local text = "
             "(\"b\"):rep(1000) while true do pcall(string.find, text, set) end",
     .code = "budget-"},
    {.name = "global-by-long-name",
     .body = "local s = (\"x\"):rep(1000000) while true do pcall(function() return _ENV[s] "
             "end) pcall(function() return req[s] end) end",
     .code = "budget-"},
    {.name = "header-by-long-name",
     .body = "local s = (\"x\"):rep(1000000) while true do pcall(req.header, req, s) "
             "pcall(req.headers, req, s) end",
     .code = "budget-"},
    {.name = "headers-of-many",
     .body = "while true do local _ = req.requested_headers, req:headers(\"X-Flood\") end",
     .flood = "a,",
     .flood_count = 7000,
     .code = "budget-"},
    {.name = "global-by-long-name-at-the-end",
     .body = "return _ENV[(\"x\"):rep(1900000)]",
     .code = "global-undefined"},
    {.name = "log-kept-many",
     .setup = "local kept = (\"x\"):rep(1 << 20)",
     .body = "local many = {} for i = 1, 200 do many[i] = kept end\n"
             "while true do log(table.unpack(many)) end",
     .code = "budget-"},
    {.name = "log-long",
     .body = "local s = (\"x\"):rep(1000000) while true do log(s, s, s) end",
     .code = "budget-"},
    {.name = "error-long-caught",
     .body = "local s = (\"x\"):rep(1000000) while true do pcall(error, s, 2) pcall(assert, "
             "false, s) end",
     .code = "budget-"},
    {.name = "deny-long-caught",
     .body = "local s = (\"x\"):rep(1000000) while true do pcall(deny, s) end",
     .code = "budget-"},
    {.name = "allow-long-caught",
     .body = "local s = (\"x\"):rep(1000000) while true do pcall(allow, { origins = { s } }) "
             "pcall(allow, { methods = { s } }) pcall(allow, { headers = { s } }) pcall(allow, "
             "{ [s] = s }) end",
     .code = "budget-"},
    {.name = "allow-lists-caught",
     .body = "local list = {} for i = 1, 1000 do list[i] = \"https://\" .. i .. \".example\" "
             "end while true do pcall(allow, { origins = list }) end",
     .code = "budget-"},
};

const struct mg_attack_group mg_attacks_stall = {"stall", attacks,
                                                 sizeof(attacks) / sizeof(attacks[0])};
