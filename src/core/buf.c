/* buf.c - doubling growth up to the maximum; the only failure is the latched overflow. */
#include "core/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/utf8.h"

enum {
    FIRST_BYTES = 256
};

void mg_buf_init(struct mg_buf *buf, size_t max_bytes)
{
    *buf = (struct mg_buf){.max_bytes = max_bytes};
}

void mg_buf_init_fixed(struct mg_buf *buf, char *storage, size_t size)
{
    mg_buf_init(buf, size);
    buf->ptr = storage;
    buf->capacity = size;
}

void mg_buf_fini(struct mg_buf *buf)
{
    free(buf->ptr);
    *buf = (struct mg_buf){.max_bytes = buf->max_bytes};
}

void mg_buf_clear(struct mg_buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
}

char *mg_buf_reserve(struct mg_buf *buf, size_t size)
{
    if (buf->overflowed || size > buf->max_bytes - buf->len) {
        buf->overflowed = true;
        return NULL;
    }
    if (size > buf->capacity - buf->len) {
        size_t capacity = buf->capacity == 0 ? FIRST_BYTES : buf->capacity;
        while (capacity - buf->len < size) {
            capacity = capacity > buf->max_bytes / 2 ? buf->max_bytes : capacity * 2;
        }
        char *moved = mg_realloc(buf->ptr, capacity);
        if (moved == NULL) {
            buf->overflowed = true;
            return NULL;
        }
        buf->ptr = moved;
        buf->capacity = capacity;
    }
    return buf->ptr + buf->len;
}

void mg_buf_commit(struct mg_buf *buf, size_t size)
{
    assert(size <= buf->capacity - buf->len);
    buf->len += size;
}

void mg_buf_add(struct mg_buf *buf, struct mg_str text)
{
    if (text.len == 0) {
        return;
    }
    char *to = mg_buf_reserve(buf, text.len);
    if (to != NULL) {
        memcpy(to, text.ptr, text.len);
        buf->len += text.len;
    }
}

void mg_buf_add_char(struct mg_buf *buf, char c)
{
    mg_buf_add(buf, (struct mg_str){&c, 1});
}

void mg_buf_add_u64(struct mg_buf *buf, unsigned long long number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    mg_buf_add(buf, (struct mg_str){digits + at, sizeof(digits) - at});
}

void mg_buf_printf(struct mg_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = needed < 0 ? NULL : mg_buf_reserve(buf, (size_t)needed + 1);
    if (to == NULL) {
        buf->overflowed = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(to, (size_t)needed + 1, format, args);
    va_end(args);
    buf->len += (size_t)needed;
}

static void add_escaped(struct mg_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *shorthand = strchr("\"\"\\\\\bb\ff\nn\rr\tt", c);
    if (c != '\0' && shorthand != NULL) {
        mg_buf_add(buf, (struct mg_str){(char[]){'\\', shorthand[1]}, 2});
        return;
    }
    mg_buf_add(buf,
               (struct mg_str){(char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6});
}

void mg_buf_add_json(struct mg_buf *buf, struct mg_str text)
{
    mg_buf_add_char(buf, '"');
    size_t plain = 0; /* start of the run that is copied as it is */
    size_t at = 0;
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        size_t length = c < 0x80 ? 1 : mg_utf8_sequence(mg_str_from_offset(text, at));
        if (length > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            at += length;
            continue;
        }
        mg_buf_add(buf, (struct mg_str){text.ptr + plain, at - plain});
        if (length == 0) {
            mg_buf_add(buf, MG_STR("\xef\xbf\xbd"));
        } else {
            add_escaped(buf, c);
        }
        at++;
        plain = at;
    }
    mg_buf_add(buf, mg_str_from_offset(text, plain));
    mg_buf_add_char(buf, '"');
}

void mg_buf_drop(struct mg_buf *buf, size_t count)
{
    assert(count <= buf->len);
    buf->len -= count;
    if (buf->len > 0) {
        memmove(buf->ptr, buf->ptr + count, buf->len);
    }
}
