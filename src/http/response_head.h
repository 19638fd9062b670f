/* response_head.h - the head of a response as a client reads it: an upstream's (RFC 9112 4, 5).
 *
 * As strict as the heads of requests: what two recipients could read in two ways is refused,
 * and nothing of it is passed on. One thing is mended, as RFC 9112 5.1 wants it of a proxy:
 * white space between a field's name and its colon.
 *
 * Ownership: every slice points into the bytes given to mg_response_head_parse.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_HTTP_RESPONSE_HEAD_H
#define MG_HTTP_RESPONSE_HEAD_H

#include <stdint.h>

#include "core/str.h"
#include "http/head.h"

/* How the content of a response is framed (RFC 9112 6.3). */
enum mg_response_body {
    MG_BODY_NONE,    /* none can come: of HEAD, 1xx, 204, 304 */
    MG_BODY_LENGTH,  /* content_length octets, perhaps none */
    MG_BODY_CHUNKED, /* chunks */
    MG_BODY_CLOSE,   /* ends with the connection */
};

struct mg_response_head {
    unsigned status; /* 100 to 599 */
    unsigned minor;  /* of HTTP/1.x */
    enum mg_response_body body;
    bool has_length;         /* a Content-Length is there, of a HEAD or 304 too */
    uint64_t content_length; /* with has_length */
    bool keep_alive;         /* the connection may serve another request, by what this says */
    size_t size;             /* bytes of the head, the empty line too */
    unsigned field_count;
    struct mg_field fields[MG_HEAD_MAX_FIELDS];
};

struct mg_response_head_limits {
    size_t head_bytes;
    unsigned fields; /* at most MG_HEAD_MAX_FIELDS */
};

/* Where the reading of a head that arrives in pieces stands; zeroed before the first byte. */
struct mg_response_head_scan {
    size_t seen;        /* bytes looked at, none of which ended the head */
    const char *reason; /* with MG_HEAD_REFUSED, a string literal: "status-line-malformed",
                           "content-length-repeated" … */
};

/* Parse the head at the start of `bytes`, which holds all that arrived of it so far (call again
 * with more when it is partial). `is_head_request`: the request's method was HEAD.
 * Returns: MG_HEAD_COMPLETE and fills *head, MG_HEAD_PARTIAL, or MG_HEAD_REFUSED with
 * scan->reason. The verdict is the same however the bytes were cut into pieces. */
enum mg_head_result mg_response_head_parse(struct mg_str bytes,
                                           const struct mg_response_head_limits *limits,
                                           bool is_head_request,
                                           struct mg_response_head_scan *scan,
                                           struct mg_response_head *head);

/* The first line of a known field; NULL when absent. */
const struct mg_field *mg_response_head_first(const struct mg_response_head *head,
                                              enum mg_field_id id);

#endif
