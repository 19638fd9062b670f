/* browser_message.c - Chromium's sentences, as version 156 prints them.
 *
 * A CORS failure is one line:
 *
 *     Access to TYPE at 'URL' (redirected from 'URL') from origin 'ORIGIN' has been blocked by
 *     CORS policy: [Response to preflight request doesn't pass access control check: ]CAUSE
 *
 * where some causes end in advice that depends on who fetched.
 */
#include "cors/browser_message.h"

#include "cors/safelist.h"

#define PREFLIGHT_PREFIX   "Response to preflight request doesn't pass access control check: "
#define PREFLIGHT_REDIRECT "Redirect is not allowed for a preflight request."
#define FETCH_ADVICE       " Have the server send the header with a valid value."
#define XHR_ADVICE                                                                            \
    " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the " \
    "withCredentials attribute."

/* How the console calls what was fetched. */
static const char *type_name(enum mg_browser_initiator initiator)
{
    static const char *const NAMES[] = {
        [MG_INITIATOR_FETCH] = "fetch",     [MG_INITIATOR_XHR] = "XMLHttpRequest",
        [MG_INITIATOR_BEACON] = "resource", [MG_INITIATOR_EVENT_SOURCE] = "resource",
        [MG_INITIATOR_SCRIPT] = "script",   [MG_INITIATOR_STYLESHEET] = "CSS stylesheet",
        [MG_INITIATOR_FONT] = "font",       [MG_INITIATOR_IMAGE] = "image",
    };
    return NAMES[initiator];
}

/* The cause for an Access-Control-Allow-Origin value that is not the origin's. */
static struct mg_str mismatch_cause(struct mg_str value, const char *advice,
                                    struct mg_arena *arena)
{
    bool is_several = value.len > 0 && (memchr(value.ptr, ' ', value.len) != NULL ||
                                        memchr(value.ptr, ',', value.len) != NULL);
    if (is_several) {
        return mg_arena_printf(arena,
                               "The 'Access-Control-Allow-Origin' header contains multiple "
                               "values '%.*s', but only one is allowed.%s",
                               MG_STR_ARG(value), advice);
    }
    if (!mg_str_equal(value, MG_STR("null")) && !mg_browser_url_is_valid(value, arena)) {
        return mg_arena_printf(arena,
                               "The 'Access-Control-Allow-Origin' header contains the invalid "
                               "value '%.*s'.%s",
                               MG_STR_ARG(value), advice);
    }
    return mg_arena_printf(
        arena,
        "The 'Access-Control-Allow-Origin' header has a value '%.*s' that is "
        "not equal to the supplied origin.%s",
        MG_STR_ARG(value), advice);
}

/* The cause of a failed CORS check. */
static struct mg_str check_cause(enum mg_browser_initiator initiator,
                                 const struct mg_judgement *judgement, struct mg_arena *arena)
{
    const char *fetch_advice = initiator == MG_INITIATOR_FETCH ? FETCH_ADVICE : "";
    const char *xhr_advice = initiator == MG_INITIATOR_XHR ? XHR_ADVICE : "";
    if (judgement->outcome == MG_OUTCOME_ACAO_MISSING) {
        return MG_STR("No 'Access-Control-Allow-Origin' header is present on the requested "
                      "resource.");
    }
    if (judgement->outcome == MG_OUTCOME_ACAO_MISMATCH) {
        return mismatch_cause(judgement->culprit, fetch_advice, arena);
    }
    if (judgement->outcome == MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS) {
        return mg_arena_printf(arena,
                               "The value of the 'Access-Control-Allow-Origin' header in the "
                               "response must not be the wildcard '*' when the request's "
                               "credentials mode is 'include'.%s",
                               xhr_advice);
    }
    return mg_arena_printf(arena,
                           "The value of the 'Access-Control-Allow-Credentials' header in the "
                           "response is '%.*s' which must be 'true' when the request's "
                           "credentials mode is 'include'.%s",
                           MG_STR_ARG(judgement->culprit), xhr_advice);
}

/* Which causes carry the preflight's prefix: those of its CORS check, its status, its redirect.
 */
static bool has_preflight_prefix(const struct mg_judgement *judgement)
{
    return judgement->preflight && judgement->outcome >= MG_OUTCOME_ACAO_MISSING &&
           judgement->outcome <= MG_OUTCOME_PREFLIGHT_REDIRECT;
}

static struct mg_str cause_of(enum mg_browser_initiator initiator,
                              const struct mg_judgement *judgement, struct mg_arena *arena)
{
    struct mg_str culprit = judgement->culprit;
    switch (judgement->outcome) {
    case MG_OUTCOME_ACAO_MISSING:
    case MG_OUTCOME_ACAO_MISMATCH:
    case MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS:
    case MG_OUTCOME_ACAC_NOT_TRUE:
        return check_cause(initiator, judgement, arena);
    case MG_OUTCOME_PREFLIGHT_STATUS:
        if (culprit.len == 0) {
            return MG_STR("It does not have HTTP ok status.");
        }
        /* Chromium has one sentence for every redirect of a preflight. */
        return MG_STR(PREFLIGHT_REDIRECT);
    case MG_OUTCOME_PREFLIGHT_REDIRECT:
        return MG_STR(PREFLIGHT_REDIRECT);
    case MG_OUTCOME_ACAM_UNPARSEABLE:
        return MG_STR("Cannot parse Access-Control-Allow-Methods response header field in "
                      "preflight response.");
    case MG_OUTCOME_ACAH_UNPARSEABLE:
        return MG_STR("Cannot parse Access-Control-Allow-Headers response header field in "
                      "preflight response.");
    case MG_OUTCOME_METHOD_DENIED:
        return mg_arena_printf(arena,
                               "Method %.*s is not allowed by Access-Control-Allow-Methods in "
                               "preflight response.",
                               MG_STR_ARG(culprit));
    case MG_OUTCOME_HEADER_DENIED:
    case MG_OUTCOME_AUTHORIZATION_NOT_LISTED:
        return mg_arena_printf(arena,
                               "Request header field %.*s is not allowed by "
                               "Access-Control-Allow-Headers in preflight response.",
                               MG_STR_ARG(culprit));
    case MG_OUTCOME_REDIRECT_CREDENTIALS:
        /* Chromium leaves the location out. */
        return MG_STR("Redirect location '' contains a username and password, which is "
                      "disallowed for cross-origin requests.");
    case MG_OUTCOME_REDIRECT_SCHEME:
        return MG_STR("Cross origin requests are only supported for protocol schemes: chrome, "
                      "chrome-experimental-site-token-provider, chrome-extension, "
                      "chrome-untrusted, data, http, https, isolated-app.");
    case MG_OUTCOME_LOCAL_NETWORK_INSECURE:
        return mg_arena_printf(arena,
                               "The request client is not a secure context and the resource is "
                               "in more-private address space `%.*s`.",
                               MG_STR_ARG(culprit));
    case MG_OUTCOME_LOCAL_NETWORK_DENIED:
        return mg_arena_printf(arena,
                               "Permission was denied for this request to access the `%.*s` "
                               "address space.",
                               MG_STR_ARG(culprit));
    case MG_OUTCOME_OK:
    case MG_OUTCOME_REDIRECT_LOCATION:
    case MG_OUTCOME_REDIRECT_LIMIT:
    case MG_OUTCOME_REDIRECT_STREAM:
    case MG_OUTCOME_REDIRECT_REFUSED:
    case MG_OUTCOME_SAME_ORIGIN_MODE:
    case MG_OUTCOME_FORBIDDEN:
    case MG_OUTCOME_NETWORK_ERROR:
    case MG_OUTCOME_OUT_OF_MEMORY:
        break;
    }
    return (struct mg_str){NULL, 0};
}

struct mg_str mg_browser_message(const struct mg_browser_message *message,
                                 const struct mg_judgement *judgement, struct mg_arena *arena)
{
    struct mg_str cause = cause_of(message->initiator, judgement, arena);
    struct mg_str redirected = {NULL, 0};
    if (cause.len == 0) {
        return cause;
    }
    if (!mg_str_equal(message->url, message->first_url)) {
        redirected =
            mg_arena_printf(arena, " (redirected from '%.*s')", MG_STR_ARG(message->first_url));
    }
    return mg_arena_printf(arena,
                           "Access to %s at '%.*s'%.*s from origin '%.*s' has been blocked by "
                           "CORS policy: %s%.*s",
                           type_name(message->initiator), MG_STR_ARG(message->url),
                           MG_STR_ARG(redirected), MG_STR_ARG(message->origin),
                           has_preflight_prefix(judgement) ? PREFLIGHT_PREFIX : "",
                           MG_STR_ARG(cause));
}

#define EXCEPTION "TypeError: Failed to execute 'fetch' on 'Window': "

/* The scheme of a URL that is not of http or https. */
static struct mg_str scheme_of(struct mg_str url)
{
    const char *colon = url.len == 0 ? NULL : memchr(url.ptr, ':', url.len);
    return (struct mg_str){url.ptr, colon == NULL ? 0 : (size_t)(colon - url.ptr)};
}

/* The texts that are the same for every culprit, but for its name in the middle. */
static struct mg_str fixed_text(const char *reason, struct mg_str culprit,
                                struct mg_arena *arena)
{
    static const struct {
        const char *reason;
        const char *before;
        const char *after; /* NULL: the culprit is not named */
    } TEXTS[] = {
        {"no-cors-method", EXCEPTION "'", "' is unsupported in no-cors mode."},
        {"url-credentials",
         EXCEPTION "Request cannot be constructed from a URL that includes credentials: ", ""},
        {"invalid-header-name", EXCEPTION "Invalid name", NULL},
        {"invalid-header-value", EXCEPTION "Invalid value", NULL},
        {"body-with-get-head", EXCEPTION "Request with GET/HEAD method cannot have body.",
         NULL},
        {"no-cors-stream",
         EXCEPTION "If request is made from ReadableStream, mode should be\"same-origin\" or "
                   "\"cors\"",
         NULL},
        {"no-cors-redirect", "Fetch API cannot load ",
         ". Request mode is \"no-cors\" but the redirect mode is not \"follow\"."},
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (strcmp(TEXTS[i].reason, reason) == 0) {
            return TEXTS[i].after == NULL
                       ? mg_str_from(TEXTS[i].before)
                       : mg_arena_printf(arena, "%s%.*s%s", TEXTS[i].before,
                                         MG_STR_ARG(culprit), TEXTS[i].after);
        }
    }
    return (struct mg_str){NULL, 0};
}

struct mg_str mg_browser_forbidden_message(const struct mg_browser_spec *spec,
                                           const struct mg_browser_class *fetch_class,
                                           struct mg_arena *arena)
{
    struct mg_str culprit = fetch_class->culprit;
    const char *reason = fetch_class->reason;
    if (fetch_class->kind != MG_FETCH_FORBIDDEN || spec->initiator != MG_INITIATOR_FETCH) {
        return (struct mg_str){NULL, 0};
    }
    if (strcmp(reason, "forbidden-method") == 0) {
        return mg_arena_printf(arena, EXCEPTION "'%.*s' %s", MG_STR_ARG(culprit),
                               mg_str_is_token(culprit) ? "HTTP method is unsupported."
                                                        : "is not a valid HTTP method.");
    }
    if (strcmp(reason, "url-scheme") == 0) {
        return mg_arena_printf(
            arena, "Fetch API cannot load %.*s. URL scheme \"%.*s\" is not supported.",
            MG_STR_ARG(culprit), MG_STR_ARG(scheme_of(culprit)));
    }
    if (strcmp(reason, "same-origin-mode") == 0) {
        return mg_arena_printf(
            arena,
            "Fetch API cannot load %.*s. Request mode is \"same-origin\" but "
            "the URL's origin is not same as the request origin %.*s.",
            MG_STR_ARG(culprit), MG_STR_ARG(spec->origin));
    }
    return fixed_text(reason, culprit, arena);
}
