--- docs/admin.md names what the admin interface has, and nothing else: every metric with its type
-- and labels, and the flags of the commands that use it.

local client = require("tests.wire.support.client")
local metrics = require("tests.wire.support.metrics")
local process = require("tests.wire.support.process")
local product = require("tests.spec.support.product")
local reference = require("tests.spec.support.reference")
local wire = require("tests.wire.support")

local PATH = "docs/admin.md"

-- Requests that give every family a sample.
local POLICY = [[
plugin "rate-limit" { requests = 1000, resources = { "/limited" } }
upstream "gone" { "http://127.0.0.1:1" }
resource "/gone" { handler = proxy "gone" }
resource "/limited" { handler = "echo", cors = { origins = { "https://a.example" } } }
]]

local function scrape()
  local server = wire.start({ policy = POLICY, admin = "DIR/admin.sock",
    arguments = { "--plugins", wire.plugins } })
  server:ask("GET /limited", { "Host: a", "Origin: https://b.example" })
  server:ask("GET /none")
  server:ask("GET /gone")
  local function ask(line)
    local connection = client.unix(server, server.dir .. "/admin.sock")
      :request(line, { "Host: localhost", "Content-Length: 0" })
    local answer = connection:read("GET")
    connection:close()
    return answer
  end
  ask("POST /rollback")
  local found
  assert(process.poll(10, function()
    found = metrics.parse(ask("GET /metrics").body)
    return found:sum("moongate_connections_closed_total") >= 2
  end))
  server:stop()
  return found
end

-- The rows of the document's tables that describe metrics: name -> type and labels.
local function documented()
  local rows = {}
  for line in process.read_file(PATH):gmatch("[^\n]+") do
    local name, kind, labels = line:match("^| `([%l_]+_[%l_]+)` | (%a+) | (.-) ?| ")
    if name then
      assert(not rows[name], name .. " is documented twice")
      rows[name] = { type = kind, labels = labels }
    end
  end
  return rows
end

-- `kind`, `status`: the labels of a family as the document writes them.
local function labels_of(family)
  local seen, names = {}, {}
  for _, sample in ipairs(family.samples) do
    for name in pairs(sample.labels) do
      if not seen[name] and name ~= "le" then
        seen[name] = true
        names[#names + 1] = "`" .. name .. "`"
      end
    end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function sorted(labels)
  local names = {}
  for name in labels:gmatch("`%l+`") do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

describe("docs/admin.md", function()
  it("has every metric, with type and labels, and no other", function()
    local found, rows = scrape(), documented()
    assert.is_true(#found.names > 50, #found.names .. " families")
    for _, name in ipairs(found.names) do
      local row, family = rows[name], found.families[name]
      assert(row, name .. " is not documented")
      assert.equals(family.type, row.type, name)
      assert(#family.samples > 0, name .. " has no sample to compare with")
      assert.equals(labels_of(family), sorted(row.labels), name)
      rows[name] = nil
    end
    assert.is_nil(next(rows), "documented, but not there: " .. tostring(next(rows)))
  end)

  it("has the flags of the commands", function()
    local flags = reference.flags(PATH)
    for _, command in ipairs({ "status", "swap", "rollback", "pin", "unpin", "shadow" }) do
      for _, name in ipairs(product.help(command)) do
        assert(flags[name], ("%s lacks --%s of %s"):format(PATH, name, command))
      end
    end
  end)
end)
