-- widget.lua: a widget on customers' pages. Who they are changes daily, so they stand in a file,
-- one pattern a line; it may have a million of them.

resource "/widget/{rest...}" {
  methods = { "GET", "POST" },
  cors = {
    origins = file "widget-sites.txt",
    headers = { "Content-Type", "X-Widget-Key" },
    max_age = 600,
  },
  handler = "echo",
}
