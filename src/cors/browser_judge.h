/* browser_judge.h - whether a browser lets a page read a response: the standard's checks in the
 * standard's order (Fetch, CORS check, CORS-preflight fetch).
 *
 * Threads:   pure; any thread. Values that have to be joined go into the caller's arena.
 */
#ifndef MG_CORS_BROWSER_JUDGE_H
#define MG_CORS_BROWSER_JUDGE_H

#include "cors/browser.h"

enum mg_outcome {
    MG_OUTCOME_OK,
    /* CORS check */
    MG_OUTCOME_ACAO_MISSING,
    MG_OUTCOME_ACAO_MISMATCH,
    MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS,
    MG_OUTCOME_ACAC_NOT_TRUE,
    /* preflight */
    MG_OUTCOME_PREFLIGHT_STATUS,
    MG_OUTCOME_PREFLIGHT_REDIRECT,
    MG_OUTCOME_ACAM_UNPARSEABLE,
    MG_OUTCOME_ACAH_UNPARSEABLE,
    MG_OUTCOME_METHOD_DENIED,
    MG_OUTCOME_HEADER_DENIED,
    MG_OUTCOME_AUTHORIZATION_NOT_LISTED,
    /* redirects */
    MG_OUTCOME_REDIRECT_CREDENTIALS, /* Location with a user name or password */
    MG_OUTCOME_REDIRECT_SCHEME,
    MG_OUTCOME_REDIRECT_LOCATION, /* Location is no URL */
    MG_OUTCOME_REDIRECT_LIMIT,
    MG_OUTCOME_REDIRECT_STREAM,  /* a stream cannot be sent twice */
    MG_OUTCOME_REDIRECT_REFUSED, /* redirect mode error */
    MG_OUTCOME_SAME_ORIGIN_MODE, /* redirected to another origin in mode same-origin */
    /* the rest */
    MG_OUTCOME_FORBIDDEN,     /* refused before anything was sent; see the class's reason */
    MG_OUTCOME_NETWORK_ERROR, /* no response came */
    MG_OUTCOME_LOCAL_NETWORK_INSECURE, /* Chromium's local network access */
    MG_OUTCOME_LOCAL_NETWORK_DENIED,
    MG_OUTCOME_OUT_OF_MEMORY
};
/* The stable code: "ok", "acao-missing", ..., "out-of-memory". */
const char *mg_outcome_name(enum mg_outcome outcome);

/* What a response is judged against. */
struct mg_browser_check {
    enum mg_browser browser;
    struct mg_str origin; /* as it was sent: serialized, or "null" */
    bool include;         /* credentials mode "include" */
    struct mg_str method;
    struct mg_browser_names unsafe_names; /* "authorization" among them stands for the header */
    bool forced;                          /* use-CORS-preflight flag */
};

struct mg_judgement {
    enum mg_outcome outcome;
    bool preflight; /* it is the preflight's response that was judged */
    /* The value of ACAO or ACAC as it is ("" where ACAC is missing), the method, the first
     * refused header name, or where a preflight's status redirects, its Location; borrows from
     * the request, the response or the arena. */
    struct mg_str culprit;
};

/* Fetch, CORS check: whether `response` may be shared with the request's origin. */
struct mg_judgement mg_browser_cors_check(const struct mg_browser_check *check,
                                          const struct mg_browser_response *response,
                                          struct mg_arena *arena);

/* Fetch, CORS-preflight fetch, from the response on: the CORS check, status, lists, method,
 * headers. Of several refused headers Authorization is named, else the first by byte. */
struct mg_judgement mg_browser_judge_preflight(const struct mg_browser_check *check,
                                               const struct mg_browser_response *response,
                                               struct mg_arena *arena);

/* Whether all lines called `name` follow #token (RFC 9110 5.6.1; empty elements are fine). */
bool mg_browser_list_is_valid(const struct mg_browser_response *response, struct mg_str name);

/* Whether the lists called `name` have `item`; compared without case where `nocase`. */
bool mg_browser_list_has(const struct mg_browser_response *response, struct mg_str name,
                         struct mg_str item, bool nocase);

/* For how many seconds `browser` keeps a preflight's answer: Access-Control-Max-Age, 5 where it
 * is absent, at most the browser's cap. A number beyond 64 bits counts as UINT64_MAX. */
uint64_t mg_browser_max_age(enum mg_browser browser,
                            const struct mg_browser_response *response);

/* Whether a script may read the header called `name` of a response that passed the CORS check
 * (Fetch, CORS-safelisted response-header name; Access-Control-Expose-Headers). `include`:
 * credentials mode "include", where "*" is but a name. */
bool mg_browser_exposes(const struct mg_browser_response *response, bool include,
                        struct mg_str name);

/* The names of all headers that a script may read, as mg_browser_exposes has it. */
struct mg_browser_names mg_browser_exposed_names(const struct mg_browser_response *response,
                                                 bool include, struct mg_arena *arena);

/* Whether the status is a redirect status: 301, 302, 303, 307, 308. */
bool mg_status_is_redirect(unsigned status);

#endif
