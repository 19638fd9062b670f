/* method.c - methods by their length first, so that one comparison settles each. */
#include "http/method.h"

#include "http/bytes.h"

static const struct mg_str NAMES[] = {
    [MG_METHOD_OTHER] = {"", 0},          [MG_METHOD_GET] = {"GET", 3},
    [MG_METHOD_HEAD] = {"HEAD", 4},       [MG_METHOD_POST] = {"POST", 4},
    [MG_METHOD_PUT] = {"PUT", 3},         [MG_METHOD_DELETE] = {"DELETE", 6},
    [MG_METHOD_CONNECT] = {"CONNECT", 7}, [MG_METHOD_OPTIONS] = {"OPTIONS", 7},
    [MG_METHOD_TRACE] = {"TRACE", 5},     [MG_METHOD_PATCH] = {"PATCH", 5},
};

/* `id` when the token is its name. */
static enum mg_method match(struct mg_str token, enum mg_method id)
{
    return memcmp(token.ptr, NAMES[id].ptr, token.len) == 0 ? id : MG_METHOD_OTHER;
}

enum mg_method mg_method_from(struct mg_str token)
{
    switch (token.len) {
    case 3:
        return match(token, token.ptr[0] == 'G' ? MG_METHOD_GET : MG_METHOD_PUT);
    case 4:
        return match(token, token.ptr[0] == 'H' ? MG_METHOD_HEAD : MG_METHOD_POST);
    case 5:
        return match(token, token.ptr[0] == 'T' ? MG_METHOD_TRACE : MG_METHOD_PATCH);
    case 6:
        return match(token, MG_METHOD_DELETE);
    case 7:
        return match(token, token.ptr[0] == 'C' ? MG_METHOD_CONNECT : MG_METHOD_OPTIONS);
    default:
        return MG_METHOD_OTHER;
    }
}

struct mg_str mg_method_name(enum mg_method method)
{
    return NAMES[method];
}

bool mg_method_is_valid(struct mg_str token)
{
    return token.len > 0 && mg_bytes_are(token, MG_BYTE_TOKEN);
}
