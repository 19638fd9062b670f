/* log.h - the operator's log: one line an event, as text or as JSON, to standard error.
 *
 * What:      the life of the server, faults, and what an operator can act on. Requests go to
 *            the access log.
 * Text:      2026-11-21T09:30:00.123456Z info listening address=127.0.0.1:8080
 * JSON:      {"time":"...","level":"info","event":"listening","address":"127.0.0.1:8080"}
 * Length:    at most MG_LOG_LINE_MAX bytes. A value over MG_LOG_VALUE_MAX is cut, a field that
 *            does not fit is left out, and both are told by the last field, truncated=true.
 * Errors:    none: nothing is allocated, and a line that cannot be written is lost.
 * Threads:   any; a line is one write(2), which pipes do not mix with others up to PIPE_BUF.
 */
#ifndef MG_CORE_LOG_H
#define MG_CORE_LOG_H

#include "core/str.h"

enum mg_log_level {
    MG_LOG_DEBUG,
    MG_LOG_INFO,
    MG_LOG_WARNING,
    MG_LOG_ERROR
};
enum mg_log_format {
    MG_LOG_TEXT,
    MG_LOG_JSON
};

enum {
    MG_LOG_LINE_MAX = 4096, /* PIPE_BUF of Linux, with the newline */
    MG_LOG_VALUE_MAX = 2048,
};

/* Choose format, least level and file descriptor; before threads start. Defaults: text, info,
 * standard error. */
void mg_log_configure(enum mg_log_format format, enum mg_log_level least, int fd);

/* A key and a value of a line. */
struct mg_log_field {
    const char *key;
    struct mg_str value;
};

/* Write a line, which always ends with a newline. `event` is words for a person, a literal;
 * `fields` are details, `count` of them (NULL, 0: none). */
void mg_log(enum mg_log_level level, const char *event, const struct mg_log_field *fields,
            size_t count);

/* mg_log with fields written in place: MG_LOG(MG_LOG_INFO, "listening", {"address",
 * mg_str_from(text)}). */
#define MG_LOG(level, event, ...)                                        \
    mg_log((level), (event), (const struct mg_log_field[]){__VA_ARGS__}, \
           sizeof((const struct mg_log_field[]){__VA_ARGS__}) / sizeof(struct mg_log_field))

/* What takes lines in place of the file descriptor. The fields are borrowed for the call. */
typedef void (*mg_log_sink_fn)(void *context, enum mg_log_level level, const char *event,
                               const struct mg_log_field *fields, size_t count);

/* Give lines of the least level and above to `sink` from now on; NULL: write them again. For
 * tests, in a process whose log one thread writes. */
void mg_log_divert(mg_log_sink_fn sink, void *context);

/* "debug", "info", "warning" or "error". */
const char *mg_log_level_name(enum mg_log_level level);

#endif
