-- local-ports.lua: developers run the front end on whatever port is free.

resource "/dev/api/{rest...}" {
  methods = { "GET", "POST", "PUT" },
  cors = {
    origins     = { "https://staging.example.com", "http://localhost:*", "http://127.0.0.1:*" },
    headers     = { "Content-Type" },
    credentials = true, -- http is an error here, but for loopback
  },
  handler = "echo",
}
