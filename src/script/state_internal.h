/* state_internal.h - struct mg_script, and what the files that make it up ask of one another:
 * state.c (life, doors, what is kept), budget.c (allocator, hooks, bounds), fault.c (errors).
 */
#ifndef MG_SCRIPT_STATE_INTERNAL_H
#define MG_SCRIPT_STATE_INTERNAL_H

#include <signal.h>

#include "script/lines.h"
#include "script/pool.h"
#include "script/state.h"
#include "script/text.h"
#include "script/watchdog.h"

/* Who did not let the heap grow. */
enum mg_refusal {
    MG_REFUSED_BY_STATE,
    MG_REFUSED_BY_CALL,
    MG_REFUSED_BY_SYSTEM,
    MG_REFUSED_FOR_FIELDS, /* of a table, by either */
};

enum mg_collector {
    MG_COLLECTOR_STOPPED, /* between calls, and in most */
    MG_COLLECTOR_WANTED,  /* by the allocator, which cannot start it itself */
    MG_COLLECTOR_RUNS,
};

struct mg_script {
    lua_State *L;
    void *host;
    struct mg_script_limits limits;
    struct mg_script_budget budget; /* without zeros, once it is sealed */
    bool is_sealed;

    struct mg_texts texts;
    struct mg_pool pool;         /* where Lua's heap comes from */
    size_t bytes;                /* of Lua's heap */
    size_t ceiling;              /* what `bytes` may reach now */
    size_t max_fields;           /* of a table, its list not counted */
    uint64_t allocated;          /* bytes, ever */
    uint64_t allocated_max;      /* beyond it something is done about it: see budget.c */
    uint64_t stepped_at;         /* `allocated` when the collector last worked between calls */
    enum mg_collector collector; /* of a sealed state */
    unsigned refusals;           /* allocations of this call that were refused */
    uint64_t walked;             /* bytes of the heaps that were collected for these */
    enum mg_refusal refused_by;
    uint64_t refused_at; /* `allocated` then */

    uint64_t steps; /* of the running or last call; while loading, of all calls */
    uint64_t max_steps;
    uint64_t steps_before; /* of the calls before */

    uint64_t cpu_us;       /* loading: of the calls before this one */
    uint64_t cpu_start_us; /* loading: of the thread, when this call began */
    uint64_t asked_ms;     /* loading: coarse time at which CPU time was last asked for */

    volatile sig_atomic_t hook_steps; /* the hook's count, 0: none; a signal handler sets it */
    unsigned stops;                   /* signals since then; the signal handler's */
    int rest_steps;                   /* what it is between calls of a sealed state */
    struct mg_watch watch;

    const char *spent;             /* code of the bound that was passed, or NULL */
    struct mg_err raised;          /* what the mark of mg_script_raise stands for */
    struct mg_script_fault final;  /* of the bound that was passed */
    struct mg_script_fault *fault; /* of the running call; NULL: none runs */
    bool is_described;             /* the message handler has filled it */
    lua_CFunction function;        /* that the running call is of */
    struct mg_line_watch lines;    /* nobody, where its fn is NULL */
    size_t sealed_bytes;           /* of the heap when it was sealed */
    unsigned watched_count;        /* variables that outlive a call and may be assigned */
};

/* ---- budget.c ---- */

/* lua_Alloc; the context is the script. A block that shrinks must not fail. */
void *mg_budget_allocate(void *context, void *block, size_t old_size, size_t new_size);

/* A call while loading; and its end for good: bounds are those of each call from then on. */
void mg_budget_begin_loading(struct mg_script *script);
void mg_budget_end_loading(struct mg_script *script);
void mg_budget_seal(struct mg_script *script, const struct mg_script_budget *budget);

/* Bound the calls that follow: by `budget`, which has no zeros; or by what is smaller, field by
 * field, of it and the bounds so far. */
void mg_budget_set(struct mg_script *script, const struct mg_script_budget *budget);
void mg_budget_narrow(struct mg_script *script, const struct mg_script_budget *budget);

/* Whether a call of a sealed state left it otherwise than it was: see _reset. */
static inline bool mg_budget_is_disturbed(const struct mg_script *script)
{
    return script->spent != NULL || script->collector != MG_COLLECTOR_STOPPED ||
           script->hook_steps != script->rest_steps;
}

/* After such a call: put hook and collector back, forget the bound. */
void mg_budget_reset(struct mg_script *script);

/* A call ended by LUA_ERRMEM: the bound of memory is passed, if none is yet and something was
 * refused: error("not enough memory", 0) ends a call the same way. */
void mg_budget_spend_memory(struct mg_script *script);

/* The same of time: a call was killed, and no hook has seen it. While its watch runs. */
void mg_budget_spend_time(struct mg_script *script);

/* Allocated bytes after which a call has the collector run. */
static inline uint64_t mg_budget_collect_at(const struct mg_script *script)
{
    return script->budget.max_bytes / 4;
}

/* A call of a sealed state begins: on the hot path, so nothing but its counters. */
static inline void mg_budget_begin(struct mg_script *script)
{
    size_t room = script->limits.max_bytes - script->bytes;
    script->ceiling =
        script->bytes + (room < script->budget.max_bytes ? room : script->budget.max_bytes);
    script->allocated_max = script->allocated + mg_budget_collect_at(script);
    script->refusals = 0;
    script->walked = 0;
    script->steps_before += script->steps;
    script->steps = 0;
}

/* ---- fault.c ---- */

/* Raise the error value that stands for a passed bound, or for script->raised. */
int mg_fault_raise_mark(lua_State *L);

/* The doors' message handler: fills script->fault where the error was raised. */
int mg_fault_on_error(lua_State *L);

/* Begin a fault: its code, and where the script stands. A sealed state's gets a traceback from
 * `level` of the stack on. Never raises, allocates nothing: the allocator calls it. */
void mg_fault_place(const struct mg_script *script, int level, const char *code,
                    struct mg_script_fault *fault);

/* Turn Lua's syntax error at the top into policy-syntax: its position is cut off of the
 * message. Raises. */
int mg_fault_raise_syntax(lua_State *L, const char *name);

/* The same for the message at the top that a limit of the parser is passed, which it says
 * without a place: too deep, too many labels. Raises. */
int mg_fault_raise_limit(lua_State *L, const char *name, int line);

#endif
