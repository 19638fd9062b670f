-- uploads.lua: files, with a progress bar. A form's POST needs no preflight, but one whose script
-- listens to its progress does, and so does a PUT or a stream.

resource "/uploads/{name}" {
  methods = { "POST", "PUT" },
  cors = {
    origins = { "https://app.example.com" },
    headers = { "Content-Type", "Content-Range" },
    expose  = { "Location" },
    max_age = 7200, -- one preflight for many pieces; Chromium keeps it no longer
  },
  handler = respond { status = 201, fields = { Location = "/files/1" } },
}
