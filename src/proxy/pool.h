/* pool.h - endpoints and the connections to them. Private to src/proxy.
 *
 * Life of a connection: connecting -> in use (it has a relay) <-> idle -> gone. An idle one is
 * in its endpoint's list, the last that became idle in front, so that the rest grows old and is
 * closed. It stays registered in the loop: what its server sends or its end is noticed there.
 */
#ifndef MG_PROXY_POOL_H
#define MG_PROXY_POOL_H

#include "core/buf.h"
#include "http/response_head.h"
#include "net/connect.h"
#include "proxy/counters.h"
#include "proxy/proxy.h"

struct mg_check;
struct mg_relay;
struct mg_link;

enum {
    MG_ENDPOINT_MAX_ADDRESSES = 8, /* that are used of one name */
    MG_ENDPOINT_URL_BYTES = 320,
};

/* One server. */
struct mg_endpoint {
    struct mg_proxy *proxy;
    struct mg_endpoint *next;
    unsigned refs; /* of groups and connections */
    char url[MG_ENDPOINT_URL_BYTES];
    struct mg_str authority; /* host[:port] within url; "localhost" for a Unix socket */
    char host[MG_ENDPOINT_URL_BYTES]; /* a name that has to be resolved, or "" */
    uint16_t port;
    struct mg_address addresses[MG_ENDPOINT_MAX_ADDRESSES];
    unsigned address_count;
    unsigned next_address;
    uint64_t resolved_until_ms; /* of a name; 0: never resolved */
    bool is_resolving;
    struct mg_relay *waiting; /* for its addresses */
    struct mg_link *idle;
    unsigned idle_count;
    unsigned connections; /* all, connecting and idle ones too */
    unsigned busy;        /* relays that use it now */
    unsigned breaks;      /* connections that ended within an exchange */

    /* Health by what exchanges meet. What checks say is each group's own (check.h). */
    unsigned failures;         /* in a row */
    uint64_t ejected_until_ms; /* 0: it is not */
    uint32_t ejected_for_ms;   /* the last time */
    uint64_t logged_ms;
    unsigned unlogged; /* failures since */
};

/* mg_conn_user of a connection to an endpoint. */
struct mg_link {
    struct mg_endpoint *endpoint;
    struct mg_relay *relay; /* NULL: idle */
    struct mg_link *prev, *next;
    uint32_t served; /* answers */
    unsigned breaks; /* its endpoint's, when it became idle */
    bool is_open;    /* connected */
};

struct mg_group {
    struct mg_group *next;
    uint64_t key;
    char *name;
    struct mg_upstream_row *row; /* its counters; NULL: of a check, which has none */
    struct mg_endpoint **endpoints;
    unsigned endpoint_count;
    unsigned cursor;
    enum mg_choice choice;
    bool is_marked;
    struct mg_check *checks;                       /* one an endpoint; NULL: none */
    char *check_host;                              /* mg_group_spec's */
    bool (*is_named)(void *context, uint64_t key); /* mg_group_spec's */
    void *context;
    unsigned users; /* relays that run */
    uint64_t used_ms;
};

enum {
    MG_PROXY_BUCKETS = 256 /* of the table of groups */
};

struct mg_proxy {
    struct mg_worker *worker;
    struct mg_proxy_limits limits;
    struct mg_proxy_counters *counters;
    struct mg_group *groups[MG_PROXY_BUCKETS];
    struct mg_endpoint *endpoints;
    uint64_t random;
    struct mg_resolver *resolver;          /* NULL until a name is met */
    struct mg_buf head;                    /* of the request being written */
    struct mg_response_head response_head; /* of the answer being read */
};

/* Drop a group that nothing uses. Returns: false where a relay of it runs: it stays. */
bool mg_group_drop(struct mg_group *group);

/* The endpoint of `url`, made where there is none; counts a reference. Returns: NULL without
 * memory. */
struct mg_endpoint *mg_endpoint_acquire(struct mg_proxy *proxy, struct mg_str url);
void mg_endpoint_release(struct mg_endpoint *endpoint);
/* Take the url apart: a Unix socket and a numeric address need no resolver. */
void mg_endpoint_read_url(struct mg_endpoint *endpoint);

/* The endpoint for the next request of `group`, not `but` where there is another one (NULL:
 * any). Returns: NULL when checks say that all are down. */
struct mg_endpoint *mg_group_choose(struct mg_group *group, const struct mg_endpoint *but);

enum mg_resolving {
    MG_RESOLVED,  /* there are addresses, perhaps of a while ago: newer ones are asked for */
    MG_RESOLVING, /* they are asked for; the waiting relays go on when they are there, or not */
    MG_NOT_RESOLVED, /* there are none */
};
enum mg_resolving mg_endpoint_resolve(struct mg_endpoint *endpoint);

/* What an exchange has met. */
void mg_endpoint_succeeded(struct mg_endpoint *endpoint);
void mg_endpoint_failed(struct mg_endpoint *endpoint, const char *reason, const char *detail);

/* Leave it out until then; 0: no longer. */
void mg_endpoint_set_ejected(struct mg_endpoint *endpoint, uint64_t until_ms);

/* Take an idle connection. `must_be_silent` is for a request that cannot be sent twice: it
 * looks at the socket itself, and takes none that was idle when another one broke, since a
 * server that dies closes its connections one after the other. Returns: NULL when there is
 * none. */
struct mg_conn *mg_endpoint_take_idle(struct mg_endpoint *endpoint, bool must_be_silent);
/* Give a connection back that can serve another request, for at most `keep_ms`. */
void mg_endpoint_put_idle(struct mg_endpoint *endpoint, struct mg_conn *conn, uint64_t keep_ms);
/* Take a link out of the idle list where it is in it. */
void mg_endpoint_forget_idle(struct mg_link *link);

#endif
