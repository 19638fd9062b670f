/* settings.h - the settings of a server by name: the same table serves flags, the
 * configuration file and --help. */
#ifndef MG_CLI_SETTINGS_H
#define MG_CLI_SETTINGS_H

#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"
#include "server/options.h"

struct mg_setting {
    const char *name;     /* "public-origin" */
    const char *argument; /* "ORIGIN", or NULL for a switch */
    const char *help;
    /* Read `value` into the options. Returns: NULL, or what is wrong with it in words. */
    const char *(*apply)(struct mg_server_options *options, const char *value);
};

/* All settings, ended by a NULL name. */
extern const struct mg_setting mg_settings[];

/* Set `name` (hyphens and underscores are the same) to `value`, NULL for a switch. Strings
 * are kept: the caller's memory has to outlive the server. Returns: NULL, or what is wrong,
 * in words; "unknown" faults name the nearest setting. The text is valid until the next
 * call. */
const char *mg_setting_apply(struct mg_server_options *options, const char *name,
                             const char *value);

/* Read "500ms", "10s" or "2m", a bare number being seconds, at most a day. Returns: NULL, or
 * what is wrong, in words, valid until the next call; *out_ms is then untouched. */
const char *mg_setting_read_duration(const char *value, uint64_t *out_ms);

/* Print a line or two for each setting. */
void mg_settings_print(FILE *to);

#endif
