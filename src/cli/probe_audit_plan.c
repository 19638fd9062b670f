/* probe_audit_plan.c - what an audit sends: a row of the table below a sample.
 *
 * The origins that stand for an attacker's are names below the reserved example domain, so that
 * nobody's real name is tried.
 */
#include "cli/probe_audit.h"
#include "cors/origin.h"
#include "cors/safelist.h"

#define STRANGER "moongate-audit"

/* A method that is safe by its definition (RFC 5323 2), known to parsers, hardly served. */
#define RARE_METHOD "SEARCH"

/* A method that no server knows; a preflight that lists it lists anything. */
#define UNKNOWN_METHOD "MOONGATE"
#define UNKNOWN_HEADER "x-moongate-audit"

/* The page's origin in parts. */
struct base {
    struct mg_origin origin;
    struct mg_str tail;   /* the port with its colon, or empty */
    struct mg_str parent; /* the host without its first label, or empty */
    struct mg_arena *arena;
};

/* Each makes an origin of the page's one, or the empty slice where there is no such variant. */
typedef struct mg_str (*variant_fn)(const struct base *base);

static struct mg_str make_no_origin(const struct base *base)
{
    (void)base;
    return (struct mg_str){NULL, 0};
}

static struct mg_str make_from(const struct base *base)
{
    return base->origin.text;
}

static struct mg_str make_foreign(const struct base *base)
{
    (void)base;
    return MG_STR("https://" STRANGER ".example");
}

static struct mg_str make_null(const struct base *base)
{
    (void)base;
    return MG_STR("null");
}

/* scheme://before host after tail */
static struct mg_str wrap(const struct base *base, const char *before, struct mg_str host,
                          const char *after)
{
    if (host.len == 0 || base->origin.host_kind != MG_HOST_NAME) {
        return (struct mg_str){NULL, 0};
    }
    return mg_arena_printf(base->arena, "%.*s://%s%.*s%s%.*s", MG_STR_ARG(base->origin.scheme),
                           before, MG_STR_ARG(host), after, MG_STR_ARG(base->tail));
}

static struct mg_str make_suffix(const struct base *base)
{
    return wrap(base, "", base->origin.host, "." STRANGER ".example");
}

/* Browsers send host names with an underscore, which ends the word for many a regex. */
static struct mg_str make_junk(const struct base *base)
{
    return wrap(base, "", base->origin.host, "_." STRANGER ".example");
}

static struct mg_str make_prefix(const struct base *base)
{
    return wrap(base, STRANGER, base->origin.host, "");
}

static struct mg_str make_prefix_parent(const struct base *base)
{
    return wrap(base, STRANGER, base->parent, "");
}

/* The first dot is the one that is sure to be the site's own. */
static struct mg_str make_dot(const struct base *base)
{
    const char *dot = base->origin.host.len == 0
                          ? NULL
                          : memchr(base->origin.host.ptr, '.', base->origin.host.len);
    if (dot == NULL || base->origin.host_kind != MG_HOST_NAME) {
        return (struct mg_str){NULL, 0};
    }
    struct mg_str first = {base->origin.host.ptr, (size_t)(dot - base->origin.host.ptr)};
    return mg_arena_printf(base->arena, "%.*s://%.*sx%.*s%.*s", MG_STR_ARG(base->origin.scheme),
                           MG_STR_ARG(first),
                           MG_STR_ARG(mg_str_from_offset(base->origin.host, first.len + 1)),
                           MG_STR_ARG(base->tail));
}

static struct mg_str make_downgrade(const struct base *base)
{
    if (!mg_str_equal(base->origin.scheme, MG_STR("https"))) {
        return (struct mg_str){NULL, 0};
    }
    return mg_arena_printf(base->arena, "http://%.*s%.*s", MG_STR_ARG(base->origin.host),
                           MG_STR_ARG(base->tail));
}

static struct mg_str make_subdomain(const struct base *base)
{
    return wrap(base, STRANGER ".", base->origin.host, "");
}

static struct mg_str make_sibling(const struct base *base)
{
    return wrap(base, STRANGER ".", base->parent, "");
}

enum kind {
    ACTUAL,
    PREFLIGHT,
    NOT_PREFLIGHT, /* OPTIONS with Origin alone */
    OTHER_PATH,
    OTHER_METHOD
};

static const struct {
    enum kind kind;
    variant_fn origin;
    const char *acrm; /* NULL: the page's */
    const char *acrh; /* NULL: the page's */
} PLAN[MG_SAMPLE_COUNT] = {
    [MG_SAMPLE_NO_ORIGIN] = {ACTUAL, make_no_origin, NULL, NULL},
    [MG_SAMPLE_FROM] = {ACTUAL, make_from, NULL, NULL},
    [MG_SAMPLE_FOREIGN] = {ACTUAL, make_foreign, NULL, NULL},
    [MG_SAMPLE_NULL] = {ACTUAL, make_null, NULL, NULL},
    [MG_SAMPLE_SUFFIX] = {ACTUAL, make_suffix, NULL, NULL},
    [MG_SAMPLE_JUNK] = {ACTUAL, make_junk, NULL, NULL},
    [MG_SAMPLE_PREFIX] = {ACTUAL, make_prefix, NULL, NULL},
    [MG_SAMPLE_PREFIX_PARENT] = {ACTUAL, make_prefix_parent, NULL, NULL},
    [MG_SAMPLE_DOT] = {ACTUAL, make_dot, NULL, NULL},
    [MG_SAMPLE_DOWNGRADE] = {ACTUAL, make_downgrade, NULL, NULL},
    [MG_SAMPLE_SUBDOMAIN] = {ACTUAL, make_subdomain, NULL, NULL},
    [MG_SAMPLE_SIBLING] = {ACTUAL, make_sibling, NULL, NULL},
    [MG_SAMPLE_PREFLIGHT] = {PREFLIGHT, make_from, NULL, NULL},
    [MG_SAMPLE_PREFLIGHT_UNKNOWN] = {PREFLIGHT, make_from, UNKNOWN_METHOD, UNKNOWN_HEADER},
    [MG_SAMPLE_PREFLIGHT_LOWER_CASE] = {PREFLIGHT, make_from, "patch", ""},
    [MG_SAMPLE_PREFLIGHT_AUTHORIZATION] = {PREFLIGHT, make_from, "GET", "authorization"},
    [MG_SAMPLE_PREFLIGHT_PRIVATE_NETWORK] = {PREFLIGHT, make_from, "GET", ""},
    [MG_SAMPLE_OPTIONS] = {NOT_PREFLIGHT, make_from, NULL, NULL},
    [MG_SAMPLE_NOT_FOUND] = {OTHER_PATH, make_from, NULL, NULL},
    [MG_SAMPLE_METHOD_REFUSED] = {OTHER_METHOD, make_from, NULL, NULL},
};

/* Part the page's origin. */
static void split(struct mg_str text, struct mg_arena *arena, struct base *base)
{
    memset(base, 0, sizeof(*base));
    base->arena = arena;
    if (!mg_origin_parse(text, &base->origin) || base->origin.is_null) {
        base->origin.text = text;
        base->origin.host = (struct mg_str){NULL, 0};
        return;
    }
    const char *host_end = base->origin.host.ptr + base->origin.host.len;
    base->tail = (struct mg_str){host_end, (size_t)(text.ptr + text.len - host_end)};
    const char *dot = memchr(base->origin.host.ptr, '.', base->origin.host.len);
    if (dot != NULL && memchr(dot + 1, '.', (size_t)(host_end - dot - 1)) != NULL) {
        base->parent = (struct mg_str){dot + 1, (size_t)(host_end - dot - 1)};
    }
}

/* Where nothing is: one segment below the URL. */
static bool other_path(const struct mg_browser_url *url, struct mg_arena *arena,
                       struct mg_browser_url *out)
{
    bool has_slash = mg_str_ends_with(url->path, MG_STR("/"));
    struct mg_str text =
        mg_arena_printf(arena, "%.*s%.*s%s" STRANGER "-404", MG_STR_ARG(url->origin),
                        MG_STR_ARG(url->path), has_slash ? "" : "/");
    return mg_browser_url_parse(text, NULL, arena, out) == NULL;
}

/* The fields, and the legacy one of private network access where it is asked for. */
static bool fill(struct mg_browser_request *request, const struct mg_browser_spec *spec,
                 const struct mg_browser_class *fetch_class, enum mg_sample_id id,
                 struct mg_arena *arena)
{
    if (!mg_browser_request_fill(request, spec, fetch_class->fields, fetch_class->field_count,
                                 arena)) {
        return false;
    }
    if (id != MG_SAMPLE_PREFLIGHT_PRIVATE_NETWORK) {
        return true;
    }
    struct mg_browser_field *fields =
        mg_arena_calloc(arena, request->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return false;
    }
    memcpy(fields, request->fields, request->field_count * sizeof(*fields));
    fields[request->field_count] = (struct mg_browser_field){
        MG_STR("Access-Control-Request-Private-Network"), MG_STR("true")};
    request->fields = fields;
    request->field_count++;
    return true;
}

/* The method of actual samples: one that changes nothing. */
static struct mg_str safe_method(const struct mg_browser_class *fetch_class)
{
    return mg_str_equal(fetch_class->method, MG_STR("HEAD")) ? MG_STR("HEAD") : MG_STR("GET");
}

static bool plan_sample(struct mg_audit *audit, enum mg_sample_id id, const struct base *base,
                        const struct mg_browser_spec *spec,
                        const struct mg_browser_class *fetch_class)
{
    struct mg_audit_sample *sample = &audit->samples[id];
    enum kind kind = PLAN[id].kind;
    bool is_options = kind == PREFLIGHT || kind == NOT_PREFLIGHT;
    struct mg_str origin = PLAN[id].origin(base);
    struct mg_browser_url *url = mg_arena_calloc(base->arena, 1, sizeof(*url));
    if (url == NULL) {
        return false;
    }
    *url = fetch_class->url;
    if (kind == OTHER_PATH && !other_path(&fetch_class->url, base->arena, url)) {
        return false;
    }
    /* A page without an Origin field is one of the server's own. */
    struct mg_browser_spec page = *spec;
    page.origin = origin.len > 0 ? origin : url->origin;
    sample->applies = origin.len > 0 || id == MG_SAMPLE_NO_ORIGIN;
    sample->request = (struct mg_browser_request){
        .preflight = is_options,
        .method = is_options             ? MG_STR("OPTIONS")
                  : kind == OTHER_METHOD ? MG_STR(RARE_METHOD)
                                         : safe_method(fetch_class),
        .url = url,
        .origin = origin,
        .site = origin.len > 0 ? MG_STR("cross-site") : MG_STR("same-origin"),
    };
    if (kind == PREFLIGHT) {
        sample->request.acrm =
            PLAN[id].acrm == NULL ? fetch_class->method : mg_str_from(PLAN[id].acrm);
        sample->request.acrh =
            PLAN[id].acrh == NULL
                ? mg_browser_join_names(
                      mg_browser_unsafe_names(spec->browser, fetch_class->fields,
                                              fetch_class->field_count, base->arena),
                      base->arena)
                : mg_str_from(PLAN[id].acrh);
    }
    return fill(&sample->request, &page, fetch_class, id, base->arena);
}

bool mg_audit_plan(struct mg_audit *audit, const struct mg_browser_spec *spec,
                   const struct mg_browser_class *fetch_class, struct mg_arena *arena)
{
    struct base base;
    memset(audit, 0, sizeof(*audit));
    audit->arena = arena;
    audit->from_given = spec->origin.len > 0;
    audit->from = audit->from_given ? spec->origin : fetch_class->url.origin;
    split(audit->from, arena, &base);
    bool ok = true;
    for (unsigned id = 0; ok && id < MG_SAMPLE_COUNT; id++) {
        ok = plan_sample(audit, (enum mg_sample_id)id, &base, spec, fetch_class);
    }
    return ok && !mg_arena_overflowed(arena);
}
