/* test_diff_properties.c - a comparison tells of every difference that a request can notice,
 * and of nothing else.
 *
 * Pairs of small sets are drawn, mostly alike. Every path, origin, method and header of the
 * world is put to both by the engine that serves; each way in which the answers differ has to
 * be covered by a change, and each change has to be noticed by some request.
 */
#include "cors/decide.h"
#include "cors/pattern.h"
#include "diff_world.h"
#include "policy/diff.h"

enum {
    CASES_A_PAIR = 50, /* a pair of sets takes thousands of requests */
    MAX_CHANGES = 512,
};

/* What is compared, and what comes of it. */
struct trial {
    struct mg_policy_set *sets[2];
    struct mg_policy_diff *diff;
    struct mg_buf texts[2];
    bool noticed[MAX_CHANGES];
    unsigned long asked;
};

static const char *current; /* what is checked, for messages */
static struct world_paths paths;

static void print_trial(const struct trial *trial)
{
    char sentence[4096];
    (void)fprintf(stderr, "%s\n-- old\n%.*s-- new\n%.*s-- changes\n", current,
                  MG_STR_ARG(mg_buf_str(&trial->texts[0])),
                  MG_STR_ARG(mg_buf_str(&trial->texts[1])));
    for (size_t i = 0; i < trial->diff->change_count; i++) {
        struct mg_buf out;
        mg_buf_init_fixed(&out, sentence, sizeof(sentence));
        mg_diff_change_write(&trial->diff->changes[i], &out);
        (void)fprintf(stderr, "%s %s %s: %.*s\n", trial->noticed[i] ? " " : "!",
                      mg_diff_kind_name(trial->diff->changes[i].kind),
                      mg_diff_effect_name(trial->diff->changes[i].effect),
                      MG_STR_ARG(mg_buf_str(&out)));
    }
}

static void expect_told(const struct trial *trial, const char *desc, bool is_told)
{
    if (!is_told) {
        print_trial(trial);
    }
    mg_expect_true(desc, is_told);
}

/* ---- the engine's answers ---- */

static const struct mg_resource *find(const struct mg_policy_set *set, const char *host,
                                      const char *path)
{
    struct mg_route route;
    mg_policy_set_route(set, mg_str_from(host), mg_str_from(path), &route);
    return route.resource;
}

/* What answers in place of `found`: nothing, where it refuses paths with %2F. */
static const struct mg_resource *answering(const struct mg_resource *found, const char *path)
{
    bool is_refused = found != NULL && !found->encoded_slash && strstr(path, "%2F") != NULL;
    return is_refused ? NULL : found;
}

static void decide(const struct mg_resource *resource, enum mg_kind kind, struct mg_str origin,
                   struct mg_str method, struct mg_str header, struct mg_decision *decision)
{
    static const struct mg_str options = {"OPTIONS", 7};
    bool is_preflight = kind == MG_KIND_PREFLIGHT;
    const struct mg_cors_request request = {.method = is_preflight ? options : method,
                                            .origin = {&origin, 1},
                                            .acrm = {&method, is_preflight ? 1 : 0},
                                            .acrh = {&header, header.len > 0 ? 1 : 0},
                                            .scheme = MG_STR("https"),
                                            .host = MG_STR("server.invalid")};
    mg_cors_decide(resource->rule, &request, kind, decision);
}

static bool supports(const struct mg_resource *resource, struct mg_str method)
{
    return resource != NULL && mg_resource_has_method(resource, mg_method_from(method), method);
}

static bool has_rule(const struct mg_resource *resource)
{
    return resource != NULL && resource->cors_mode != MG_CORS_OFF;
}

static bool passes(const struct mg_resource *resource, struct mg_str origin,
                   struct mg_str method, struct mg_str header)
{
    struct mg_decision decision;
    if (!has_rule(resource)) {
        return false;
    }
    decide(resource, MG_KIND_PREFLIGHT, origin, method, header, &decision);
    return decision.verdict == MG_VERDICT_ALLOW;
}

static bool is_readable(const struct mg_resource *resource, struct mg_str origin)
{
    struct mg_decision decision;
    if (!has_rule(resource)) {
        return false;
    }
    decide(resource, MG_KIND_SIMPLE, origin, MG_STR("GET"), MG_STR(""), &decision);
    return decision.allow_origin != MG_ALLOW_ORIGIN_NONE;
}

/* Whether an actual request reaches the handler. */
static bool is_handled(const struct mg_resource *resource, struct mg_str origin,
                       struct mg_str method)
{
    struct mg_decision decision;
    if (!has_rule(resource) || !supports(resource, method)) {
        return supports(resource, method); /* with cors = false, all that it has */
    }
    decide(resource, MG_KIND_PREFLIGHTED, origin, method, MG_STR(""), &decision);
    return decision.status == 0;
}

/* The value of a field of an answer; empty where there is none. */
static void field_of(const struct mg_resource *resource, enum mg_kind kind,
                     struct mg_str origin, const char *name, char out[static 512])
{
    char text[2048] = "";
    struct mg_decision decision;
    struct mg_buf buf;
    out[0] = '\0';
    if (!has_rule(resource)) {
        return;
    }
    mg_buf_init_fixed(&buf, text, sizeof(text) - 1);
    decide(resource, kind, origin, MG_STR("GET"), MG_STR(""), &decision);
    mg_cors_write_fields(&decision, &buf);
    const char *found = strstr(text, name);
    if (found != NULL) {
        found += strlen(name);
        (void)snprintf(out, 512, "%.*s", (int)strcspn(found, "\r"), found);
    }
}

static bool may_read(const struct mg_resource *resource, struct mg_str origin,
                     const char *wanted)
{
    char value[512];
    if (!is_readable(resource, origin)) {
        return false;
    }
    if (strcmp(wanted, "Content-Type") == 0) {
        return true; /* safelisted */
    }
    field_of(resource, MG_KIND_SIMPLE, origin, "Access-Control-Expose-Headers: ", value);
    struct mg_list_cursor cursor = mg_list_begin(mg_str_from(value));
    struct mg_str name;
    while (mg_list_next(&cursor, &name)) {
        if (mg_str_equal(name, MG_STR("*")) || mg_str_equal_nocase(name, mg_str_from(wanted))) {
            return true;
        }
    }
    return false;
}

/* ---- what changes say ---- */

static bool lists(const struct mg_diff_list *list, struct mg_str wanted)
{
    for (size_t i = 0; i < list->count; i++) {
        if (mg_str_equal_nocase(list->items[i], wanted)) {
            return true;
        }
    }
    return false;
}

static bool names_origin(const struct mg_diff_change *change, struct mg_str text)
{
    struct mg_origin origin;
    assert_true(mg_origin_parse(text, &origin));
    for (size_t i = 0; i < change->origins.count; i++) {
        struct mg_pattern pattern;
        assert_true(mg_pattern_parse(change->origins.items[i], &pattern, NULL));
        if (mg_pattern_matches(&pattern, &origin)) {
            return true;
        }
    }
    return false;
}

static bool is_of(const struct mg_diff_change *change, const struct mg_resource *const *pair)
{
    struct mg_str old_pattern = pair[0] == NULL ? MG_STR("") : pair[0]->pattern;
    struct mg_str new_pattern = pair[1] == NULL ? MG_STR("") : pair[1]->pattern;
    return mg_str_equal(change->old_place.pattern, old_pattern) &&
           mg_str_equal(change->new_place.pattern, new_pattern);
}

/* A way in which two answers differ. */
struct difference {
    const struct mg_resource *const *pair;
    struct mg_str origin; /* empty: whoever asks */
    struct mg_str name;   /* of a method or header; empty: it is none of that */
    enum mg_diff_kind kind;
    bool is_gain;
    bool has_direction;
};

static bool says_access(const struct mg_diff_change *change,
                        const struct difference *difference)
{
    bool is_any =
        change->any_header && !mg_str_equal_nocase(difference->name, MG_STR("Authorization"));
    switch ((int)difference->kind) {
    case MG_DIFF_METHODS:
        return lists(&change->methods, difference->name);
    case MG_DIFF_HEADERS:
        return is_any || lists(&change->headers, difference->name);
    case MG_DIFF_EXPOSE:
        return change->any_exposed || lists(&change->exposed, difference->name) ||
               mg_str_equal(difference->name, MG_STR("Content-Type"));
    case MG_DIFF_CREDENTIALS:
        return change->credentials;
    default:
        return true; /* who gains access at all gains all the rest with it */
    }
}

/* Whether a change says what the difference is. */
static bool says(const struct mg_diff_change *change, const struct difference *difference)
{
    bool direction_fits =
        !difference->has_direction || change->effect == MG_DIFF_UNKNOWN ||
        change->effect == (difference->is_gain ? MG_DIFF_GAINS : MG_DIFF_LOSES);
    bool is_access = change->kind == MG_DIFF_ACCESS;
    if (!is_of(change, difference->pair) || (!is_access && change->kind != difference->kind) ||
        (difference->origin.len > 0 && !names_origin(change, difference->origin)) ||
        !direction_fits) {
        return false;
    }
    if (is_access) {
        return says_access(change, difference);
    }
    bool is_any =
        change->any_header && !mg_str_equal_nocase(difference->name, MG_STR("Authorization"));
    return difference->name.len == 0 || is_any || change->any_exposed ||
           lists(&change->methods, difference->name) ||
           lists(&change->headers, difference->name) ||
           lists(&change->exposed, difference->name);
}

static void expect_said(struct trial *trial, const struct difference *difference)
{
    bool is_said = false;
    for (size_t i = 0; i < trial->diff->change_count; i++) {
        if (says(&trial->diff->changes[i], difference)) {
            trial->noticed[i] = true;
            is_said = true;
        }
    }
    if (!is_said) {
        const struct mg_resource *resource = difference->pair[difference->is_gain];
        struct mg_str pattern = resource == NULL ? MG_STR("") : resource->pattern;
        (void)fprintf(stderr, "not told: %s %.*s %s '%.*s' of '%.*s'\n",
                      mg_diff_kind_name(difference->kind), MG_STR_ARG(difference->origin),
                      difference->is_gain ? "gains" : "loses", MG_STR_ARG(difference->name),
                      MG_STR_ARG(pattern));
    }
    expect_told(trial, "a difference is told", is_said);
}

/* Note a change of this kind and pair as noticed, if there is one. Returns: whether there
 * is. */
static bool notice(struct trial *trial, const struct mg_resource *const *pair,
                   enum mg_diff_kind kind, int effect)
{
    bool is_there = false;
    for (size_t i = 0; i < trial->diff->change_count; i++) {
        const struct mg_diff_change *change = &trial->diff->changes[i];
        if (change->kind == kind && is_of(change, pair) &&
            (effect < 0 || change->effect == (enum mg_diff_effect)effect)) {
            trial->noticed[i] = true;
            is_there = true;
        }
    }
    return is_there;
}

/* ---- one pair of resources ---- */

static void compare_flags(struct trial *trial, struct difference *difference, bool before,
                          bool after)
{
    trial->asked += 2;
    difference->is_gain = after;
    if (before != after) {
        expect_said(trial, difference);
    }
}

/* All that one origin can notice of a pair. */
static void ask_origin(struct trial *trial, const struct mg_resource *const *pair,
                       struct mg_str origin)
{
    struct difference difference = {.pair = pair, .origin = origin, .has_direction = true};
    const struct mg_resource *a = pair[0];
    const struct mg_resource *b = pair[1];
    char before[512];
    char after[512];
    difference.kind = MG_DIFF_ACCESS;
    compare_flags(trial, &difference, is_readable(a, origin), is_readable(b, origin));
    difference.kind = MG_DIFF_METHODS;
    for (size_t i = 0; i < MG_COUNT(WORLD_METHODS); i++) {
        struct mg_str method = difference.name = mg_str_from(WORLD_METHODS[i]);
        compare_flags(trial, &difference,
                      supports(a, method) && passes(a, origin, method, MG_STR("")),
                      supports(b, method) && passes(b, origin, method, MG_STR("")));
    }
    difference.kind = MG_DIFF_HEADERS;
    for (size_t i = 0; i < MG_COUNT(WORLD_HEADERS); i++) {
        struct mg_str name = difference.name = mg_str_from(WORLD_HEADERS[i]);
        compare_flags(trial, &difference, passes(a, origin, MG_STR("GET"), name),
                      passes(b, origin, MG_STR("GET"), name));
    }
    difference.kind = MG_DIFF_EXPOSE;
    for (size_t i = 0; i < MG_COUNT(WORLD_EXPOSED); i++) {
        difference.name = mg_str_from(WORLD_EXPOSED[i]);
        compare_flags(trial, &difference, may_read(a, origin, WORLD_EXPOSED[i]),
                      may_read(b, origin, WORLD_EXPOSED[i]));
    }
    difference.name = MG_STR("");
    difference.kind = MG_DIFF_CREDENTIALS;
    field_of(a, MG_KIND_SIMPLE, origin, "Access-Control-Allow-Credentials: ", before);
    field_of(b, MG_KIND_SIMPLE, origin, "Access-Control-Allow-Credentials: ", after);
    compare_flags(trial, &difference, before[0] != '\0', after[0] != '\0');
    difference.kind = MG_DIFF_TIMING;
    field_of(a, MG_KIND_SIMPLE, origin, "Timing-Allow-Origin: ", before);
    field_of(b, MG_KIND_SIMPLE, origin, "Timing-Allow-Origin: ", after);
    compare_flags(trial, &difference, before[0] != '\0', after[0] != '\0');
    difference.kind = MG_DIFF_MAX_AGE;
    difference.has_direction = false;
    field_of(a, MG_KIND_PREFLIGHT, origin, "Access-Control-Max-Age: ", before);
    field_of(b, MG_KIND_PREFLIGHT, origin, "Access-Control-Max-Age: ", after);
    compare_flags(trial, &difference, false, strcmp(before, after) != 0);
}

/* Requests that are not allowed, and reach the handler or not. */
static void ask_handled(struct trial *trial, const struct mg_resource *const *pair,
                        struct mg_str origin, struct mg_str method)
{
    bool before = is_handled(pair[0], origin, method);
    bool after = is_handled(pair[1], origin, method);
    struct difference by_access = {
        .pair = pair, .origin = origin, .is_gain = after, .has_direction = true};
    bool is_said = before == after;
    trial->asked += 2;
    for (size_t i = 0; i < trial->diff->change_count && !is_said; i++) {
        const struct mg_diff_change *change = &trial->diff->changes[i];
        bool is_told_of_all = change->kind == MG_DIFF_ON_DENIED ||
                              change->kind == MG_DIFF_SUPPORT || change->kind == MG_DIFF_OFF;
        is_said = (is_of(change, pair) && is_told_of_all) || says(change, &by_access) ||
                  (is_of(change, pair) && lists(&change->methods, method));
    }
    if (!is_said) {
        (void)fprintf(stderr, "not told: %.*s by %.*s reaches the handler %d, before %d\n",
                      MG_STR_ARG(method), MG_STR_ARG(origin), after, before);
        print_trial(trial);
    }
    mg_expect_true("what reaches the handler is told", is_said);
    if (before != after) {
        (void)notice(trial, pair, MG_DIFF_ON_DENIED, after ? MG_DIFF_GAINS : MG_DIFF_LOSES);
    }
}

/* What is the same whoever asks. */
static void ask_anyone(struct trial *trial, const struct mg_resource *const *pair)
{
    const struct mg_resource *a = pair[0];
    const struct mg_resource *b = pair[1];
    if (a == NULL || b == NULL) {
        bool is_told = false;
        for (size_t i = 0; i < trial->diff->change_count; i++) {
            is_told = is_told || is_of(&trial->diff->changes[i], pair);
        }
        expect_told(trial, "that paths are answered or no more is told", is_told);
        (void)notice(trial, pair, MG_DIFF_RESOURCE, -1);
        (void)notice(trial, pair, MG_DIFF_OFF, -1);
        return;
    }
    for (size_t i = 0; i < MG_COUNT(WORLD_METHODS); i++) {
        struct difference difference = {.pair = pair, .name = mg_str_from(WORLD_METHODS[i])};
        bool before = supports(a, difference.name);
        if (before != supports(b, difference.name)) {
            bool is_told = notice(trial, pair, MG_DIFF_SUPPORT, -1);
            for (size_t j = 0; j < trial->diff->change_count && !is_told; j++) {
                difference.kind = MG_DIFF_METHODS;
                is_told = says(&trial->diff->changes[j], &difference);
            }
            expect_told(trial, "a method that is supported or no more is told", is_told);
        }
    }
    unsigned old_status = a->rule == NULL ? 204 : mg_rule_options_status(a->rule);
    unsigned new_status = b->rule == NULL ? 204 : mg_rule_options_status(b->rule);
    const struct {
        enum mg_diff_kind kind;
        bool differs;
    } rows[] = {
        {MG_DIFF_STATUS, old_status != new_status},
        {MG_DIFF_ENCODED_SLASH, a->encoded_slash != b->encoded_slash},
        {MG_DIFF_OPTIONS, a->forwards_options != b->forwards_options},
        {MG_DIFF_HANDLER, a->handler.kind != b->handler.kind},
        {MG_DIFF_OFF, (a->cors_mode == MG_CORS_OFF || b->cors_mode == MG_CORS_OFF) &&
                          (a->cors_mode != b->cors_mode || a->handler.kind != b->handler.kind)},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        if (rows[i].differs) {
            bool is_told = rows[i].kind == MG_DIFF_STATUS &&
                           (a->cors_mode == MG_CORS_OFF || b->cors_mode == MG_CORS_OFF);
            is_told = notice(trial, pair, rows[i].kind, -1) || is_told;
            expect_told(trial, mg_diff_kind_name(rows[i].kind), is_told);
        }
    }
}

static void ask_pair(struct trial *trial, const struct mg_resource *const *pair)
{
    ask_anyone(trial, pair);
    for (size_t i = 0; i < MG_COUNT(WORLD_ORIGINS); i++) {
        struct mg_str origin = mg_str_from(WORLD_ORIGINS[i]);
        if (has_rule(pair[0]) || has_rule(pair[1])) {
            ask_origin(trial, pair, origin);
        }
        for (size_t j = 0; j < MG_COUNT(WORLD_METHODS); j++) {
            if (pair[0] != NULL && pair[1] != NULL) {
                ask_handled(trial, pair, origin, mg_str_from(WORLD_METHODS[j]));
            }
        }
    }
}

/* ---- pairs of sets ---- */

enum {
    MAX_PAIRS = WORLD_MAX_RESOURCES * WORLD_MAX_RESOURCES * 4
};

/* Whether all there is to tell of a path with %2F is that one of two resources takes it and the
 * other does not; where that is told by more, it is looked at as any other path. */
static bool is_told_by_slash(struct trial *trial, const struct mg_resource *const *found,
                             const struct mg_resource *const *pair)
{
    bool tells_more = false;
    bool has_both = found[0] != NULL && found[1] != NULL;
    for (size_t i = 0; i < trial->diff->change_count; i++) {
        tells_more = tells_more || is_of(&trial->diff->changes[i], pair);
    }
    return has_both && found[0]->encoded_slash != found[1]->encoded_slash &&
           notice(trial, found, MG_DIFF_ENCODED_SLASH, -1) && !tells_more;
}

static void ask_everything(struct trial *trial)
{
    const struct mg_resource *pairs[MAX_PAIRS][2];
    size_t count = 0;
    for (size_t i = 0; i < MG_COUNT(WORLD_HOSTS) * paths.count; i++) {
        const char *host = WORLD_HOSTS[i / paths.count];
        const char *path = paths.items[i % paths.count];
        const struct mg_resource *found[] = {find(trial->sets[0], host, path),
                                             find(trial->sets[1], host, path)};
        const struct mg_resource *pair[] = {answering(found[0], path),
                                            answering(found[1], path)};
        bool is_refused = pair[0] != found[0] || pair[1] != found[1];
        bool is_known = (pair[0] == NULL && pair[1] == NULL) ||
                        (is_refused && is_told_by_slash(trial, found, pair));
        for (size_t j = 0; j < count && !is_known; j++) {
            is_known = pairs[j][0] == pair[0] && pairs[j][1] == pair[1];
        }
        if (!is_known) {
            assert_true(count < MAX_PAIRS);
            pairs[count][0] = pair[0];
            pairs[count][1] = pair[1];
            ask_pair(trial, pairs[count++]);
        }
    }
}

static void expect_noticed(struct trial *trial)
{
    for (size_t i = 0; i < trial->diff->change_count; i++) {
        if (!trial->noticed[i]) {
            print_trial(trial);
        }
        mg_expect_true("a change is noticed by some request", trial->noticed[i]);
    }
}

static void try_pair(struct trial *trial, struct mg_prng *prng)
{
    struct world_set old_set = world_draw_set(prng);
    struct world_set new_set = world_draw_like(prng, &old_set);
    world_write(prng, &old_set, &trial->texts[0]);
    world_write(prng, &new_set, &trial->texts[1]);
    trial->sets[0] = world_load(&trial->texts[0]);
    trial->sets[1] = trial->sets[0] == NULL ? NULL : world_load(&trial->texts[1]);
    if (trial->sets[1] != NULL) {
        trial->diff = mg_policy_diff_new(trial->sets[0], trial->sets[1], NULL);
        assert_non_null(trial->diff);
        assert_false(trial->diff->is_incomplete);
        assert_true(trial->diff->total == trial->diff->change_count);
        assert_true(trial->diff->total <= MAX_CHANGES);
        memset(trial->noticed, 0, sizeof(trial->noticed));
        ask_everything(trial);
        expect_noticed(trial);
        mg_policy_diff_free(trial->diff);
    }
    mg_policy_set_free(trial->sets[0]);
    mg_policy_set_free(trial->sets[1]);
}

static void differences_are_told_and_no_others(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("differences_are_told_and_no_others");
    struct trial trial = {.asked = 0};
    mg_buf_init(&trial.texts[0], WORLD_TEXT_BYTES);
    mg_buf_init(&trial.texts[1], WORLD_TEXT_BYTES);
    current = "differences_are_told_and_no_others";
    world_add_paths(&paths, "", 0);
    for (unsigned long left = mg_property_cases(20000) / CASES_A_PAIR + 1; left > 0; left--) {
        try_pair(&trial, &prng);
    }
    assert_true(trial.asked > 0);
    mg_buf_fini(&trial.texts[0]);
    mg_buf_fini(&trial.texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(differences_are_told_and_no_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
