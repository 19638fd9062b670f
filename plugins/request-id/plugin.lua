-- request-id: X-Request-Id on every answer; the hook is in C (request_id.c).

return {
  name = "request-id",
  version = "1.0.0",
  api = 1,
  native = "request-id.so",
  config = {
    keep_incoming = { type = "boolean", default = true,
      description = "take over an X-Request-Id of the request, if it is harmless" },
  },
}
