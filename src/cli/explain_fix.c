/* explain_fix.c - advice for each outcome.
 *
 * A browser stops at the first check that fails; a person wants to know all that is missing. So
 * the answer that would come once the first fault is mended is judged too: of a policy, the
 * fields that its rule writes for an origin it allows; of a raw answer, its other fields.
 */
#include "cli/explain_fix.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/buf.h"
#include "cors/decide.h"
#include "cors/safelist.h"

enum {
    MAX_FIELDS_BYTES = 1 << 20
};

static struct mg_arena *arena_of(const struct mg_explain_report *report)
{
    return report->input->arena;
}

__attribute__((format(printf, 2, 3))) static void add(struct mg_explain_report *report,
                                                      const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length > 0 && report->fix_count < MG_EXPLAIN_MAX_FIXES) {
        report->fixes[report->fix_count++] = mg_arena_printf(arena_of(report), "%s", text);
    }
}

/* The header's name as the script writes it. */
static struct mg_str written_name(const struct mg_explain_report *report, struct mg_str name)
{
    const struct mg_browser_class *fetch_class = &report->fetch.classification;
    for (size_t i = 0; i < fetch_class->field_count; i++) {
        if (mg_str_equal_nocase(fetch_class->fields[i].name, name)) {
            return fetch_class->fields[i].name;
        }
    }
    return name;
}

/* What a preflight's answer lacks for the fetch, each check by itself. */
struct lacks {
    bool method;
    struct mg_str headers; /* `"X-A", "X-B"`, or empty */
};

static struct lacks find_lacks(const struct mg_explain_report *report,
                               const struct mg_browser_check *check,
                               const struct mg_browser_response *response)
{
    struct lacks lacks = {.method = false};
    struct mg_arena *arena = arena_of(report);
    struct mg_browser_check one = *check;
    struct mg_browser_response ok = *response;
    ok.status = 204;
    one.unsafe_names.count = 0;
    enum mg_outcome outcome = mg_browser_judge_preflight(&one, &ok, arena).outcome;
    lacks.method =
        outcome == MG_OUTCOME_METHOD_DENIED || outcome == MG_OUTCOME_ACAM_UNPARSEABLE;
    one.method = MG_STR("GET");
    one.forced = false;
    for (size_t i = 0; i < check->unsafe_names.count; i++) {
        one.unsafe_names = (struct mg_browser_names){&check->unsafe_names.items[i], 1};
        outcome = mg_browser_judge_preflight(&one, &ok, arena).outcome;
        if (outcome == MG_OUTCOME_HEADER_DENIED || outcome == MG_OUTCOME_ACAH_UNPARSEABLE ||
            outcome == MG_OUTCOME_AUTHORIZATION_NOT_LISTED) {
            struct mg_str name = written_name(report, check->unsafe_names.items[i]);
            lacks.headers =
                mg_arena_printf(arena, "%.*s%s\"%.*s\"", MG_STR_ARG(lacks.headers),
                                lacks.headers.len == 0 ? "" : ", ", MG_STR_ARG(name));
        }
    }
    return lacks;
}

/* The fields that the rule gives to an allowed origin, as a response. */
static bool allowed_response(const struct mg_explain_report *report,
                             const struct mg_explain_exchange *exchange,
                             struct mg_browser_response *response)
{
    const struct mg_rule *rule = exchange->resource->rule;
    const struct mg_browser_request *request = &exchange->request;
    const struct mg_decision decision = {
        .kind = request->preflight ? MG_KIND_PREFLIGHT : MG_KIND_SIMPLE,
        .verdict = MG_VERDICT_ALLOW,
        .allow_origin = mg_rule_is_public(rule) ? MG_ALLOW_ORIGIN_ANY : MG_ALLOW_ORIGIN_ECHO,
        .origin = request->origin,
        .rule = rule,
        .method = request->acrm,
        .acrh = {&request->acrh, request->acrh.len > 0},
    };
    struct mg_buf head;
    struct mg_answer_file file;
    struct mg_answer_fault fault;
    mg_buf_init(&head, MAX_FIELDS_BYTES);
    mg_buf_add(&head, MG_STR("HTTP/1.1 200 OK\r\n"));
    mg_cors_write_fields(&decision, &head);
    struct mg_str text = mg_arena_dup(arena_of(report), mg_buf_str(&head));
    bool ok = !head.overflowed && mg_answer_file_parse(text, arena_of(report), &file, &fault);
    mg_buf_fini(&head);
    if (ok) {
        *response = (struct mg_browser_response){file.answers[0].status, file.answers[0].fields,
                                                 file.answers[0].field_count};
    }
    return ok;
}

/* A redirect from one foreign origin to another has taken the page's origin away. */
static bool is_tainted(const struct mg_explain_report *report,
                       const struct mg_explain_exchange *exchange)
{
    return mg_str_equal(exchange->request.origin, MG_STR("null")) &&
           !mg_str_equal(report->input->spec.origin, MG_STR("null"));
}

static void fix_taint(struct mg_explain_report *report,
                      const struct mg_explain_exchange *exchange)
{
    add(report,
        "let the page ask for %.*s itself: a redirect from one foreign origin to another makes "
        "Origin \"null\"",
        MG_STR_ARG(exchange->request.url->href));
}

/* A method that differs from a common one by its case only. */
static bool fix_method_case(struct mg_explain_report *report, struct mg_str method)
{
    if (!mg_str_equal_nocase(method, MG_STR("PATCH")) ||
        mg_str_equal(method, MG_STR("PATCH"))) {
        return false;
    }
    add(report, "write the method PATCH in the script: browsers send %.*s as it is",
        MG_STR_ARG(method));
    return true;
}

/* The place of the deciding resource. */
static struct mg_str place(const struct mg_explain_report *report,
                           const struct mg_resource *resource)
{
    return mg_arena_printf(arena_of(report), "%s:%d", resource->file, resource->line);
}

static bool resource_has(const struct mg_resource *resource, struct mg_str method)
{
    return mg_resource_has_method(resource, mg_method_from(method), method);
}

/* A resource without a rule: the one it needs for this fetch. */
static void fix_no_rule(struct mg_explain_report *report,
                        const struct mg_explain_exchange *exchange)
{
    struct mg_browser_check check = mg_explain_check(report, exchange);
    struct mg_browser_field origin = {MG_STR("Access-Control-Allow-Origin"), MG_STR("*")};
    struct mg_browser_response any = {204, &origin, 1};
    const struct mg_resource *resource = exchange->resource;
    struct mg_str where = place(report, resource);
    bool include = check.include;
    check.include = false; /* the lists alone are asked about */
    struct lacks lacks = find_lacks(report, &check, &any);
    struct mg_str headers = {NULL, 0};
    if (exchange->request.preflight && lacks.headers.len > 0) {
        headers = mg_arena_printf(arena_of(report), ", headers = { %.*s }",
                                  MG_STR_ARG(lacks.headers));
    }
    add(report, "give the resource a rule: cors = { origins = { \"%.*s\" }%.*s%s } in %.*s",
        MG_STR_ARG(check.origin), MG_STR_ARG(headers), include ? ", credentials = true" : "",
        MG_STR_ARG(where));
    if (exchange->request.preflight && !resource_has(resource, check.method)) {
        add(report, "add \"%.*s\" to methods in %.*s", MG_STR_ARG(check.method),
            MG_STR_ARG(where));
    }
}

/* What the lists of a rule lack. */
static void fix_lists(struct mg_explain_report *report,
                      const struct mg_explain_exchange *exchange,
                      const struct mg_browser_check *check,
                      const struct mg_browser_response *allowed)
{
    const struct mg_resource *resource = exchange->resource;
    struct mg_str where = place(report, resource);
    struct lacks lacks = find_lacks(report, check, allowed);
    if (lacks.method && !fix_method_case(report, check->method)) {
        add(report, "add \"%.*s\" to %s in %.*s", MG_STR_ARG(check->method),
            resource_has(resource, check->method)
                ? "cors.methods"
                : "methods, and to cors.methods if it is set,",
            MG_STR_ARG(where));
    }
    if (lacks.headers.len > 0) {
        add(report, "add %.*s to cors.headers in %.*s", MG_STR_ARG(lacks.headers),
            MG_STR_ARG(where));
    }
}

/* What the rule of a policy lacks. */
static void fix_rule(struct mg_explain_report *report,
                     const struct mg_explain_exchange *exchange)
{
    struct mg_str where = place(report, exchange->resource);
    struct mg_browser_check check = mg_explain_check(report, exchange);
    struct mg_browser_response allowed;
    if (!allowed_response(report, exchange, &allowed)) {
        return;
    }
    enum mg_outcome once_allowed =
        mg_browser_cors_check(&check, &allowed, arena_of(report)).outcome;
    if (exchange->outcome == MG_OUTCOME_ACAO_MISSING) {
        add(report, "add \"%.*s\" to cors.origins in %.*s", MG_STR_ARG(check.origin),
            MG_STR_ARG(where));
    }
    if (once_allowed == MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS) {
        add(report,
            "name \"%.*s\" in cors.origins in place of \"*\" and set cors.credentials = true "
            "in %.*s, or fetch without credentials",
            MG_STR_ARG(check.origin), MG_STR_ARG(where));
    } else if (once_allowed == MG_OUTCOME_ACAC_NOT_TRUE) {
        add(report, "set cors.credentials = true in %.*s, or fetch without credentials",
            MG_STR_ARG(where));
    }
    if (exchange->request.preflight) {
        check.include = check.include && once_allowed == MG_OUTCOME_OK;
        fix_lists(report, exchange, &check, &allowed);
    }
}

/* Requests that the engine refuses whatever the rule says. */
static bool fix_refusal(struct mg_explain_report *report, const char *reason)
{
    static const struct {
        const char *reason;
        const char *text;
    } REFUSALS[] = {
        {"origin-malformed",
         "no rule can allow this origin: it is not one that a browser sends"},
        {"acrh-too-large", "send fewer headers, or shorter names: a preflight may ask for 256 "
                           "names in 8 KiB"},
        {"acrh-malformed", "the names of the headers are no list of tokens"},
        {"acrm-malformed", "the method is no token, or too long"},
        {"no-handler", "give the resource a handler, and a rule that allows the origin"},
    };
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        if (strcmp(reason, REFUSALS[i].reason) == 0) {
            add(report, "%s", REFUSALS[i].text);
            return strcmp(reason, "no-handler") != 0;
        }
    }
    return false;
}

static void fix_policy(struct mg_explain_report *report,
                       const struct mg_explain_exchange *exchange)
{
    const struct mg_resource *resource = exchange->resource;
    if (resource == NULL) {
        add(report,
            "declare a resource for %.*s with a rule that allows \"%.*s\": no policy answers "
            "there (%s)",
            MG_STR_ARG(exchange->request.url->target), MG_STR_ARG(exchange->request.origin),
            exchange->reason);
        return;
    }
    struct mg_str where = place(report, resource);
    if (resource->cors_mode == MG_CORS_OFF) {
        add(report,
            "%.*s says cors = false: its handler has to send the CORS fields by itself, or "
            "give it a rule",
            MG_STR_ARG(where));
    } else if (fix_refusal(report, exchange->reason)) {
        return;
    } else if (exchange->is_hooked) {
        add(report, "change what the function at %s:%d decides (%s)", exchange->file,
            exchange->line, exchange->reason);
    } else if (resource->rule == NULL) {
        fix_no_rule(report, exchange);
    } else {
        fix_rule(report, exchange);
    }
}

/* A field of a raw answer that has to change. */
static void fix_check(struct mg_explain_report *report,
                      const struct mg_explain_exchange *exchange,
                      const struct mg_browser_check *check, struct mg_str whose)
{
    struct mg_arena *arena = arena_of(report);
    const struct mg_browser_response *response = &exchange->answer.response;
    struct mg_str value;
    enum mg_outcome outcome = mg_browser_cors_check(check, response, arena).outcome;
    if (outcome == MG_OUTCOME_OK) {
        return;
    }
    if (outcome != MG_OUTCOME_ACAC_NOT_TRUE) {
        add(report, "send one Access-Control-Allow-Origin: %.*s with %.*s, and Vary: Origin",
            MG_STR_ARG(check->origin), MG_STR_ARG(whose));
    }
    if (check->include &&
        (!mg_browser_response_get(response, MG_STR("access-control-allow-credentials"), arena,
                                  &value) ||
         !mg_str_equal(value, MG_STR("true")))) {
        add(report,
            "send Access-Control-Allow-Credentials: true with %.*s, or fetch without "
            "credentials",
            MG_STR_ARG(whose));
    }
}

/* As if the check had passed: the lists are judged all the same. */
static struct mg_browser_response with_origin(const struct mg_explain_report *report,
                                              const struct mg_browser_check *check,
                                              const struct mg_browser_response *response)
{
    struct mg_browser_field *fields =
        mg_arena_calloc(arena_of(report), response->field_count + 2, sizeof(*fields));
    size_t count = 0;
    for (size_t i = 0; fields != NULL && i < response->field_count; i++) {
        struct mg_str name = response->fields[i].name;
        if (!mg_str_equal_nocase(name, MG_STR("access-control-allow-origin")) &&
            !mg_str_equal_nocase(name, MG_STR("access-control-allow-credentials"))) {
            fields[count++] = response->fields[i];
        }
    }
    if (fields != NULL) {
        fields[count++] =
            (struct mg_browser_field){MG_STR("Access-Control-Allow-Origin"), check->origin};
        fields[count++] = (struct mg_browser_field){MG_STR("Access-Control-Allow-Credentials"),
                                                    MG_STR("true")};
    }
    return (struct mg_browser_response){response->status, fields, count};
}

static void fix_answer(struct mg_explain_report *report,
                       const struct mg_explain_exchange *exchange)
{
    struct mg_browser_check check = mg_explain_check(report, exchange);
    const struct mg_browser_response *response = &exchange->answer.response;
    const struct mg_browser_request *request = &exchange->request;
    struct mg_str whose = mg_arena_printf(
        arena_of(report), "the answer to %.*s %.*s (%s)", MG_STR_ARG(request->method),
        MG_STR_ARG(request->url->target), exchange->answer.source);
    fix_check(report, exchange, &check, whose);
    if (!request->preflight) {
        return;
    }
    if (response->status < 200 || response->status > 299) {
        add(report, "answer OPTIONS %.*s with a status from 200 to 299, not %u%s",
            MG_STR_ARG(request->url->target), response->status,
            mg_status_is_redirect(response->status) ? ": preflights are not redirected" : "");
    }
    struct mg_browser_response granted = with_origin(report, &check, response);
    struct lacks lacks = find_lacks(report, &check, &granted);
    if (lacks.method && !fix_method_case(report, check.method)) {
        add(report, "list %.*s in Access-Control-Allow-Methods of %.*s%s",
            MG_STR_ARG(check.method), MG_STR_ARG(whose),
            check.include ? " (with credentials * is no wildcard)" : "");
    }
    if (lacks.headers.len > 0) {
        add(report, "list %.*s in Access-Control-Allow-Headers of %.*s%s",
            MG_STR_ARG(lacks.headers), MG_STR_ARG(whose),
            check.include ? " (with credentials * is no wildcard)" : "");
    }
}

/* Fetches that are refused before anything is sent. */
static void fix_forbidden(struct mg_explain_report *report)
{
    static const struct {
        const char *reason;
        const char *text;
    } TEXTS[] = {
        {"origin-malformed", "write the page's origin as a browser does, such as "
                             "https://app.example.com: --from"},
        {"url-relative", "write the whole URL, with its scheme"},
        {"url-scheme", "fetch an http or https URL"},
        {"url-host-missing", "write the URL with a host"},
        {"url-host-invalid", "write the URL with a valid host"},
        {"url-host-not-ascii", "write the host in its ASCII form (xn--...)"},
        {"url-port", "write the URL with a port from 0 to 65535"},
        {"url-credentials", "take user name and password out of the URL; send an Authorization "
                            "header"},
        {"forbidden-method", "use another method: scripts may not send this one"},
        {"no-cors-method", "use mode \"cors\", or GET, HEAD or POST"},
        {"no-cors-redirect", "use redirect \"follow\", or mode \"cors\""},
        {"no-cors-stream", "use mode \"cors\", or content that is no stream"},
        {"invalid-header-name", "mend the header's name: it is no token"},
        {"invalid-header-value", "mend the header's value: no NUL, CR or LF"},
        {"body-with-get-head", "send no content with GET and HEAD, or use POST"},
        {"same-origin-mode", "use mode \"cors\" for another origin"},
    };
    const char *reason = report->fetch.classification.reason;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (strcmp(reason, TEXTS[i].reason) == 0) {
            add(report, "%s", TEXTS[i].text);
        }
    }
}

/* Redirects, and what fails for other reasons than the CORS fields. */
static void fix_other(struct mg_explain_report *report)
{
    static const struct {
        enum mg_outcome outcome;
        const char *text;
    } TEXTS[] = {
        {MG_OUTCOME_REDIRECT_CREDENTIALS, "send a Location without user name and password"},
        {MG_OUTCOME_REDIRECT_SCHEME, "redirect to an http or https URL"},
        {MG_OUTCOME_REDIRECT_LOCATION, "send one Location field with a valid URL"},
        {MG_OUTCOME_REDIRECT_LIMIT, "redirect at most 20 times: these may go in a circle"},
        {MG_OUTCOME_REDIRECT_STREAM,
         "do not redirect a stream: it cannot be sent twice (303 would drop it)"},
        {MG_OUTCOME_REDIRECT_REFUSED, "use redirect \"follow\", or answer without a redirect"},
        {MG_OUTCOME_SAME_ORIGIN_MODE,
         "use mode \"cors\", or do not redirect to another origin"},
    };
    enum mg_outcome outcome = report->fetch.judgement.outcome;
    if (outcome == MG_OUTCOME_FORBIDDEN) {
        fix_forbidden(report);
    } else if (report->is_answer_missing) {
        const struct mg_explain_exchange *last = mg_explain_last(report);
        add(report, "give the answer to %.*s %.*s too: --answer FILE",
            MG_STR_ARG(last->request.method), MG_STR_ARG(last->request.url->href));
    }
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (TEXTS[i].outcome == outcome) {
            add(report, "%s", TEXTS[i].text);
        }
    }
}

void mg_explain_fix(struct mg_explain_report *report)
{
    const struct mg_explain_exchange *last = mg_explain_last(report);
    enum mg_fetch_verdict verdict = report->fetch.verdict;
    if (verdict == MG_FETCH_READABLE) {
        return;
    }
    if (verdict == MG_FETCH_OPAQUE) {
        add(report, "to read the answer, fetch with mode \"cors\" and redirect \"follow\"");
        return;
    }
    enum mg_outcome outcome = report->fetch.judgement.outcome;
    bool is_check =
        outcome >= MG_OUTCOME_ACAO_MISSING && outcome <= MG_OUTCOME_AUTHORIZATION_NOT_LISTED;
    if (!is_check || last == NULL) {
        fix_other(report);
        return;
    }
    if (is_tainted(report, last)) {
        fix_taint(report, last);
    }
    if (last->is_decided) {
        fix_policy(report, last);
    } else {
        fix_answer(report, last);
    }
}
