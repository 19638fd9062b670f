--- Methods: OPTIONS in all its forms, 405, 501, and the order in which refusals apply.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
local cors = { origins = { "https://a.example" }, methods = { "PUT" }, expose = { "X-Id" } }
resource "/r" { methods = { "GET", "PUT", "PURGE" }, cors = cors, handler = "echo" }
resource "/post" { methods = { "POST" }, cors = cors, handler = "echo" }
resource "/ok" { methods = { "GET" }, handler = "echo",
  cors = { origins = { "https://a.example" }, status = 200 } }
resource "/forward" { methods = { "GET", "OPTIONS" }, options = "forward", handler = "echo",
  cors = { origins = { "https://a.example" } } }
resource "/off" { methods = { "GET", "OPTIONS" }, cors = false, handler = respond {
  status = 200, fields = { Vary = "X-Own" }, body = "off" } }
resource "/own" { methods = { "GET" }, cors = false, handler = respond {
  fields = { ["Access-Control-Allow-Origin"] = "https://own.example" }, body = "own" } }
resource "/closed" { methods = { "GET" }, handler = "echo" }
]]

local FINE, EVIL = "Origin: https://a.example", "Origin: https://evil.example"
local ACRM = "Access-Control-Request-Method: PUT"
local THREE = { "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers" }

describe("method", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, limits = { ["body-bytes"] = 1000 } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function check_all(table_of_rows)
    for _, row in ipairs(table_of_rows) do
      it(row[1], function()
        rows.check(server, row)
      end)
    end
  end

  describe("OPTIONS:", function()
    check_all({
      { "on a resource: 204, empty, Allow in declared order with HEAD and OPTIONS",
        line = "OPTIONS /r", status = 204, body = "",
        equal = { Allow = "GET, HEAD, PUT, PURGE, OPTIONS" }, has = { Vary = { "Origin" } },
        cors = false, absent = { "Content-Length", "Transfer-Encoding" },
        log = { kind = "options", reason = "options-discovery", status = 204 } },
      { "no HEAD where GET is not", line = "OPTIONS /post", status = 204,
        equal = { Allow = "POST, OPTIONS" } },
      { "200 has a length", line = "OPTIONS /ok", status = 200, body = "",
        equal = { ["Content-Length"] = "0", Allow = "GET, HEAD, OPTIONS" } },
      { "from an allowed origin: fields as for an actual request", line = "OPTIONS /r",
        fields = { "Host: a", FINE }, status = 204,
        equal = { ["Access-Control-Allow-Origin"] = "https://a.example",
          ["Access-Control-Expose-Headers"] = "X-Id" },
        has = { Vary = { "Origin" } }, log = { kind = "options" },
        absent = { "Access-Control-Allow-Methods", "Access-Control-Allow-Headers" } },
      { "from another origin: Allow and Vary, no CORS fields", line = "OPTIONS /r",
        fields = { "Host: a", EVIL }, status = 204, cors = false,
        has = { Vary = { "Origin" }, Allow = { "GET" } } },
      { "without Origin, with Access-Control-Request-Method: no preflight", line = "OPTIONS /r",
        fields = { "Host: a", ACRM }, status = 204, cors = false, log = { kind = "options" } },
      { "of the server: Allow has the methods of all resources, no CORS fields",
        line = "OPTIONS *", fields = { "Host: a", FINE, ACRM }, status = 204, body = "",
        has = { Allow = { "GET", "HEAD", "PUT", "PURGE", "POST", "OPTIONS" } }, cors = false,
        absent = { "Content-Length", "Transfer-Encoding" },
        log = { reason = "options-asterisk" } },
      { "of the server, in absolute-form", line = "OPTIONS http://a", status = { 204, 404 } },
      { "asterisk with another method", line = "GET *", status = 400, closes = nil, cors = false },
      { "asterisk with something behind it", line = "OPTIONS */r", status = 400, cors = false },
      { "of no resource", line = "OPTIONS /nowhere", fields = { "Host: a", FINE, ACRM },
        status = 404, cors = false },
      { "content without Content-Type", line = "OPTIONS /r",
        fields = { "Host: a", "Content-Length: 3" }, content = "abc", status = 400 },
      { "chunked content without Content-Type", line = "OPTIONS /r",
        fields = { "Host: a", "Transfer-Encoding: chunked" }, content = "3\r\nabc\r\n0\r\n\r\n",
        status = 400 },
      { "content with Content-Type is read and dropped", line = "OPTIONS /r",
        fields = { "Host: a", "Content-Length: 3", "Content-Type: text/plain" }, content = "abc",
        status = 204, closes = false },
      { "chunked content with Content-Type is read and dropped", line = "OPTIONS /r",
        fields = { "Host: a", "Transfer-Encoding: chunked", "Content-Type: text/plain" },
        content = "3\r\nabc\r\n0\r\n\r\n", status = 204, closes = false },
      { "length 0 is no content", line = "OPTIONS /r", fields = { "Host: a", "Content-Length: 0" },
        status = 204 },
      { "chunks without an octet are no content", line = "OPTIONS /r",
        fields = { "Host: a", "Transfer-Encoding: chunked" }, content = "0\r\n\r\n", status = 204 },
      { "content beyond the limit", line = "OPTIONS /r",
        fields = { "Host: a", "Content-Length: 1001", "Content-Type: text/plain" },
        content = ("x"):rep(1001), status = 413 },
      { "of the server, with content but no Content-Type", line = "OPTIONS *",
        fields = { "Host: a", "Content-Length: 3" }, content = "abc", status = 400, cors = false },
      { "forwarded: the handler answers, with our fields", line = "OPTIONS /forward",
        fields = { "Host: a", FINE }, status = 200,
        equal = { ["Access-Control-Allow-Origin"] = "https://a.example" } },
      { "forwarded, but a preflight: never", line = "OPTIONS /forward",
        fields = { "Host: a", FINE, "Access-Control-Request-Method: GET" }, status = 204,
        body = "" },
      { "cors = false: the handler answers preflights", line = "OPTIONS /off",
        fields = { "Host: a", FINE, ACRM }, status = 200, body = "off", cors = false,
        equal = { Vary = "X-Own" }, absent = { "Allow" } },
      { "cors = false: CORS fields of the handler pass", line = "GET /own",
        fields = { "Host: a", FINE }, status = 200, body = "own",
        equal = { ["Access-Control-Allow-Origin"] = "https://own.example" },
        absent = { "Vary" } },
      { "cors = false: the handler's fields pass as they are", line = "GET /off",
        fields = { "Host: a", FINE }, status = 200, body = "off", cors = false,
        equal = { Vary = "X-Own" } },
    })
  end)

  describe("refused:", function()
    check_all({
      { "405 has Allow", line = "DELETE /r", status = 405,
        equal = { Allow = "GET, HEAD, PUT, PURGE, OPTIONS" }, has = { Vary = { "Origin" } },
        cors = false, log = { status = 405, reason = "method-not-allowed" } },
      { "405 is readable by an allowed origin", line = "DELETE /r", fields = { "Host: a", FINE },
        status = 405, has = { Allow = { "GET" }, Vary = { "Origin" } },
        equal = { ["Access-Control-Allow-Origin"] = "https://a.example",
          ["Access-Control-Expose-Headers"] = "X-Id" } },
      { "405 to another origin", line = "DELETE /r", fields = { "Host: a", EVIL }, status = 405,
        cors = false, has = { Vary = { "Origin" }, Allow = { "GET" } } },
      { "HEAD where GET is not", line = "HEAD /post", status = 405,
        equal = { Allow = "POST, OPTIONS" } },
      { "HEAD where GET is", line = "HEAD /r", status = 200 },
      { "a method that only another resource has is known: 405", line = "PURGE /post",
        status = 405 },
      { "a method of our own, where it is declared", line = "PURGE /r", status = 200 },
      { "unknown method", line = "BREW /r", status = 501, has = { Vary = { "Origin" } },
        log = { status = 501, reason = "method-not-implemented", method = "BREW" } },
      { "unknown method, readable by an allowed origin", line = "BREW /r",
        fields = { "Host: a", FINE }, status = 501,
        equal = { ["Access-Control-Allow-Origin"] = "https://a.example" } },
      { "unknown method to another origin", line = "BREW /r", fields = { "Host: a", EVIL },
        status = 501, cors = false, has = { Vary = { "Origin" } } },
      { "methods are compared by case: patch is unknown", line = "patch /r", status = 501 },
      { "methods are compared by case: get is unknown", line = "get /r", status = 501 },
      { "PATCH is known", line = "PATCH /r", status = 405 },
      { "QUERY, which nobody declared", line = "QUERY /r", status = 501 },
      { "a method of every token character", line = "!#$%&'*+-.^_`|~09azAZ /r", status = 501 },
      { "TRACE", line = "TRACE /r", status = 501 },
      { "CONNECT, behind which bytes may be meant for a tunnel", line = "CONNECT /r",
        status = 501, closes = true },
      { "CONNECT in authority-form", line = "CONNECT a.example:443", status = { 400, 501 },
        cors = false },
      { "unknown method on no resource: 501 before 404", line = "BREW /nowhere", status = 501,
        cors = false },
      { "known method on no resource: 404", line = "DELETE /nowhere", fields = { "Host: a", FINE },
        status = 404, cors = false, log = { reason = "no-resource", status = 404 } },
      { "malformed target before unknown method", line = "BREW /r#x", status = 400 },
      { "no resource before a malformed preflight", line = "OPTIONS /nowhere",
        fields = { "Host: a", FINE, "Access-Control-Request-Method: P(UT" }, status = 404 },
    })
  end)

  describe("preflight, what applies first:", function()
    local BAD = "Access-Control-Request-Method: P(UT"
    check_all({
      { "content", line = "OPTIONS /r", fields = { "Host: a", FINE, ACRM, "Content-Length: 3" },
        content = "abc", status = 400, cors = false },
      { "content, even with a Content-Type", line = "OPTIONS /r",
        fields = { "Host: a", FINE, ACRM, "Content-Length: 3", "Content-Type: text/plain" },
        content = "abc", status = 400, cors = false },
      { "content before a refused origin", line = "OPTIONS /r",
        fields = { "Host: a", EVIL, ACRM, "Content-Length: 3" }, content = "abc", status = 400,
        cors = false },
      { "content in chunks before a refused origin", line = "OPTIONS /r",
        fields = { "Host: a", EVIL, ACRM, "Transfer-Encoding: chunked" },
        content = "3\r\nabc\r\n0\r\n\r\n", status = 400, cors = false },
      { "form before a refused origin", line = "OPTIONS /r", fields = { "Host: a", EVIL, BAD },
        status = 400, cors = false },
      { "origin before method", line = "OPTIONS /r",
        fields = { "Host: a", EVIL, "Access-Control-Request-Method: DELETE" }, status = 403,
        cors = false, has = { Vary = THREE }, log = { reason = "origin-denied" } },
      { "length 0 is no content", line = "OPTIONS /r",
        fields = { "Host: a", FINE, ACRM, "Content-Length: 0" }, status = 204 },
      { "chunks without an octet are no content", line = "OPTIONS /r",
        fields = { "Host: a", FINE, ACRM, "Transfer-Encoding: chunked" }, content = "0\r\n\r\n",
        status = 204 },
      { "no rule", line = "OPTIONS /closed", fields = { "Host: a", FINE, ACRM }, status = 403,
        cors = false, log = { reason = "no-rule", decision = "deny" } },
    })
  end)
end)
