/* plugin_log.c - see the header. */
#include "plugin/plugin_log.h"

#include "core/clock.h"

enum {
    MAX_FIELDS = 4
};

void mg_plugin_log_init(struct mg_plugin_log *log, struct mg_str plugin)
{
    *log = (struct mg_plugin_log){.lines = 0};
    MG_ERR_SET(log->plugin, "%.*s", MG_STR_ARG(plugin));
}

/* Whether a line may be written now; if not, it is counted. */
static bool may_write(struct mg_plugin_log *log)
{
    uint64_t second = mg_clock_coarse_ms() / 1000;
    if (second != log->second) {
        log->second = second;
        log->lines = 0;
    }
    bool may = log->lines < MG_PLUGIN_LOG_MAX_LINES;
    log->lines += may;
    log->dropped += !may;
    return may;
}

void mg_plugin_log_write(struct mg_plugin_log *log, enum mg_log_level level, struct mg_str text,
                         const char *place)
{
    if (!may_write(log)) {
        return;
    }
    char dropped[24];
    MG_ERR_SET(dropped, "%llu", log->dropped);
    struct mg_log_field fields[MAX_FIELDS] = {{"plugin", mg_str_from(log->plugin)},
                                              {"message", text}};
    size_t count = 2;
    if (place[0] != '\0') {
        fields[count++] = (struct mg_log_field){"at", mg_str_from(place)};
    }
    if (log->dropped > 0) {
        fields[count++] = (struct mg_log_field){"dropped", mg_str_from(dropped)};
    }
    mg_log(level, "plugin", fields, count);
    log->dropped = 0;
}
