/* test_properties.c - what holds for every rule and every request.
 *
 * Rules and requests are drawn from small worlds, so that they meet; some bytes of a request
 * are hostile. A model of the browser's side, written from Fetch's steps in the plainest way,
 * judges the text of each answer to a preflight.
 */
#include <stdio.h>
#include <time.h>

#include "fixture.h"
#include "prng.h"

enum {
    TEXT_BYTES = 160,
    PER_RULE = 20 /* requests for each rule */
};

/* Draw up to `most` of the items, joined by commas. */
static void draw_list(struct mg_prng *prng, const char *const *items, size_t count, size_t most,
                      char out[static TEXT_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (uint64_t left = mg_prng_below(prng, most + 1); left > 0; left--) {
        len += (size_t)snprintf(out + len, TEXT_BYTES - len, "%s%s", len > 0 ? "," : "",
                                items[mg_prng_below(prng, count)]);
    }
}

static const char *const METHODS[] = {"GET", "HEAD",   "POST",  "PUT",     "PATCH",
                                      "put", "DELETE", "PURGE", "OPTIONS", "patch"};
static const char *const NAMES[] = {"X-A", "x-b", "Content-Type", "authorization", "X-C-1"};
static const char *const PATTERNS[] = {"https://a.example",     "https://*.a.example",
                                       "http://localhost:*",    "https://b.example:8443",
                                       "https://*.b.example:*", "null"};
static const char *const ORIGINS[] = {"https://a.example",
                                      "https://x.a.example",
                                      "http://localhost:3000",
                                      "https://b.example:8443",
                                      "https://b.example",
                                      "https://x.y.b.example:1",
                                      "null",
                                      "https://evil.example",
                                      "https://a.example/",
                                      "https://A.example",
                                      "https://a.example\r\nX: y",
                                      "https://a.example, https://b.example"};

struct rule_text {
    char origins[TEXT_BYTES];
    char resource_methods[TEXT_BYTES];
    char methods[TEXT_BYTES];
    char headers[TEXT_BYTES];
    char expose[TEXT_BYTES];
    struct fixture_rule rule;
};

static void draw_rule(struct mg_prng *prng, struct rule_text *text)
{
    draw_list(prng, PATTERNS, MG_COUNT(PATTERNS), 3, text->origins);
    draw_list(prng, METHODS, MG_COUNT(METHODS), 5, text->resource_methods);
    draw_list(prng, METHODS, MG_COUNT(METHODS), 3, text->methods);
    draw_list(prng, NAMES, MG_COUNT(NAMES), 3, text->headers);
    draw_list(prng, NAMES, MG_COUNT(NAMES), 2, text->expose);
    if (mg_prng_below(prng, 6) == 0) {
        (void)snprintf(text->origins, sizeof(text->origins), "*");
    }
    if (mg_prng_below(prng, 5) == 0) {
        (void)snprintf(text->methods, sizeof(text->methods), "*");
    }
    if (mg_prng_below(prng, 4) == 0) {
        (void)snprintf(text->headers, sizeof(text->headers),
                       mg_prng_below(prng, 2) == 0 ? "*" : "*,Authorization");
    }
    text->rule = (struct fixture_rule){
        .origins = text->origins,
        .resource_methods = text->resource_methods,
        .methods = mg_prng_below(prng, 3) == 0 ? NULL : text->methods,
        .headers = text->headers,
        .expose = text->expose,
        .credentials = mg_prng_below(prng, 2) == 0,
        .max_age = (long long)mg_prng_below(prng, 3) * 300,
        .rejects = mg_prng_below(prng, 4) == 0,
        .timing = mg_prng_below(prng, 2) == 0,
        .status = mg_prng_below(prng, 2) == 0 ? 204 : 200,
    };
}

struct request_text {
    char origin[TEXT_BYTES];
    char method[TEXT_BYTES];
    char acrm[TEXT_BYTES];
    char acrh[TEXT_BYTES];
    struct mg_str lines[3];
    struct mg_cors_request request;
};

/* Change a byte now and then. */
static void spoil(struct mg_prng *prng, char *text)
{
    size_t len = strlen(text);
    if (len > 0 && mg_prng_below(prng, 12) == 0) {
        mg_prng_fill(prng, MG_STR("\r\n \t,:;*\x01\xff\"(Z"), text + mg_prng_below(prng, len),
                     1);
    }
}

static void draw_request(struct mg_prng *prng, struct request_text *text)
{
    (void)snprintf(text->origin, TEXT_BYTES, "%s",
                   ORIGINS[mg_prng_below(prng, MG_COUNT(ORIGINS))]);
    (void)snprintf(text->acrm, TEXT_BYTES, "%s",
                   METHODS[mg_prng_below(prng, MG_COUNT(METHODS))]);
    (void)snprintf(text->method, TEXT_BYTES, "%s",
                   mg_prng_below(prng, 2) == 0
                       ? "OPTIONS"
                       : METHODS[mg_prng_below(prng, MG_COUNT(METHODS))]);
    draw_list(prng, NAMES, MG_COUNT(NAMES), 4, text->acrh);
    spoil(prng, text->origin);
    spoil(prng, text->acrm);
    spoil(prng, text->acrh);
    text->request = (struct mg_cors_request){
        .method = mg_str_from(text->method),
        .origin =
            fixture_line(&text->lines[0], mg_prng_below(prng, 8) == 0 ? NULL : text->origin),
        .acrm = fixture_line(&text->lines[1], mg_prng_below(prng, 4) == 0 ? NULL : text->acrm),
        .acrh = fixture_line(&text->lines[2], mg_prng_below(prng, 4) == 0 ? NULL : text->acrh),
        .scheme = MG_STR("https"),
        .host = MG_STR("b.example"),
    };
}

/* Call `check` for `cases` pairs of a rule and a request. */
typedef void (*check_fn)(struct mg_prng *prng, struct mg_arena *arena,
                         const struct rule_text *rule, struct request_text *request);

static void for_all(const char *property, check_fn check)
{
    struct mg_prng prng = mg_property_begin(property);
    unsigned long cases = mg_property_cases(10000);
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (unsigned long n = 0; n < cases; n++) {
        static struct rule_text rule;
        struct request_text request = {.method = ""};
        if (n % PER_RULE == 0) {
            draw_rule(&prng, &rule);
        }
        draw_request(&prng, &request);
        check(&prng, &arena, &rule, &request);
        mg_arena_reset(&arena);
    }
    mg_arena_fini(&arena);
}

static struct mg_str write(const struct mg_decision *decision, struct mg_buf *out)
{
    mg_buf_init(out, 1 << 16);
    mg_cors_write_fields(decision, out);
    mg_expect_int("room", out->overflowed, false);
    return out->len == 0 ? MG_STR("") : mg_buf_str(out);
}

static void check_answer(struct mg_prng *prng, struct mg_arena *arena,
                         const struct rule_text *text, struct request_text *in)
{
    const struct mg_rule *rule = fixture_compile(arena, &text->rule);
    struct mg_decision decision = fixture_decide(rule, &in->request);
    struct mg_buf out;
    struct mg_str fields = write(&decision, &out);
    struct mg_str acao;
    struct mg_str acac;
    size_t acao_lines = fixture_field(fields, "Access-Control-Allow-Origin", &acao);
    size_t acac_lines = fixture_field(fields, "Access-Control-Allow-Credentials", &acac);
    bool is_any = mg_str_equal(acao, MG_STR("*"));
    (void)prng;
    mg_expect_true("at most one ACAO", acao_lines <= 1);
    mg_expect_true("at most one ACAC", acac_lines <= 1);
    mg_expect_true("ACAC only beside an origin",
                   acac_lines == 0 || (acao_lines == 1 && !is_any));
    mg_expect_true("no ACAO, no fields", acao_lines == 1 || fields.len == 0);
    if (acao_lines == 1 && !is_any) {
        mg_expect_str("ACAO is the Origin", acao, in->request.origin.items[0]);
    }
    if (decision.verdict == MG_VERDICT_ALLOW) {
        mg_expect_int("allowed: readable", acao_lines, 1);
    }
    bool has_vary = fixture_contains(mg_cors_vary(&decision), MG_STR("Origin"), false);
    mg_expect_int("Vary unless public", has_vary, !mg_rule_is_public(rule));
    mg_expect_true("a reason", decision.reason != NULL);
    mg_buf_fini(&out);
}

static void answers_have_one_honest_acao_and_vary(void **state)
{
    (void)state;
    for_all("answers", check_answer);
}

/* Values hold nothing but what their grammars have, however hostile the request. */
static void check_bytes(struct mg_prng *prng, struct mg_arena *arena,
                        const struct rule_text *text, struct request_text *in)
{
    const struct mg_rule *rule = fixture_compile(arena, &text->rule);
    struct mg_decision decision = fixture_decide(rule, &in->request);
    struct mg_buf out;
    struct mg_str rest = write(&decision, &out);
    (void)prng;
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\r', rest.len);
        mg_expect_true("lines end in CRLF",
                       end != NULL && end + 1 < rest.ptr + rest.len && end[1] == '\n');
        struct mg_str line = {rest.ptr, (size_t)(end - rest.ptr)};
        const char *colon = memchr(line.ptr, ':', line.len);
        struct mg_str name = {line.ptr, colon == NULL ? 0 : (size_t)(colon - line.ptr)};
        struct mg_str value = mg_str_from_offset(line, name.len + 2);
        mg_expect_true("a field of ours",
                       mg_str_starts_with(name, MG_STR("Access-Control-")) ||
                           mg_str_equal(name, MG_STR("Timing-Allow-Origin")));
        bool is_origin = mg_str_ends_with(name, MG_STR("-Origin"));
        struct mg_list_cursor cursor = mg_list_begin(value);
        struct mg_str element;
        struct mg_origin origin;
        while (mg_list_next(&cursor, &element)) {
            mg_expect_true(
                "an origin or a token",
                mg_str_equal(element, MG_STR("*")) ||
                    (is_origin ? mg_origin_parse(element, &origin) : mg_str_is_token(element)));
        }
        rest = mg_str_from_offset(rest, line.len + 2);
    }
    mg_buf_fini(&out);
}

static void answers_echo_nothing_unparsed(void **state)
{
    (void)state;
    for_all("bytes", check_bytes);
}

/* Shuffle a comma list, change the case of its letters, and spread it over lines. */
static struct mg_lines shuffle(struct mg_prng *prng, struct mg_str list, char *copy,
                               struct mg_str lines[static 16])
{
    struct mg_list_cursor cursor = mg_list_begin(list);
    struct mg_lines out = {lines, 0};
    while (out.count < 16 && mg_list_next(&cursor, &lines[out.count])) {
        struct mg_str *line = &lines[out.count++];
        memcpy(copy, line->ptr, line->len);
        for (size_t i = 0; i < line->len; i++) {
            bool is_letter = mg_ascii_lower(copy[i]) >= 'a' && mg_ascii_lower(copy[i]) <= 'z';
            copy[i] =
                (char)(is_letter && mg_prng_below(prng, 2) == 0 ? copy[i] ^ 0x20 : copy[i]);
        }
        line->ptr = copy;
        copy += line->len;
    }
    for (size_t i = out.count; i > 1; i--) {
        size_t k = mg_prng_below(prng, i);
        struct mg_str kept = lines[i - 1];
        lines[i - 1] = lines[k];
        lines[k] = kept;
    }
    return out;
}

static void check_permutation(struct mg_prng *prng, struct mg_arena *arena,
                              const struct rule_text *text, struct request_text *in)
{
    const struct mg_rule *rule = fixture_compile(arena, &text->rule);
    struct mg_decision before = fixture_decide(rule, &in->request);
    struct mg_str lines[16];
    char copy[TEXT_BYTES];
    if (in->request.acrh.count == 0) {
        return;
    }
    in->request.acrh = shuffle(prng, in->request.acrh.items[0], copy, lines);
    struct mg_decision after = fixture_decide(rule, &in->request);
    mg_expect_text(in->acrh, after.reason, before.reason);
    mg_expect_int(in->acrh, after.verdict, before.verdict);
    mg_expect_int(in->acrh, after.status, before.status);
}

static void decisions_see_no_order_case_or_lines_of_names(void **state)
{
    (void)state;
    for_all("permutation", check_permutation);
}

static void check_monotonic(struct mg_prng *prng, struct mg_arena *arena,
                            const struct rule_text *text, struct request_text *in)
{
    char origins[2 * TEXT_BYTES];
    struct fixture_rule wider = text->rule;
    struct mg_decision before =
        fixture_decide(fixture_compile(arena, &text->rule), &in->request);
    const char *added =
        mg_prng_below(prng, 8) == 0 ? "*" : PATTERNS[mg_prng_below(prng, MG_COUNT(PATTERNS))];
    (void)snprintf(origins, sizeof(origins), "%s%s%s", text->origins,
                   text->origins[0] == '\0' ? "" : ",", added);
    wider.origins = origins;
    struct mg_decision after = fixture_decide(fixture_compile(arena, &wider), &in->request);
    if (before.verdict == MG_VERDICT_ALLOW) {
        mg_expect_text(origins, mg_verdict_name(after.verdict), "allow");
    }
}

static void one_more_origin_takes_nothing_away(void **state)
{
    (void)state;
    for_all("monotonic", check_monotonic);
}

/* Change one thing of a rule, or nothing. */
static struct fixture_rule draw_other(struct mg_prng *prng, const struct fixture_rule *rule)
{
    struct fixture_rule other = *rule;
    switch (mg_prng_below(prng, 10)) {
    case 0:
        other.credentials = !rule->credentials;
        break;
    case 1:
        other.timing = !rule->timing;
        break;
    case 2:
        other.rejects = !rule->rejects;
        break;
    case 3:
        other.max_age = rule->max_age + 1;
        break;
    case 4:
        other.status = rule->status == 200 ? 204 : 200;
        break;
    case 5:
        other.methods = rule->methods == NULL ? "PUT" : NULL;
        break;
    case 6:
        other.headers = "X-A,X-D";
        break;
    case 7:
        other.expose = "X-D";
        break;
    case 8:
        other.resource_methods = "GET,OPTIONS";
        break;
    default:
        break;
    }
    return other;
}

static void check_equal(struct mg_prng *prng, struct mg_arena *arena,
                        const struct rule_text *text, struct request_text *in)
{
    struct mg_buf fields[2];
    const struct fixture_rule other_text = draw_other(prng, &text->rule);
    const struct mg_rule *rule = fixture_compile(arena, &text->rule);
    const struct mg_rule *other = fixture_compile(arena, &other_text);
    mg_expect_true("a rule is equal to itself", mg_rule_equal(rule, rule));
    mg_expect_int("equality has two sides", mg_rule_equal(rule, other),
                  mg_rule_equal(other, rule));
    struct mg_decision decision = fixture_decide(rule, &in->request);
    struct mg_decision other_decision = fixture_decide(other, &in->request);
    struct mg_str text_of = write(&decision, &fields[0]);
    struct mg_str other_text_of = write(&other_decision, &fields[1]);
    if (mg_rule_equal(rule, other)) {
        mg_expect_text(text->origins, other_decision.reason, decision.reason);
        mg_expect_int(text->origins, other_decision.verdict, decision.verdict);
        mg_expect_int(text->origins, other_decision.status, decision.status);
        mg_expect_str(text->origins, other_text_of, text_of);
    }
    mg_buf_fini(&fields[0]);
    mg_buf_fini(&fields[1]);
}

static void equal_rules_answer_alike(void **state)
{
    (void)state;
    for_all("equal rules", check_equal);
}

static void rules_without_change_are_equal(void **state)
{
    (void)state;
    struct mg_arena arena;
    const struct fixture_rule text = {.origins = "https://a.example",
                                      .methods = "GET,PUT",
                                      .headers = "X-A,Authorization",
                                      .expose = "ETag",
                                      .credentials = true,
                                      .max_age = 60};
    struct fixture_rule elsewhere = text;
    elsewhere.origins = "https://b.example";
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    const struct mg_rule *rule = fixture_compile(&arena, &text);
    mg_expect_true("compiled twice", mg_rule_equal(rule, fixture_compile(&arena, &text)));
    mg_expect_true("origins are no part of it",
                   mg_rule_equal(rule, fixture_compile(&arena, &elsewhere)));
    mg_arena_fini(&arena);
}

/* Fetch, CORS-preflight fetch and CORS check, of the text of an answer. `names`: lower case. */
static bool browser_accepts(struct mg_str fields, struct mg_str origin, struct mg_str method,
                            struct mg_lines names, bool include)
{
    struct mg_str acao;
    struct mg_str acac;
    struct mg_str acam;
    struct mg_str acah;
    size_t has_acao = fixture_field(fields, "Access-Control-Allow-Origin", &acao);
    (void)fixture_field(fields, "Access-Control-Allow-Credentials", &acac);
    (void)fixture_field(fields, "Access-Control-Allow-Methods", &acam);
    (void)fixture_field(fields, "Access-Control-Allow-Headers", &acah);
    bool star_origin = !include && mg_str_equal(acao, MG_STR("*"));
    bool is_shared = star_origin || mg_str_equal(acao, origin);
    bool is_credible = !include || mg_str_equal(acac, MG_STR("true"));
    if (has_acao != 1 || !is_shared || !is_credible) {
        return false;
    }
    bool is_simple = mg_str_equal(method, MG_STR("GET")) ||
                     mg_str_equal(method, MG_STR("HEAD")) ||
                     mg_str_equal(method, MG_STR("POST"));
    bool any_method = !include && fixture_contains(acam, MG_STR("*"), false);
    if (!is_simple && !any_method && !fixture_contains(acam, method, false)) {
        return false;
    }
    bool any_name = !include && fixture_contains(acah, MG_STR("*"), false);
    for (size_t i = 0; i < names.count; i++) {
        bool is_covered = any_name && !mg_str_equal(names.items[i], MG_STR("authorization"));
        if (!is_covered && !fixture_contains(acah, names.items[i], true)) {
            return false;
        }
    }
    return true;
}

static void check_browser(struct mg_prng *prng, struct mg_arena *arena,
                          const struct rule_text *text, struct request_text *in)
{
    static const char *const lower[] = {"authorization", "content-type", "x-a", "x-b", "x-c-1"};
    const struct mg_rule *rule = fixture_compile(arena, &text->rule);
    struct mg_str names[MG_COUNT(lower)];
    struct mg_lines asked = {names, 0};
    char acrh[TEXT_BYTES] = "";
    size_t len = 0;
    for (size_t i = 0; i < MG_COUNT(lower); i++) {
        if (mg_prng_below(prng, 3) == 0) {
            names[asked.count++] = mg_str_from(lower[i]);
            len += (size_t)snprintf(acrh + len, sizeof(acrh) - len, "%s%s", len > 0 ? "," : "",
                                    lower[i]);
        }
    }
    struct mg_str method = mg_str_from(METHODS[mg_prng_below(prng, MG_COUNT(METHODS))]);
    struct mg_str origin = mg_str_from(ORIGINS[mg_prng_below(prng, 8)]);
    struct mg_str line = {acrh, len};
    in->request.method = MG_STR("OPTIONS");
    in->request.origin = (struct mg_lines){&origin, 1};
    in->request.acrm = (struct mg_lines){&method, 1};
    in->request.acrh = (struct mg_lines){&line, len > 0};
    struct mg_decision decision = fixture_decide(rule, &in->request);
    struct mg_buf out;
    struct mg_str fields = write(&decision, &out);
    bool include = text->rule.credentials && !mg_rule_is_public(rule);
    bool is_ok = decision.status >= 200 && decision.status <= 299;
    bool accepts = is_ok && browser_accepts(fields, origin, method, asked, include);
    mg_expect_int(decision.reason, accepts, decision.verdict == MG_VERDICT_ALLOW);
    mg_buf_fini(&out);
}

static void browsers_agree_with_the_verdict(void **state)
{
    (void)state;
    for_all("browser", check_browser);
}

/* Any sorted list of lower-case tokens within the bounds is read, when all are allowed. */
static void what_browsers_ask_for_is_always_read(void **state)
{
    struct mg_prng prng = mg_property_begin("names of browsers");
    unsigned long cases = mg_property_cases(10000) / 20 + 1;
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (unsigned long n = 0; n < cases; n++) {
        static char text[8192];
        size_t len = 0;
        size_t names = 1 + mg_prng_below(&prng, MG_FIELD_LIST_MAX_NAMES);
        for (size_t i = 0; i < names; i++) {
            char tail[16];
            size_t tail_len = mg_prng_below(&prng, sizeof(tail));
            mg_prng_fill(&prng, MG_STR("abyz019-_.!#$%&'*+^`|~"), tail, tail_len);
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%sx%03zu%.*s",
                                    i > 0 ? "," : "", i, (int)tail_len, tail);
        }
        struct mg_str list = {text, len};
        struct fixture_rule rule = {.origins = "https://a.example", .headers = text};
        struct mg_str origin = MG_STR("https://a.example");
        struct mg_str method = MG_STR("PUT");
        struct mg_cors_request request = {.method = MG_STR("OPTIONS"),
                                          .origin = {&origin, 1},
                                          .acrm = {&method, 1},
                                          .acrh = {&list, 1}};
        struct mg_decision decision = fixture_decide(fixture_compile(&arena, &rule), &request);
        mg_expect_text(text, decision.reason, "preflight-allowed");
        mg_arena_reset(&arena);
    }
    mg_arena_fini(&arena);
}

/* Least nanoseconds of processor time of a decision about `len` bytes of names. */
static double cost_of(const struct mg_rule *rule, const char *names, size_t len)
{
    struct mg_str origin = MG_STR("https://a.example");
    struct mg_str method = MG_STR("PUT");
    struct mg_str list = {names, len};
    struct mg_cors_request request = {.method = MG_STR("OPTIONS"),
                                      .origin = {&origin, 1},
                                      .acrm = {&method, 1},
                                      .acrh = {&list, 1}};
    double best = 1e18;
    for (int i = 0; i < 200; i++) {
        struct timespec start;
        struct timespec end;
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        struct mg_decision decision = fixture_decide(rule, &request);
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        mg_expect_true("denied", decision.verdict == MG_VERDICT_DENY);
        double took =
            (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
        best = took < best ? took : best;
    }
    return best;
}

/* A byte more never costs more than bytes before it did. */
static void cost_is_linear_in_the_names(void **state)
{
    enum {
        SMALL = 1024,
        BOUND = MG_FIELD_LIST_MAX_BYTES,
        LARGE = 1 << 20,
        SLACK = 8
    };
    static char names[LARGE];
    static const char *const units[] = {"a,", "a",  " ",
                                        ",",  "a;", "abcdefghijklmnopqrstuvwxyz012345,"};
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    struct fixture_rule text = {
        .origins = "https://a.example", .methods = "", .headers = "X-A,X-B"};
    const struct mg_rule *rule = fixture_compile(&arena, &text);
    for (size_t u = 0; u < MG_COUNT(units); u++) {
        size_t len = strlen(units[u]);
        for (size_t i = 0; i < LARGE; i++) {
            names[i] = units[u][i % len];
        }
        double small = cost_of(rule, names, SMALL);
        mg_expect_true(units[u], cost_of(rule, names, BOUND) * SMALL <= small * SLACK * BOUND);
        mg_expect_true(units[u], cost_of(rule, names, LARGE) * SMALL <= small * SLACK * LARGE);
    }
    mg_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_one_honest_acao_and_vary),
        cmocka_unit_test(answers_echo_nothing_unparsed),
        cmocka_unit_test(decisions_see_no_order_case_or_lines_of_names),
        cmocka_unit_test(one_more_origin_takes_nothing_away),
        cmocka_unit_test(equal_rules_answer_alike),
        cmocka_unit_test(rules_without_change_are_equal),
        cmocka_unit_test(browsers_agree_with_the_verdict),
        cmocka_unit_test(what_browsers_ask_for_is_always_read),
        cmocka_unit_test(cost_is_linear_in_the_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
