/* explain_run.h - run a fetch against policies, or against raw answers, and keep every request,
 * answer and check for the reports.
 *
 * Ownership: everything lies in the arena given; policies are borrowed.
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_RUN_H
#define MG_CLI_EXPLAIN_RUN_H

#include "cli/answer_file.h"
#include "cli/explain_input.h"
#include "cors/browser_fetch.h"
#include "policy/set.h"
#include "server/gate.h"

/* An answer read from a file, or made by the gate. */
struct mg_explain_answer {
    const char *source; /* the file's name; NULL: the gate's */
    struct mg_browser_response response;
    struct mg_str status_line;
};

/* The answer that `raw` is, read from `source`; NULL: from the gate. */
struct mg_explain_answer mg_explain_answer_from(const struct mg_raw_answer *raw,
                                                const char *source, struct mg_arena *arena);

/* One request and its answer. */
struct mg_explain_exchange {
    struct mg_browser_request request; /* fields with Content-Length where there is content */
    size_t hop;                        /* index into fetch.hops */
    bool is_answered;
    struct mg_explain_answer answer;
    enum mg_outcome outcome;            /* of the answer's checks */
    const struct mg_browser_step *step; /* the last one before it was sent */
    /* Of a policy's answer. */
    bool is_decided;                    /* a policy answered; the rest then stands */
    const struct mg_resource *resource; /* NULL: none matched */
    const char *reason;
    const char *file; /* of the hook that decided, else of the resource; NULL: none matched */
    int line;
    bool is_hooked;    /* a hook decided */
    uint64_t steps;    /* of its hooks */
    bool is_synthetic; /* a 200 in place of a handler that does not answer here */
};

enum {
    MG_EXPLAIN_MAX_EXCHANGES = 2 * MG_BROWSER_MAX_HOPS,
    MG_EXPLAIN_MAX_FIXES = 16
};

/* What the same fetch comes to in one browser (explain_browsers.h). */
struct mg_explain_browser {
    enum mg_browser browser;
    const char *kind;
    const char *verdict;
    const char *outcome;
    const char *preflight;    /* of the first URL: "none", "sent", "cached" */
    struct mg_str acrm;       /* of its preflight; empty: none was sent */
    struct mg_str acrh;       /* empty: no such field */
    struct mg_str difference; /* from the profile chosen, in words; empty: none */
};

enum {
    MG_EXPLAIN_BROWSERS = MG_BROWSER_WEBKIT + 1
};

/* What a fetch came to. */
struct mg_explain_report {
    const struct mg_explain_input *input;
    struct mg_browser_fetch fetch;
    struct mg_explain_exchange exchanges[MG_EXPLAIN_MAX_EXCHANGES];
    size_t exchange_count;
    bool is_answer_missing;     /* the last exchange's: no --answer was left for it */
    size_t unused_answer_count; /* of those given */
    struct mg_str fixes[MG_EXPLAIN_MAX_FIXES];
    size_t fix_count;
    struct mg_explain_browser browsers[MG_EXPLAIN_BROWSERS]; /* by enum mg_browser */
    bool has_browsers;                                       /* they have been asked */
};

/* Where answers come from. */
struct mg_explain_source {
    struct mg_gate *gate; /* NULL: the answers below */
    const struct mg_strings *public_origins;
    const struct mg_explain_answer *answers;
    size_t answer_count;
    const struct mg_explain_answer *cached; /* of an earlier preflight; NULL: none */
    uint64_t cached_age_s;
    /* A run of the same fetch by another browser: a request that it sent too has the answer
     * that it had, and only others are put to the gate, or get the answers it left. NULL: there
     * is none. */
    const struct mg_explain_report *before;
    /* Asked in place of all these where it is not NULL, such as a live server. Returns: false
     * when no answer came, which ends the fetch as a network error. */
    bool (*ask)(void *context, const struct mg_browser_request *request,
                struct mg_explain_answer *answer);
    void *context;
};

/* Run the fetch of `input`, whose settings are complete. `report` may not move afterwards: the
 * fetch in it points to itself. Returns: false when memory is out. */
bool mg_explain_run(struct mg_explain_report *report, const struct mg_explain_input *input,
                    const struct mg_explain_source *source);

/* The exchange that decided: the last one; NULL when nothing was sent. */
const struct mg_explain_exchange *mg_explain_last(const struct mg_explain_report *report);

/* The kind of the fetch: "same-origin", "simple", "preflight", "forbidden", "no-cors". */
const char *mg_explain_kind(const struct mg_explain_report *report);

/* The outcome as a code: mg_outcome_name's, or "answer-missing". */
const char *mg_explain_outcome(const struct mg_explain_report *report,
                               const struct mg_explain_exchange *exchange);

/* "none", "sent", "cached". */
const char *mg_explain_preflight_name(enum mg_hop_preflight preflight);

/* What the answer of the last exchange is judged against. */
struct mg_browser_check mg_explain_check(const struct mg_explain_report *report,
                                         const struct mg_explain_exchange *exchange);

#endif
