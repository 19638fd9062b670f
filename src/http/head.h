/* head.h - the head of a request: bytes in, slices out (RFC 9112 2 to 6, RFC 9110 5).
 *
 * Two passes. Ours walks the lines as they arrive: it finds the end, counts, applies the
 * limits, takes the slices and refuses what strict llhttp 8.1.0 lets through. llhttp then
 * judges what frames the request. Bodies are not llhttp's: see body.h.
 *
 * Ownership: every slice points into the bytes given to mg_head_parse; mg_head_rebase
 *            follows a copy of them.
 * Errors:    a status (RFC 9110 15) and a reason code; the connection closes after the
 *            answer.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_HTTP_HEAD_H
#define MG_HTTP_HEAD_H

#include <stdint.h>

#include "core/str.h"
#include "http/method.h"

/* Fields the program looks at itself: their first line and number of lines are kept at hand. */
enum mg_field_id {
    MG_FIELD_OTHER,
    MG_FIELD_HOST,
    MG_FIELD_ORIGIN,
    MG_FIELD_ACRM, /* Access-Control-Request-Method */
    MG_FIELD_ACRH, /* Access-Control-Request-Headers */
    MG_FIELD_CONTENT_TYPE,
    MG_FIELD_CONTENT_LENGTH,
    MG_FIELD_TRANSFER_ENCODING,
    MG_FIELD_CONNECTION,
    MG_FIELD_EXPECT,
    MG_FIELD_UPGRADE,
    MG_FIELD_SEC_FETCH_SITE,
    MG_FIELD_SEC_FETCH_MODE,
    MG_FIELD_SEC_FETCH_DEST,
    MG_FIELD_X_FORWARDED_FOR,
    MG_FIELD_X_FORWARDED_PROTO,
    MG_FIELD_X_FORWARDED_HOST,
    MG_FIELD_FORWARDED,
    MG_FIELD_COOKIE,
    MG_FIELD_AUTHORIZATION,
    MG_FIELD_ACCEPT,
    MG_FIELD_COUNT
};

/* The id of a field name, compared without case; `name` is a token. */
enum mg_field_id mg_field_id_from(struct mg_str name);

struct mg_field {
    struct mg_str name;  /* as sent */
    struct mg_str value; /* without white space at its ends */
    enum mg_field_id id;
};

enum {
    MG_HEAD_MAX_FIELDS = 255
}; /* what a head can hold, so that indexes and counts fit a byte; the limit in force may be
      lower */

struct mg_head_limits {
    size_t head_bytes;   /* request line and fields with the empty line: beyond it 431 */
    size_t target_bytes; /* beyond it 414 */
    unsigned fields;     /* at most MG_HEAD_MAX_FIELDS; beyond it 431 */
};

/* How the content is framed (RFC 9112 6). */
enum mg_framing {
    MG_FRAMING_NONE,
    MG_FRAMING_LENGTH,
    MG_FRAMING_CHUNKED
};

struct mg_head {
    enum mg_method method;
    struct mg_str method_token;
    struct mg_str target; /* as sent */
    unsigned minor;       /* of HTTP/1.x */
    enum mg_framing framing;
    uint64_t content_length; /* with MG_FRAMING_LENGTH */
    bool keep_alive;         /* what the client asks for, by version and Connection */
    bool expects_continue;   /* waits for a 100 before it sends its content, of which it has */
    bool expectation_unsupported; /* 417 is due (RFC 9110 10.1.1) */
    size_t size;                  /* bytes of the whole head, the empty line too */
    unsigned field_count;
    uint8_t first[MG_FIELD_COUNT]; /* index + 1 of the first line of a field, 0: absent */
    uint8_t lines[MG_FIELD_COUNT]; /* how many lines */
    struct mg_field fields[MG_HEAD_MAX_FIELDS];
};

enum mg_head_result {
    MG_HEAD_PARTIAL,
    MG_HEAD_COMPLETE,
    MG_HEAD_REFUSED
};

/* Where the scan of a head that arrives in pieces stands; zeroed before the first byte. */
struct mg_head_scan {
    size_t line_start;  /* first byte not yet known to belong to a whole line */
    size_t scanned;     /* bytes before this one need no second look */
    size_t start;       /* first byte of the request line */
    size_t method_end;  /* 0: not there yet */
    size_t target_end;  /* 0: not there yet */
    unsigned lines;     /* whole lines seen, the request line too */
    unsigned minor;     /* of HTTP/1.x, at most 1 */
    uint16_t status;    /* with MG_HEAD_REFUSED: what to answer */
    const char *reason; /* with MG_HEAD_REFUSED: "bare-lf", "obs-fold", "host-missing" …, a
                           string literal */
};

/* Parse the request head at the start of `bytes`, which holds all that arrived of it so far
 * (call again with more when it is partial; `scan` remembers). Empty lines before the request
 * line are skipped (RFC 9112 2.2) and count into head->size.
 * Accepts: any token as method, and any HTTP/1.x (a minor version above 1 counts as 1).
 * Rejects: 400 what is malformed or ambiguous, 414, 431, 501 (a transfer coding
 * other than chunked), 505.
 * Returns: MG_HEAD_COMPLETE and fills *head; MG_HEAD_PARTIAL; or MG_HEAD_REFUSED with
 * scan->status and ->reason, where *head has what is needed to log the request as far as it was
 * understood (method_token and target may be empty). The verdict is the same however the bytes
 * were cut into pieces.
 * Complexity: O(bytes), each byte looked at a bounded number of times over all calls. */
enum mg_head_result mg_head_parse(struct mg_str bytes, const struct mg_head_limits *limits,
                                  struct mg_head_scan *scan, struct mg_head *head);

/* Point every slice of `head` at the same bytes moved from `from` to `to`. */
void mg_head_rebase(struct mg_head *head, const char *from, const char *to);

/* The first line of a known field; NULL when absent. */
static inline const struct mg_field *mg_head_first(const struct mg_head *head,
                                                   enum mg_field_id id)
{
    return head->first[id] == 0 ? NULL : &head->fields[head->first[id] - 1];
}

/* The value of the first line of a known field, or the empty slice. */
static inline struct mg_str mg_head_value(const struct mg_head *head, enum mg_field_id id)
{
    const struct mg_field *field = mg_head_first(head, id);
    return field == NULL ? (struct mg_str){NULL, 0} : field->value;
}

/* The next line at or after index *at whose name is `name` without case; moves *at behind it.
 * NULL: no more. */
const struct mg_field *mg_head_next(const struct mg_head *head, struct mg_str name,
                                    unsigned *at);

#endif
