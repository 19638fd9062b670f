/* admin_internal.h - what the admin interface's own files share: the thread's state, a request
 * as an endpoint sees it, and its reply.
 */
#ifndef MG_SERVER_ADMIN_INTERNAL_H
#define MG_SERVER_ADMIN_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <jansson.h>

#include "core/buf.h"
#include "http/date.h"
#include "http/head.h"
#include "net/conn.h"
#include "net/listener.h"
#include "server/admin.h"

struct mg_workers;

enum {
    ADMIN_MAX_CONNECTIONS = 256,
    ADMIN_MAX_TCP_CONNECTIONS = 128, /* of them */
    ADMIN_MAX_CONTENT_BYTES = 64 << 10,
    ADMIN_MAX_REPLY_BYTES = 32 << 20,
    ADMIN_MAX_JOBS = 16,      /* commands that run or wait at once */
    ADMIN_MAX_SWAPS = 12,     /* of them; room is left for who takes one back */
    ADMIN_REQUEST_MS = 10000, /* from a request's first byte to its last */
    ADMIN_IDLE_MS = 60000,    /* between two requests */
    ADMIN_WRITE_MS = 10000,   /* without a byte taken by the client */
    ADMIN_STOP_MS = 2000,
    ADMIN_MAX_PATHS = 64,
};

/* What came of a request. */
struct admin_reply {
    unsigned status;
    const char *content_type; /* a literal */
    struct mg_buf body;
};

/* What a command was told, read from the JSON of its request. */
struct admin_order {
    json_t *document; /* owns the texts; NULL: nothing was sent */
    const char *paths[ADMIN_MAX_PATHS];
    size_t path_count;
    bool force;
    bool confirms;
    bool is_shadow;
    uint64_t generation;
};

/* One path of the interface. Exactly one of `answer` and `carry_out` is there. */
struct admin_endpoint {
    const char *path;
    bool is_open;        /* asked for without a token too */
    bool is_swap;        /* counts into ADMIN_MAX_SWAPS */
    const char *keys[4]; /* that the JSON may have, in the order of `enum admin_key`'s bits */
    /* GET: on the admin thread, at once. */
    void (*answer)(struct mg_admin *admin, struct admin_reply *reply);
    /* POST: on a thread of its own. */
    void (*carry_out)(struct mg_admin *admin, const struct admin_order *order,
                      struct admin_reply *reply);
};

struct admin_counters {
    atomic_ullong requests[6]; /* by first digit of the answer's status */
};

struct mg_admin {
    struct mg_server *server;
    struct mg_listeners *listeners;
    struct mg_workers *workers;               /* one */
    char token[MG_ADMIN_MAX_TOKEN_BYTES + 1]; /* "": none */
    /* The admin thread's. */
    struct mg_head head;
    struct mg_date date;
    struct mg_buf out;
    unsigned tcp_connections;
    struct admin_counters counters;
    /* Commands. */
    pthread_mutex_t lock;
    pthread_cond_t job_ended;
    unsigned jobs;
    unsigned swaps;
    bool is_stopping;
};

extern const struct mg_protocol admin_protocol;

/* admin_conn.c: a command has ended; `conn` waits for its reply. */
void admin_conn_finish(struct mg_conn *conn, struct admin_reply *reply);

/* admin_job.c: run the endpoint's command on a thread of its own. Takes `order`. *out is what
 * the connection gives to admin_job_forget when it ends before. Returns: NULL, or why not. */
struct admin_job;
const char *admin_job_start(struct mg_admin *admin, const struct admin_endpoint *endpoint,
                            struct admin_order *order, struct mg_conn *conn,
                            struct admin_job **out);
/* Nobody waits for the reply any more; the command goes on. */
void admin_job_forget(struct admin_job *job);
/* Wait until no command runs. None starts afterwards. */
void admin_jobs_end(struct mg_admin *admin);

/* admin_api.c: the endpoints. Returns: NULL for a path there is not. */
const struct admin_endpoint *admin_endpoint_find(struct mg_str path);
/* Read what a command is told. Returns: NULL, or what is wrong, in words (`fault` or a
 * literal). */
const char *admin_order_read(const struct admin_endpoint *endpoint, struct mg_str content,
                             struct admin_order *order, char fault[static 256]);
void admin_order_fini(struct admin_order *order);
void admin_reply_init(struct admin_reply *reply);
void admin_reply_fini(struct admin_reply *reply);
/* Fill a reply with a document, which is taken; or with an error. */
void admin_reply_json(struct admin_reply *reply, unsigned status, json_t *document);
void admin_reply_error(struct admin_reply *reply, unsigned status, const char *code,
                       const char *message);

/* admin_status.c: the document of GET /status. Returns: NULL when memory is out. */
json_t *admin_status_document(struct mg_admin *admin);

#endif
