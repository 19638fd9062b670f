/* capability.c - see the header. */
#include "plugin/capability.h"

#include "plugin/measure.h"
#include "script/nearest.h"

static const struct {
    const char *name;
    enum mg_capability kind;
} kinds[] = {
    {"clock", MG_CAPABILITY_CLOCK}, {"dict", MG_CAPABILITY_DICT},
    {"log", MG_CAPABILITY_LOG},     {"respond", MG_CAPABILITY_RESPOND},
    {"widen", MG_CAPABILITY_WIDEN},
};

enum {
    KINDS = sizeof(kinds) / sizeof(kinds[0])
};

const char *mg_capability_name(enum mg_capability kind)
{
    size_t i = 0;
    while (i < KINDS - 1 && kinds[i].kind != kind) {
        i++;
    }
    return kinds[i].name;
}

/* Take what stands before the next ":" off the front of *rest. */
static struct mg_str take_part(struct mg_str *rest)
{
    const char *colon = rest->len == 0 ? NULL : memchr(rest->ptr, ':', rest->len);
    struct mg_str part = {rest->ptr, colon == NULL ? rest->len : (size_t)(colon - rest->ptr)};
    *rest = mg_str_from_offset(*rest, part.len + 1);
    return part;
}

static bool is_dict_name(struct mg_str name)
{
    bool is_fine = name.len > 0 && name.len <= MG_CAPABILITY_MAX_NAME_BYTES;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        is_fine =
            is_fine && (mg_ascii_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_');
    }
    return is_fine;
}

static bool refuse(const struct mg_plugin_spot *spot, enum mg_capability_writer writer,
                   struct mg_str text, const char *what, const char *hint)
{
    mg_plugin_fault(spot, MG_ERROR,
                    writer == MG_CAPABILITY_OF_GRANT ? "plugin-grant" : "plugin-capability",
                    hint, "'%.*s' %s", MG_STR_ARG(text), what);
    return false;
}

/* Read what stands behind "dict:". */
static bool parse_dict(struct mg_str rest, struct mg_str text, enum mg_capability_writer writer,
                       const struct mg_plugin_spot *spot, struct mg_capability_spec *out)
{
    static const char hint[] = "\"dict:hits:1MB\"";
    bool may_be_short = writer == MG_CAPABILITY_OF_GRANT;
    if (rest.len == 0 && may_be_short && text.ptr[text.len - 1] != ':') {
        return true;
    }
    out->name = take_part(&rest);
    if (!is_dict_name(out->name)) {
        return refuse(spot, writer, text,
                      "names no dictionary: small letters, digits, \"-\" and \"_\", at most 64",
                      hint);
    }
    if (rest.len == 0 && may_be_short && text.ptr[text.len - 1] != ':') {
        return true;
    }
    uint64_t bytes;
    if (!mg_measure_size(rest, &bytes)) {
        return refuse(spot, writer, text, "has no size", hint);
    }
    if (bytes < MG_DICT_MIN_BYTES || bytes > MG_DICT_MAX_BYTES) {
        return refuse(spot, writer, text, "is not between 16KB and 1GB", hint);
    }
    out->max_bytes = (size_t)bytes;
    return true;
}

bool mg_capability_parse(struct mg_str text, enum mg_capability_writer writer,
                         const struct mg_plugin_spot *spot, struct mg_capability_spec *out)
{
    struct mg_str rest = text;
    struct mg_str name = take_part(&rest);
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (size_t i = 0; i < KINDS; i++) {
        mg_nearest_offer(&nearest, mg_str_from(kinds[i].name));
        if (!mg_str_equal(name, mg_str_from(kinds[i].name))) {
            continue;
        }
        *out = (struct mg_capability_spec){.kind = kinds[i].kind};
        if (out->kind == MG_CAPABILITY_DICT) {
            return parse_dict(rest, text, writer, spot, out);
        }
        return name.len == text.len ||
               refuse(spot, writer, text, "has more than a name", kinds[i].name);
    }
    char hint[96];
    return refuse(spot, writer, text, "is no capability",
                  nearest.best.len > 0
                      ? mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best)
                      : "log, clock, dict:NAME:SIZE, respond, widen");
}

static bool is_meant(const struct mg_capability_spec *asked,
                     const struct mg_capability_spec *grant)
{
    return asked->kind == grant->kind &&
           (grant->name.len == 0 || mg_str_equal(asked->name, grant->name));
}

/* Let through what `grant` means of `asked`, as far as it goes: bytes of a dictionary, 1 for
 * other capabilities. Returns: whether it means any. */
static bool apply(const struct mg_capability_spec *grant,
                  const struct mg_capability_spec *asked, size_t count,
                  struct mg_capability_spec *left)
{
    bool is_used = false;
    for (size_t i = 0; i < count; i++) {
        if (!is_meant(&asked[i], grant)) {
            continue;
        }
        size_t bytes = asked[i].max_bytes == 0 ? 1 : asked[i].max_bytes;
        if (grant->max_bytes != 0 && grant->max_bytes < bytes) {
            bytes = grant->max_bytes;
        }
        left[i].max_bytes = bytes > left[i].max_bytes ? bytes : left[i].max_bytes;
        is_used = true;
    }
    return is_used;
}

size_t mg_capability_narrow(const struct mg_capability_spec *asked, size_t count,
                            const struct mg_str *grants, size_t grant_count,
                            const struct mg_plugin_spot *spot, struct mg_capability_spec *left)
{
    /* What is granted of each: how many bytes at most, 0 for nothing. */
    for (size_t i = 0; i < count; i++) {
        left[i] = asked[i];
        left[i].max_bytes = 0;
    }
    for (size_t g = 0; g < grant_count; g++) {
        struct mg_plugin_spot item = mg_plugin_spot_of_item(spot, g + 1);
        struct mg_capability_spec grant;
        if (!mg_capability_parse(grants[g], MG_CAPABILITY_OF_GRANT, &item, &grant)) {
            continue;
        }
        if (!apply(&grant, asked, count, left)) {
            mg_plugin_fault(&item, MG_WARNING, "plugin-grant", NULL,
                            "grants '%.*s', which the plugin does not ask for",
                            MG_STR_ARG(grants[g]));
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (left[i].max_bytes != 0) {
            left[kept++] = left[i];
        }
    }
    return kept;
}
