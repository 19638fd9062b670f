/* field.c - known field names: a switch on the length leaves at most four candidates, and one
 * comparison of whole words settles each. Runs on every field of every request.
 */
#include "http/head.h"

struct known {
    const char *name; /* lower case */
    enum mg_field_id id;
};

/* Setting bit 5 makes letters lower case and leaves "-" as it is; the only other byte that it
 * turns into one of a known name is CR (into "-"), which no token holds. */
static bool same_8(const char *a, const char *b)
{
    const uint64_t lower = 0x2020202020202020U;
    uint64_t x;
    uint64_t y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x | lower) == (y | lower);
}

static bool same_4(const char *a, const char *b)
{
    const uint32_t lower = 0x20202020U;
    uint32_t x;
    uint32_t y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x | lower) == (y | lower);
}

/* Whether `name` is `known` without case, both of the same length of at least 4. The last word
 * overlaps the one before it. */
static bool same(struct mg_str name, const char *known)
{
    if (name.len < 8) {
        size_t last = name.len - 4;
        return same_4(name.ptr, known) && same_4(name.ptr + last, known + last);
    }
    size_t last = name.len - 8;
    for (size_t at = 0; at < last; at += 8) {
        if (!same_8(name.ptr + at, known + at)) {
            return false;
        }
    }
    return same_8(name.ptr + last, known + last);
}

static enum mg_field_id among(struct mg_str name, const struct known *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same(name, known[i].name)) {
            return known[i].id;
        }
    }
    return MG_FIELD_OTHER;
}

enum mg_field_id mg_field_id_from(struct mg_str name)
{
    static const struct known four[] = {{"host", MG_FIELD_HOST}};
    static const struct known six[] = {{"accept", MG_FIELD_ACCEPT},
                                       {"origin", MG_FIELD_ORIGIN},
                                       {"cookie", MG_FIELD_COOKIE},
                                       {"expect", MG_FIELD_EXPECT}};
    static const struct known seven[] = {{"upgrade", MG_FIELD_UPGRADE}};
    static const struct known nine[] = {{"forwarded", MG_FIELD_FORWARDED}};
    static const struct known ten[] = {{"connection", MG_FIELD_CONNECTION}};
    static const struct known twelve[] = {{"content-type", MG_FIELD_CONTENT_TYPE}};
    static const struct known thirteen[] = {{"authorization", MG_FIELD_AUTHORIZATION}};
    static const struct known fourteen[] = {{"sec-fetch-site", MG_FIELD_SEC_FETCH_SITE},
                                            {"sec-fetch-mode", MG_FIELD_SEC_FETCH_MODE},
                                            {"sec-fetch-dest", MG_FIELD_SEC_FETCH_DEST},
                                            {"content-length", MG_FIELD_CONTENT_LENGTH}};
    static const struct known fifteen[] = {{"x-forwarded-for", MG_FIELD_X_FORWARDED_FOR}};
    static const struct known sixteen[] = {{"x-forwarded-host", MG_FIELD_X_FORWARDED_HOST}};
    static const struct known seventeen[] = {{"transfer-encoding", MG_FIELD_TRANSFER_ENCODING},
                                             {"x-forwarded-proto", MG_FIELD_X_FORWARDED_PROTO}};
    static const struct known longest[] = {
        {"access-control-request-method", MG_FIELD_ACRM},
        {"access-control-request-headers", MG_FIELD_ACRH},
    };
    switch (name.len) {
    case 4:
        return among(name, four, 1);
    case 6:
        return among(name, six, 4);
    case 7:
        return among(name, seven, 1);
    case 9:
        return among(name, nine, 1);
    case 10:
        return among(name, ten, 1);
    case 12:
        return among(name, twelve, 1);
    case 13:
        return among(name, thirteen, 1);
    case 14:
        return among(name, fourteen, 4);
    case 15:
        return among(name, fifteen, 1);
    case 16:
        return among(name, sixteen, 1);
    case 17:
        return among(name, seventeen, 2);
    case 29:
        return among(name, longest, 1);
    case 30:
        return among(name, longest + 1, 1);
    default:
        return MG_FIELD_OTHER;
    }
}

const struct mg_field *mg_head_next(const struct mg_head *head, struct mg_str name,
                                    unsigned *at)
{
    while (*at < head->field_count) {
        const struct mg_field *field = &head->fields[(*at)++];
        if (mg_str_equal_nocase(field->name, name)) {
            return field;
        }
    }
    return NULL;
}
