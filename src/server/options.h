/* options.h - everything a server is told at start, with defaults and units.
 *
 * Ownership: plain values and borrowed strings; whoever fills it keeps them until the
 * server has ended.
 */
#ifndef MG_SERVER_OPTIONS_H
#define MG_SERVER_OPTIONS_H

#include <stdint.h>

#include "core/err.h"
#include "core/log.h"
#include "core/str.h"
#include "server/cidr.h"

struct mg_handler;

enum {
    MG_OPTIONS_MAX_LIST = 64
}; /* entries of each repeatable option */

/* Bounds of what a client may use. The names on the command line are these with hyphens. */
struct mg_limits {
    uint64_t head_bytes;    /* request line and fields: 431 */
    uint64_t target_bytes;  /* 414 */
    uint64_t fields;        /* field lines: 431 */
    uint64_t body_bytes;    /* content for local handlers: 413 */
    uint64_t head_timeout;  /* ms from a head's first byte to its end: 408 */
    uint64_t idle_timeout;  /* ms between two requests: closed */
    uint64_t body_timeout;  /* ms without a byte of content: 408 */
    uint64_t write_timeout; /* ms without a byte taken by the client: closed */
    uint64_t pipelined;     /* requests answered in one turn before the others get theirs */
    uint64_t unsent_bytes;  /* of answers, before no more requests are read */
    uint64_t connections;   /* a worker: 503 */
    uint64_t defer_accept;  /* s: TCP_DEFER_ACCEPT, 0 off */
    uint64_t stop_timeout;  /* ms for what is in flight when stopping */
    uint64_t drain_timeout; /* ms that exchanges may hold a generation that was replaced twice:
                               503 */
    uint64_t hook_cpu;      /* ms of CPU time for one call of a policy's or plugins' hooks */
    uint64_t hook_steps; /* work that C does for such a call: bytes compared, elements moved */
    uint64_t hook_bytes; /* memory that such a call may add */
};

/* X(field, default, is_duration): duration values are milliseconds and take a unit on the
 * command line. */
#define MG_LIMITS(X)               \
    X(head_bytes, 16384, false)    \
    X(target_bytes, 8192, false)   \
    X(fields, 100, false)          \
    X(body_bytes, 1048576, false)  \
    X(head_timeout, 10000, true)   \
    X(idle_timeout, 60000, true)   \
    X(body_timeout, 30000, true)   \
    X(write_timeout, 30000, true)  \
    X(pipelined, 64, false)        \
    X(unsent_bytes, 262144, false) \
    X(connections, 16384, false)   \
    X(defer_accept, 1, false)      \
    X(stop_timeout, 30000, true)   \
    X(drain_timeout, 30000, true)  \
    X(hook_cpu, 5, true)           \
    X(hook_steps, 1000000, false)  \
    X(hook_bytes, 4194304, false)

struct mg_strings {
    const char *items[MG_OPTIONS_MAX_LIST];
    size_t count;
};

/* What a listener is for. */
enum mg_listen_mode {
    MG_LISTEN_SERVE,     /* answers requests */
    MG_LISTEN_AUTHORIZE, /* answers what proxies ask; the original request is in fields */
    MG_LISTEN_EXT_AUTHZ  /* the same, where the request that comes is the original one: Envoy */
};

/* Which fields of trusted proxies are read. */
enum mg_trust_fields {
    MG_TRUST_X_FORWARDED, /* X-Forwarded-For, -Proto, -Host */
    MG_TRUST_FORWARDED    /* Forwarded (RFC 7239) */
};

struct mg_server_options {
    struct mg_strings listen;                              /* addresses; none: 127.0.0.1:8080 */
    enum mg_listen_mode listen_modes[MG_OPTIONS_MAX_LIST]; /* of the same index */
    struct mg_strings policies;                            /* files and directories */
    struct mg_strings plugins;                             /* directories of plugins */
    struct mg_strings public_origins;            /* serialized origins of this server */
    struct mg_cidr trusted[MG_OPTIONS_MAX_LIST]; /* proxies that are believed and may ask */
    size_t trusted_count;
    enum mg_trust_fields trusted_fields;
    unsigned workers;       /* 0: one a core */
    const char *access_log; /* a path, "-" for standard output, "off" */
    enum mg_log_format log_format;
    enum mg_log_level log_level;
    bool echo_secrets; /* echo shows Cookie and Authorization */
    bool counts_steps; /* hooks' instructions are counted one by one: the same request costs the
                          same each time, and ten times as much */
    uint64_t stop_delay_ms;
    struct mg_strings admin;      /* of the admin interface: addresses, or "off" */
    bool has_default_admin;       /* without any: at its default place, else none */
    const char *admin_token_file; /* what TCP asks for; NULL: none */
    const char *health_path; /* prefix of /healthz and /readyz on the main listeners, or NULL */
    const char *state_dir;   /* where the last good set is kept; NULL: nowhere */
    bool ignores_files;      /* changed files are read on SIGHUP and command only */
    bool guards_wider;       /* a set that allows more is not published unless confirmed */
    bool shows_revision;     /* answers carry Moongate-Revision */
    uint64_t settle_ms;      /* Max-Age is clamped this long after a swap */
    uint64_t shadow_one_in;  /* a shadow judges one of so many exchanges */
    struct mg_limits limits;
    const struct mg_handler *const
        *handlers; /* the program's own, by name; NULL-terminated, or NULL */
};

/* Fill in every default. */
void mg_server_options_init(struct mg_server_options *options);

#endif
