/* fuzz_target.c - request targets, paths and authorities.
 *
 * Input: a byte for the method, then a target; it is also read as a path and as an
 * authority. Beyond not crashing: a normal form is its own normal form, has no dot segment
 * and nothing that means the same as another byte; the parser's fast way gives what the
 * careful way gives; and an authority is the host and the port that it is split into.
 */
#include <stdint.h>
#include <stdlib.h>

#include "http/target.h"

enum {
    MAX_INPUT_BYTES = 2048
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_unreserved(int octet)
{
    return octet > 0 && octet < 0x80 &&
           ((octet >= '0' && octet <= '9') ||
            (mg_ascii_lower((char)octet) >= 'a' && mg_ascii_lower((char)octet) <= 'z') ||
            strchr("-._~", octet) != NULL);
}

static void require_no_dot_segment(struct mg_str path)
{
    size_t start = 1;
    for (size_t at = 1; at <= path.len; at++) {
        if (at == path.len || path.ptr[at] == '/') {
            struct mg_str segment = {path.ptr + start, at - start};
            require(!mg_str_equal(segment, MG_STR(".")) &&
                    !mg_str_equal(segment, MG_STR("..")));
            start = at + 1;
        }
    }
}

static void require_normal(struct mg_str path, bool encoded_slash)
{
    char again[MAX_INPUT_BYTES + 1];
    size_t len = 0;
    bool slash = false;
    bool triple_is_slash = false;
    const char *reason = NULL;
    require(path.len > 0 && path.ptr[0] == '/');
    require_no_dot_segment(path);
    require(mg_path_normalise(path, again, &len, &slash, &reason));
    require(mg_str_equal(path, (struct mg_str){again, len}) && slash == encoded_slash);
    for (size_t i = 0; i < path.len; i++) {
        require(path.ptr[i] > 0x20 && path.ptr[i] < 0x7f);
        require(strchr("\"#<>?\\`{}", path.ptr[i]) == NULL);
        if (path.ptr[i] == '%') {
            int octet = mg_ascii_hex(path.ptr[i + 1]) << 4 | mg_ascii_hex(path.ptr[i + 2]);
            require(octet > 0 && octet != '\\' && !is_unreserved(octet));
            require(strchr("abcdef", path.ptr[i + 1]) == NULL);
            require(strchr("abcdef", path.ptr[i + 2]) == NULL);
            triple_is_slash = triple_is_slash || octet == '/';
        }
    }
    require(triple_is_slash == encoded_slash);
}

static void check_path(struct mg_str raw)
{
    size_t len = 0;
    bool slash = false;
    const char *reason = NULL;
    char *out = malloc(raw.len + 1);
    require(out != NULL);
    bool valid = mg_path_normalise(raw, out, &len, &slash, &reason);
    require(valid == (reason == NULL) && len <= raw.len + (raw.len == 0));
    if (valid) {
        require_normal((struct mg_str){out, len}, slash);
    }
    free(out);
}

static void check_target(enum mg_method method, struct mg_str text)
{
    struct mg_head head = {.method = method, .target = text};
    struct mg_target target;
    const char *reason = NULL;
    char *scratch = malloc(text.len + 1);
    require(scratch != NULL);
    bool valid = mg_target_parse(&head, scratch, &target, &reason);
    require(valid == (reason == NULL));
    if (valid && (target.form == MG_TARGET_ORIGIN || target.form == MG_TARGET_ABSOLUTE)) {
        require_normal(target.path, target.encoded_slash);
        require(target.has_query == (memchr(text.ptr, '?', text.len) != NULL));
        require(!target.has_query ||
                target.query.ptr + target.query.len == text.ptr + text.len);
    }
    require(!valid || (target.form == MG_TARGET_ABSOLUTE) == (target.scheme.len > 0));
    require(!valid || target.form != MG_TARGET_ABSOLUTE ||
            mg_authority_is_valid(target.authority));
    free(scratch);
}

static void check_authority(struct mg_str text)
{
    struct mg_str host;
    struct mg_str port;
    if (!mg_authority_is_valid(text)) {
        return;
    }
    mg_authority_split(text, &host, &port);
    require(host.ptr == text.ptr && host.len > 0 && port.len <= 5);
    size_t colon = host.len < text.len ? 1 : 0;
    require(host.len + colon + port.len == text.len);
    require(colon == 0 || (text.ptr[host.len] == ':' && port.ptr == text.ptr + host.len + 1));
    require(memchr(text.ptr, '@', text.len) == NULL && memchr(text.ptr, ',', text.len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2 || size > MAX_INPUT_BYTES) {
        return 0;
    }
    struct mg_str text = {(const char *)bytes + 1, size - 1};
    check_target((enum mg_method)(bytes[0] % (MG_METHOD_PATCH + 1)), text);
    check_path(text);
    check_authority(text);
    return 0;
}
