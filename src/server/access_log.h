/* access_log.h - one JSON line an exchange, written by a thread of its own.
 *
 * Shape:     each worker fills a bounded ring of bytes that it alone writes; the writer thread
 *            formats what it finds and writes it out. When a ring is full the record is
 *            dropped and counted: no worker ever waits for a disk.
 * Line:      {"time":…,"remote":…,"method":…,"target":…,"status":…,"bytes":…,
 *            "duration_us":…,"kind":…,"origin":…,"decision":…,"reason":…,"resource":…,
 *            "policy":"file:line","id":…,"close":…,"generation":…,"revision":…}; what is
 *            unknown is null.
 */
#ifndef MG_SERVER_ACCESS_LOG_H
#define MG_SERVER_ACCESS_LOG_H

#include <stdbool.h>

#include "core/err.h"
#include "core/str.h"

struct access_log;
struct access_ring;
struct mg_exchange;
struct mg_head;

/* Open `path` ("-": standard output) for `workers` rings and start the writer. Returns:
 * NULL after a fault. */
struct access_log *mg_access_log_open(const char *path, unsigned workers, struct mg_errs *errs);
/* Write what the rings still hold, stop the writer, close. After the workers have ended. */
void mg_access_log_close(struct access_log *log);
/* Have the writer open the path again before its next line. Any thread. */
void mg_access_log_reopen(struct access_log *log);

struct access_ring *mg_access_log_ring(struct access_log *log, unsigned worker);

/* Record an exchange that is over; `close_reason` is NULL where the connection goes on.
 * Returns: false when it was dropped. The ring's worker only. */
bool mg_access_log_add(struct access_ring *ring, const struct mg_exchange *exchange,
                       const char *close_reason);

/* A request that never became an exchange. */
struct access_refusal {
    struct mg_str remote;
    unsigned status;
    const char *reason;
    const struct mg_head *head; /* as far as it was understood, or NULL */
};
bool mg_access_log_refusal(struct access_ring *ring, const struct access_refusal *refusal);

#endif
