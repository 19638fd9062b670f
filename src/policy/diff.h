/* diff.h - what changes for whom between two policy sets: by effect, not by text.
 *
 * Asked:     which resources answer a path is asked of both routers, with a path for every way
 *            in which the patterns of both sets can meet; what a resource gives an origin is
 *            asked of mg_cors_decide, and read from the fields that it writes. So a list in
 *            another order, a wildcard in place of what it covers, or a resource split in two
 *            is no change; a more specific pattern that takes paths away is one.
 * Opaque:    functions, plugins, `cors = false` and upstreams that keep their own fields cannot
 *            be asked: their sources are compared, and what differs is MG_DIFF_UNKNOWN, which
 *            counts as widening.
 * Sound:     no widening goes unreported; what was beyond a bound sets `is_incomplete`, which
 *            counts as widening too.
 * Ownership: a diff has copies of all it tells, and borrows neither set.
 * Cost:      one look-up for each pattern of each pair of lists of origins, and for each way in
 *            which patterns meet where something differs: about a second and 60 MiB for
 *            100,000 resources and 1,000,000 origins (docs/diff.md).
 * Threads:   pure; any thread. Both sets are only read.
 */
#ifndef MG_POLICY_DIFF_H
#define MG_POLICY_DIFF_H

#include "core/buf.h"
#include "policy/set.h"

enum {
    MG_DIFF_MAX_CHANGES = 10000, /* kept, by default; all are counted */
    MG_DIFF_MAX_LISTED = 64,     /* origins or names that one change lists; all are counted */
    MG_DIFF_SUMMARY_BYTES = 512, /* enough for any summary */
};

/* What a change is about. X(enumerator, word of the JSON) */
#define MG_DIFF_KINDS(X)                                                                     \
    X(ACCESS, "access")               /* origins that may use the resource, and for what */  \
    X(METHODS, "methods")             /* what origins of both sets may do */                 \
    X(HEADERS, "headers")             /* request headers that they may send */               \
    X(EXPOSE, "expose")               /* response headers that they may read */              \
    X(CREDENTIALS, "credentials")     /* whether they may send cookies */                    \
    X(TIMING, "timing")               /* whether they see timing */                          \
    X(MAX_AGE, "max-age")             /* how long preflights may be cached */                \
    X(ON_DENIED, "on-denied")         /* whether what is not allowed reaches the handler */  \
    X(STATUS, "status")               /* of preflights' answers */                           \
    X(SUPPORT, "supported-methods")   /* the resource's own methods, for pages of its own */ \
    X(RESOURCE, "resource")           /* paths are answered that were not, or no more */     \
    X(ENCODED_SLASH, "encoded-slash") /* whether paths with %2F are answered */              \
    X(OPTIONS, "options")             /* who answers plain OPTIONS */                        \
    X(HANDLER, "handler")             /* what answers requests */                            \
    X(FUNCTION, "function")           /* functions decide: cannot be compared */             \
    X(PLUGIN, "plugin")               /* plugins take part: cannot be compared */            \
    X(OFF, "cors-off")                /* the handler decides: cannot be compared */          \
    X(TANGLE, "incomplete")           /* there was more than could be looked at */

#define MG_DIFF_ENUMERATOR(name, word) MG_DIFF_##name,
enum mg_diff_kind {
    MG_DIFF_KINDS(MG_DIFF_ENUMERATOR) MG_DIFF_KIND_COUNT
};
#undef MG_DIFF_ENUMERATOR
const char *mg_diff_kind_name(enum mg_diff_kind kind);

/* What it comes to for the origins named. */
enum mg_diff_effect {
    MG_DIFF_GAINS,   /* widens: something that they could not do */
    MG_DIFF_LOSES,   /* narrows */
    MG_DIFF_CHANGES, /* gives no one anything, takes nothing away */
    MG_DIFF_UNKNOWN, /* cannot be told: counts as widening */
};
/* "gains", "loses", "changes", "unknown". */
const char *mg_diff_effect_name(enum mg_diff_effect effect);

/* Where a resource is declared. */
struct mg_diff_place {
    struct mg_str pattern; /* empty: no resource answered */
    struct mg_str file;
    int line;
};

/* Items that were found, the first MG_DIFF_MAX_LISTED of them in order. */
struct mg_diff_list {
    const struct mg_str *items;
    size_t count; /* of items */
    size_t total;
};

struct mg_diff_change {
    enum mg_diff_kind kind;
    enum mg_diff_effect effect;
    struct mg_diff_place old_place;
    struct mg_diff_place new_place;
    struct mg_str example; /* [HOST]/PATH that goes this way; empty where both patterns agree */
    struct mg_diff_list origins; /* patterns, as in policies: whom it concerns */
    bool has_others;             /* "*" among them: all that the other set does not allow */
    bool function_origins;       /* and whom the resource's functions allow */
    struct mg_diff_list methods; /* of ACCESS and METHODS */
    struct mg_diff_list headers; /* request headers: of ACCESS and HEADERS */
    bool any_header;             /* and all others but Authorization */
    struct mg_diff_list exposed; /* response headers: of ACCESS and EXPOSE */
    bool any_exposed;
    bool credentials;     /* of ACCESS and METHODS: with cookies */
    struct mg_str before; /* a value in words, where two are compared: "600", "reject" */
    struct mg_str after;
};

struct mg_policy_diff {
    const struct mg_diff_change *changes; /* ordered by pattern, kind and effect */
    size_t change_count;
    size_t total;                       /* changes found, kept or not */
    size_t counts[MG_DIFF_UNKNOWN + 1]; /* of `total`, by effect */
    bool is_incomplete;                 /* a bound was reached: what is left out may widen */
    struct mg_arena *arena;
};

struct mg_policy_diff_options {
    size_t max_changes; /* 0: MG_DIFF_MAX_CHANGES. Widening ones are kept before others */
    size_t max_steps;   /* of the walk over both routers; 0: a default of a few seconds */
};

/* Compare two sets; `options` may be NULL. The sets should have been loaded with the same
 * mg_policy_options. Returns: the differences, which the caller frees, or NULL when memory is
 * out: then nothing is known. Deterministic: equal sets of files give equal diffs. */
struct mg_policy_diff *mg_policy_diff_new(const struct mg_policy_set *old_set,
                                          const struct mg_policy_set *new_set,
                                          const struct mg_policy_diff_options *options);
void mg_policy_diff_free(struct mg_policy_diff *diff);

/* Whether anyone gains anything, as far as can be told: any GAINS or UNKNOWN, or incomplete. */
bool mg_policy_diff_widens(const struct mg_policy_diff *diff);

/* Append one change as a sentence without a full stop and without a line break:
 * "https://a.example gains PUT /orders/{id} with credentials". _short leaves out which paths
 * were another resource's, for where that is said already. */
void mg_diff_change_write(const struct mg_diff_change *change, struct mg_buf *out);
void mg_diff_change_write_short(const struct mg_diff_change *change, struct mg_buf *out);

/* Write one line for a log, NUL-terminated and cut at `size`: how many changes of which effect,
 * and the first that widens: "no difference", "2 changes, 1 widens: …". */
void mg_policy_diff_summary(const struct mg_policy_diff *diff, char *out, size_t size);

#endif
