/* conn_outbound.h - what an outbound connection has that an accepted one has not. Private to
 * src/net.
 *
 * Threads:   the worker's.
 */
#ifndef MG_NET_CONN_OUTBOUND_H
#define MG_NET_CONN_OUTBOUND_H

#include <stddef.h>

#include "net/conn_internal.h"

/* An outbound connection, which lies on the heap: its protocol stands before it, since accepted
 * ones, of which there are many, all have that of their worker. */
struct mg_outbound {
    alignas(max_align_t) const struct mg_protocol *protocol;
    struct mg_conn conn;
};
static_assert(offsetof(struct mg_outbound, conn) + sizeof(struct mg_conn) ==
                  sizeof(struct mg_outbound),
              "user bytes begin where those of any connection do");

static inline struct mg_outbound *mg_conn_outbound(struct mg_conn *conn)
{
    return (struct mg_outbound *)(void *)((char *)conn - offsetof(struct mg_outbound, conn));
}

static inline const struct mg_protocol *mg_conn_protocol(struct mg_conn *conn)
{
    return mg_conn_has(conn, MG_CONN_OUTBOUND) ? mg_conn_outbound(conn)->protocol
                                               : conn->worker->protocol;
}

/* Traffic of clients and that of outbound connections are counted apart. */
static inline void mg_conn_count_in(struct mg_conn *conn, size_t count)
{
    struct mg_worker_counters *counters = &conn->worker->counters;
    bool is_outbound = mg_conn_has(conn, MG_CONN_OUTBOUND);
    mg_count(is_outbound ? &counters->outbound_bytes_in : &counters->bytes_in, count);
}

static inline void mg_conn_count_out(struct mg_conn *conn, size_t count)
{
    struct mg_worker_counters *counters = &conn->worker->counters;
    bool is_outbound = mg_conn_has(conn, MG_CONN_OUTBOUND);
    mg_count(is_outbound ? &counters->outbound_bytes_out : &counters->bytes_out, count);
}

/* Writable while connecting: it is there, or has failed. */
void mg_conn_connected(struct mg_conn *conn);

#endif
