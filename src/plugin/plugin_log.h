/* plugin_log.h - lines that plugins write to the operator's log: each names its plugin, and so
 * many a second are let through. Private to src/plugin.
 *
 * Threads:   one at a time.
 */
#ifndef MG_PLUGIN_PLUGIN_LOG_H
#define MG_PLUGIN_PLUGIN_LOG_H

#include "core/log.h"
#include "plugin/plugin.h"

enum {
    MG_PLUGIN_LOG_MAX_LINES = 1000 /* a second, of one plugin in one state */
};

struct mg_plugin_log {
    char plugin[MG_PLUGIN_MAX_NAME_BYTES + 1];
    uint64_t second; /* of the lines counted */
    unsigned lines;
    unsigned long long dropped; /* since the last line */
};

void mg_plugin_log_init(struct mg_plugin_log *log, struct mg_str plugin);

/* Write a line; `place` is file:line, or "". Beyond the bound it is dropped, which the next one
 * tells. */
void mg_plugin_log_write(struct mg_plugin_log *log, enum mg_log_level level, struct mg_str text,
                         const char *place);

#endif
