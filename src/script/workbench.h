/* workbench.h - a Lua state with all of Lua, for programs that the user of this machine runs
 * himself: tests. The opposite of state.h: nothing is fenced off, nothing is bounded.
 *
 * Why here:  it is the second kind of lua_State there is, and script/ owns both, so that
 *            panics, doors and allocation are dealt with in one place. A workbench never runs
 *            a policy: policies that a test loads get sandboxed states of their own, the same
 *            as in a server.
 * Shape:     one main function runs below the door. os.exit does not end the process but the
 *            run, from wherever it is called (unless the script itself catches it), so that
 *            reports and exit codes stay the program's.
 * Threads:   one thread at a time.
 */
#ifndef MG_SCRIPT_WORKBENCH_H
#define MG_SCRIPT_WORKBENCH_H

#include <stdbool.h>

#include <lua.h>

struct mg_workbench;

/* Returns: NULL when memory is out. */
struct mg_workbench *mg_workbench_new(void);
void mg_workbench_free(struct mg_workbench *workbench);

/* How a run ended. */
struct mg_workbench_end {
    bool has_raised;    /* else `code` stands */
    int code;           /* what os.exit was given, or the main function returned; else 0 */
    char message[8192]; /* with has_raised: the error and a traceback */
};

/* Call main(L) with `argument` as light userdata at index 1, once. An integer that it returns
 * is the code. */
void mg_workbench_run(struct mg_workbench *workbench, lua_CFunction main, void *argument,
                      struct mg_workbench_end *end);

#endif
