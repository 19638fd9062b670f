/* buf.h - a growable byte buffer that is born with its maximum.
 *
 * Errors:    a write that would pass the maximum, or an allocation that fails, latches
 *            `overflowed` and appends nothing, nor does any later write until mg_buf_clear; the
 *            caller asks once at the end.
 * Ownership: owns its bytes; _fini frees them. A zeroed struct with max_bytes set is a valid
 *            empty buffer. What is added is copied, and must not lie in the buffer itself.
 * Threads:   one owner at a time.
 */
#ifndef MG_CORE_BUF_H
#define MG_CORE_BUF_H

#include "core/str.h"

struct mg_buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t max_bytes;
    bool overflowed;
};

/* Begin empty; nothing is allocated before the first write. */
void mg_buf_init(struct mg_buf *buf, size_t max_bytes);

/* Begin empty on `size` bytes of the caller's, which are the maximum: such a buffer never
 * allocates, and needs no mg_buf_fini, which must not be called. Keeps `storage`. */
void mg_buf_init_fixed(struct mg_buf *buf, char *storage, size_t size);

/* Free the bytes; the buffer is empty and may be used again. */
void mg_buf_fini(struct mg_buf *buf);

/* Forget the contents and the overflow, keep the memory. */
void mg_buf_clear(struct mg_buf *buf);

/* Make room for `size` more bytes. Returns: where they go (mg_buf_commit afterwards), or NULL
 * on overflow. */
char *mg_buf_reserve(struct mg_buf *buf, size_t size);
/* Take `size` of the bytes last reserved into the contents. */
void mg_buf_commit(struct mg_buf *buf, size_t size);

/* Append a slice, a byte, a number in decimal. */
void mg_buf_add(struct mg_buf *buf, struct mg_str text);
void mg_buf_add_char(struct mg_buf *buf, char c);
void mg_buf_add_u64(struct mg_buf *buf, unsigned long long number);

/* Append as printf does. Needs room for one byte more than it appends (printf's NUL). */
void mg_buf_printf(struct mg_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append `text` as a JSON string with its quotes (RFC 8259 7). Bytes that are not UTF-8 become
 * U+FFFD. */
void mg_buf_add_json(struct mg_buf *buf, struct mg_str text);

/* Remove `count` bytes from the front, at most as many as there are. */
void mg_buf_drop(struct mg_buf *buf, size_t count);

/* The contents; valid until the next write. */
static inline struct mg_str mg_buf_str(const struct mg_buf *buf)
{
    return (struct mg_str){buf->ptr, buf->len};
}

#endif
