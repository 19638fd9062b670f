/* probe_audit_checks.c - the table of checks. docs/probe.md has the same codes and severities.
 *
 * A severity says what an attacker or a visitor gets. high: another site reads what a user is
 * signed in to. medium: another site reads what it should not, or pages are broken that should
 * work. low: it works by chance, or in part. info: worth knowing, often meant.
 */
#include "cli/probe_audit.h"

#define ALWAYS(severity) (severity), (severity)

const struct mg_audit_check mg_audit_checks[MG_CHECK_COUNT] = {
    [MG_CHECK_ORIGIN_REFLECTED] =
        {"origin-reflected", MG_AUDIT_LOW, MG_AUDIT_HIGH, "any origin is reflected",
         "compare Origin with a list of whole origins; for a public resource send * and no "
         "Access-Control-Allow-Credentials"},
    [MG_CHECK_NULL_ALLOWED] =
        {"null-allowed", MG_AUDIT_MEDIUM, MG_AUDIT_HIGH, "the origin null is allowed",
         "take null off the list: a sandboxed frame of any site has that origin"},
    [MG_CHECK_ORIGIN_SUFFIX] = {"origin-suffix", MG_AUDIT_MEDIUM, MG_AUDIT_HIGH,
                                "an origin that only begins like the allowed one is allowed",
                                "compare whole origins, or end the pattern ($)"},
    [MG_CHECK_ORIGIN_TRAILING_JUNK] =
        {"origin-trailing-junk", MG_AUDIT_MEDIUM, MG_AUDIT_HIGH,
         "an origin with more behind the allowed host name is allowed",
         "compare whole origins; an underscore is a letter of host names to browsers"},
    [MG_CHECK_ORIGIN_PREFIX] =
        {"origin-prefix", MG_AUDIT_MEDIUM, MG_AUDIT_HIGH,
         "an origin that only ends like the allowed one is allowed",
         "compare whole origins, or begin the pattern with ^https://; a pattern for subdomains "
         "needs the dot before the name"},
    [MG_CHECK_ORIGIN_DOT] = {"origin-dot", MG_AUDIT_MEDIUM, MG_AUDIT_HIGH,
                             "a dot of the allowed name stands for any letter",
                             "write \\. for a dot, or compare whole origins"},
    [MG_CHECK_ORIGIN_DOWNGRADE] =
        {"origin-downgrade", MG_AUDIT_LOW, MG_AUDIT_MEDIUM,
         "the http variant of an https origin is allowed",
         "allow the https origin only: whoever sits on the network writes into an http page"},
    [MG_CHECK_ORIGIN_SUBDOMAIN] =
        {"origin-subdomain", MG_AUDIT_INFO, MG_AUDIT_LOW, "any subdomain is allowed",
         "list the subdomains that need it; one forgotten host then opens nothing"},
    [MG_CHECK_ORIGIN_ANY] = {"origin-any", ALWAYS(MG_AUDIT_INFO),
                             "every origin may read this without credentials (*)",
                             "nothing, if this is public; not for what a network address or a "
                             "firewall protects"},
    [MG_CHECK_WILDCARD_CREDENTIALS] =
        {"wildcard-credentials", ALWAYS(MG_AUDIT_MEDIUM),
         "* stands beside Access-Control-Allow-Credentials, which browsers refuse",
         "send the request's own origin, taken from a list, or leave credentials out"},
    [MG_CHECK_ACAO_SEVERAL] =
        {"acao-several", ALWAYS(MG_AUDIT_MEDIUM),
         "Access-Control-Allow-Origin has several values, which browsers refuse",
         "send one value; where two servers add one each, let the outer remove the inner's"},
    [MG_CHECK_ACAO_INVALID] =
        {"acao-invalid", ALWAYS(MG_AUDIT_MEDIUM),
         "the value of Access-Control-Allow-Origin is no origin, so that no page matches it",
         "write scheme://host[:port] in lower case, without path, slash or default port"},
    [MG_CHECK_ACAC_INVALID] = {"acac-invalid", ALWAYS(MG_AUDIT_LOW),
                               "Access-Control-Allow-Credentials is not the word true",
                               "send true, in lower case and once, or leave the field out"},
    [MG_CHECK_ACAC_ALONE] =
        {"acac-alone", ALWAYS(MG_AUDIT_INFO),
         "Access-Control-Allow-Credentials is sent where no origin is allowed",
         "send it together with Access-Control-Allow-Origin only"},
    [MG_CHECK_EXPOSE_WILDCARD] =
        {"expose-wildcard", ALWAYS(MG_AUDIT_LOW),
         "Access-Control-Expose-Headers: * exposes nothing to requests with credentials",
         "list the names of the headers"},
    [MG_CHECK_VARY_MISSING_ALLOWED] =
        {"vary-missing-allowed", ALWAYS(MG_AUDIT_MEDIUM),
         "an allowed origin's answer lacks Vary: Origin, so that a cache gives it to others",
         "add Vary: Origin to every answer of a resource whose answers depend on it"},
    [MG_CHECK_VARY_MISSING_DENIED] = {"vary-missing-denied", ALWAYS(MG_AUDIT_LOW),
                                      "a denied origin's answer lacks Vary: Origin",
                                      "add Vary: Origin also where no CORS field is sent"},
    [MG_CHECK_VARY_MISSING_NO_ORIGIN] =
        {"vary-missing-no-origin", ALWAYS(MG_AUDIT_LOW),
         "an answer to a request without Origin lacks Vary: Origin",
         "add Vary: Origin also where no Origin came"},
    [MG_CHECK_CACHED_DENIAL] =
        {"cached-denial", ALWAYS(MG_AUDIT_MEDIUM),
         "an answer without CORS fields may be cached and then served to allowed origins",
         "add Vary: Origin to it, or Cache-Control: no-store"},
    [MG_CHECK_NOT_FOUND_UNREADABLE] =
        {"not-found-unreadable", ALWAYS(MG_AUDIT_LOW),
         "pages cannot read an answer 404: it lacks the CORS fields",
         "set the fields for every status (nginx: always), also where no route matches"},
    [MG_CHECK_METHOD_REFUSED_UNREADABLE] =
        {"method-refused-unreadable", ALWAYS(MG_AUDIT_LOW),
         "pages cannot read an answer 405 or 501: it lacks the CORS fields",
         "set the fields for every status (nginx: always), also before methods are judged"},
    [MG_CHECK_ACTUAL_UNREADABLE] =
        {"actual-unreadable", ALWAYS(MG_AUDIT_MEDIUM),
         "the preflight allows what the answer to the request itself does not",
         "send Access-Control-Allow-Origin with both answers"},
    [MG_CHECK_PREFLIGHT_REDIRECT] =
        {"preflight-redirect", ALWAYS(MG_AUDIT_MEDIUM), "the preflight is redirected",
         "answer OPTIONS at this URL; or let pages use the URL that it redirects to"},
    [MG_CHECK_PREFLIGHT_UNAUTHORIZED] =
        {"preflight-unauthorized", ALWAYS(MG_AUDIT_MEDIUM),
         "the preflight has to sign in, which browsers never do",
         "answer preflights before authentication"},
    [MG_CHECK_PREFLIGHT_STATUS] =
        {"preflight-status", ALWAYS(MG_AUDIT_MEDIUM),
         "the preflight of an allowed origin is not answered with 2xx",
         "answer preflights with 204, before methods are judged"},
    [MG_CHECK_PREFLIGHT_UNREADABLE] =
        {"preflight-unreadable", ALWAYS(MG_AUDIT_MEDIUM),
         "the preflight's answer lacks what the answer to the request itself has",
         "send Access-Control-Allow-Origin with both answers"},
    [MG_CHECK_LIST_MALFORMED] =
        {"list-malformed", ALWAYS(MG_AUDIT_MEDIUM),
         "a list of methods or headers cannot be parsed, so that the preflight fails",
         "send names, parted by commas"},
    [MG_CHECK_OPTIONS_AS_PREFLIGHT] =
        {"options-as-preflight", ALWAYS(MG_AUDIT_LOW),
         "OPTIONS without Access-Control-Request-Method is answered like a preflight",
         "take OPTIONS for a preflight only with Origin and Access-Control-Request-Method"},
    [MG_CHECK_METHOD_CASE] = {"method-case", ALWAYS(MG_AUDIT_LOW),
                              "methods are compared without case: patch passes for PATCH",
                              "compare methods byte by byte (RFC 9110 9.1)"},
    [MG_CHECK_METHODS_ANY] = {"methods-any", ALWAYS(MG_AUDIT_INFO),
                              "whatever method is asked for is allowed",
                              "list the methods that the resource has"},
    [MG_CHECK_HEADERS_ANY] = {"headers-any", ALWAYS(MG_AUDIT_INFO),
                              "whatever headers are asked for are allowed",
                              "list the headers that the resource reads"},
    [MG_CHECK_AUTHORIZATION_WILDCARD] =
        {"authorization-wildcard", ALWAYS(MG_AUDIT_LOW),
         "Authorization is allowed by * alone, which the Fetch standard does not accept",
         "list Authorization by name in Access-Control-Allow-Headers"},
    [MG_CHECK_LISTS_ON_ACTUAL] =
        {"lists-on-actual", ALWAYS(MG_AUDIT_INFO),
         "fields of preflights are sent with every answer, where browsers ignore them",
         "send Access-Control-Allow-Methods, -Headers and -Max-Age with preflights only"},
    [MG_CHECK_MAX_AGE_INVALID] =
        {"max-age-invalid", ALWAYS(MG_AUDIT_LOW),
         "Access-Control-Max-Age is no number of seconds; most browsers take it for 5",
         "send one whole number; 0 switches the cache off, -1 does not"},
    [MG_CHECK_MAX_AGE_CAPPED] =
        {"max-age-capped", ALWAYS(MG_AUDIT_INFO),
         "Access-Control-Max-Age is longer than browsers keep it (Chromium 7200, WebKit 600)",
         "nothing; but do not count on it"},
    [MG_CHECK_PRIVATE_NETWORK] =
        {"private-network", ALWAYS(MG_AUDIT_INFO),
         "Access-Control-Allow-Private-Network is sent, which browsers no longer read",
         "leave it out: access to local networks is the user's to grant"},
    [MG_CHECK_REDIRECTED] = {"redirected", ALWAYS(MG_AUDIT_INFO),
                             "the URL redirects, and what it leads to was not audited",
                             "audit the URL in Location"},
    [MG_CHECK_NOTHING_ALLOWED] =
        {"nothing-allowed", ALWAYS(MG_AUDIT_INFO),
         "none of the origins that were tried is allowed, so that little could be seen",
         "name an allowed origin with --from"},
    [MG_CHECK_UNANSWERED] = {"unanswered", ALWAYS(MG_AUDIT_INFO),
                             "a request of the audit got no answer",
                             "answer what cannot be accepted with a status"},
};

const char *mg_audit_severity_name(enum mg_audit_severity severity)
{
    static const char *const NAMES[] = {"info", "low", "medium", "high"};
    return NAMES[severity];
}
