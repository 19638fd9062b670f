/* coverage.h - what the tests of one Lua state have touched: counters for each resource, and
 * how often each line of a policy or plugin ran. Private to src/testing.
 *
 * Shape:     one object a Lua state, kept in its registry. Resources are told apart by file,
 *            line and pattern, so that a policy that many specs load is one.
 * Cost:      an increment an exchange; for lines, a hook of Lua's that compares a pointer.
 */
#ifndef MG_TESTING_COVERAGE_H
#define MG_TESTING_COVERAGE_H

#include <lua.h>

#include "script/lines.h"
#include "server/gate.h"

/* X(enumerator, name): what is counted of a resource. */
#define MG_COVERED(X)                                     \
    X(PREFLIGHT_ALLOWED, "preflight_allowed")             \
    X(PREFLIGHT_ORIGIN_DENIED, "preflight_origin_denied") \
    X(PREFLIGHT_METHOD_DENIED, "preflight_method_denied") \
    X(PREFLIGHT_HEADER_DENIED, "preflight_header_denied") \
    X(ACTUAL_ALLOWED, "actual_allowed")                   \
    X(ACTUAL_DENIED, "actual_denied")                     \
    X(HOOK_DENIED, "hook_denied")                         \
    X(HOOK_FAILED, "hook_failed")                         \
    X(METHOD_NOT_ALLOWED, "method_not_allowed")           \
    X(REQUESTS, "requests")                               \
    X(MATRIX_PREFLIGHT, "preflight")                      \
    X(MATRIX_SIMPLE, "simple")                            \
    X(MATRIX_PREFLIGHTED, "preflighted")                  \
    X(MATRIX_CREDENTIALS, "credentials")                  \
    X(MATRIX_NULL_ORIGIN, "null_origin")                  \
    X(MATRIX_NO_ORIGIN, "no_origin")                      \
    X(MATRIX_ERROR, "error_response")

#define MG_COVERED_ENUMERATOR(name, text) MG_COVERED_##name,
enum mg_covered {
    MG_COVERED(MG_COVERED_ENUMERATOR) MG_COVERED_COUNT
};
#undef MG_COVERED_ENUMERATOR

struct mg_coverage;

/* What of a request the answer does not tell. */
struct mg_covered_request {
    bool has_credentials; /* Cookie or Authorization */
    bool has_null_origin;
};

/* The state's coverage, made at the first call. Raises when memory is out. */
struct mg_coverage *mg_coverage_of(lua_State *L);

/* Count an exchange. Without memory for another resource it is not counted. */
void mg_coverage_count(struct mg_coverage *coverage, const struct mg_gate_answer *answer,
                       const struct mg_covered_request *request);

/* mg_line_fn; the context is the coverage. */
void mg_coverage_line(void *context, const char *source, int line);

/* Push (+1) { resources = { { file, line, pattern, counts = { … } }, … },
 * lines = { [file] = { [line] = count } } }. Raises when memory is out. */
void mg_coverage_push(lua_State *L, const struct mg_coverage *coverage);

#endif
