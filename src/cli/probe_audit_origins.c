/* probe_audit_origins.c - which origins are allowed that should not be, and what caches make of
 * answers that depend on the origin.
 */
#include "cli/probe_audit_judge.h"

/* The first of the samples that reflects its origin. */
static const struct mg_audit_sample *reflecting(const struct mg_audit *audit,
                                                enum mg_sample_id first,
                                                enum mg_sample_id second)
{
    const struct mg_audit_sample *sample = mg_audit_answered(audit, first);
    if (mg_audit_reflects(sample)) {
        return sample;
    }
    sample = mg_audit_answered(audit, second);
    return mg_audit_reflects(sample) ? sample : NULL;
}

/* Note `check` if `sample` reflects its origin. */
static bool find_if_reflecting(struct mg_audit *audit, enum mg_check_id check,
                               enum mg_sample_id id)
{
    const struct mg_audit_sample *sample = mg_audit_answered(audit, id);
    if (!mg_audit_reflects(sample)) {
        return false;
    }
    mg_audit_find(audit, check, sample);
    return true;
}

/* A name glued to the front of the whole host is evidence only where subdomains are not
 * allowed anyway, of which it would be one; and where it may be glued to the parent, the letter
 * in place of the dot is but such a name. */
static void judge_prefix_and_dot(struct mg_audit *audit)
{
    if (find_if_reflecting(audit, MG_CHECK_ORIGIN_PREFIX, MG_SAMPLE_PREFIX_PARENT)) {
        return;
    }
    if (!mg_audit_reflects(mg_audit_answered(audit, MG_SAMPLE_SIBLING))) {
        (void)find_if_reflecting(audit, MG_CHECK_ORIGIN_PREFIX, MG_SAMPLE_PREFIX);
    }
    (void)find_if_reflecting(audit, MG_CHECK_ORIGIN_DOT, MG_SAMPLE_DOT);
}

void mg_audit_judge_origins(struct mg_audit *audit)
{
    const struct mg_audit_sample *foreign = mg_audit_answered(audit, MG_SAMPLE_FOREIGN);
    if (mg_audit_is_public(foreign)) {
        mg_audit_find(audit, MG_CHECK_ORIGIN_ANY, foreign);
    }
    (void)find_if_reflecting(audit, MG_CHECK_NULL_ALLOWED, MG_SAMPLE_NULL);
    /* Where any origin will do, its variants tell nothing more. */
    if (find_if_reflecting(audit, MG_CHECK_ORIGIN_REFLECTED, MG_SAMPLE_FOREIGN)) {
        return;
    }
    if (!find_if_reflecting(audit, MG_CHECK_ORIGIN_SUFFIX, MG_SAMPLE_SUFFIX)) {
        (void)find_if_reflecting(audit, MG_CHECK_ORIGIN_TRAILING_JUNK, MG_SAMPLE_JUNK);
    }
    judge_prefix_and_dot(audit);
    (void)find_if_reflecting(audit, MG_CHECK_ORIGIN_DOWNGRADE, MG_SAMPLE_DOWNGRADE);
    const struct mg_audit_sample *subdomain =
        reflecting(audit, MG_SAMPLE_SUBDOMAIN, MG_SAMPLE_SIBLING);
    if (subdomain != NULL) {
        mg_audit_find(audit, MG_CHECK_ORIGIN_SUBDOMAIN, subdomain);
    }
}

static bool is_actual(unsigned id)
{
    return id < MG_SAMPLE_PREFLIGHT;
}

static bool is_same_acao(const struct mg_audit_sample *a, const struct mg_audit_sample *b)
{
    if (a->acao.ptr == NULL || b->acao.ptr == NULL) {
        return a->acao.ptr == b->acao.ptr;
    }
    return mg_str_equal(a->acao, b->acao);
}

/* Whether Access-Control-Allow-Origin differs between requests that differ in Origin alone
 * (Fetch, CORS protocol and HTTP caches). */
static bool depends_on_origin(const struct mg_audit *audit)
{
    const struct mg_audit_sample *first = NULL;
    for (unsigned id = 0; is_actual(id); id++) {
        const struct mg_audit_sample *sample = mg_audit_answered(audit, (enum mg_sample_id)id);
        if (sample == NULL) {
            continue;
        }
        if (first == NULL) {
            first = sample;
        }
        if (!is_same_acao(first, sample)) {
            return true;
        }
    }
    return false;
}

/* Whether a cache may mix the answer up with another one for the same URL. */
static bool lacks_vary(const struct mg_audit_sample *sample)
{
    return !mg_audit_lists(sample, "vary", "origin") && !mg_audit_lists(sample, "vary", "*") &&
           !mg_audit_lists(sample, "cache-control", "no-store");
}

/* Whether the answer says itself that caches may keep it. */
static bool is_cacheable(const struct mg_audit *audit, const struct mg_audit_sample *sample)
{
    struct mg_str value;
    struct mg_str element;
    if (!mg_browser_response_get(&sample->response, MG_STR("cache-control"), audit->arena,
                                 &value)) {
        return mg_audit_has(sample, "expires");
    }
    struct mg_list_cursor cursor = mg_list_begin(value);
    while (mg_list_next(&cursor, &element)) {
        bool is_age = mg_str_starts_with(element, MG_STR("max-age=")) ||
                      mg_str_starts_with(element, MG_STR("s-maxage="));
        if (is_age ? !mg_str_ends_with(element, MG_STR("=0"))
                   : mg_str_equal_nocase(element, MG_STR("public"))) {
            return true;
        }
    }
    return false;
}

void mg_audit_judge_caching(struct mg_audit *audit)
{
    if (!depends_on_origin(audit)) {
        return;
    }
    for (unsigned id = 0; is_actual(id); id++) {
        const struct mg_audit_sample *sample = mg_audit_answered(audit, (enum mg_sample_id)id);
        if (sample == NULL || !lacks_vary(sample)) {
            continue;
        }
        bool allows = mg_audit_allows(sample);
        mg_audit_find(audit,
                      allows                            ? MG_CHECK_VARY_MISSING_ALLOWED
                      : sample->request.origin.len == 0 ? MG_CHECK_VARY_MISSING_NO_ORIGIN
                                                        : MG_CHECK_VARY_MISSING_DENIED,
                      sample);
        if (!allows && is_cacheable(audit, sample)) {
            mg_audit_find(audit, MG_CHECK_CACHED_DENIAL, sample);
        }
    }
}
