/* base64.h - RFC 4648 4, with padding. */
#ifndef MG_SERVER_BASE64_H
#define MG_SERVER_BASE64_H

#include "core/str.h"

/* Bytes that `count` octets take when encoded. */
static inline size_t mg_base64_size(size_t count)
{
    return (count + 2) / 3 * 4;
}

/* Encode into `out`, which has room for mg_base64_size. Returns: how many bytes were
 * written. */
size_t mg_base64_encode(struct mg_str octets, char *out);

#endif
