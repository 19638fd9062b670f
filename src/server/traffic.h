/* traffic.h - what one worker counts of the requests it serves.
 *
 * Shape:     plain counters, and small tables of counters by name: the names of reasons that
 *            policies give are not known beforehand. Tables are bounded; what comes when one
 *            is full is counted under `others`.
 * Threads:   one worker writes, with relaxed stores and no locked instruction; any thread
 *            reads, with relaxed loads. No two workers write to one cache line.
 */
#ifndef MG_SERVER_TRAFFIC_H
#define MG_SERVER_TRAFFIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"
#include "cors/decide.h"
#include "plugin/plugin.h"

struct mg_exchange;

enum {
    MG_COUNTED_NAMES = 64,      /* of a table */
    MG_COUNTED_NAME_BYTES = 72, /* with the NUL; a longer name is cut */
    MG_COUNTED_PLUGINS = 32,
    MG_DURATION_BUCKETS = 15,
    MG_TRAFFIC_KINDS = MG_KIND_OPTIONS + 2, /* the last: refused before it could be told */
    MG_TRAFFIC_CLASSES = 6,                 /* by first digit; 0: the client left before */
    /* Columns of the table of decisions: the engine's reasons, and those of policies as one. */
    MG_TRAFFIC_REASONS = MG_REASON_COUNT + 1,
};

/* Bucket i has the durations of at most so many microseconds; the last has the rest. */
extern const uint32_t mg_duration_bounds_us[MG_DURATION_BUCKETS - 1];

/* Counters by name. Names are written once, before `used` tells of them. */
struct mg_name_counters {
    atomic_uint used;
    atomic_ullong others;
    struct {
        char name[MG_COUNTED_NAME_BYTES];
        atomic_ullong count;
    } items[MG_COUNTED_NAMES];
};

struct mg_plugin_counters {
    char name[MG_COUNTED_NAME_BYTES];
    atomic_ullong calls[MG_HOOK_COUNT];
    atomic_ullong errors[MG_HOOK_COUNT];
};

struct mg_traffic {
    /* Of every request. */
    _Alignas(64) atomic_ullong requests[MG_TRAFFIC_KINDS][MG_TRAFFIC_CLASSES];
    atomic_ullong durations[MG_DURATION_BUCKETS];
    atomic_ullong duration_sum_us;
    /* Rows of series.h, MG_TRAFFIC_REASONS each; NULL: not counted. */
    atomic_ullong *decisions;
    const char *codes[MG_REASON_COUNT]; /* of the columns */

    /* Decisions against the request: by the engine's reasons, and by those of policies, which
     * may be as many as requests and must not crowd out the others. */
    atomic_ullong denied_by_code[MG_REASON_COUNT];
    struct mg_name_counters denied_by_policy;
    struct mg_name_counters refused; /* other refusals of the engine, by reason */
    struct mg_name_counters closed;  /* connections, by reason */
    atomic_ullong turns_given_up;    /* by who pipelines more than a turn has */
    atomic_ullong reads_held_back;   /* until the client takes what is unsent */

    atomic_uint plugins_used;
    struct mg_plugin_counters plugins[MG_COUNTED_PLUGINS];
};

/* Add one to the counter called `name`. The worker's thread. */
void mg_name_counters_add(struct mg_name_counters *counters, struct mg_str name);

/* Begin to count; decisions too, unless memory is out. */
void mg_traffic_init(struct mg_traffic *traffic);
void mg_traffic_fini(struct mg_traffic *traffic);

/* An exchange is over. Likewise. */
void mg_traffic_count(struct mg_traffic *traffic, const struct mg_exchange *exchange);
/* A request was refused before it became an exchange. Likewise. */
void mg_traffic_count_refusal(struct mg_traffic *traffic, unsigned status, const char *reason);
/* A plugin's hook ran. Beyond MG_COUNTED_PLUGINS it is not counted. Likewise. */
void mg_traffic_count_plugin(struct mg_traffic *traffic, struct mg_str plugin,
                             enum mg_hook hook, bool has_failed);

#endif
