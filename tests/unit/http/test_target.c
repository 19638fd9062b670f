/* test_target.c - forms of targets, normal forms of paths, authorities. */
#include <stdlib.h>

#include "expect.h"
#include "guard.h"
#include "http/target.h"
#include "prng.h"

/* A head with `target`, as a parse would give it; Host is "host:80". */
static struct mg_head head_with(enum mg_method method, struct mg_str target)
{
    struct mg_head head = {.method = method, .target = target, .field_count = 1};
    head.fields[0] = (struct mg_field){MG_STR("Host"), MG_STR("host:80"), MG_FIELD_HOST};
    head.first[MG_FIELD_HOST] = 1;
    head.lines[MG_FIELD_HOST] = 1;
    return head;
}

struct row {
    const char *target;
    enum mg_method method;
    enum mg_target_form form;
    const char *authority;
    const char *path;
    const char *query; /* NULL: none */
    bool encoded_slash;
};

static const struct row ACCEPTED[] = {
    {"/", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/", NULL, false},
    {"/a/b", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a/b", NULL, false},
    {"/a?", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a", "", false},
    {"/a?b=%zz&c=/../?d", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a", "b=%zz&c=/../?d",
     false},
    {"/%61?%61", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a", "%61", false},
    {"/a/../b?x", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/b", "x", false},
    {"//evil.example/a", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "//evil.example/a", NULL,
     false},
    {"/a%2fb", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a%2Fb", NULL, true},
    {"/a?b=%2f", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/a", "b=%2f", false},
    {"/[a]^|?{[`^|]}", MG_METHOD_GET, MG_TARGET_ORIGIN, "host:80", "/[a]^|", "{[`^|]}", false},
    {"http://example.com", MG_METHOD_GET, MG_TARGET_ABSOLUTE, "example.com", "/", NULL, false},
    {"http://example.com?x", MG_METHOD_GET, MG_TARGET_ABSOLUTE, "example.com", "/", "x", false},
    {"HTTPS://EXAMPLE.com:8443/a/./b", MG_METHOD_GET, MG_TARGET_ABSOLUTE, "EXAMPLE.com:8443",
     "/a/b", NULL, false},
    {"http://[::1]:80/?u@v", MG_METHOD_GET, MG_TARGET_ABSOLUTE, "[::1]:80", "/", "u@v", false},
    {"http://a/@b", MG_METHOD_GET, MG_TARGET_ABSOLUTE, "a", "/@b", NULL, false},
    {"*", MG_METHOD_OPTIONS, MG_TARGET_ASTERISK, "host:80", "*", NULL, false},
    {"http://a:81", MG_METHOD_OPTIONS, MG_TARGET_ASTERISK, "a:81", "*", NULL, false},
    {"http://a/", MG_METHOD_OPTIONS, MG_TARGET_ABSOLUTE, "a", "/", NULL, false},
    {"http://a?", MG_METHOD_OPTIONS, MG_TARGET_ABSOLUTE, "a", "/", "", false},
    {"a:443", MG_METHOD_CONNECT, MG_TARGET_AUTHORITY, "a:443", "", NULL, false},
    {"/", MG_METHOD_CONNECT, MG_TARGET_ORIGIN, "host:80", "/", NULL, false},
};

static void takes_targets_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(ACCEPTED); i++) {
        const struct row *row = &ACCEPTED[i];
        struct mg_guard guard = {NULL, 0};
        struct mg_guard scratch = {NULL, 0};
        struct mg_str text = mg_guard_str(&guard, mg_str_from(row->target));
        struct mg_head head = head_with(row->method, text);
        char zeros[64] = {0};
        char *room = mg_guard_copy(&scratch, (struct mg_str){zeros, text.len + 1});
        struct mg_target target;
        const char *reason = NULL;
        mg_expect_true(row->target, mg_target_parse(&head, room, &target, &reason));
        mg_expect_text(row->target, reason, NULL);
        mg_expect_int(row->target, target.form, row->form);
        mg_expect_str(row->target, target.authority, mg_str_from(row->authority));
        mg_expect_str(row->target, target.path, mg_str_from(row->path));
        mg_expect_int(row->target, target.has_query, row->query != NULL);
        mg_expect_str(row->target, target.query, mg_str_from(row->query));
        mg_expect_int(row->target, target.encoded_slash, row->encoded_slash);
        mg_expect_int(row->target, target.scheme.len > 0, row->form == MG_TARGET_ABSOLUTE);
        mg_guard_free(&guard);
        mg_guard_free(&scratch);
    }
}

static void refuses_targets(void **state)
{
    static const struct {
        const char *target;
        enum mg_method method;
        const char *reason;
    } rows[] = {
        {"", MG_METHOD_GET, "target-malformed"},
        {"a", MG_METHOD_GET, "authority-form"},
        {"a:80", MG_METHOD_GET, "authority-form"},
        {"a/b", MG_METHOD_GET, "target-malformed"},
        {"?a", MG_METHOD_GET, "target-malformed"},
        {"*", MG_METHOD_GET, "asterisk-form"},
        {"**", MG_METHOD_OPTIONS, "target-malformed"},
        {"*?", MG_METHOD_OPTIONS, "target-malformed"},
        {"/a b", MG_METHOD_GET, "target-malformed"},
        {"/a#b", MG_METHOD_GET, "target-malformed"},
        {"/a?b#c", MG_METHOD_GET, "target-malformed"},
        {"/a\\b", MG_METHOD_GET, "target-malformed"},
        {"/a?\\", MG_METHOD_GET, "target-malformed"},
        {"/\xc3\xa4", MG_METHOD_GET, "target-malformed"},
        {"/?\xc3\xa4", MG_METHOD_GET, "target-malformed"},
        {"/\x01", MG_METHOD_GET, "target-malformed"},
        {"/{a}", MG_METHOD_GET, "target-malformed"},
        {"/`", MG_METHOD_GET, "target-malformed"},
        {"/\"", MG_METHOD_GET, "target-malformed"},
        {"/%", MG_METHOD_GET, "percent-malformed"},
        {"/%4", MG_METHOD_GET, "percent-malformed"},
        {"/%4g", MG_METHOD_GET, "percent-malformed"},
        {"/%%41", MG_METHOD_GET, "percent-malformed"},
        {"/%u0041", MG_METHOD_GET, "percent-malformed"},
        {"/a%00", MG_METHOD_GET, "encoded-nul"},
        {"/a%5cb", MG_METHOD_GET, "encoded-backslash"},
        {"/a%5C..%5Cb", MG_METHOD_GET, "encoded-backslash"},
        {"ftp://a/", MG_METHOD_GET, "target-malformed"},
        {"http:/a/", MG_METHOD_GET, "target-malformed"},
        {"http:a/", MG_METHOD_GET, "target-malformed"},
        {"httpx://a/", MG_METHOD_GET, "target-malformed"},
        {"http://", MG_METHOD_GET, "authority-malformed"},
        {"http:///a", MG_METHOD_GET, "authority-malformed"},
        {"http://:80/a", MG_METHOD_GET, "authority-malformed"},
        {"http://u@a/", MG_METHOD_GET, "userinfo"},
        {"http://u:p@a:80/", MG_METHOD_GET, "userinfo"},
        {"http://a@b@c/", MG_METHOD_GET, "userinfo"},
        {"http://a:x/", MG_METHOD_GET, "authority-malformed"},
        {"http://a/%5c", MG_METHOD_GET, "encoded-backslash"},
        {"u@a:443", MG_METHOD_CONNECT, "authority-form"},
        {"http://a/", MG_METHOD_CONNECT, "authority-form"},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_guard guard = {NULL, 0};
        struct mg_head head =
            head_with(rows[i].method, mg_guard_str(&guard, mg_str_from(rows[i].target)));
        char scratch[64];
        struct mg_target target;
        const char *reason = NULL;
        mg_expect_true(rows[i].target, !mg_target_parse(&head, scratch, &target, &reason));
        mg_expect_text(rows[i].target, reason, rows[i].reason);
        mg_guard_free(&guard);
    }
}

/* RFC 3986 5.2.4, with empty segments kept and decoding before the dots are looked at. */
static void normalises_paths(void **state)
{
    static const struct {
        const char *raw;
        const char *normal;
    } rows[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/.", "/"},
        {"/..", "/"},
        {"/...", "/..."},
        {"/.a/..b/c.", "/.a/..b/c."},
        {"/a/.", "/a/"},
        {"/a/./", "/a/"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/b/..", "/a/"},
        {"/a/b/../c", "/a/c"},
        {"/../../a", "/a"},
        {"/a/./b/../../c", "/c"},
        {"/mid/content=5/../6", "/mid/6"},
        {"//", "//"},
        {"//a//b//", "//a//b//"},
        {"/a//../b", "/a/b"},
        {"//..", "/"},
        {"/..//a", "//a"},
        {"/%2e", "/"},
        {"/%2E%2e/a", "/a"},
        {"/a/.%2e/b", "/b"},
        {"/a/%2e./b", "/b"},
        {"/a/%2e%2e%2fb", "/a/..%2Fb"},
        {"/a%2f..%2fb", "/a%2F..%2Fb"},
        {"/a%2fb/../c", "/c"},
        {"/%7Euser/%41%5a%30%2d%5F", "/~user/AZ0-_"},
        {"/%c3%a4", "/%C3%A4"},
        {"/%3a%40%21", "/%3A%40%21"},
        {"/%25%32%65", "/%252e"},
        {"/%252e%252e/", "/%252e%252e/"},
        {"/a;b=c,d", "/a;b=c,d"},
        {"/%20%0a", "/%20%0A"},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[64];
        size_t len = 0;
        bool encoded_slash = false;
        const char *reason = NULL;
        mg_expect_true(rows[i].raw, mg_path_normalise(mg_str_from(rows[i].raw), out, &len,
                                                      &encoded_slash, &reason));
        mg_expect_str(rows[i].raw, ((struct mg_str){out, len}), mg_str_from(rows[i].normal));
        mg_expect_int(rows[i].raw, encoded_slash, strstr(rows[i].normal, "%2F") != NULL);
    }
}

/* Properties of any path: a normal form is its own normal form; it is no longer than the raw
 * path, begins with a slash, has no dot segment; and the target parser gives the same one,
 * whether it takes the fast way or not. */
static void normal_forms_are_normal(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("normal_forms_are_normal");
    unsigned long normal = 0;
    for (unsigned long left = mg_property_cases(100000); left > 0; left--) {
        char raw[24] = "/";
        char once[24];
        char twice[24];
        char scratch[24];
        size_t len = 1 + (size_t)mg_prng_below(&prng, sizeof(raw) - 2);
        size_t once_len = 0;
        size_t twice_len = 0;
        bool slash = false;
        const char *reason = NULL;
        mg_prng_fill(&prng, MG_STR("//..%%2eE25fa"), raw + 1, len - 1);
        raw[len] = '\0';
        struct mg_head head = head_with(MG_METHOD_GET, (struct mg_str){raw, len});
        struct mg_target target;
        bool parsed = mg_target_parse(&head, scratch, &target, &reason);
        bool valid = mg_path_normalise(head.target, once, &once_len, &slash, &reason);
        mg_expect_int(raw, parsed, valid);
        if (!valid) {
            continue;
        }
        normal++;
        struct mg_str form = {once, once_len};
        mg_expect_str(raw, target.path, form);
        mg_expect_int(raw, target.encoded_slash, slash);
        mg_expect_true(raw, mg_path_normalise(form, twice, &twice_len, &slash, &reason));
        mg_expect_str(raw, ((struct mg_str){twice, twice_len}), form);
        mg_expect_true(raw, once_len <= len && once[0] == '/');
        once[once_len] = '\0';
        mg_expect_true(raw, strstr(once, "/./") == NULL && strstr(once, "/../") == NULL);
        mg_expect_true(raw, !mg_str_ends_with(form, MG_STR("/.")) &&
                                !mg_str_ends_with(form, MG_STR("/..")));
    }
    mg_expect_true("some cases have a normal form", normal > 0);
}

static void knows_authorities(void **state)
{
    static const struct {
        const char *authority;
        bool valid;
    } rows[] = {
        {"a", true},
        {"example.com", true},
        {"example.com.", true},
        {"my_host-1", true},
        {"127.0.0.1:8080", true},
        {"a:", true},
        {"a:0", true},
        {"a:65535", true},
        {"[::1]", true},
        {"[::1]:80", true},
        {"[2001:db8::ffff:192.0.2.1]", true},
        {"EXAMPLE.com", true},
        {"", false},
        {":80", false},
        {":", false},
        {"80:a", false},
        {"a:65536", false},
        {"a:000080", false},
        {"a:+1", false},
        {"a:8 0", false},
        {"a:b:80", false},
        {"a::80", false},
        {"::1", false},
        {"[::1", false},
        {"::1]", false},
        {"[]", false},
        {"[", false},
        {"[]:80", false},
        {"[::1]80", false},
        {"[::1]:x", false},
        {"[::1]a", false},
        {"[::1%25eth0]", false},
        {"[::1%eth0]", false},
        {"[v1.x]", false},
        {"[127.0.0.1]", false},
        {"[1:2:3:4:5:6:7:8:9]", false},
        {"[0000:0000:0000:0000:0000:ffff:192.168.100.200]", true},
        {"[0000:0000:0000:0000:0000:00ffff:192.168.100.200]", false},
        {"[00000000000000000000000000000000000000000000::1]", false},
        {"u@a", false},
        {"u:p@a", false},
        {"a/b", false},
        {"a?b", false},
        {"a#b", false},
        {"a b", false},
        {"a,b", false},
        {"a%41", false},
        {"a\\b", false},
        {"b\xc3\xbc.example", false},
        {"a\t", false},
        {"<a>", false},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_guard guard = {NULL, 0};
        struct mg_str text = mg_guard_str(&guard, mg_str_from(rows[i].authority));
        mg_expect_int(rows[i].authority, mg_authority_is_valid(text), rows[i].valid);
        mg_guard_free(&guard);
    }
    mg_expect_int("NUL in an address", mg_authority_is_valid(MG_STR("[::1\0]")), false);
}

static void splits_authorities(void **state)
{
    static const struct {
        const char *authority;
        const char *host;
        const char *port;
    } rows[] = {
        {"a", "a", ""},
        {"a:80", "a", "80"},
        {"a:", "a", ""},
        {"[::1]", "[::1]", ""},
        {"[::1]:443", "[::1]", "443"},
        {"10.0.0.1", "10.0.0.1", ""},
        {"123:80", "123", "80"},
        {"123", "123", ""},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str host;
        struct mg_str port;
        mg_authority_split(mg_str_from(rows[i].authority), &host, &port);
        mg_expect_str(rows[i].authority, host, mg_str_from(rows[i].host));
        mg_expect_str(rows[i].authority, port, mg_str_from(rows[i].port));
    }
}

/* Nearly every path is in normal form already, and then nothing is copied. */
static void leaves_a_normal_path_where_it_is(void **state)
{
    static const struct {
        const char *target;
        bool copied;
    } rows[] = {
        {"/", false},          {"/a/b.c/d..e?x", false}, {"//a/", false},
        {"http://a/b", false}, {"/a/%C3%A4", true},      {"/a/./b", true},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char scratch[32];
        struct mg_head head = head_with(MG_METHOD_GET, mg_str_from(rows[i].target));
        struct mg_target target;
        const char *reason = NULL;
        mg_expect_true(rows[i].target, mg_target_parse(&head, scratch, &target, &reason));
        mg_expect_int(rows[i].target, target.path.ptr == scratch, rows[i].copied);
    }
}

static void a_path_begins_with_a_slash(void **state)
{
    (void)state;
    static const char *rows[] = {"", "a", "a/b", "%2F", "*"};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[8];
        size_t len = 0;
        bool slash = false;
        const char *reason = NULL;
        mg_expect_true(rows[i],
                       !mg_path_normalise(mg_str_from(rows[i]), out, &len, &slash, &reason));
        mg_expect_text(rows[i], reason, "target-malformed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_targets_apart),
        cmocka_unit_test(refuses_targets),
        cmocka_unit_test(normalises_paths),
        cmocka_unit_test(normal_forms_are_normal),
        cmocka_unit_test(knows_authorities),
        cmocka_unit_test(splits_authorities),
        cmocka_unit_test(leaves_a_normal_path_where_it_is),
        cmocka_unit_test(a_path_begins_with_a_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
