/* test_browser_message.c - the console's sentences, against templates and examples that were
 * recorded from a real Chromium. */
#include <stdio.h>

#include "cors/browser_message.h"
#include "test_browser_vectors.h"

/* The recorded kinds and the judgements they stand for. */
static const struct {
    const char *kind;
    enum mg_outcome outcome;
    bool preflight;
} KINDS[] = {
    {"MissingAllowOriginHeader", MG_OUTCOME_ACAO_MISSING, false},
    {"PreflightMissingAllowOriginHeader", MG_OUTCOME_ACAO_MISSING, true},
    {"AllowOriginMismatch", MG_OUTCOME_ACAO_MISMATCH, false},
    {"PreflightAllowOriginMismatch", MG_OUTCOME_ACAO_MISMATCH, true},
    {"InvalidAllowOriginValue", MG_OUTCOME_ACAO_MISMATCH, false},
    {"PreflightInvalidAllowOriginValue", MG_OUTCOME_ACAO_MISMATCH, true},
    {"MultipleAllowOriginValues", MG_OUTCOME_ACAO_MISMATCH, false},
    {"PreflightMultipleAllowOriginValues", MG_OUTCOME_ACAO_MISMATCH, true},
    {"WildcardOriginNotAllowed", MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS, false},
    {"PreflightWildcardOriginNotAllowed", MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS, true},
    {"InvalidAllowCredentials", MG_OUTCOME_ACAC_NOT_TRUE, false},
    {"PreflightInvalidAllowCredentials", MG_OUTCOME_ACAC_NOT_TRUE, true},
    {"MethodDisallowedByPreflightResponse", MG_OUTCOME_METHOD_DENIED, true},
    {"HeaderDisallowedByPreflightResponse", MG_OUTCOME_HEADER_DENIED, true},
    {"InvalidAllowMethodsPreflightResponse", MG_OUTCOME_ACAM_UNPARSEABLE, true},
    {"InvalidAllowHeadersPreflightResponse", MG_OUTCOME_ACAH_UNPARSEABLE, true},
    {"PreflightInvalidStatus", MG_OUTCOME_PREFLIGHT_STATUS, true},
    {"PreflightDisallowedRedirect", MG_OUTCOME_PREFLIGHT_REDIRECT, true},
    {"RedirectContainsCredentials", MG_OUTCOME_REDIRECT_CREDENTIALS, false},
    {"CorsDisabledScheme", MG_OUTCOME_REDIRECT_SCHEME, false},
    {"LocalNetworkAccessInsecureContext", MG_OUTCOME_LOCAL_NETWORK_INSECURE, false},
    {"LocalNetworkAccessPermissionDenied", MG_OUTCOME_LOCAL_NETWORK_DENIED, false},
};

/* What the placeholders of a template stand for in its example. */
struct captures {
    struct mg_str type;
    struct mg_str url;
    struct mg_str origin;
    struct mg_str value; /* of {value}, {method}, {header}, {schemes} or {space} */
};

static void capture(struct captures *captures, struct mg_str placeholder, struct mg_str text)
{
    if (mg_str_equal(placeholder, MG_STR("type"))) {
        captures->type = text;
    } else if (mg_str_equal(placeholder, MG_STR("url"))) {
        captures->url = text;
    } else if (mg_str_equal(placeholder, MG_STR("origin"))) {
        captures->origin = text;
    } else {
        captures->value = text;
    }
}

/* Read an example by its template. A placeholder reaches to the literal behind it. */
static struct captures read_example(const char *kind, struct mg_str template_text,
                                    struct mg_str example)
{
    struct captures captures = {0};
    struct mg_str head = take_until(&template_text, '{');
    mg_expect_true(kind, mg_str_starts_with(example, head));
    example = mg_str_from_offset(example, head.len);
    while (template_text.len > 0) {
        struct mg_str placeholder = take_until(&template_text, '}');
        struct mg_str literal = take_until(&template_text, '{');
        const char *end = memmem(example.ptr, example.len, literal.ptr, literal.len);
        mg_expect_true(kind, end != NULL);
        size_t len = literal.len == 0 ? example.len : (size_t)(end - example.ptr);
        capture(&captures, placeholder, (struct mg_str){example.ptr, len});
        example = mg_str_from_offset(example, len + literal.len);
    }
    mg_expect_str(kind, example, MG_STR(""));
    return captures;
}

static enum mg_browser_initiator initiator_of(struct mg_str type)
{
    return mg_str_equal(type, MG_STR("script")) ? MG_INITIATOR_SCRIPT : MG_INITIATOR_FETCH;
}

static void recorded_examples_are_printed(void **state)
{
    (void)state;
    json_error_t error;
    json_t *file = json_load_file("tests/vectors/chromium-errors.json", 0, &error);
    assert_non_null(file);
    const json_t *kinds = json_object_get(file, "kinds");
    mg_expect_int("no kind was added", json_object_size(kinds), MG_COUNT(KINDS));
    for (size_t i = 0; i < MG_COUNT(KINDS); i++) {
        const json_t *kind = json_object_get(kinds, KINDS[i].kind);
        struct mg_str example = vector_member(kind, "example");
        mg_expect_true(KINDS[i].kind, example.len > 0);
        struct captures captures =
            read_example(KINDS[i].kind, vector_member(kind, "template"), example);
        struct mg_browser_message message = {.initiator = initiator_of(captures.type),
                                             .origin = captures.origin,
                                             .url = captures.url,
                                             .first_url = captures.url};
        struct mg_judgement judgement = {.outcome = KINDS[i].outcome,
                                         .preflight = KINDS[i].preflight,
                                         .culprit = captures.value};
        mg_expect_str(KINDS[i].kind, mg_browser_message(&message, &judgement, &test_arena),
                      example);
    }
    json_decref(file);
}

static void the_first_url_is_named_after_a_redirect(void **state)
{
    (void)state;
    struct mg_browser_message message = {.origin = MG_STR("null"),
                                         .url = MG_STR("https://b/"),
                                         .first_url = MG_STR("https://a/#f")};
    struct mg_judgement judgement = {.outcome = MG_OUTCOME_ACAO_MISSING};
    mg_expect_str(
        "redirected", mg_browser_message(&message, &judgement, &test_arena),
        MG_STR("Access to fetch at 'https://b/' (redirected from 'https://a/#f') from "
               "origin 'null' has been blocked by CORS policy: No "
               "'Access-Control-Allow-Origin' header is present on the requested "
               "resource."));
}

#define HAVE " Have the server send the header with a valid value."
#define XHR                                                                                   \
    " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the " \
    "withCredentials attribute."

static void advice_depends_on_who_fetches(void **state)
{
    (void)state;
    static const struct {
        enum mg_browser_initiator initiator;
        const char *start;
        enum mg_outcome outcome;
        const char *value;
        const char *end;
    } ROWS[] = {
        {MG_INITIATOR_FETCH, "Access to fetch at", MG_OUTCOME_ACAO_MISMATCH, "foo",
         "invalid value 'foo'." HAVE},
        {MG_INITIATOR_XHR, "Access to XMLHttpRequest at", MG_OUTCOME_ACAO_MISMATCH, "foo",
         "invalid value 'foo'."},
        {MG_INITIATOR_XHR, "Access to XMLHttpRequest at", MG_OUTCOME_ACAO_MISMATCH, "*,*",
         "multiple values '*,*', but only one is allowed."},
        {MG_INITIATOR_XHR, "Access to XMLHttpRequest at", MG_OUTCOME_ACAO_MISMATCH,
         "http://x.example",
         "has a value 'http://x.example' that is not equal to the supplied origin."},
        {MG_INITIATOR_FETCH, "Access to fetch at", MG_OUTCOME_ACAO_MISMATCH, "null",
         "has a value 'null' that is not equal to the supplied origin." HAVE},
        {MG_INITIATOR_XHR, "Access to XMLHttpRequest at", MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS,
         "*", "credentials mode is 'include'." XHR},
        {MG_INITIATOR_XHR, "Access to XMLHttpRequest at", MG_OUTCOME_ACAC_NOT_TRUE, "",
         "is '' which must be 'true' when the request's credentials mode is 'include'." XHR},
        {MG_INITIATOR_IMAGE, "Access to image at", MG_OUTCOME_ACAO_MISMATCH, "foo",
         "invalid value 'foo'."},
        {MG_INITIATOR_FONT, "Access to font at", MG_OUTCOME_ACAO_MISMATCH, "",
         "invalid value ''."},
        {MG_INITIATOR_STYLESHEET, "Access to CSS stylesheet at", MG_OUTCOME_ACAO_MISSING, "",
         "is present on the requested resource."},
        {MG_INITIATOR_EVENT_SOURCE, "Access to resource at", MG_OUTCOME_ACAO_MISSING, "",
         "is present on the requested resource."},
        {MG_INITIATOR_BEACON, "Access to resource at", MG_OUTCOME_ACAO_MISSING, "",
         "is present on the requested resource."},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_message message = {.initiator = ROWS[i].initiator,
                                             .origin = MG_STR("https://a"),
                                             .url = MG_STR("https://b/"),
                                             .first_url = MG_STR("https://b/")};
        struct mg_judgement judgement = {.outcome = ROWS[i].outcome,
                                         .culprit = mg_str_from(ROWS[i].value)};
        struct mg_str got = mg_browser_message(&message, &judgement, &test_arena);
        mg_expect_true(ROWS[i].end, mg_str_starts_with(got, mg_str_from(ROWS[i].start)));
        size_t end_len = strlen(ROWS[i].end);
        mg_expect_str(ROWS[i].end,
                      mg_str_from_offset(got, got.len < end_len ? 0 : got.len - end_len),
                      mg_str_from(ROWS[i].end));
    }
}

/* Failures that are not CORS ones have no sentence. */
static void other_outcomes_are_silent(void **state)
{
    (void)state;
    static const enum mg_outcome SILENT[] = {
        MG_OUTCOME_OK,
        MG_OUTCOME_REDIRECT_LOCATION,
        MG_OUTCOME_REDIRECT_LIMIT,
        MG_OUTCOME_REDIRECT_STREAM,
        MG_OUTCOME_REDIRECT_REFUSED,
        MG_OUTCOME_SAME_ORIGIN_MODE,
        MG_OUTCOME_FORBIDDEN,
        MG_OUTCOME_NETWORK_ERROR,
        MG_OUTCOME_OUT_OF_MEMORY,
    };
    struct mg_browser_message message = {0};
    for (size_t i = 0; i < MG_COUNT(SILENT); i++) {
        struct mg_judgement judgement = {.outcome = SILENT[i]};
        mg_expect_str(mg_outcome_name(SILENT[i]),
                      mg_browser_message(&message, &judgement, &test_arena), MG_STR(""));
    }
}

#define TYPE_ERROR "TypeError: Failed to execute 'fetch' on 'Window': "

static void what_a_script_may_not_do_is_said(void **state)
{
    (void)state;
    static const struct {
        struct mg_browser_spec spec;
        const char *header;
        const char *text;
    } ROWS[] = {
        {{.method = {"TRACE", 5}}, "", TYPE_ERROR "'TRACE' HTTP method is unsupported."},
        {{.method = {"GE T", 4}}, "", TYPE_ERROR "'GE T' is not a valid HTTP method."},
        {{.method = {"put", 3}, .mode = MG_MODE_NO_CORS},
         "",
         TYPE_ERROR "'PUT' is unsupported in no-cors mode."},
        {{.url = {"http://u:p@api.site.test:8000/star/echo", 39}},
         "",
         TYPE_ERROR "Request cannot be constructed from a URL that includes credentials: "
                    "http://u:p@api.site.test:8000/star/echo"},
        {{0}, "X A: 1", TYPE_ERROR "Invalid name"},
        {{.body = MG_BODY_STRING},
         "",
         TYPE_ERROR "Request with GET/HEAD method cannot have body."},
        {{.mode = MG_MODE_SAME_ORIGIN},
         "",
         "Fetch API cannot load https://api.example/r. Request mode is \"same-origin\" but the "
         "URL's origin is not same as the request origin https://app.example."},
        {{.url = {"ftp://api.site.test/x", 21}},
         "",
         "Fetch API cannot load ftp://api.site.test/x. URL scheme \"ftp\" is not supported."},
        {{.mode = MG_MODE_NO_CORS, .redirect = MG_REDIRECT_MANUAL},
         "",
         "Fetch API cannot load https://api.example/r. Request mode is \"no-cors\" but the "
         "redirect mode is not \"follow\"."},
        {{.origin = {"x", 1}}, "", ""},
        {{.initiator = MG_INITIATOR_XHR, .method = {"TRACE", 5}}, "", ""},
        {{0}, "", ""},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_spec spec = ROWS[i].spec;
        struct mg_browser_class got;
        spec.headers = headers;
        spec.header_count = read_fields(ROWS[i].header, headers);
        spec.origin = spec.origin.len > 0 ? spec.origin : MG_STR("https://app.example");
        spec.url = spec.url.len > 0 ? spec.url : MG_STR("https://api.example/r");
        mg_expect_true(ROWS[i].text, mg_browser_classify(&spec, &test_arena, &got));
        mg_expect_str(ROWS[i].text, mg_browser_forbidden_message(&spec, &got, &test_arena),
                      mg_str_from(ROWS[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_examples_are_printed),
        cmocka_unit_test(the_first_url_is_named_after_a_redirect),
        cmocka_unit_test(advice_depends_on_who_fetches),
        cmocka_unit_test(other_outcomes_are_silent),
        cmocka_unit_test(what_a_script_may_not_do_is_said),
    };
    return cmocka_run_group_tests_name("browser_message", tests, set_up_arena, tear_down_arena);
}
