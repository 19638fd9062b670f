/* explain_cause.c - see the header. A sentence an outcome. */
#include "cli/explain_cause.h"

#define ACAO "Access-Control-Allow-Origin"
#define ACAC "Access-Control-Allow-Credentials"
#define ACAM "Access-Control-Allow-Methods"
#define ACAH "Access-Control-Allow-Headers"

enum {
    STATUS_OK = 200,
    STATUS_MULTIPLE_CHOICES = 300,
    STATUS_BAD_REQUEST = 400,
    STATUS_UNAUTHORIZED = 401
};

/* What a sentence is made of. */
struct scene {
    const struct mg_explain_exchange *exchange;
    struct mg_arena *arena;
    struct mg_str culprit;
    struct mg_str answer; /* "the answer to OPTIONS /x" */
};

/* "has NAME: VALUE", or "has no NAME". */
static struct mg_str lists(const struct scene *scene, const char *name)
{
    struct mg_str value;
    return mg_browser_response_get(&scene->exchange->answer.response, mg_str_from(name),
                                   scene->arena, &value)
               ? mg_arena_printf(scene->arena, "has %s: %.*s", name, MG_STR_ARG(value))
               : mg_arena_printf(scene->arena, "has no %s", name);
}

/* What a preflight's status means, where that is not plain. */
static const char *advice(unsigned code)
{
    if (code == STATUS_UNAUTHORIZED) {
        return ": browsers never send credentials with a preflight, so it cannot sign in, and "
               "has to be answered before that is asked";
    }
    return code >= STATUS_MULTIPLE_CHOICES && code < STATUS_BAD_REQUEST
               ? ": a preflight follows no redirect"
               : "";
}

/* A preflight's status is told too, where it would not do: it is often why the field is not
 * there. */
static struct mg_str missing(const struct scene *scene)
{
    unsigned code = scene->exchange->answer.response.status;
    if (!scene->exchange->request.preflight) {
        return mg_arena_printf(scene->arena,
                               "%.*s has no " ACAO ", so no page of another origin may read it",
                               MG_STR_ARG(scene->answer));
    }
    if (code >= STATUS_OK && code < STATUS_MULTIPLE_CHOICES) {
        return mg_arena_printf(scene->arena,
                               "%.*s has no " ACAO ", so the request itself was not sent",
                               MG_STR_ARG(scene->answer));
    }
    return mg_arena_printf(scene->arena,
                           "%.*s has no " ACAO
                           ", and a preflight needs a status from 200 to 299, not %u%s",
                           MG_STR_ARG(scene->answer), code, advice(code));
}

static struct mg_str mismatch(const struct scene *scene)
{
    struct mg_str origin = scene->exchange->request.origin;
    return mg_arena_printf(scene->arena,
                           "%.*s is for the origin '%.*s', and the request came from '%.*s': "
                           "they have to be the same byte by byte",
                           MG_STR_ARG(scene->answer), MG_STR_ARG(scene->culprit),
                           MG_STR_ARG(origin));
}

static struct mg_str status(const struct scene *scene)
{
    unsigned code = scene->exchange->answer.response.status;
    return mg_arena_printf(scene->arena,
                           "%.*s has status %u, and a preflight needs one from 200 to 299%s",
                           MG_STR_ARG(scene->answer), code, advice(code));
}

/* "ANSWER has FIELD: VALUE, and the page WHAT CULPRIT". */
static struct mg_str not_listed(const struct scene *scene, const char *field, const char *what)
{
    return mg_arena_printf(scene->arena, "%.*s %.*s, and the page %s %.*s",
                           MG_STR_ARG(scene->answer), MG_STR_ARG(lists(scene, field)), what,
                           MG_STR_ARG(scene->culprit));
}

static struct mg_str sentence(const struct scene *scene, const char *before, const char *after)
{
    return mg_arena_printf(scene->arena, "%s%.*s%s", before, MG_STR_ARG(scene->answer), after);
}

/* Of the CORS check. */
static struct mg_str check_cause(const struct scene *scene, enum mg_outcome outcome)
{
    if (outcome == MG_OUTCOME_ACAO_MISSING) {
        return missing(scene);
    }
    if (outcome == MG_OUTCOME_ACAO_MISMATCH) {
        return mismatch(scene);
    }
    if (outcome == MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS) {
        return sentence(scene, "",
                        " has " ACAO ": *, which does not count for a fetch with credentials");
    }
    return mg_arena_printf(scene->arena,
                           "%.*s %.*s, and a fetch with credentials needs it to be true, in "
                           "lower case",
                           MG_STR_ARG(scene->answer), MG_STR_ARG(lists(scene, ACAC)));
}

/* "ANSWER has FIELD: VALUE, which is no list of WHAT". */
static struct mg_str no_list(const struct scene *scene, const char *field, const char *what)
{
    return mg_arena_printf(scene->arena, "%.*s %.*s, which is no list of %s",
                           MG_STR_ARG(scene->answer), MG_STR_ARG(lists(scene, field)), what);
}

/* Of what comes behind the CORS check of a preflight. */
static struct mg_str preflight_cause(const struct scene *scene, enum mg_outcome outcome)
{
    if (outcome == MG_OUTCOME_PREFLIGHT_STATUS) {
        return status(scene);
    }
    if (outcome == MG_OUTCOME_PREFLIGHT_REDIRECT) {
        return sentence(scene, "", " is a redirect, which a preflight does not follow");
    }
    if (outcome == MG_OUTCOME_ACAM_UNPARSEABLE) {
        return no_list(scene, ACAM, "methods");
    }
    if (outcome == MG_OUTCOME_ACAH_UNPARSEABLE) {
        return no_list(scene, ACAH, "header names");
    }
    if (outcome == MG_OUTCOME_METHOD_DENIED) {
        return not_listed(scene, ACAM, "uses");
    }
    bool is_starred = mg_browser_list_has(&scene->exchange->answer.response, MG_STR(ACAH),
                                          MG_STR("*"), false);
    if (outcome == MG_OUTCOME_HEADER_DENIED ||
        (outcome == MG_OUTCOME_AUTHORIZATION_NOT_LISTED && !is_starred)) {
        return not_listed(scene, ACAH, "sets");
    }
    if (outcome == MG_OUTCOME_AUTHORIZATION_NOT_LISTED) {
        return sentence(scene, "* in " ACAH " of ",
                        " does not stand for Authorization, which has to be named");
    }
    return (struct mg_str){NULL, 0};
}

struct mg_str mg_explain_cause(const struct mg_explain_report *report)
{
    const struct mg_explain_exchange *last = mg_explain_last(report);
    if (last == NULL || !last->is_answered) {
        return (struct mg_str){NULL, 0};
    }
    const struct scene scene = {
        .exchange = last,
        .arena = report->input->arena,
        .culprit = report->fetch.judgement.culprit,
        .answer = mg_arena_printf(report->input->arena, "the answer to %.*s %.*s",
                                  MG_STR_ARG(last->request.method),
                                  MG_STR_ARG(last->request.url->target)),
    };
    bool is_check =
        last->outcome >= MG_OUTCOME_ACAO_MISSING && last->outcome <= MG_OUTCOME_ACAC_NOT_TRUE;
    return is_check ? check_cause(&scene, last->outcome)
                    : preflight_cause(&scene, last->outcome);
}
