--- Prometheus' text format 0.0.4: a strict parser, and questions that tests ask of a scrape.

local M = {}

local Scrape = {}
Scrape.__index = Scrape

local NAME = "[%a_:][%w_:]*"
local TYPES = { counter = true, gauge = true, histogram = true, summary = true, untyped = true }
local ESCAPES = { ["\\\\"] = "\\", ['\\"'] = '"', ["\\n"] = "\n" }

local function fail(line, what)
  error(("%s: %q"):format(what, line), 0)
end

-- The value of a label whose opening quote is before `at`, and where its closing quote is.
local function parse_value(line, at)
  local value = {}
  while true do
    local c = line:sub(at, at)
    if c == '"' then
      return table.concat(value), at
    elseif c == "\\" then
      local text = ESCAPES[line:sub(at, at + 1)] or fail(line, "unknown escape")
      value[#value + 1] = text
      at = at + 2
    elseif c == "" then
      fail(line, "label without an end")
    else
      value[#value + 1] = c
      at = at + 1
    end
  end
end

-- Labels from the brace at `at` on, and where the text behind them begins.
local function parse_labels(line, at)
  local labels = {}
  at = at + 1
  while line:sub(at, at) ~= "}" do
    local name, behind = line:match("^([%a_][%w_]*)=\"()", at)
    if not name or labels[name] then
      fail(line, "label")
    end
    labels[name], at = parse_value(line, behind)
    at = at + 1
    if line:sub(at, at) == "," then
      at = at + 1
    elseif line:sub(at, at) ~= "}" then
      fail(line, "text between labels")
    end
  end
  return labels, at + 1
end

local function parse_sample(line)
  local name, at = line:match("^(" .. NAME .. ")()")
  if not name then
    fail(line, "neither comment nor sample")
  end
  local labels = {}
  if line:sub(at, at) == "{" then
    labels, at = parse_labels(line, at)
  end
  local number = line:match("^ ([%d.]+)$", at)
  if not tonumber(number) then
    fail(line, "no number behind one space")
  end
  return { name = name, labels = labels, value = tonumber(number) }
end

-- The family a sample belongs to: the one begun last.
local function check_member(family, sample, line)
  if not family then
    fail(line, "sample before any family")
  end
  local suffix = sample.name:match("^" .. family.name .. "(.*)$")
  local is_own = suffix == ""
  if family.type == "histogram" then
    is_own = suffix == "_bucket" or suffix == "_sum" or suffix == "_count"
  end
  if not is_own then
    fail(line, "sample of another family than " .. family.name)
  end
end

local function key_of(sample)
  local parts = {}
  for name, value in pairs(sample.labels) do
    parts[#parts + 1] = name .. "=" .. ("%q"):format(value)
  end
  table.sort(parts)
  return sample.name .. "{" .. table.concat(parts, ",") .. "}"
end

local function check_histogram(family)
  local last_bound, last_count, count = -1, 0, nil
  for _, sample in ipairs(family.samples) do
    if sample.name:match("_bucket$") then
      local bound = sample.labels.le == "+Inf" and math.huge or tonumber(sample.labels.le)
      assert(bound > last_bound, family.name .. ": bounds do not rise")
      assert(sample.value >= last_count, family.name .. ": buckets are not cumulative")
      last_bound, last_count = bound, sample.value
    elseif sample.name:match("_count$") then
      count = sample.value
    end
  end
  assert(last_bound == math.huge, family.name .. ": no bucket +Inf")
  assert(count == last_count, family.name .. ": _count is not the last bucket")
end

--- Parses a whole scrape; an error that shows the line where it breaks the format.
function M.parse(text)
  local scrape = setmetatable({ families = {}, names = {}, samples = {} }, Scrape)
  local family
  assert(text:sub(-1) == "\n", "the last line has no end")
  for line in text:gmatch("([^\n]*)\n") do
    local help, rest = line:match("^# HELP (" .. NAME .. ") (.+)$")
    local name, kind = line:match("^# TYPE (" .. NAME .. ") (%a+)$")
    if help then
      assert(not scrape.families[help], "family twice: " .. help)
      family = { name = help, help = rest, samples = {} }
      scrape.families[help] = family
      scrape.names[#scrape.names + 1] = help
    elseif name then
      if not family or family.name ~= name or family.type or not TYPES[kind] then
        fail(line, "TYPE")
      end
      family.type = kind
    else
      local sample = parse_sample(line)
      check_member(family, sample, line)
      local key = key_of(sample)
      assert(not scrape.samples[key], "sample twice: " .. key)
      scrape.samples[key] = sample
      family.samples[#family.samples + 1] = sample
    end
  end
  for _, each in pairs(scrape.families) do
    assert(each.type, "no TYPE: " .. each.name)
    if each.type == "histogram" then
      check_histogram(each)
    end
  end
  return scrape
end

--- The value of a sample, 0 where there is none; `labels` has all of its labels.
function Scrape:value(name, labels)
  local sample = self.samples[key_of({ name = name, labels = labels or {} })]
  return sample and sample.value or 0
end

--- The values of all samples of a name, added up; of those with these labels.
function Scrape:sum(name, labels)
  local sum = 0
  for _, sample in pairs(self.samples) do
    local fits = sample.name == name
    for label, value in pairs(labels or {}) do
      fits = fits and sample.labels[label] == value
    end
    sum = sum + (fits and sample.value or 0)
  end
  return sum
end

return M
