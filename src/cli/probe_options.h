/* probe_options.h - the arguments of `moongate probe`.
 *
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_PROBE_OPTIONS_H
#define MG_CLI_PROBE_OPTIONS_H

#include "cli/explain_input.h"
#include "cli/probe_client.h"

struct mg_probe_options {
    struct mg_explain_input input; /* the page's fetch; its origin is empty without --from */
    struct mg_probe_client_options client;
    struct mg_str cookie; /* of requests with credentials; empty: none */
    bool is_audit;
    bool is_json;
    bool wants_help;
};

/* Read argv[1..]. Keeps argv and `arena`. Returns: MG_EXIT_OK, or MG_EXIT_USAGE after telling
 * why. */
int mg_probe_options_read(int argc, char **argv, struct mg_arena *arena,
                          struct mg_probe_options *options);

void mg_probe_print_help(void);

#endif
