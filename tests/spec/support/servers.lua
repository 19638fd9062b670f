--- Servers with known CORS faults, on loopback ports that are free, each ended by its process id.

local cjson = require("cjson")
local process = require("tests.wire.support.process")
local lfs = require("lfs")
local socket = require("socket")

local M = {}

local Server = {}
Server.__index = Server

--- A port of 127.0.0.1 that was free just now.
function M.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

local function fail(child, what)
  child:signal("KILL")
  error(what .. " " .. child:stdout() .. child:tail(), 3)
end

-- Makes a key and a certificate that nobody has signed.
local function make_certificate(dir)
  local command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout "
    .. process.quote(dir .. "/key.pem") .. " -out " .. process.quote(dir .. "/cert.pem")
  assert(os.execute(command .. " 2>/dev/null"), "openssl failed")
  return dir .. "/key.pem", dir .. "/cert.pem"
end

--- Starts tests/spec/faulty/server.mjs. `url` is where it listens; `options.tls`: over TLS.
function M.node(options)
  local faulty = lfs.currentdir() .. "/tests/spec/faulty"
  assert(lfs.attributes(faulty .. "/node_modules/cors", "mode") == "directory",
    "npm ci --prefix tests/spec/faulty has not been run")
  local dir = process.make_dir()
  local argv = { "node", faulty .. "/server.mjs" }
  if options and options.tls then
    argv[3], argv[4] = make_certificate(dir)
  end
  local child = process.spawn(argv, dir)
  local url = process.poll(20, function()
    return child:stdout():match("listening on (%S+)\n") or (child:status() and "")
  end)
  if not url or url == "" then
    fail(child, "Node's server did not start")
  end
  return setmetatable({ process = child, dir = dir, url = url }, Server)
end

-- One location a fault. nginx sends no field whose value is empty.
local NGINX = [[
user root;
daemon off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path DIR/temp;
  proxy_temp_path DIR/temp;
  fastcgi_temp_path DIR/temp;
  uwsgi_temp_path DIR/temp;
  scgi_temp_path DIR/temp;
  map $http_origin $listed { "https://app.shop.example" $http_origin; }
  map $http_origin $dot { "~^https://app.shop.example$" $http_origin; }
  map $http_origin $end_open { "~^https://app\.shop\.example" $http_origin; }
  map $http_access_control_request_method $methods { "~." "GET, PUT"; }
  server {
    listen 127.0.0.1:PORT;
    root DIR/files;
    location /careful {
      add_header Access-Control-Allow-Origin $listed always;
      add_header Access-Control-Allow-Methods $methods always;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /reflect {
      add_header Access-Control-Allow-Origin $http_origin always;
      add_header Access-Control-Allow-Credentials true always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /dot {
      add_header Access-Control-Allow-Origin $dot always;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /end-open {
      add_header Access-Control-Allow-Origin $end_open always;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /no-vary {
      add_header Access-Control-Allow-Origin $listed always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /no-always {
      add_header Access-Control-Allow-Origin $listed;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) { return 204; }
    }
    location /if-drops {
      add_header Access-Control-Allow-Origin $listed always;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) {
        add_header Access-Control-Allow-Methods "GET, PUT";
        return 204;
      }
    }
    location /slash {
      add_header Access-Control-Allow-Origin $listed always;
      add_header Vary Origin always;
      if ($request_method = OPTIONS) { return 308 /slash/; }
    }
    location /login {
      add_header Access-Control-Allow-Origin $listed always;
      add_header Vary Origin always;
      auth_basic "shop";
      auth_basic_user_file DIR/passwords;
    }
  }
}
]]

--- Starts nginx with the faults above. `url` is where it listens.
function M.nginx()
  local dir = process.make_dir()
  local port = M.free_port()
  assert(lfs.mkdir(dir .. "/files"))
  for path in NGINX:gmatch("location /(%S+)") do
    process.write_file(dir .. "/files/" .. path, "{}\n")
  end
  process.write_file(dir .. "/passwords", "")
  process.write_file(dir .. "/nginx.conf", (NGINX:gsub("DIR", dir):gsub("PORT", port)))
  local child = process.spawn({ "nginx", "-e", dir .. "/error.log", "-p", dir, "-c",
    dir .. "/nginx.conf" }, dir)
  local is_open = process.poll(20, function()
    local connection = socket.connect("127.0.0.1", port)
    if connection then
      connection:close()
    end
    return connection and "open" or (child:status() and "ended")
  end)
  if is_open ~= "open" then
    fail(child, "nginx did not start")
  end
  return setmetatable({ process = child, dir = dir, url = "http://127.0.0.1:" .. port }, Server)
end

-- What Node's server has got for a target so far.
local function requests_so_far(self, target)
  local found = {}
  for line in self.process:stdout():gmatch("[^\n]+") do
    local request = line:sub(1, 1) == "{" and cjson.decode(line)
    if request and request.target == target then
      found[#found + 1] = request
    end
  end
  return found
end

--- The requests that Node's server has got for a target, once there are `count`: a list of method,
-- fields (pairs) and content.
function Server:requests(target, count)
  process.poll(10, function()
    return #requests_so_far(self, target) >= count
  end)
  return requests_so_far(self, target)
end

--- Ends the server with SIGTERM.
function Server:stop()
  self.process:signal("TERM")
  if not self.process:wait(20) then
    self.process:signal("KILL")
    error("the server did not end " .. self.process:tail(), 0)
  end
  process.remove_dir(self.dir)
end

return M
