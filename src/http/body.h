/* body.h - content by its framing (RFC 9112 6 and 7): our own chunk decoder, since
 * llhttp 8.1.0 predates the fixes of its chunk parser and refuses legal extensions.
 *
 * Shape:     a cursor over the bytes behind the head; it never needs more than the piece at
 *            hand.
 * Ownership: content slices point into the piece given.
 * Threads:   one owner at a time. No allocation.
 */
#ifndef MG_HTTP_BODY_H
#define MG_HTTP_BODY_H

#include <stdint.h>

#include "core/buf.h"
#include "http/head.h"

enum {
    MG_BODY_MAX_CHUNK_LINE = 4096, /* chunk size, extensions and CR LF */
    MG_BODY_MAX_TRAILERS = 8192,   /* trailer section with its last CR LF */
    MG_BODY_MAX_OVERHEAD = 16384,  /* octets of extensions beyond those of content */
    MG_BODY_NAME_BYTES = 18,       /* one more than the longest trailer name of interest */
};

struct mg_body {
    enum mg_framing framing;
    uint8_t state;           /* of the chunk decoder */
    uint8_t name_len;        /* of `name` */
    uint32_t line_bytes;     /* of the chunk line or trailer section at hand, bounded */
    uint32_t overhead;       /* octets of extensions that no content has made up for, bounded */
    uint64_t remaining;      /* octets of content left: of all, or of this chunk */
    const char *reason;      /* after MG_BODY_REFUSED, a string literal */
    struct mg_buf *trailers; /* where trailer fields go, each a whole line; NULL: dropped */
    char name[MG_BODY_NAME_BYTES]; /* of the trailer field at hand, as far as it fits */
};

enum mg_body_result {
    MG_BODY_MORE,    /* all bytes used; the content goes on */
    MG_BODY_DATA,    /* *content has octets; call again with the rest */
    MG_BODY_END,     /* the content has ended; *used tells where the next request begins */
    MG_BODY_REFUSED, /* malformed: 400 and close; body->reason */
};

/* A length without end, for content that ends with its connection. */
#define MG_BODY_UNTIL_CLOSE UINT64_MAX

/* Begin with `framing`; `length` is for MG_FRAMING_LENGTH. */
void mg_body_begin(struct mg_body *body, enum mg_framing framing, uint64_t length);
/* Begin with the framing of a head. MG_FRAMING_NONE, and a length of 0, end at once. */
void mg_body_init(struct mg_body *body, const struct mg_head *head);

/* Decode from the front of `bytes`. *used is set to the bytes taken, *content to octets among
 * them (MG_BODY_DATA only). The result over all pieces does not depend on how they were cut.
 * Chunks: a size is 1 to 16 hexadecimal digits and at most 2^60; lines end in CR LF alone; bad
 * white space stands where the grammar of extensions has it (RFC 9112 7.1.1) and nowhere else.
 * Extensions are checked, bounded and dropped: a line by MG_BODY_MAX_CHUNK_LINE, all together
 * by MG_BODY_MAX_OVERHEAD octets more than there is content, so that one can sign each chunk
 * but not send extensions for ever.
 * Trailer fields are checked, bounded, and dropped or added to body->trailers; one that names
 * framing or routing (Content-Length, Transfer-Encoding, Host) is refused (RFC 9110 6.5.1).
 * After MG_BODY_END and MG_BODY_REFUSED the result stays, and takes no bytes. */
enum mg_body_result mg_body_decode(struct mg_body *body, struct mg_str bytes, size_t *used,
                                   struct mg_str *content);

#endif
