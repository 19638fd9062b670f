/* forwarded.c - X-Forwarded-For is read from its end: each proxy appends the peer it saw,
 * so only what stands behind the last untrusted address is known to be true.
 */
#include "server/forwarded.h"

#include <arpa/inet.h>

#include "http/target.h"
#include "server/exchange.h"
#include "server/worker_state.h"

/* Take the last member off a comma list. */
static bool pop_last(struct mg_str *list, struct mg_str *member)
{
    if (list->len == 0) {
        return false;
    }
    const char *comma = memrchr(list->ptr, ',', list->len);
    size_t start = comma == NULL ? 0 : (size_t)(comma - list->ptr) + 1;
    *member = mg_str_trim_ows(mg_str_from_offset(*list, start));
    list->len = comma == NULL ? 0 : start - 1;
    return true;
}

static void set_remote(struct mg_exchange *exchange, int family, const unsigned char *bytes)
{
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(family, bytes, text, sizeof(text)) != NULL) {
        exchange->remote = mg_arena_dup(&exchange->arena, mg_str_from(text));
    }
}

static void apply_for(struct mg_exchange *exchange)
{
    const struct mg_server_options *options = &exchange->worker->server->options;
    struct mg_lines lines = mg_exchange_lines(exchange, MG_FIELD_X_FORWARDED_FOR);
    for (size_t i = lines.count; i > 0; i--) {
        struct mg_str rest = lines.items[i - 1];
        struct mg_str address;
        while (pop_last(&rest, &address)) {
            unsigned char bytes[16];
            int family = mg_cidr_address(address, bytes);
            if (family == 0) {
                return; /* "unknown" or garbage: what stands before it is hearsay */
            }
            set_remote(exchange, family, bytes);
            if (!mg_cidr_list_contains(options->trusted, options->trusted_count, family,
                                       bytes)) {
                return;
            }
        }
    }
}

static void apply_fields(struct mg_exchange *exchange)
{
    const struct mg_head *head = exchange->head;
    apply_for(exchange);
    struct mg_str proto = mg_head_value(head, MG_FIELD_X_FORWARDED_PROTO);
    if (head->lines[MG_FIELD_X_FORWARDED_PROTO] == 1) {
        if (mg_str_equal_nocase(proto, MG_STR("https"))) {
            exchange->scheme = MG_STR("https");
        } else if (mg_str_equal_nocase(proto, MG_STR("http"))) {
            exchange->scheme = MG_STR("http");
        }
    }
    struct mg_str host = mg_head_value(head, MG_FIELD_X_FORWARDED_HOST);
    if (head->lines[MG_FIELD_X_FORWARDED_HOST] == 1 && mg_authority_is_valid(host)) {
        exchange->host = host;
    }
}

/* Whether the peer is a trusted proxy. An exchange without a connection (gate.h) has its peer's
 * address as a text. */
static bool is_trusted(const struct mg_exchange *exchange)
{
    const struct mg_server_options *options = &exchange->worker->server->options;
    unsigned char storage[16];
    const unsigned char *bytes = storage;
    int family = exchange->conn != NULL ? mg_conn_peer_bytes(exchange->conn, &bytes)
                                        : mg_cidr_address(exchange->remote, storage);
    return mg_cidr_list_contains(options->trusted, options->trusted_count, family, bytes);
}

void mg_forwarded_apply(struct mg_exchange *exchange)
{
    const struct mg_server_options *options = &exchange->worker->server->options;
    exchange->host = exchange->target.authority;
    exchange->scheme = MG_STR("http");
    if (options->trusted_count > 0 && is_trusted(exchange)) {
        apply_fields(exchange);
    }
}
