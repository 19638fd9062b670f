/* resolve.c - where an endpoint is. An address lasts as long as the endpoint, a name as long as
 * the name server says; after that the old addresses serve on until newer ones are there, so
 * that a name server that is away takes nothing down.
 */
#include "core/err.h"
#include "net/resolver.h"
#include "proxy/relay_internal.h"

static bool is_numeric(struct mg_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] != '.' && !mg_ascii_is_digit(host.ptr[i])) {
            return host.ptr[0] == '[';
        }
    }
    return true;
}

/* Keep host and port of a name, to be asked for. Returns: false for a numeric address. */
static bool keep_name(struct mg_endpoint *endpoint)
{
    struct mg_str authority = endpoint->authority;
    const char *colon = memrchr(authority.ptr, ':', authority.len);
    unsigned long long port = 0;
    if (colon == NULL) {
        return false;
    }
    struct mg_str host = {authority.ptr, (size_t)(colon - authority.ptr)};
    if (is_numeric(host) ||
        !mg_str_to_u64(mg_str_from_offset(authority, host.len + 1), UINT16_MAX, &port)) {
        return false;
    }
    memcpy(endpoint->host, host.ptr, host.len);
    endpoint->port = (uint16_t)port;
    return true;
}

void mg_endpoint_read_url(struct mg_endpoint *endpoint)
{
    struct mg_str text = {endpoint->url, strlen(endpoint->url)};
    bool is_unix = mg_str_starts_with(text, MG_STR("unix:"));
    endpoint->authority =
        is_unix ? MG_STR("localhost") : mg_str_from_offset(text, MG_STR("http://").len);
    if (!is_unix && keep_name(endpoint)) {
        return;
    }
    struct mg_address found[MG_ADDRESSES_MAX];
    struct mg_errs errs;
    mg_errs_init(&errs);
    if (mg_address_parse(is_unix ? text.ptr : endpoint->authority.ptr, found, &errs) > 0) {
        endpoint->addresses[0] = found[0];
        endpoint->address_count = 1;
    }
    mg_errs_fini(&errs);
}

static void on_resolved(void *user, const struct mg_address *addresses, size_t count,
                        uint32_t holds_s)
{
    struct mg_endpoint *endpoint = user;
    endpoint->is_resolving = false;
    endpoint->resolved_until_ms =
        mg_worker_now_ms(endpoint->proxy->worker) + holds_s * (uint64_t)1000;
    if (count > 0) {
        endpoint->address_count = 0;
        endpoint->next_address = 0;
    }
    for (size_t i = 0; i < count && endpoint->address_count < MG_ENDPOINT_MAX_ADDRESSES; i++) {
        struct mg_address *address = &endpoint->addresses[endpoint->address_count++];
        *address = addresses[i];
        mg_address_set_port(address, endpoint->port);
    }
    while (endpoint->waiting != NULL) {
        struct mg_relay *relay = endpoint->waiting;
        endpoint->waiting = relay->next_waiting;
        mg_relay_resolved(relay);
    }
    mg_endpoint_release(endpoint);
}

enum mg_resolving mg_endpoint_resolve(struct mg_endpoint *endpoint)
{
    struct mg_proxy *proxy = endpoint->proxy;
    bool is_current = endpoint->resolved_until_ms > mg_worker_now_ms(proxy->worker);
    if (endpoint->host[0] != '\0' && !is_current && !endpoint->is_resolving) {
        if (proxy->resolver == NULL) {
            proxy->resolver = mg_resolver_new(proxy->worker, proxy->limits.name_servers,
                                              proxy->limits.name_server_count);
        }
        endpoint->refs++; /* until it is told */
        endpoint->is_resolving = true;
        if (proxy->resolver == NULL ||
            !mg_resolver_ask(proxy->resolver, endpoint->host, on_resolved, endpoint)) {
            endpoint->is_resolving = false;
            mg_endpoint_release(endpoint);
        }
    }
    if (endpoint->address_count > 0) {
        return MG_RESOLVED;
    }
    return endpoint->is_resolving ? MG_RESOLVING : MG_NOT_RESOLVED;
}
