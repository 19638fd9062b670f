/* buf.h - a growable byte buffer that is born with its maximum.
 *
 * Errors:    a write that would pass the maximum, or an allocation that fails, latches
 *            `overflowed` and appends nothing; the caller asks once at the end. Ownership:
 *            owns its bytes; _fini frees them. A zeroed struct with max_bytes set is a valid
 *            empty buffer.
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

void mg_buf_init(struct mg_buf *buf, size_t max_bytes);
void mg_buf_fini(struct mg_buf *buf);

/* Forget the contents and the overflow, keep the memory. */
void mg_buf_clear(struct mg_buf *buf);

/* Make room for `size` more bytes. Returns: where they go (mg_buf_commit afterwards), or NULL.
 */
char *mg_buf_reserve(struct mg_buf *buf, size_t size);
void mg_buf_commit(struct mg_buf *buf, size_t size);

void mg_buf_add(struct mg_buf *buf, struct mg_str text);
void mg_buf_add_char(struct mg_buf *buf, char c);
void mg_buf_add_u64(struct mg_buf *buf, unsigned long long number);
void mg_buf_printf(struct mg_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append `text` as a JSON string with its quotes (RFC 8259 7). Bytes that are not UTF-8 become
 * U+FFFD. */
void mg_buf_add_json(struct mg_buf *buf, struct mg_str text);

/* Remove `count` bytes from the front. */
void mg_buf_drop(struct mg_buf *buf, size_t count);

static inline struct mg_str mg_buf_str(const struct mg_buf *buf)
{
    return (struct mg_str){buf->ptr, buf->len};
}

#endif
