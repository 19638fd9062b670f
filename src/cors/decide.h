/* decide.h - the server's side of CORS: classify a request, decide it by a rule, and name the
 * fields of the answer (Fetch, CORS protocol; the order and choices are the table of
 * docs/protocol.md).
 *
 * Threads:   pure; any thread. No allocation. Linear in the bytes of the request's CORS fields.
 */
#ifndef MG_CORS_DECIDE_H
#define MG_CORS_DECIDE_H

#include "core/buf.h"
#include "core/str.h"
#include "cors/field_list.h"
#include "cors/reason.h"
#include "cors/rule.h"

enum mg_kind {
    MG_KIND_NONE,        /* no Origin */
    MG_KIND_SAME_ORIGIN, /* Origin names this server */
    MG_KIND_SIMPLE,      /* cross-origin, may come from a form or an image */
    MG_KIND_PREFLIGHTED, /* cross-origin, only a script after a preflight can send it */
    MG_KIND_PREFLIGHT,   /* OPTIONS + Origin + Access-Control-Request-Method */
    MG_KIND_OPTIONS,     /* any other OPTIONS */
};
/* "none", "same-origin", "simple", "preflighted", "preflight", "options". */
const char *mg_kind_name(enum mg_kind kind);

enum mg_verdict {
    MG_VERDICT_NOT_CORS, /* nothing to decide: no Origin, or same-origin */
    MG_VERDICT_ALLOW,
    MG_VERDICT_DENY,        /* a malformed or oversized preflight too, with status 400 */
    MG_VERDICT_BAD_REQUEST, /* for callers: refused before there was a rule to decide by */
};
/* "not-cors", "allow", "deny", "bad-request". */
const char *mg_verdict_name(enum mg_verdict verdict);

/* What a policy's function said of the request's Origin, in place of the rule's own origins. A
 * malformed Origin stays denied whatever was said. */
enum mg_given_origin {
    MG_GIVEN_NOTHING, /* the rule's origins decide */
    MG_GIVEN_ALLOWED, /* only with a rule that is not public */
    MG_GIVEN_DENIED,
};

/* What the decision looks at. Field values come without white space at their ends (RFC 9110
 * 5.5). Slices are borrowed for the call; `origin`, `acrm` and `acrh` also by the decision made
 * from them. */
struct mg_cors_request {
    struct mg_str method;
    struct mg_lines origin;
    struct mg_lines acrm;
    struct mg_lines acrh;
    struct mg_lines content_type;
    struct mg_str site;             /* Sec-Fetch-Site, or empty */
    struct mg_str scheme;           /* "http" or "https" */
    struct mg_str host;             /* effective host[:port] */
    struct mg_lines public_origins; /* --public-origin, serialized */
    enum mg_given_origin given_origin;
};

/* The kind of a request. `rejects`: whether the rule refuses denied origins (mg_rule_rejects;
 * then Host proves nothing about same-origin). */
enum mg_kind mg_cors_classify(const struct mg_cors_request *request, bool rejects);

/* Whether the request's Origin names this server: it equals a public origin; else
 * Sec-Fetch-Site says so; with neither, and only where nothing is rejected, its host and port
 * are those of Host. A malformed Origin names nobody. */
bool mg_cors_is_same_origin(const struct mg_cors_request *request, bool rejects);

/* Which value Access-Control-Allow-Origin (and Timing-Allow-Origin) has. */
enum mg_allow_origin {
    MG_ALLOW_ORIGIN_NONE,
    MG_ALLOW_ORIGIN_ANY,
    MG_ALLOW_ORIGIN_ECHO
};

struct mg_decision {
    enum mg_kind kind;
    enum mg_verdict verdict;
    const char *reason; /* stable code, a string literal of reason.h */
    unsigned status; /* what C answers by itself: 204, 200, 400 or 403 for a preflight, 403 for
                        a refused actual request; 0: the handler (or 404, 405, 501) answers */
    enum mg_allow_origin allow_origin;
    struct mg_str origin;       /* the request's Origin, for MG_ALLOW_ORIGIN_ECHO; borrows */
    const struct mg_rule *rule; /* NULL: resource without a rule */
    bool varies; /* functions took part: Vary names Origin whatever the rule. For callers */
    struct mg_str method; /* of a preflight: the asked method; borrows */
    struct mg_lines acrh; /* of a preflight: the asked names, for headers "*" with credentials;
                             borrows */
};

/* Decide `request` of kind `kind` by `rule`; NULL is a resource without `cors` (same-origin
 * only: reason "no-rule" for cross-origin requests). Method and existence of the resource are
 * the caller's business: 404, 405 and 501 are answered by it with the fields that this decision
 * names.
 * A plain OPTIONS has the reason "options-discovery", whoever asks, unless the resource
 * supports OPTIONS as a method of its own or the rule refuses the request. */
void mg_cors_decide(const struct mg_rule *rule, const struct mg_cors_request *request,
                    enum mg_kind kind, struct mg_decision *decision);

/* Append the decision's CORS fields as whole lines ("Name: value\r\n"):
 * Access-Control-Allow-Origin and what goes with it, Timing-Allow-Origin; nothing for a
 * decision without ACAO. Neither Vary nor Allow. */
void mg_cors_write_fields(const struct mg_decision *decision, struct mg_buf *out);

/* Bring the Access-Control-Max-Age of the fields that mg_cors_write_fields has just appended
 * from `start` on down to `seconds`, where it is above. Nothing else may have been appended
 * since. */
void mg_cors_clamp_max_age(struct mg_buf *out, size_t start, unsigned seconds);

/* The names an answer by this decision has to list in Vary, joined with ", ": "Origin", or the
 * three of a preflight, or nothing for a public rule (but see `varies`). Static. */
struct mg_str mg_cors_vary(const struct mg_decision *decision);

enum {
    MG_VARY_MAX_MEMBERS = 64
};

/* Append the value of one Vary field that holds every member of `lines` (a handler's Vary
 * lines, in order) and of `extra` (a list), each once, compared without case; "*" alone when
 * any has it, or when there are more than MG_VARY_MAX_MEMBERS, which comes to the same for a
 * cache (RFC 9110 12.5.5). Members that are no field names are dropped. Nothing when all are
 * empty. */
void mg_vary_merge(struct mg_lines lines, struct mg_str extra, struct mg_buf *out);

#endif
