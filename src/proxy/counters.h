/* counters.h - what one worker counts of its upstreams.
 *
 * Shape:     a row for each name that policies give an upstream, and plain counters of the
 *            connections, which upstreams share. The table is bounded: what is beyond it
 *            counts in the row `others`. Requests of checks have no row, but their connections
 *            and bytes are connections and bytes like any.
 * Threads:   the worker writes, any thread reads (core/counter.h). A row's name is written
 *            once, before `used` tells of it.
 */
#ifndef MG_PROXY_COUNTERS_H
#define MG_PROXY_COUNTERS_H

#include <stdatomic.h>

#include "core/str.h"
#include "proxy/relay.h"

enum {
    MG_UPSTREAM_ROWS = 64,
    MG_UPSTREAM_NAME_BYTES = 72, /* with the NUL; a longer name is cut */

    /* What becomes of a request: a fault, given up by the client's side, or an answer, by the
     * first digit of its status. */
    MG_RESULT_ABORTED = MG_FAULT_MEMORY + 1,
    MG_RESULT_ANSWER, /* + 0 for 1xx to + 4 for 5xx */
    MG_UPSTREAM_RESULTS = MG_RESULT_ANSWER + 5,
};

struct mg_upstream_row {
    char name[MG_UPSTREAM_NAME_BYTES];
    atomic_ullong results[MG_UPSTREAM_RESULTS];
};

struct mg_proxy_counters {
    _Alignas(64) atomic_uint used; /* of rows */
    struct mg_upstream_row rows[MG_UPSTREAM_ROWS];
    struct mg_upstream_row others;

    atomic_ullong connections_made;
    atomic_ullong connections_reused; /* times a kept one took another request */
    atomic_ullong connections_open;   /* now */
    atomic_ullong connections_idle;   /* now, of those */
    atomic_ullong tunnels;            /* now */
    atomic_ullong retries_connect;    /* a connection could not be made */
    atomic_ullong retries_stale;      /* a kept one had ended */
    atomic_ullong ejected;            /* servers that failures have taken out, now */
    atomic_ullong down;               /* servers that checks have taken out, now */
    atomic_ullong checks_good;
    atomic_ullong checks_bad;
};

/* The row of `name`, taken where there is none. The worker's thread. */
struct mg_upstream_row *mg_proxy_counters_row(struct mg_proxy_counters *counters,
                                              struct mg_str name);

/* "2xx", "aborted", or the reason of a fault as in answers and logs. */
const char *mg_upstream_result_name(unsigned result);

#endif
