/* fetch_object.h - a browser in a test: its preflight cache, and whole fetches put to a gate.
 * Private to src/testing.
 *
 *     local fetched = gate:fetch({ from = "https://app.example", url = "https://api.example/",
 *       method = "PUT", headers = { { "content-type", "application/json" } }, body = "{}",
 *       credentials = "include" }, engine.browser "chromium")
 *
 * Fields of `spec` besides: mode, redirect, body_kind ("string", "url-search-params",
 * "form-data", "blob", "buffer", "stream"), body_type, initiator, upload_listeners.
 */
#ifndef MG_TESTING_FETCH_OBJECT_H
#define MG_TESTING_FETCH_OBJECT_H

#include <lua.h>

/* Put what engine.browser is into the registry; once a state. Raises when memory is out. */
void mg_fetch_object_open(lua_State *L);

/* engine.browser([name]): "chromium" (default), "firefox", "webkit", "standard". */
int mg_fetch_object_browser(lua_State *L);

/* gate:fetch(spec, browser): verdict, outcome, console, kind, culprit, method, url, dropped,
 * steps, and exchanges, each { request = { method, target, host, preflight, fields,
 * credentials }, hop, and what gate:ask gives }. */
int mg_fetch_object_run(lua_State *L);

#endif
