-- webdav.lua: methods beyond the usual ones, and an OPTIONS that means something. Preflights are
-- answered here; any other OPTIONS goes to the handler, which tells what it can do.

resource "/dav/{rest...}" {
  methods = { "GET", "PUT", "PROPFIND", "MKCOL" },
  options = "forward",
  cors = {
    origins = { "https://files.example.com" },
    headers = { "Content-Type", "Depth" },
    expose  = { "DAV" },
  },
  handler = "proxy",
}

upstream "default" { "http://127.0.0.1:9000" }
