---@meta moongate.library
-- What policies and plugins have of Lua's library, in place of the editor's own description of it
-- (lua/README.md). What is not here, they do not have. Nothing here runs.
-- luacheck: std none
-- luacheck: globals assert error ipairs next pairs pcall select tonumber tostring type
-- luacheck: globals math string table utf8

---@generic T
---@param v? T
---@param message? any
---@param ... any
---@return T, any ...
function assert(v, message, ...) end

---@param message any
---@param level? integer
function error(message, level) end

---@generic V
---@param list V[]
---@return fun(list: V[], i: integer): integer, V
---@return V[]
---@return integer
function ipairs(list) end

---@generic K, V
---@param table table<K, V>
---@param index? K
---@return K?, V?
function next(table, index) end

---The order of fields differs from one worker to another: what is declared may not depend on it.
---@generic K, V
---@param table table<K, V>
---@return fun(table: table<K, V>, index?: K): K, V
---@return table<K, V>
function pairs(table) end

---A passed bound (time, steps, memory) is not caught.
---@param f function
---@param ... any
---@return boolean ok, any ...
function pcall(f, ...) end

---@param index integer|"#"
---@param ... any
---@return any
function select(index, ...) end

---@param e any
---@param base? integer
---@return number?
function tonumber(e, base) end

---Of tables and functions the type alone: no address.
---@param v any
---@return string
function tostring(v) end

---@alias moongate.Type "nil"|"number"|"string"|"boolean"|"table"|"function"|"userdata"

---@param v any
---@return moongate.Type
function type(v) end

---What patterns compare and strings copy counts as steps of the running hook.
---@class stringlib
string = {}

---@param s string|number
---@param i? integer
---@param j? integer
---@return integer ...
function string.byte(s, i, j) end

---@param ... integer
---@return string
function string.char(...) end

---@param s string|number
---@param pattern string
---@param init? integer
---@param plain? boolean
---@return integer? start, integer? finish, any ... captures
function string.find(s, pattern, init, plain) end

---Without "%p".
---@param format string
---@param ... any
---@return string
function string.format(format, ...) end

---@param s string|number
---@param pattern string
---@param init? integer
---@return fun(): string, ...
function string.gmatch(s, pattern, init) end

---@param s string|number
---@param pattern string
---@param replacement string|number|table|function
---@param n? integer
---@return string, integer count
function string.gsub(s, pattern, replacement, n) end

---@param s string|number
---@return integer
function string.len(s) end

---Of ASCII letters; no locale.
---@param s string|number
---@return string
function string.lower(s) end

---@param s string|number
---@param pattern string
---@param init? integer
---@return any ...
function string.match(s, pattern, init) end

---@param s string|number
---@param n integer
---@param separator? string
---@return string
function string.rep(s, n, separator) end

---@param s string|number
---@return string
function string.reverse(s) end

---@param s string|number
---@param i integer
---@param j? integer
---@return string
function string.sub(s, i, j) end

---Of ASCII letters; no locale.
---@param s string|number
---@return string
function string.upper(s) end

---Functions that write refuse tables that were made while loading.
---@class tablelib
table = {}

---@param list table
---@param separator? string
---@param i? integer
---@param j? integer
---@return string
function table.concat(list, separator, i, j) end

---@param list table
---@param position integer
---@param value any
---@overload fun(list: table, value: any)
function table.insert(list, position, value) end

---@param from table
---@param first integer
---@param last integer
---@param to integer
---@param target? table
---@return table
function table.move(from, first, last, to, target) end

---@param ... any
---@return table
function table.pack(...) end

---@param list table
---@param position? integer
---@return any
function table.remove(list, position) end

---Stable: what is alike stays in its order.
---@generic T
---@param list T[]
---@param less? fun(a: T, b: T): boolean
function table.sort(list, less) end

---@generic T
---@param list T[]
---@param i? integer
---@param j? integer
---@return T ...
function table.unpack(list, i, j) end

---@class mathlib
---@field huge number
---@field maxinteger integer
---@field mininteger integer
---@field pi number
math = {}

---@generic N: number
---@param x N
---@return N
function math.abs(x) end

---@param x number
---@return number
function math.acos(x) end

---@param x number
---@return number
function math.asin(x) end

---@param y number
---@param x? number
---@return number
function math.atan(y, x) end

---@param x number
---@return integer|number
function math.ceil(x) end

---@param x number
---@return number
function math.cos(x) end

---@param x number
---@return number
function math.deg(x) end

---@param x number
---@return number
function math.exp(x) end

---@param x number
---@return integer|number
function math.floor(x) end

---@param x number
---@param y number
---@return number
function math.fmod(x, y) end

---@param x number
---@param base? number
---@return number
function math.log(x, base) end

---@param x number
---@param ... number
---@return number
function math.max(x, ...) end

---@param x number
---@param ... number
---@return number
function math.min(x, ...) end

---@param x number
---@return number, number
function math.modf(x) end

---@param x number
---@return number
function math.rad(x) end

---@param x number
---@return number
function math.sin(x) end

---@param x number
---@return number
function math.sqrt(x) end

---@param x number
---@return number
function math.tan(x) end

---@param x any
---@return integer?
function math.tointeger(x) end

---@param x any
---@return "integer"|"float"|nil
function math.type(x) end

---@param m integer
---@param n integer
---@return boolean
function math.ult(m, n) end

---@class utf8lib
---@field charpattern string
utf8 = {}

---@param ... integer
---@return string
function utf8.char(...) end

---@param s string
---@param i? integer
---@param j? integer
---@param lax? boolean
---@return integer ...
function utf8.codepoint(s, i, j, lax) end

---@param s string
---@param lax? boolean
---@return fun(s: string, i: integer): integer, integer
---@return string
---@return integer
function utf8.codes(s, lax) end

---@param s string
---@param i? integer
---@param j? integer
---@param lax? boolean
---@return integer? count, integer? invalid
function utf8.len(s, i, j, lax) end

---@param s string
---@param n integer
---@param i? integer
---@return integer?
function utf8.offset(s, n, i) end
