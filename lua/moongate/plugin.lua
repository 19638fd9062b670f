---@meta moongate.plugin
-- What a plugin.lua returns, what its capabilities give it, and what its hooks see besides `req`,
-- which is that of policies. Nothing here runs; the engine defines these names itself.

---What a plugin.lua returns.
---@class moongate.Manifest
---@field name string of the plugin's folder
---@field version string
---@field api 1 the interface it is written for
---@field before? string[] plugins whose hooks run after its own
---@field after? string[] plugins whose hooks run before its own
---@field capabilities? moongate.Capability[] what it may reach; default: nothing
---@field config? table<string, moongate.Setting|moongate.SettingType> its settings
---@field budget? moongate.Budget of each call of its hooks
---@field native? string "NAME.so" in its folder: hooks in C
---@field load? fun(config: table) once, before any other
---@field request? fun(req: moongate.Request): moongate.Answer? before the handler; may answer
---@field decision? fun(req: moongate.Request, d: moongate.Decision) of preflights too
---@field response? fun(req: moongate.Request, res: moongate.Response) edits an answer's head
---@field log? fun(record: moongate.Record) when an exchange is over
---@field handler? fun(req: moongate.Request): moongate.Answer of resources that name the plugin

---"dict:NAME:SIZE" stands for one dictionary: "dict:hits:1MB".
---@alias moongate.Capability "log"|"clock"|"respond"|"widen"|"dict:hits:1MB"|string

---@class moongate.Budget
---@field cpu_ms? integer of CPU time; default: 5, or what --limit hook-cpu says
---@field steps? integer of work done in C for it; default: 1000000, or hook-steps
---@field bytes? string by which Lua's heap may grow; default: "4MB", or hook-bytes

---@alias moongate.SettingType
---| "any" # data of any kind
---| "boolean"
---| "duration" # "10s" is given, seconds are read
---| "enum" # one of `values`
---| "header" # a header's name
---| "headers" # a list of them
---| "integer"
---| "list" # of what `of` says
---| "method" # a method's name
---| "methods" # a list of them
---| "number"
---| "origin" # an origin pattern
---| "origins" # a list of them, or "*"
---| "path" # "/login"
---| "size" # "64KB" is given, bytes are read
---| "string"
---| "table" # with `fields`, or of any names with `of`

---@class moongate.Setting
---@field type moongate.SettingType
---@field default? any read where the policy gives nothing
---@field required? boolean whether the policy has to give it; default: false
---@field description? string for people
---@field min? number|string least value; of strings, lists and maps the least length
---@field max? number|string
---@field values? string[] of an enum
---@field of? moongate.Setting|moongate.SettingType of a list's elements, a map's values
---@field fields? table<string, moongate.Setting|moongate.SettingType> of a table

---A decision, read-only but for its methods.
---@class moongate.Decision
---@field kind moongate.Kind
---@field verdict "not-cors"|"allow"|"deny"|"bad-request"
---@field reason string
---@field status integer of a refusal or a preflight; 0: the handler's
---@field deny fun(self: moongate.Decision, reason: string) 403, without CORS fields
---@field allow fun(self: moongate.Decision): boolean needs "widen": let Origin in; whether it is

---The head of an answer. CORS fields and those of framing cannot be touched.
---@class moongate.Response
---@field status integer
---@field get fun(self: moongate.Response, name: string): string? the first value of a field
---@field set fun(self: moongate.Response, name: string, value: string) in place of all there are
---@field add fun(self: moongate.Response, name: string, value: string) one line more
---@field remove fun(self: moongate.Response, name: string) all lines of that name

---An exchange that is over.
---@class moongate.Record
---@field method string
---@field path string
---@field host string
---@field origin? string
---@field remote_addr string
---@field resource string the pattern that matched
---@field kind moongate.Kind
---@field verdict "not-cors"|"allow"|"deny"|"bad-request"
---@field reason string
---@field file string of the policy that decided
---@field line integer
---@field status integer 0: the client left before an answer
---@field bytes integer of the answer, with its head
---@field duration_us integer from the whole head to the end of the answer
---@field wall_ms integer since 1970-01-01 UTC
---@field ctx table req.ctx of the exchange

---The capability "log". `log("text", …)` is `log.info("text", …)`.
---@class moongate.Log
---@operator call(any): nil
---@field info fun(...: any)
---@field warn fun(...: any)

---The capability "clock".
---@class moongate.Clock
---@field now fun(): number seconds since 1970-01-01 UTC
---@field monotonic fun(): number seconds that never go back

---@class moongate.DictSet
---@field ttl? number seconds until the entry is gone; default: it stays

---@class moongate.DictAdd
---@field start? integer of an entry that is not there; default: 0
---@field ttl? number seconds, of an entry that is not there

---@alias moongate.DictValue string|number|boolean|nil

---@alias moongate.DictSetter
---| fun(self: moongate.Dict, key: string, value: moongate.DictValue, options?: moongate.DictSet)

---Gives the sum, and the seconds that are left of the entry's life, nil where it stays.
---@alias moongate.DictAdder
---| fun(self: moongate.Dict, key: string, by?: integer, o?: moongate.DictAdd): integer, number?

---A dictionary of bounded size that all workers share: what was used longest ago makes room.
---@class moongate.Dict
---@field get fun(self: moongate.Dict, key: string): moongate.DictValue
---@field set moongate.DictSetter nil deletes
---@field delete fun(self: moongate.Dict, key: string)
---@field incr moongate.DictAdder adds `by`, or 1, in one step that no other worker comes between

---@type moongate.Log
log = nil

---@type moongate.Clock
clock = nil

---The dictionary of that name: `local hits = dict "hits"`.
---@param name string
---@return moongate.Dict
function dict(name) end
