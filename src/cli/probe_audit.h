/* probe_audit.h - known misconfigurations of CORS, looked for in the answers of a live server.
 *
 * Shape:     a fixed list of samples, each one request that a browser could send; a table of
 *            checks, each with a stable code. mg_audit_plan makes the requests, the caller gets
 *            the answers, mg_audit_judge turns them into findings:
 *
 *                plan ---> samples[].request --network--> samples[].response ---> judge
 *
 *            Only safe methods are sent (GET, HEAD, OPTIONS, SEARCH), and only to the URL's
 *            host; redirects are not followed.
 * Ownership: all text lives in the caller's arena.
 * Threads:   one owner at a time. No I/O.
 */
#ifndef MG_CLI_PROBE_AUDIT_H
#define MG_CLI_PROBE_AUDIT_H

#include "cors/browser_classify.h"
#include "cors/browser_request.h"

enum mg_audit_severity {
    MG_AUDIT_INFO,
    MG_AUDIT_LOW,
    MG_AUDIT_MEDIUM,
    MG_AUDIT_HIGH
};
/* "info", "low", "medium", "high". */
const char *mg_audit_severity_name(enum mg_audit_severity severity);

/* The requests, in the order in which they are sent. */
enum mg_sample_id {
    MG_SAMPLE_NO_ORIGIN,
    MG_SAMPLE_FROM, /* the page's origin, taken for an allowed one */
    MG_SAMPLE_FOREIGN,
    MG_SAMPLE_NULL,
    MG_SAMPLE_SUFFIX,        /* https://app.example.moongate-audit.example */
    MG_SAMPLE_JUNK,          /* https://app.example_.moongate-audit.example */
    MG_SAMPLE_PREFIX,        /* https://moongate-auditapp.example */
    MG_SAMPLE_PREFIX_PARENT, /* of www.app.example: the same */
    MG_SAMPLE_DOT,           /* https://appxexample */
    MG_SAMPLE_DOWNGRADE,     /* http://app.example */
    MG_SAMPLE_SUBDOMAIN,     /* https://moongate-audit.app.example */
    MG_SAMPLE_SIBLING,       /* of www.app.example: the same */
    MG_SAMPLE_PREFLIGHT,
    MG_SAMPLE_PREFLIGHT_UNKNOWN,
    MG_SAMPLE_PREFLIGHT_LOWER_CASE,
    MG_SAMPLE_PREFLIGHT_AUTHORIZATION,
    MG_SAMPLE_PREFLIGHT_PRIVATE_NETWORK,
    MG_SAMPLE_OPTIONS, /* with Origin, not a preflight */
    MG_SAMPLE_NOT_FOUND,
    MG_SAMPLE_METHOD_REFUSED,
    MG_SAMPLE_COUNT
};

struct mg_audit_sample {
    bool applies; /* else the page's origin has no such variant */
    struct mg_browser_request request;
    const char *fault; /* NULL, or why there is no response */
    struct mg_browser_response response;
    struct mg_str acao; /* of the response, lines joined; NULL ptr: absent */
    bool credentials;   /* Access-Control-Allow-Credentials is true */
};

enum mg_check_id {
    MG_CHECK_ORIGIN_REFLECTED,
    MG_CHECK_NULL_ALLOWED,
    MG_CHECK_ORIGIN_SUFFIX,
    MG_CHECK_ORIGIN_TRAILING_JUNK,
    MG_CHECK_ORIGIN_PREFIX,
    MG_CHECK_ORIGIN_DOT,
    MG_CHECK_ORIGIN_DOWNGRADE,
    MG_CHECK_ORIGIN_SUBDOMAIN,
    MG_CHECK_ORIGIN_ANY,
    MG_CHECK_WILDCARD_CREDENTIALS,
    MG_CHECK_ACAO_SEVERAL,
    MG_CHECK_ACAO_INVALID,
    MG_CHECK_ACAC_INVALID,
    MG_CHECK_ACAC_ALONE,
    MG_CHECK_EXPOSE_WILDCARD,
    MG_CHECK_VARY_MISSING_ALLOWED,
    MG_CHECK_VARY_MISSING_DENIED,
    MG_CHECK_VARY_MISSING_NO_ORIGIN,
    MG_CHECK_CACHED_DENIAL,
    MG_CHECK_NOT_FOUND_UNREADABLE,
    MG_CHECK_METHOD_REFUSED_UNREADABLE,
    MG_CHECK_ACTUAL_UNREADABLE,
    MG_CHECK_PREFLIGHT_REDIRECT,
    MG_CHECK_PREFLIGHT_UNAUTHORIZED,
    MG_CHECK_PREFLIGHT_STATUS,
    MG_CHECK_PREFLIGHT_UNREADABLE,
    MG_CHECK_LIST_MALFORMED,
    MG_CHECK_OPTIONS_AS_PREFLIGHT,
    MG_CHECK_METHOD_CASE,
    MG_CHECK_METHODS_ANY,
    MG_CHECK_HEADERS_ANY,
    MG_CHECK_AUTHORIZATION_WILDCARD,
    MG_CHECK_LISTS_ON_ACTUAL,
    MG_CHECK_MAX_AGE_INVALID,
    MG_CHECK_MAX_AGE_CAPPED,
    MG_CHECK_PRIVATE_NETWORK,
    MG_CHECK_REDIRECTED,
    MG_CHECK_NOTHING_ALLOWED,
    MG_CHECK_UNANSWERED,
    MG_CHECK_COUNT
};

struct mg_audit_check {
    const char *code;
    enum mg_audit_severity severity;
    enum mg_audit_severity severity_with_credentials;
    const char *title; /* what is so */
    const char *fix;   /* what to do */
};

/* By mg_check_id. */
extern const struct mg_audit_check mg_audit_checks[MG_CHECK_COUNT];

struct mg_audit_finding {
    const struct mg_audit_check *check;
    enum mg_audit_severity severity;
    const struct mg_audit_sample *evidence;
};

struct mg_audit {
    struct mg_str from;
    bool from_given; /* by the user, who then takes it for an allowed one */
    struct mg_audit_sample samples[MG_SAMPLE_COUNT];
    struct mg_audit_finding findings[MG_CHECK_COUNT]; /* one a check, worst first */
    size_t finding_count;
    struct mg_arena *arena;
};

/* Make the requests. `spec` is the page's fetch: its origin (empty: the URL's own is tried),
 * its method (asked for in the preflight), its headers (sent with actual requests, asked for
 * in the preflight); `fetch_class` is what it was classified as. Keeps `arena`.
 * Returns: false when the arena is full. */
bool mg_audit_plan(struct mg_audit *audit, const struct mg_browser_spec *spec,
                   const struct mg_browser_class *fetch_class, struct mg_arena *arena);

/* Note the answer to a sample's request; `response` is kept, its fields have to outlive the
 * audit. */
void mg_audit_answer(struct mg_audit *audit, enum mg_sample_id id,
                     const struct mg_browser_response *response);

/* Turn samples into findings. A sample without an answer has `fault` set. */
void mg_audit_judge(struct mg_audit *audit);

/* The worst severity found, MG_AUDIT_INFO when nothing was. */
enum mg_audit_severity mg_audit_worst(const struct mg_audit *audit);

#endif
