/* config.h - the configuration file: Lua that sets globals, in the sandbox of policies,
 * data only.
 *
 *     listen   = { "127.0.0.1:8080", "unix:/run/moongate.sock" }
 *     policy   = "policies"
 *     limits   = { body_bytes = 65536, idle_timeout = "30s" }
 *
 * The names are those of the flags, with underscores. Paths are relative to the working
 * directory.
 */
#ifndef MG_CLI_CONFIG_H
#define MG_CLI_CONFIG_H

#include "core/arena.h"
#include "core/err.h"
#include "server/options.h"

/* Owns the strings that options borrow; zeroed is empty. */
struct mg_config {
    struct mg_arena strings;
};

/* Apply every setting of the file at `path` to `options`. All faults are collected.
 * Returns: false after one. */
bool mg_config_load(struct mg_config *config, const char *path,
                    struct mg_server_options *options, struct mg_errs *errs);
void mg_config_fini(struct mg_config *config);

#endif
