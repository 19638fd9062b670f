/* test_script_fuzz.c - random policies (script_grammar.h) in the engine that serves.
 *
 * For each: loading gives a set or faults, and nothing crashes; every answer is one well-formed
 * response; an origin is allowed only where the policy names it; "/innocent" is answered with
 * the same bytes whatever else was asked before.
 *
 * MG_SCRIPTS  how many policies (300); the seed is that of all properties.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "script_grammar.h"
#include "server/gate.h"

#define EVIL "https://evil.example"

enum {
    SCRIPTS = 300,
    RESOURCES = 3,
    BYTES_CHANGED = 4, /* of a policy that is to meet the parser */
};

static unsigned long script_count(void)
{
    const char *text = getenv("MG_SCRIPTS");
    unsigned long long count = SCRIPTS;
    if (text != NULL && text[0] != '\0') {
        assert_true(mg_str_to_u64(mg_str_from(text), 1ULL << 40, &count));
        assert_true(count > 0);
    }
    return (unsigned long)count;
}

/* What came of all of them: a run that met no success, or no failure, has tested little. */
struct tally {
    unsigned long served;
    unsigned long answers;
    unsigned long allowed; /* with Access-Control-Allow-Origin */
    unsigned long failed;  /* script-error */
};

/* One policy and what is known of it. */
struct trial {
    struct grammar grammar;
    struct mg_buf policy;
    struct mg_buf innocent; /* the answer of "/innocent", without Date */
    struct mg_policy_set *set;
    struct mg_gate *gate;
    uint64_t seed;
    struct tally *tally;
};

static void fail_trial(const struct trial *trial, const char *what, struct mg_str request,
                       struct mg_str answer)
{
    (void)fprintf(stderr, "%.*s\n--- seed 0x%llx: %s\n> %.*s\n< %.*s\n",
                  MG_STR_ARG(mg_buf_str(&trial->policy)), (unsigned long long)trial->seed, what,
                  MG_STR_ARG(request), MG_STR_ARG(answer));
    fail();
}

/* What the CORS fields of an answer said. */
struct seen {
    unsigned allow_origins;
    struct mg_str allow_origin;
    unsigned credentials;
    unsigned framings;
};

static bool note_field(struct seen *seen, struct mg_str name, struct mg_str value)
{
    if (mg_str_equal_nocase(name, MG_STR("Access-Control-Allow-Origin"))) {
        seen->allow_origins++;
        seen->allow_origin = value;
    } else if (mg_str_equal_nocase(name, MG_STR("Access-Control-Allow-Credentials"))) {
        seen->credentials++;
    } else if (mg_str_equal_nocase(name, MG_STR("Content-Length")) ||
               mg_str_equal_nocase(name, MG_STR("Transfer-Encoding"))) {
        seen->framings++;
    }
    return !mg_str_equal_nocase(name, MG_STR("X-Evil"));
}

/* Walk the head: every line is a field, every byte one that a field may hold. */
static bool read_head(struct mg_str answer, struct seen *seen)
{
    const char *end = memmem(answer.ptr, answer.len, "\r\n\r\n", 4);
    if (end == NULL || !mg_str_starts_with(answer, MG_STR("HTTP/1.1 "))) {
        return false;
    }
    const char *line = (const char *)memchr(answer.ptr, '\n', answer.len) + 1;
    while (line < end) {
        const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon == NULL || !mg_str_is_token((struct mg_str){line, (size_t)(colon - line)})) {
            return false;
        }
        struct mg_str value =
            mg_str_trim_ows((struct mg_str){colon + 1, (size_t)(stop - colon) - 1});
        for (size_t i = 0; i < value.len; i++) {
            unsigned char c = (unsigned char)value.ptr[i];
            if ((c < 0x20 && c != '\t') || c == 0x7f) {
                return false;
            }
        }
        if (!note_field(seen, (struct mg_str){line, (size_t)(colon - line)}, value)) {
            return false;
        }
        line = stop + 2;
    }
    return true;
}

static bool is_named(const struct trial *trial, struct mg_str origin)
{
    for (unsigned i = 0; i < GRAMMAR_ORIGINS; i++) {
        if (trial->grammar.is_named[i] &&
            mg_str_equal(origin, mg_str_from(grammar_origins[i]))) {
            return true;
        }
    }
    return false;
}

/* Judge the answer to a request from `origin`. */
static void judge(const struct trial *trial, struct mg_str request, const char *origin,
                  const struct mg_gate_answer *answer)
{
    struct seen seen = {0};
    if (!read_head(answer->bytes, &seen)) {
        fail_trial(trial, "the answer is malformed", request, answer->bytes);
    }
    if (seen.allow_origins > 1 || seen.framings > 1 || seen.credentials > seen.allow_origins ||
        (answer->status == 204 && seen.framings > 0)) {
        fail_trial(trial, "fields are repeated or stand where they may not", request,
                   answer->bytes);
    }
    if (seen.allow_origins > 0 && (!mg_str_equal(seen.allow_origin, mg_str_from(origin)) ||
                                   !is_named(trial, seen.allow_origin))) {
        fail_trial(trial, "an origin is allowed that the policy does not name", request,
                   answer->bytes);
    }
    bool has_failed = answer->reason != NULL && strcmp(answer->reason, "script-error") == 0;
    trial->tally->answers++;
    trial->tally->allowed += seen.allow_origins > 0;
    trial->tally->failed += has_failed;
    if (has_failed && (answer->status != 403 || seen.allow_origins > 0)) {
        fail_trial(trial, "a failed function's answer is no bare 403", request, answer->bytes);
    }
}

/* The answer without its Date. */
static void copy_undated(struct mg_str answer, struct mg_buf *out)
{
    mg_buf_clear(out);
    const char *date = memmem(answer.ptr, answer.len, "\r\nDate: ", 8);
    const char *stop =
        date == NULL ? NULL
                     : memchr(date + 2, '\n', (size_t)(answer.ptr + answer.len - date) - 2);
    if (stop == NULL) {
        mg_buf_add(out, answer);
        return;
    }
    mg_buf_add(out, (struct mg_str){answer.ptr, (size_t)(date - answer.ptr) + 2});
    mg_buf_add(out, mg_str_from_offset(answer, (size_t)(stop - answer.ptr) + 1));
}

static void ask_innocently(struct trial *trial)
{
    static const char request[] = "OPTIONS /innocent HTTP/1.1\r\nHost: h.example\r\n"
                                  "Origin: https://innocent.example\r\n"
                                  "Access-Control-Request-Method: PUT\r\n\r\n";
    struct mg_gate_answer answer;
    struct mg_buf now;
    mg_buf_init(&now, GRAMMAR_MAX_BYTES);
    assert_true(mg_gate_ask(trial->gate, MG_STR(request), &answer));
    copy_undated(answer.bytes, &now);
    if (trial->innocent.len == 0) {
        mg_buf_add(&trial->innocent, mg_buf_str(&now));
    }
    if (answer.status != 204 || !mg_str_equal(mg_buf_str(&now), mg_buf_str(&trial->innocent))) {
        fail_trial(trial, "the innocent resource is answered otherwise", MG_STR(request),
                   answer.bytes);
    }
    mg_buf_fini(&now);
}

static void ask_all(struct trial *trial)
{
    static const char *const methods[] = {"OPTIONS", "GET", "PUT"};
    static const char *const others[] = {EVIL, "null", "http://a.example", "https://a.com"};
    char text[1024];
    for (unsigned i = 0; i < RESOURCES * MG_COUNT(methods); i++) {
        const char *method = methods[i % MG_COUNT(methods)];
        uint64_t at = mg_prng_below(&trial->grammar.prng, GRAMMAR_ORIGINS + MG_COUNT(others));
        const char *origin =
            at < GRAMMAR_ORIGINS ? grammar_origins[at] : others[at - GRAMMAR_ORIGINS];
        (void)snprintf(text, sizeof(text),
                       "%s /r%u/n?q=1 HTTP/1.1\r\nHost: h.example\r\nOrigin: %s\r\n%s"
                       "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%%s[\r\nX-A: 1\r\n"
                       "X-A: 2\r\n\r\n",
                       method, i / (unsigned)MG_COUNT(methods), origin,
                       method[0] == 'O' ? "Access-Control-Request-Method: PUT\r\n" : "");
        struct mg_gate_answer answer;
        assert_true(mg_gate_ask(trial->gate, mg_str_from(text), &answer));
        judge(trial, mg_str_from(text), origin, &answer);
        ask_innocently(trial);
    }
}

/* Load the policy with narrow bounds, so that a run has time for many. */
static void load(struct trial *trial)
{
    const struct mg_policy_options bounds = {.max_script_bytes = 8 << 20,
                                             .max_script_steps = 200000};
    struct mg_server_options options;
    struct mg_errs errs;
    mg_errs_init(&errs);
    mg_server_options_init(&options);
    options.limits.hook_steps = 20000;
    options.limits.hook_bytes = 1 << 20;
    trial->set =
        mg_policy_set_load_text("fuzz.lua", mg_buf_str(&trial->policy), &bounds, &errs);
    if (trial->set != NULL) {
        trial->gate = mg_gate_new(&options, trial->set, &errs);
    }
    if (trial->gate == NULL && errs.error_count == 0) {
        fail_trial(trial, "refused without a fault", MG_STR(""), MG_STR(""));
    }
    mg_errs_fini(&errs);
}

static void begin_trial(struct trial *trial, uint64_t seed, struct tally *tally)
{
    *trial = (struct trial){.seed = seed, .tally = tally};
    mg_buf_init(&trial->policy, GRAMMAR_MAX_BYTES);
    mg_buf_init(&trial->innocent, GRAMMAR_MAX_BYTES);
    trial->grammar.prng.state = seed;
    trial->grammar.out = &trial->policy;
    grammar_policy(&trial->grammar, RESOURCES);
}

static void end_trial(struct trial *trial)
{
    mg_gate_free(trial->gate);
    mg_policy_set_free(trial->set);
    mg_buf_fini(&trial->policy);
    mg_buf_fini(&trial->innocent);
}

static void random_policies_are_never_wider_than_what_they_name(void **state)
{
    (void)state;
    struct mg_prng seeds = mg_property_begin("scripts");
    unsigned long count = script_count();
    struct tally tally = {0};
    for (unsigned long i = 0; i < count; i++) {
        struct trial trial;
        begin_trial(&trial, mg_prng_next(&seeds), &tally);
        load(&trial);
        if (trial.gate != NULL) {
            tally.served++;
            ask_innocently(&trial);
            ask_all(&trial);
        }
        end_trial(&trial);
    }
    (void)fprintf(stderr, "%lu of %lu policies served; of %lu answers %lu allow, %lu failed\n",
                  tally.served, count, tally.answers, tally.allowed, tally.failed);
    assert_true(tally.served >= count / 4);
    assert_true(tally.allowed > 0 && tally.failed > 0);
}

static void broken_policies_are_refused_or_served(void **state)
{
    (void)state;
    struct mg_prng seeds = mg_property_begin("broken scripts");
    unsigned long count = script_count() / 3 + 1;
    for (unsigned long i = 0; i < count; i++) {
        struct trial trial;
        begin_trial(&trial, mg_prng_next(&seeds), NULL);
        for (unsigned j = 0; j < BYTES_CHANGED; j++) {
            size_t at = mg_prng_below(&trial.grammar.prng, trial.policy.len);
            trial.policy.ptr[at] = (char)mg_prng_next(&trial.grammar.prng);
        }
        load(&trial);
        end_trial(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_policies_are_never_wider_than_what_they_name),
        cmocka_unit_test(broken_policies_are_refused_or_served),
    };
    /* What hostile policies log is of no interest, and much. */
    FILE *nowhere = fopen("/dev/null", "we");
    assert_non_null(nowhere);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, fileno(nowhere));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)fclose(nowhere);
    return failed;
}
