/* server.h - the server: policies, listeners, workers and logs tied together, from start to
 * graceful stop.
 *
 * Life:      mg_server_start -> running -> mg_server_stop -> mg_server_join.
 * Threads:   start, stop and join on the program's main thread; the rest on workers.
 */
#ifndef MG_SERVER_SERVER_H
#define MG_SERVER_SERVER_H

#include <stdatomic.h>

#include "core/err.h"
#include "cors/decide.h"
#include "net/listener.h"
#include "policy/set.h"
#include "script/lines.h"
#include "server/options.h"

struct mg_dicts;
struct mg_plugin_clock;
struct mg_runtime;
struct mg_workers;
struct access_log;

struct mg_server {
    struct mg_server_options options;
    struct mg_policy_set *set;
    struct mg_dicts *dicts;
    struct mg_runtime **runtimes; /* one a worker; NULL: the set runs no Lua */
    unsigned runtime_count;
    struct mg_lines public_origins;
    struct mg_str public_origin_items[MG_OPTIONS_MAX_LIST];
    struct mg_listeners *listeners;
    struct mg_workers *workers;
    struct access_log *access_log; /* NULL: off */
    struct mg_str busy_answer;
    const struct mg_handler *stand_in;   /* for handlers there are not; NULL: they are 404 */
    const struct mg_plugin_clock *clock; /* of plugins; NULL: the machine's */
    mg_line_fn line_fn; /* told of the lines of scripts (script/lines.h); NULL: nobody */
    void *line_context;
    atomic_bool is_ready; /* what /readyz says */
};

/* Load policies, open listeners and start the workers. `options` is copied, its strings are
 * borrowed until the end.
 * Returns: NULL after errors in `errs`; warnings and notes of policies go there too. */
struct mg_server *mg_server_start(const struct mg_server_options *options,
                                  struct mg_errs *errs);

/* Begin the graceful stop: not ready any more, then after the stop delay no more
 * connections, then what is in flight is answered. Waits for the delay only. */
void mg_server_stop(struct mg_server *server);

/* Wait until the last connection is gone, flush the logs, free everything. */
void mg_server_join(struct mg_server *server);

/* Open the access log's file again (after its rotation). */
void mg_server_reopen_logs(struct mg_server *server);

/* Address `index` as a URL: "http://127.0.0.1:8080" or "unix:/path"; NULL beyond the last. */
const char *mg_server_url(const struct mg_server *server, size_t index, char *buffer,
                          size_t size);

#endif
