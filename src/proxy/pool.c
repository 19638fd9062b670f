/* pool.c - see the header. Endpoints are few: a list, looked through only when a group is made.
 */
#include "proxy/pool.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/counter.h"
#include "net/resolver.h"
#include "proxy/check.h"

enum {
    GROUP_REST_MS = 600000, /* unused this long, a group may go */
    HEAD_MAX_BYTES = 64 << 10,
};

/* ---- the whole ---- */

struct mg_proxy *mg_proxy_new(struct mg_worker *worker, const struct mg_proxy_limits *limits,
                              struct mg_proxy_counters *counters)
{
    struct mg_proxy *proxy = mg_calloc(1, sizeof(*proxy));
    if (proxy == NULL) {
        return NULL;
    }
    proxy->worker = worker;
    proxy->limits = *limits;
    proxy->counters = counters;
    proxy->random = (uint64_t)(uintptr_t)proxy | 1;
    mg_buf_init(&proxy->head, HEAD_MAX_BYTES);
    return proxy;
}

static void group_free(struct mg_group *group)
{
    mg_checks_stop(group, group->checks);
    for (unsigned i = 0; i < group->endpoint_count; i++) {
        mg_endpoint_release(group->endpoints[i]);
    }
    free(group->endpoints);
    free(group->name);
    free(group->check_host);
    free(group);
}

void mg_proxy_free(struct mg_proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    for (unsigned i = 0; i < MG_PROXY_BUCKETS; i++) {
        while (proxy->groups[i] != NULL) {
            struct mg_group *group = proxy->groups[i];
            proxy->groups[i] = group->next;
            group_free(group);
        }
    }
    mg_resolver_free(proxy->resolver);
    while (proxy->endpoints != NULL) { /* those whose name was being asked for */
        struct mg_endpoint *endpoint = proxy->endpoints;
        proxy->endpoints = endpoint->next;
        free(endpoint);
    }
    mg_buf_fini(&proxy->head);
    free(proxy);
}

/* ---- groups ---- */

static struct mg_group **bucket_of(struct mg_proxy *proxy, uint64_t key)
{
    return &proxy->groups[key % MG_PROXY_BUCKETS];
}

struct mg_group *mg_proxy_find(struct mg_proxy *proxy, uint64_t key)
{
    struct mg_group *group = *bucket_of(proxy, key);
    while (group != NULL && group->key != key) {
        group = group->next;
    }
    if (group != NULL) {
        group->used_ms = mg_worker_now_ms(proxy->worker);
    }
    return group;
}

bool mg_group_drop(struct mg_group *group)
{
    if (group->users > 0) {
        return false;
    }
    struct mg_group **at = bucket_of(group->endpoints[0]->proxy, group->key);
    while (*at != group) {
        at = &(*at)->next;
    }
    *at = group->next;
    group_free(group);
    return true;
}

/* Drop what no policy seems to name any more. */
static void drop_rested(struct mg_proxy *proxy)
{
    uint64_t now_ms = mg_worker_now_ms(proxy->worker);
    for (unsigned i = 0; i < MG_PROXY_BUCKETS; i++) {
        struct mg_group **at = &proxy->groups[i];
        while (*at != NULL) {
            struct mg_group *group = *at;
            if (group->users == 0 && now_ms - group->used_ms > GROUP_REST_MS) {
                *at = group->next;
                group_free(group);
            } else {
                at = &group->next;
            }
        }
    }
}

/* Returns: a string of its own, or NULL without memory. */
static char *copy_text(struct mg_str text)
{
    char *copy = mg_calloc(1, text.len + 1);
    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

struct mg_group *mg_proxy_add(struct mg_proxy *proxy, const struct mg_group_spec *spec)
{
    struct mg_group *group = mg_calloc(1, sizeof(*group));
    drop_rested(proxy);
    if (group == NULL) {
        return NULL;
    }
    group->key = spec->key;
    group->choice = spec->choice;
    group->is_named = spec->is_named;
    group->context = spec->context;
    group->used_ms = mg_worker_now_ms(proxy->worker);
    group->name = copy_text(spec->name);
    group->check_host = copy_text(spec->check_host);
    group->endpoints = mg_calloc(spec->server_count, sizeof(struct mg_endpoint *));
    bool is_whole =
        group->name != NULL && group->check_host != NULL && group->endpoints != NULL;
    for (size_t i = 0; is_whole && i < spec->server_count; i++) {
        struct mg_endpoint *endpoint = mg_endpoint_acquire(proxy, spec->servers[i]);
        is_whole = endpoint != NULL;
        if (is_whole) {
            group->endpoints[group->endpoint_count++] = endpoint;
        }
    }
    if (!is_whole) {
        group_free(group);
        return NULL;
    }
    group->row = mg_proxy_counters_row(proxy->counters, spec->name);
    if (spec->check_path.len > 0) {
        group->checks = mg_checks_start(group, spec->check_path, spec->check_ms);
    }
    struct mg_group **bucket = bucket_of(proxy, spec->key);
    group->next = *bucket;
    *bucket = group;
    return group;
}

struct mg_str mg_group_name(const struct mg_group *group)
{
    return mg_str_from(group->name);
}

bool mg_group_mark(struct mg_group *group)
{
    bool was_marked = group->is_marked;
    group->is_marked = true;
    return was_marked;
}

/* ---- endpoints ---- */

struct mg_endpoint *mg_endpoint_acquire(struct mg_proxy *proxy, struct mg_str url)
{
    struct mg_endpoint *endpoint = proxy->endpoints;
    while (endpoint != NULL && !mg_str_equal(mg_str_from(endpoint->url), url)) {
        endpoint = endpoint->next;
    }
    if (endpoint == NULL) {
        endpoint = url.len < MG_ENDPOINT_URL_BYTES ? mg_calloc(1, sizeof(*endpoint)) : NULL;
        if (endpoint == NULL) {
            return NULL;
        }
        endpoint->proxy = proxy;
        memcpy(endpoint->url, url.ptr, url.len);
        mg_endpoint_read_url(endpoint);
        endpoint->next = proxy->endpoints;
        proxy->endpoints = endpoint;
    }
    endpoint->refs++;
    return endpoint;
}

void mg_endpoint_release(struct mg_endpoint *endpoint)
{
    if (--endpoint->refs > 0) {
        return;
    }
    mg_endpoint_set_ejected(endpoint, 0);
    struct mg_endpoint **at = &endpoint->proxy->endpoints;
    while (*at != endpoint) {
        at = &(*at)->next;
    }
    *at = endpoint->next;
    free(endpoint);
}

/* ---- idle connections ---- */

void mg_endpoint_forget_idle(struct mg_link *link)
{
    struct mg_endpoint *endpoint = link->endpoint;
    bool is_first = endpoint->idle == link;
    if (link->prev == NULL && !is_first) {
        return;
    }
    if (is_first) {
        endpoint->idle = link->next;
    } else {
        link->prev->next = link->next;
    }
    if (link->next != NULL) {
        link->next->prev = link->prev;
    }
    link->prev = NULL;
    link->next = NULL;
    endpoint->idle_count--;
    mg_counter_take(&endpoint->proxy->counters->connections_idle, 1);
}

struct mg_conn *mg_endpoint_take_idle(struct mg_endpoint *endpoint, bool must_be_silent)
{
    struct mg_link *link;
    while ((link = endpoint->idle) != NULL) {
        struct mg_conn *conn = mg_conn_from_user(link);
        mg_endpoint_forget_idle(link);
        if (must_be_silent ? link->breaks == endpoint->breaks && mg_conn_is_silent(conn)
                           : mg_conn_is_quiet(conn)) {
            return conn;
        }
        mg_conn_abort(conn, "not-quiet");
    }
    return NULL;
}

void mg_endpoint_put_idle(struct mg_endpoint *endpoint, struct mg_conn *conn, uint64_t keep_ms)
{
    struct mg_link *link = mg_conn_user(conn);
    const struct mg_proxy_limits *limits = &endpoint->proxy->limits;
    if (endpoint->idle_count >= limits->max_idle || keep_ms == 0 ||
        mg_worker_is_stopping(endpoint->proxy->worker)) {
        mg_conn_close(conn, "not-kept");
        return;
    }
    link->next = endpoint->idle;
    if (link->next != NULL) {
        link->next->prev = link;
    }
    link->breaks = endpoint->breaks;
    endpoint->idle = link;
    endpoint->idle_count++;
    mg_counter_add(&endpoint->proxy->counters->connections_idle, 1);
    mg_conn_set_deadline(conn, keep_ms);
}
