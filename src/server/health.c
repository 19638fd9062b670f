/* health.c - PREFIX/healthz says that the process answers, PREFIX/readyz that it wants new
 * connections. */
#include "server/health.h"

#include "server/exchange.h"
#include "server/worker_state.h"

unsigned mg_health_status(const struct mg_exchange *exchange)
{
    const struct mg_server *server = exchange->worker->server;
    struct mg_str prefix = mg_str_from(server->options.health_path);
    struct mg_str path = exchange->target.path;
    enum mg_method method = exchange->head->method;
    if (server->options.health_path == NULL || !mg_str_starts_with(path, prefix) ||
        (method != MG_METHOD_GET && method != MG_METHOD_HEAD)) {
        return 0;
    }
    struct mg_str rest = mg_str_from_offset(path, prefix.len);
    if (mg_str_equal(rest, MG_STR("/healthz"))) {
        return 200;
    }
    if (mg_str_equal(rest, MG_STR("/readyz"))) {
        return atomic_load(&server->is_ready) ? 200 : 503;
    }
    return 0;
}
