/* test_browser_classify.c - what is sent, with a preflight or without, and what a script
 * may not do at all. */
#include "cors/browser_classify.h"
#include "test_browser_vectors.h"

enum {
    MAX_HEADERS = 32
};

/* A request as the vectors write it. */
struct vector_spec {
    struct mg_browser_field headers[MAX_HEADERS];
    struct mg_browser_spec spec;
};

static enum mg_browser_body read_body(struct mg_str name)
{
    static const char *const BODIES[] = {
        [MG_BODY_NONE] = "none",
        [MG_BODY_STRING] = "string",
        [MG_BODY_URL_SEARCH_PARAMS] = "urlsearchparams",
        [MG_BODY_FORM_DATA] = "formdata",
        [MG_BODY_BLOB] = "blob",
        [MG_BODY_BUFFER] = "arraybuffer",
        [MG_BODY_STREAM] = "stream",
    };
    for (size_t i = 0; i < MG_COUNT(BODIES); i++) {
        if (mg_str_equal(name, mg_str_from(BODIES[i]))) {
            return (enum mg_browser_body)i;
        }
    }
    fail_msg("unknown body_type '%.*s'", MG_STR_ARG(name));
    return MG_BODY_NONE;
}

static enum mg_browser_mode read_mode(struct mg_str name)
{
    if (mg_str_equal(name, MG_STR("no-cors"))) {
        return MG_MODE_NO_CORS;
    }
    return mg_str_equal(name, MG_STR("same-origin")) ? MG_MODE_SAME_ORIGIN : MG_MODE_CORS;
}

static enum mg_browser_credentials read_credentials(struct mg_str name)
{
    if (mg_str_equal(name, MG_STR("include"))) {
        return MG_CREDENTIALS_INCLUDE;
    }
    return mg_str_equal(name, MG_STR("omit")) ? MG_CREDENTIALS_OMIT
                                              : MG_CREDENTIALS_SAME_ORIGIN;
}

static void read_vector(const json_t *fetch, struct vector_spec *out)
{
    size_t count = vector_fields(json_object_get(fetch, "headers"), out->headers, MAX_HEADERS);
    out->spec = (struct mg_browser_spec){
        .origin = vector_member(fetch, "origin"),
        .url = vector_member(fetch, "url"),
        .method = vector_member(fetch, "method"),
        .mode = read_mode(vector_member(fetch, "mode")),
        .credentials = read_credentials(vector_member(fetch, "credentials")),
        .headers = out->headers,
        .header_count = count,
        .body = read_body(vector_member(fetch, "body_type")),
        .blob_type = vector_member(fetch, "blob_type"),
        .upload_listeners = json_is_true(json_object_get(fetch, "upload_listeners")),
    };
}

static void vectors_are_classified(void **state)
{
    (void)state;
    json_t *file = load_browser_vectors();
    const json_t *rows = vector_group(file, "browser_classification");
    size_t index;
    const json_t *row;
    json_array_foreach(rows, index, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *expect = json_object_get(row, "expect");
        const json_t *dropped = json_object_get(expect, "dropped_headers");
        struct mg_str reason = vector_member(expect, "reason");
        struct vector_spec vector;
        struct mg_browser_class got;
        mg_arena_reset(&test_arena);
        read_vector(json_object_get(row, "fetch"), &vector);
        mg_expect_true(name, mg_browser_classify(&vector.spec, &test_arena, &got));
        mg_expect_str(name, mg_str_from(mg_fetch_kind_name(got.kind)),
                      vector_member(expect, "kind"));
        mg_expect_str(name, joined(got.unsafe_names),
                      joined(vector_names(json_object_get(expect, "unsafe_headers"))));
        mg_expect_str(name, got.acrm, vector_member(expect, "acrm"));
        mg_expect_str(name, got.acrh, vector_member(expect, "acrh"));
        if (dropped != NULL) {
            mg_expect_str(name, joined(got.dropped_names), joined(vector_names(dropped)));
        }
        if (reason.len > 0) {
            mg_expect_str(name, mg_str_from(got.reason), reason);
        }
    }
    json_decref(file);
}

#define A100                                             \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee" \
    "ffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj"

/* Where nothing is said: fetch() from https://app.example to https://api.example/r. */
struct row {
    const char *desc;
    struct mg_browser_spec spec;
    const char *headers;
    const char *kind;
    const char *acrh;
    const char *dropped;
    const char *reason;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_spec spec = rows[i].spec;
        struct mg_browser_class got;
        mg_arena_reset(&test_arena);
        spec.headers = headers;
        spec.header_count = rows[i].headers == NULL ? 0 : read_fields(rows[i].headers, headers);
        spec.origin = spec.origin.len > 0 ? spec.origin : MG_STR("https://app.example");
        spec.url = spec.url.len > 0 ? spec.url : MG_STR("https://api.example/r");
        mg_expect_true(rows[i].desc, mg_browser_classify(&spec, &test_arena, &got));
        mg_expect_text(rows[i].desc, mg_fetch_kind_name(got.kind), rows[i].kind);
        mg_expect_str(rows[i].desc, got.acrh, mg_str_from(rows[i].acrh));
        mg_expect_str(rows[i].desc, joined(got.dropped_names), mg_str_from(rows[i].dropped));
        mg_expect_text(rows[i].desc, got.reason, rows[i].reason);
    }
}

static void faults_are_named_in_the_order_of_the_standard(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {.desc = "an origin with a path",
         .spec = {.origin = {"https://app.example/", 20}},
         .kind = "forbidden",
         .reason = "origin-malformed"},
        {.desc = "no host",
         .spec = {.url = {"https://", 8}},
         .kind = "forbidden",
         .reason = "url-host-missing"},
        {.desc = "ftp",
         .spec = {.url = {"ftp://api.example/x", 19}},
         .kind = "forbidden",
         .reason = "url-scheme"},
        {.desc = "user info and a bad method: the URL comes first",
         .spec = {.url = {"https://u:p@api.example/", 24}, .method = {"TRACE", 5}},
         .kind = "forbidden",
         .reason = "url-credentials"},
        {.desc = "an XMLHttpRequest leaves user info out",
         .spec = {.url = {"https://u:p@api.example/", 24}, .initiator = MG_INITIATOR_XHR},
         .kind = "simple"},
        {.desc = "a forbidden method and a bad header: the method comes first",
         .spec = {.method = {"TRACE", 5}},
         .headers = "X A: 1",
         .kind = "forbidden",
         .reason = "forbidden-method"},
        {.desc = "no-cors PUT and a bad header: the method comes first",
         .spec = {.method = {"PUT", 3}, .mode = MG_MODE_NO_CORS},
         .headers = "X A: 1",
         .kind = "forbidden",
         .reason = "no-cors-method"},
        {.desc = "a bad header and a body with GET: the header comes first",
         .spec = {.body = MG_BODY_STRING},
         .headers = "X A: 1",
         .kind = "forbidden",
         .reason = "invalid-header-name"},
        {.desc = "an empty name",
         .headers = ": 1",
         .kind = "forbidden",
         .reason = "invalid-header-name"},
        {.desc = "an XMLHttpRequest drops a body with GET",
         .spec = {.body = MG_BODY_STRING, .initiator = MG_INITIATOR_XHR},
         .kind = "simple"},
        {.desc = "no-cors stream",
         .spec = {.method = {"POST", 4}, .body = MG_BODY_STREAM, .mode = MG_MODE_NO_CORS},
         .kind = "forbidden",
         .reason = "no-cors-stream"},
        {.desc = "mode same-origin",
         .spec = {.mode = MG_MODE_SAME_ORIGIN},
         .kind = "forbidden",
         .reason = "same-origin-mode"},
        {.desc = "no-cors without following redirects",
         .spec = {.mode = MG_MODE_NO_CORS, .redirect = MG_REDIRECT_MANUAL},
         .kind = "forbidden",
         .reason = "no-cors-redirect"},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static void headers_are_joined_dropped_and_counted(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {.desc = "two Accept lines are judged one by one",
         .headers = "Accept: " A100 "\nAccept: " A100,
         .kind = "simple"},
        {.desc = "Chromium joins them",
         .spec = {.browser = MG_BROWSER_CHROMIUM},
         .headers = "Accept: " A100 "\nAccept: " A100,
         .kind = "preflight",
         .acrh = "accept"},
        {.desc = "XMLHttpRequest joins them everywhere",
         .spec = {.initiator = MG_INITIATOR_XHR},
         .headers = "Accept: " A100 "\naccept: " A100,
         .kind = "preflight",
         .acrh = "accept"},
        {.desc = "no-cors drops the line that makes it too long",
         .spec = {.mode = MG_MODE_NO_CORS},
         .headers = "Accept: " A100 "\nAccept: " A100,
         .kind = "simple",
         .dropped = "accept"},
        {.desc = "no-cors never sends Range",
         .spec = {.mode = MG_MODE_NO_CORS},
         .headers = "Range: bytes=0-1",
         .kind = "simple",
         .dropped = "range"},
        {.desc = "no-cors drops a blob's type",
         .spec = {.method = {"POST", 4},
                  .mode = MG_MODE_NO_CORS,
                  .body = MG_BODY_BLOB,
                  .blob_type = {"application/json", 16}},
         .kind = "simple",
         .dropped = "content-type"},
        {.desc = "the script's Content-Type stands",
         .spec = {.method = {"POST", 4}, .body = MG_BODY_STRING},
         .headers = "content-TYPE: application/json",
         .kind = "preflight",
         .acrh = "content-type"},
        {.desc = "dropped names are sorted, each once",
         .headers = "Via: 1\nCookie: a\nCOOKIE: b\nX-A: 1",
         .kind = "preflight",
         .acrh = "x-a",
         .dropped = "cookie,via"},
        {.desc = "same-origin drops them too",
         .spec = {.url = {"https://app.example/", 20}},
         .headers = "Cookie: a\nX-A: 1",
         .kind = "same-origin",
         .dropped = "cookie"},
        {.desc = "User-Agent may be set",
         .headers = "User-Agent: x",
         .kind = "preflight",
         .acrh = "user-agent"},
        {.desc = "but not in Chromium",
         .spec = {.browser = MG_BROWSER_CHROMIUM},
         .headers = "User-Agent: x",
         .kind = "simple",
         .dropped = "user-agent"},
        {.desc = "an image has no unsafe-request flag",
         .spec = {.initiator = MG_INITIATOR_IMAGE},
         .headers = "X-A: 1",
         .kind = "simple"},
        {.desc = "listeners on an upload without a body",
         .spec = {.upload_listeners = true, .initiator = MG_INITIATOR_XHR},
         .kind = "preflight"},
        {.desc = "nothing to listen to, in Chromium",
         .spec = {.upload_listeners = true,
                  .initiator = MG_INITIATOR_XHR,
                  .browser = MG_BROWSER_CHROMIUM},
         .kind = "simple"},
        {.desc = "a beacon with JSON",
         .spec = {.initiator = MG_INITIATOR_BEACON,
                  .method = {"POST", 4},
                  .body = MG_BODY_BLOB,
                  .blob_type = {"application/json", 16}},
         .kind = "preflight",
         .acrh = "content-type"},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static void chromium_safelists_client_hints(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool safelisted;
    } ROWS[] = {
        {"DPR: 2", true},
        {"DPR: 2.5", true},
        {"DPR: 2.", false},
        {"DPR: .5", false},
        {"DPR: x", false},
        {"DPR: ", false},
        {"Width: 2", true},
        {"Width: 2.5", false},
        {"Viewport-Width: 2", true},
        {"RTT: 2", true},
        {"Downlink: 2.1", true},
        {"ECT: 4g", true},
        {"ECT: 5g", false},
        {"Device-Memory: 2", true},
        {"Save-Data: on", true},
        {"Save-Data: ON", true},
        {"Save-Data: off", false},
        {"Intervention: x", true},
        {"Purpose: x", false},
        {"Range: bytes=0-1", true},
        {"Range: Bytes=0-1", false},
        {"Range: bytes=7-9223372036854775807", true},
        {"Range: bytes=7-9223372036854775808", false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_field field;
        assert_int_equal(read_fields(ROWS[i].header, &field), 1);
        mg_expect_int(
            ROWS[i].header,
            mg_browser_header_is_safelisted(MG_BROWSER_CHROMIUM, field.name, field.value),
            ROWS[i].safelisted);
    }
}

/* A random spec whose method, headers and body come from small sets. */
static struct mg_browser_spec random_spec(struct mg_prng *prng,
                                          struct mg_browser_field *headers)
{
    static const char *const METHODS[] = {"GET", "get", "POST", "PUT", "patch", "HEAD", "x"};
    static const char *const NAMES[] = {
        "Accept", "accept", "Content-Type", "X-A",           "x-b", "X-a",
        "Range",  "Cookie", "Sec-A",        "authorization", "DPR", "Accept-Language",
        "Z",      "x_a"};
    static const char long_value[] = A100;
    static const char *const VALUES[] = {"1",  "text/plain", "bytes=0-1", "application/json",
                                         "\"", long_value,   ""};
    static const char *const URLS[] = {"https://api.example/r", "https://app.example/r",
                                       "http://app.example/"};
    struct mg_browser_spec spec = {
        .browser = (enum mg_browser)mg_prng_below(prng, 4),
        .initiator = (enum mg_browser_initiator)mg_prng_below(prng, 3),
        .origin = MG_STR("https://app.example"),
        .url = pick(prng, URLS, MG_COUNT(URLS)),
        .method = pick(prng, METHODS, MG_COUNT(METHODS)),
        .mode = mg_prng_below(prng, 8) == 0 ? MG_MODE_NO_CORS : MG_MODE_CORS,
        .headers = headers,
        .header_count = (size_t)mg_prng_below(prng, TEST_MAX_FIELDS),
        .body = (enum mg_browser_body)mg_prng_below(prng, MG_BODY_STREAM + 1),
        .blob_type = MG_STR("image/png"),
        .upload_listeners = mg_prng_below(prng, 8) == 0,
    };
    for (size_t i = 0; i < spec.header_count; i++) {
        headers[i].name = pick(prng, NAMES, MG_COUNT(NAMES));
        headers[i].value = pick(prng, VALUES, MG_COUNT(VALUES));
    }
    return spec;
}

static void expect_sorted_set(const char *desc, struct mg_browser_names names)
{
    for (size_t i = 0; i < names.count; i++) {
        for (size_t j = 0; j < names.items[i].len; j++) {
            char c = names.items[i].ptr[j];
            mg_expect_int(desc, mg_ascii_lower(c), c);
        }
        mg_expect_true(desc, i == 0 || mg_str_compare(names.items[i - 1], names.items[i]) < 0);
    }
}

static void acrh_is_sorted_lower_case_and_unique(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("ACRH is sorted, lower case and unique");
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_spec spec = random_spec(&prng, headers);
        struct mg_browser_class got;
        mg_arena_reset(&test_arena);
        mg_expect_true("fits", mg_browser_classify(&spec, &test_arena, &got));
        expect_sorted_set("unsafe", got.unsafe_names);
        expect_sorted_set("dropped", got.dropped_names);
        bool preflight = got.kind == MG_FETCH_PREFLIGHT;
        mg_expect_str("ACRH lists the unsafe names", got.acrh,
                      preflight ? joined(got.unsafe_names) : MG_STR(""));
        mg_expect_int("ACRM is there with a preflight", got.acrm.len > 0, preflight);
        mg_expect_int("a reason is there when forbidden", got.reason != NULL,
                      got.kind == MG_FETCH_FORBIDDEN);
    }
}

/* Of the standard's profile: a field that goes is unsafe exactly where it is not safelisted,
 * unless all values together are too long. */
static void unsafe_is_what_is_not_safelisted(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("unsafe is what is not safelisted");
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_spec spec = random_spec(&prng, headers);
        struct mg_browser_names unsafe;
        size_t safelisted_bytes = 0;
        mg_arena_reset(&test_arena);
        for (size_t j = 0; j < spec.header_count; j++) {
            bool safelisted = mg_browser_header_is_safelisted(spec.browser, headers[j].name,
                                                              headers[j].value);
            safelisted_bytes += safelisted ? headers[j].value.len : 0;
        }
        unsafe = mg_browser_unsafe_names(spec.browser, headers, spec.header_count, &test_arena);
        size_t listed = 0;
        for (size_t j = 0; j < spec.header_count; j++) {
            struct mg_browser_names one =
                mg_browser_unsafe_names(spec.browser, &headers[j], 1, &test_arena);
            mg_expect_int("alone: unsafe or safelisted", one.count == 0,
                          mg_browser_header_is_safelisted(spec.browser, headers[j].name,
                                                          headers[j].value));
            listed += one.count;
            mg_expect_true("what is unsafe alone is unsafe among others",
                           one.count == 0 || mg_browser_names_have(unsafe, one.items[0]));
        }
        mg_expect_true("nothing else is unsafe",
                       safelisted_bytes > 1024 || unsafe.count <= listed);
    }
}

static void a_full_arena_is_said(void **state)
{
    (void)state;
    char small[64];
    struct mg_arena arena;
    struct mg_browser_class got;
    struct mg_browser_spec spec = {.origin = MG_STR("https://app.example"),
                                   .url = MG_STR("https://api.example/r")};
    mg_arena_init(&arena, small, sizeof(small), 0);
    mg_expect_true("64 bytes do not do", !mg_browser_classify(&spec, &arena, &got));
    mg_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_classified),
        cmocka_unit_test(faults_are_named_in_the_order_of_the_standard),
        cmocka_unit_test(headers_are_joined_dropped_and_counted),
        cmocka_unit_test(chromium_safelists_client_hints),
        cmocka_unit_test(acrh_is_sorted_lower_case_and_unique),
        cmocka_unit_test(unsafe_is_what_is_not_safelisted),
        cmocka_unit_test(a_full_arena_is_said),
    };
    return cmocka_run_group_tests_name("browser_classify", tests, set_up_arena,
                                       tear_down_arena);
}
