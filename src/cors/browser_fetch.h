/* browser_fetch.h - a browser's whole fetch, step by step: preflights, redirects, the checks of
 * each response, up to the verdict whether the page may read the answer.
 *
 * Shape:     a state machine without I/O. It says which request to send; the caller sends it to
 *            whatever it likes, a socket or a policy in memory, and gives the response's head:
 *
 *                turn = mg_browser_fetch_begin(&fetch, &spec, ...);
 *                while (turn == MG_TURN_SEND) {
 *                    send(fetch.request), receive(&response);
 *                    turn = mg_browser_fetch_answer(&fetch, &response, now_ms);
 *                }
 *                use(fetch.verdict, fetch.judgement, fetch.console, fetch.hops);
 *
 * Ownership: the caller's, who does not move the struct; what is kept of requests and responses
 *            lies in the caller's arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_CORS_BROWSER_FETCH_H
#define MG_CORS_BROWSER_FETCH_H

#include "cors/browser_cache.h"
#include "cors/browser_classify.h"
#include "cors/browser_judge.h"
#include "cors/browser_request.h"

enum {
    MG_BROWSER_MAX_REDIRECTS = 20,
    MG_BROWSER_MAX_HOPS = MG_BROWSER_MAX_REDIRECTS + 1
};

enum mg_turn {
    MG_TURN_SEND, /* send fetch.request, then answer or fail */
    MG_TURN_DONE  /* fetch.verdict stands */
};

enum mg_fetch_verdict {
    MG_FETCH_READABLE, /* the script reads the response */
    MG_FETCH_BLOCKED,  /* the CORS protocol keeps it from the script */
    MG_FETCH_OPAQUE,   /* a response came that nobody can read: no-cors, or a manual redirect */
    MG_FETCH_ERROR     /* an exception or a network error of another kind */
};
/* "readable", "blocked", "opaque", "error". */
const char *mg_fetch_verdict_name(enum mg_fetch_verdict verdict);

enum mg_hop_preflight {
    MG_PREFLIGHT_NONE, /* not needed */
    MG_PREFLIGHT_SENT,
    MG_PREFLIGHT_CACHED /* needed, and the cache had it */
};

/* Fetch, response tainting: what the page may see of what comes. */
enum mg_tainting {
    MG_TAINTING_BASIC,
    MG_TAINTING_CORS,
    MG_TAINTING_OPAQUE
};

/* One URL of the redirect chain. */
struct mg_browser_hop {
    struct mg_browser_url url;
    struct mg_str method;
    struct mg_str origin; /* of the Origin field that was sent; empty: none was */
    enum mg_hop_preflight preflight;
    unsigned preflight_status; /* 0: none came */
    unsigned status;           /* 0: none came */
    enum mg_tainting tainting;
};

/* One entry of the trace, in the order in which things happened. */
struct mg_browser_step {
    const struct mg_browser_step *next;
    const char *section;  /* of the standard: "fetch#concept-cors-check" */
    const char *what;     /* what was done or asked, in a few words */
    struct mg_str detail; /* the value it turned on, or empty */
    bool passed;
    size_t hop; /* index into hops */
};

struct mg_browser_fetch {
    /* For the caller to read. */
    struct mg_browser_request request; /* at MG_TURN_SEND: what to send */
    enum mg_fetch_verdict verdict;     /* at MG_TURN_DONE, with the next two */
    struct mg_judgement judgement;
    struct mg_str console; /* what Chromium's console says; empty: nothing of its own */
    struct mg_browser_class classification;
    struct mg_browser_hop hops[MG_BROWSER_MAX_HOPS];
    size_t hop_count;
    const struct mg_browser_step *steps; /* the first one */

    /* The machine's own. */
    const struct mg_browser_spec *spec;
    struct mg_arena *arena;
    struct mg_preflight_cache *cache;
    struct mg_browser_step *last_step;
    struct mg_str method;
    const struct mg_browser_field *fields;
    size_t field_count;
    struct mg_browser_names unsafe_names;
    enum mg_tainting tainting;
    bool has_body;
    bool tainted;        /* a redirect went from one foreign origin to another */
    bool with_preflight; /* this hop needs one: a failure clears the cache */
    bool done;
};

/* Begin a fetch. Keeps `spec`, `arena` and `cache` (NULL: the browser has none) to its end.
 * `now_ms` is the caller's clock; only differences matter. */
enum mg_turn mg_browser_fetch_begin(struct mg_browser_fetch *fetch,
                                    const struct mg_browser_spec *spec, struct mg_arena *arena,
                                    struct mg_preflight_cache *cache, uint64_t now_ms);

/* Go on with the response to fetch->request; `response` is borrowed for the call. */
enum mg_turn mg_browser_fetch_answer(struct mg_browser_fetch *fetch,
                                     const struct mg_browser_response *response,
                                     uint64_t now_ms);

/* Go on when no response came: the connection failed. */
enum mg_turn mg_browser_fetch_fail(struct mg_browser_fetch *fetch);

/* Whether the script may read the header called `name` of the last response, after a verdict of
 * MG_FETCH_READABLE. */
bool mg_browser_fetch_exposes(const struct mg_browser_fetch *fetch,
                              const struct mg_browser_response *response, struct mg_str name);

#endif
