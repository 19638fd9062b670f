/* response.h - write a response head that cannot be malformed or injected (RFC 9112 4 to 6).
 *
 * Shape:     begin, fields, end: bytes go straight into an output buffer. Status and framing
 *            are checked against each other; a name or value that RFC 9110 5.5 does not
 *            allow latches `failed`, and the caller takes back what was written (the mark is
 *            in the writer) and answers 500.
 * Threads:   one owner at a time.
 */
#ifndef MG_HTTP_RESPONSE_H
#define MG_HTTP_RESPONSE_H

#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

struct mg_response {
    struct mg_buf *out;
    size_t start; /* length of *out before the head */
    uint16_t status;
    bool failed;         /* a field was refused, or *out overflowed */
    bool was_overflowed; /* *out at _begin */
};

/* Whether RFC 9110 forbids content in an answer of this status: 1xx, 204, 304. */
bool mg_status_is_bodiless(unsigned status);

/* The standard reason phrase, or "" for a status without one. */
struct mg_str mg_status_phrase(unsigned status);

/* Write the status line and, unless `date` is empty (1xx), Date. `status` is 100 to 599; `date`
 * is mg_date_at's. */
void mg_response_begin(struct mg_response *response, struct mg_buf *out, unsigned status,
                       struct mg_str date);

/* Add a field. Rejects: a name that is no token; a value with bytes outside HTAB, SP, VCHAR and
 * obs-text, or white space at its ends; and the fields this writer owns (Content-Length,
 * Transfer-Encoding, Connection, Date). */
void mg_response_field(struct mg_response *response, struct mg_str name, struct mg_str value);

/* As mg_response_field, for values of whoever may send odd bytes: refused is only what would
 * end the line or the head for some reader, CR, LF and NUL (RFC 9110 5.5), and white space at
 * the ends. */
void mg_response_field_as_is(struct mg_response *response, struct mg_str name,
                             struct mg_str value);

/* As mg_response_field, for a field of a head that was parsed and whose name is not one that
 * this writer owns. */
void mg_response_field_checked(struct mg_response *response, struct mg_str name,
                               struct mg_str value);

/* Add lines that were checked with mg_field_is_valid when they were prepared: whole
 * "Name: value\r\n" lines. Only their first and last bytes are looked at again. */
void mg_response_lines(struct mg_response *response, struct mg_str lines);

/* Check a field as mg_response_field does. For load time. */
bool mg_field_is_valid(struct mg_str name, struct mg_str value);

enum mg_response_framing {
    MG_RESPONSE_EMPTY,   /* no content: Content-Length: 0 where the status may have one */
    MG_RESPONSE_LENGTH,  /* Content-Length */
    MG_RESPONSE_CHUNKED, /* Transfer-Encoding: chunked */
    MG_RESPONSE_CLOSE,   /* ends when the connection does (HTTP/1.0 clients): says close */
    MG_RESPONSE_HEAD, /* the head alone, without any framing field (HEAD of content of unknown
                         length) */
};

enum mg_response_connection {
    MG_CONNECTION_DEFAULT,
    MG_CONNECTION_KEEP_ALIVE,
    MG_CONNECTION_CLOSE
};

/* End the head: framing and Connection fields and the empty line. `length` is for
 * MG_RESPONSE_LENGTH. A 204, 304 or 1xx takes MG_RESPONSE_EMPTY only (and gets no
 * Content-Length, RFC 9110 8.6). Returns: false when anything failed; *out is then as it was at
 * _begin. */
bool mg_response_end(struct mg_response *response, enum mg_response_framing framing,
                     uint64_t length, enum mg_response_connection connection);

/* Append a chunk (RFC 9112 7.1) holding `data`; nothing for empty data, which would end the
 * content. */
void mg_response_chunk(struct mg_buf *out, struct mg_str data);
/* Append the line before a chunk of `size` octets, which the caller sends with CR LF behind. */
void mg_response_chunk_line(struct mg_buf *out, size_t size);
/* Append the last chunk, with `trailers`: whole lines that were checked, or none. */
void mg_response_last_chunk(struct mg_buf *out, struct mg_str trailers);

#endif
