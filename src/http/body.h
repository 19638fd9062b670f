/* body.h - request content by its framing (RFC 9112 6 and 7): our own chunk decoder, since
 * llhttp 8.1.0 predates the fixes of its chunk parser and refuses legal extensions.
 *
 * Shape:     a cursor over the bytes behind the head; it never needs more than the piece at
 *            hand. Ownership: content slices point into the piece given.
 * Threads:   one owner at a time. No allocation.
 */
#ifndef MG_HTTP_BODY_H
#define MG_HTTP_BODY_H

#include <stdint.h>

#include "http/head.h"

struct mg_body {
    enum mg_framing framing;
    uint8_t state;       /* of the chunk decoder */
    uint64_t remaining;  /* octets of content left: of all, or of this chunk */
    uint32_t line_bytes; /* of the chunk line or trailer section at hand, bounded */
    const char *reason;  /* after MG_BODY_REFUSED */
};

enum mg_body_result {
    MG_BODY_MORE,    /* all bytes used; the content goes on */
    MG_BODY_DATA,    /* *content has octets; call again with the rest */
    MG_BODY_END,     /* the content has ended; *used tells where the next request begins */
    MG_BODY_REFUSED, /* malformed: 400 and close; body->reason */
};

/* Begin with the framing of a head. MG_FRAMING_NONE, and a length of 0, end at once. */
void mg_body_init(struct mg_body *body, const struct mg_head *head);

/* Decode from the front of `bytes`. *used is set to the bytes taken, *content to octets among
 * them (MG_BODY_DATA only). Trailer fields are checked, bounded (8 KiB) and dropped. Chunk
 * extensions are checked (RFC 9112 7.1.1), bounded and dropped. */
enum mg_body_result mg_body_decode(struct mg_body *body, struct mg_str bytes, size_t *used,
                                   struct mg_str *content);

#endif
