/* proxy.h - the upstreams of one worker: groups of servers, their health, and the connections
 * kept to them.
 *
 * Shape:     a group is what a policy calls an upstream; it chooses among endpoints, one a
 *            server. An endpoint is found by its address alone, so groups that name the same
 *            server share its connections and what failed there, and a policy set that is
 *            replaced loses neither. What checks say of a server is their group's own.
 * Ownership: the worker owns its mg_proxy; nothing here points into a policy set. A group that
 *            has not been asked for in a while is dropped when another one is made; one with
 *            checks, when the next of them is due and no policy names it any more.
 * Threads:   the worker's.
 */
#ifndef MG_PROXY_PROXY_H
#define MG_PROXY_PROXY_H

#include <stdint.h>

#include "core/str.h"
#include "net/worker.h"

struct mg_proxy;
struct mg_group;
struct mg_proxy_counters;

struct mg_proxy_limits {
    const char *const *name_servers; /* kept; none: those of the machine */
    size_t name_server_count;
    uint32_t connect_ms;      /* to make a connection */
    uint32_t response_ms;     /* from the end of the request to the head of the answer */
    uint32_t idle_ms;         /* between two pieces of an answer */
    uint32_t keep_ms;         /* a connection without work */
    uint32_t tunnel_ms;       /* a tunnel without a byte either way */
    unsigned max_connections; /* to one endpoint */
    unsigned max_idle;        /* of them, kept without work */
    size_t head_bytes;        /* of an answer */
    unsigned head_fields;     /* of an answer */
};

/* Which endpoint gets the next request. The numbers are those of one worker. */
enum mg_choice {
    MG_CHOICE_ROUND_ROBIN,
    MG_CHOICE_LEAST_CONNECTIONS,
    MG_CHOICE_RANDOM,
};

struct mg_group_spec {
    uint64_t key; /* a hash of all that follows */
    struct mg_str name;
    const struct mg_str *servers; /* "http://host:port", "unix:/path" */
    size_t server_count;
    enum mg_choice choice;
    struct mg_str check_path; /* that each server is asked for again and again; empty: none */
    uint32_t check_ms;        /* between two of these checks */
    struct mg_str check_host; /* their Host; empty: the server's own */
    /* Asked before each check: whether the policies in force still name the group. Checks end
     * where they do not. NULL: they do. */
    bool (*is_named)(void *context, uint64_t key);
    void *context;
};

/* `counters` are the caller's and outlive the proxy. Returns: NULL without memory. */
struct mg_proxy *mg_proxy_new(struct mg_worker *worker, const struct mg_proxy_limits *limits,
                              struct mg_proxy_counters *counters);
/* After the last connection of the worker is gone. */
void mg_proxy_free(struct mg_proxy *proxy);

/* The group of this key, or NULL. O(1). */
struct mg_group *mg_proxy_find(struct mg_proxy *proxy, uint64_t key);
/* Make a group. `spec` is copied. Returns: NULL without memory. */
struct mg_group *mg_proxy_add(struct mg_proxy *proxy, const struct mg_group_spec *spec);

struct mg_str mg_group_name(const struct mg_group *group);
/* A mark that is the caller's: false the first time it is asked for, then true. */
bool mg_group_mark(struct mg_group *group);

#endif
