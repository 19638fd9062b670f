-- webview.lua: pages without an origin of their own: an app's web view that loads file://, a
-- sandboxed frame, a data: document. All of them send "null", and so can any page that wants to:
-- hence no credentials, and nothing that is not public anyway.

resource "/app-content/{rest...}" {
  methods = { "GET", "POST" },
  cors = {
    origins = { "null", "capacitor://localhost", "https://app.example.com" },
    headers = { "Content-Type" },
  },
  handler = "echo",
}
