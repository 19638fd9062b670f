/* runtime_log.h - what functions make known: lines of `log`, and their faults, each at a
 * bounded rate, since clients' bytes can cause any number of them.
 *
 * Threads:   those of the runtime.
 */
#ifndef MG_POLICY_RUNTIME_LOG_H
#define MG_POLICY_RUNTIME_LOG_H

#include <stdint.h>

#include <lua.h>

#include "core/str.h"

enum {
    MG_RUNTIME_LOG_INTERVAL_MS = 10 * 1000,
    MG_RUNTIME_LOG_LINES = 20,   /* of `log`, in an interval */
    MG_RUNTIME_LOG_CAUSES = 64,  /* of faults that are told apart; others push the oldest out */
    MG_RUNTIME_FAULT_LINES = 64, /* of faults of any cause, in an interval */
};

/* A fault that was told of. */
struct mg_runtime_cause {
    uint64_t hash; /* of file, line and code; 0: none */
    uint64_t told_ms;
    uint64_t kept_back; /* since */
};

/* Lines of one kind. */
struct mg_runtime_lines {
    uint64_t interval_ms; /* when the running interval began */
    unsigned count;       /* in it */
    uint64_t kept_back;   /* since the last that was written */
};

struct mg_runtime_logger {
    struct mg_runtime_cause causes[MG_RUNTIME_LOG_CAUSES];
    struct mg_runtime_lines log;
    struct mg_runtime_lines faults; /* kept back: those that no cause has counted */
};

/* `log` in a hook: write a line, with the place of the running function. */
void mg_runtime_log(lua_State *L, const char *text);

/* Write a line of `log`; `revision` is that of the set, or "" while it is loaded. */
void mg_log_policy_line(const char *text, const char *file, int line, struct mg_str revision,
                        uint64_t kept_back);

#endif
