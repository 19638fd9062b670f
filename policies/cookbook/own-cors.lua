-- own-cors.lua: an application that does CORS itself, and is not to be helped. The engine neither
-- answers nor edits: preflights go to the handler, and its fields pass as they are.

resource "/legacy/{rest...}" {
  methods = { "GET", "POST", "OPTIONS" },
  cors    = false,
  handler = "proxy",
}

upstream "default" { "http://127.0.0.1:9000" }
