/* log.c - lines are made on the stack of the caller and written at once, so that they are whole
 * and in order. */
#include "core/log.h"

#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"

enum {
    LINE_MAX_BYTES = 8192
};

/* Set once at start, before threads: the one mutable state of core besides the allocation
 * counter. */
static struct {
    enum mg_log_format format;
    enum mg_log_level least;
    int fd;
} config = {MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO};

void mg_log_configure(enum mg_log_format format, enum mg_log_level least, int fd)
{
    config.format = format;
    config.least = least;
    config.fd = fd;
}

const char *mg_log_level_name(enum mg_log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return names[level];
}

static bool needs_quotes(struct mg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) {
            return true;
        }
    }
    return value.len == 0;
}

static void add_text(struct mg_buf *line, const char *event, const struct mg_log_field *fields,
                     size_t count)
{
    mg_buf_add(line, mg_str_from(event));
    for (size_t i = 0; i < count; i++) {
        mg_buf_add_char(line, ' ');
        mg_buf_add(line, mg_str_from(fields[i].key));
        mg_buf_add_char(line, '=');
        if (needs_quotes(fields[i].value)) {
            mg_buf_add_json(line, fields[i].value);
        } else {
            mg_buf_add(line, fields[i].value);
        }
    }
}

static void add_json(struct mg_buf *line, const char *event, const struct mg_log_field *fields,
                     size_t count)
{
    mg_buf_add(line, MG_STR(",\"event\":"));
    mg_buf_add_json(line, mg_str_from(event));
    for (size_t i = 0; i < count; i++) {
        mg_buf_add_char(line, ',');
        mg_buf_add_json(line, mg_str_from(fields[i].key));
        mg_buf_add_char(line, ':');
        mg_buf_add_json(line, fields[i].value);
    }
    mg_buf_add_char(line, '}');
}

void mg_log(enum mg_log_level level, const char *event, const struct mg_log_field *fields,
            size_t count)
{
    if (level < config.least) {
        return;
    }
    char time[MG_CLOCK_RFC3339_SIZE];
    mg_clock_rfc3339(mg_clock_wall_us(), time);
    struct mg_buf line;
    mg_buf_init(&line, LINE_MAX_BYTES);
    if (config.format == MG_LOG_JSON) {
        mg_buf_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\"", time,
                      mg_log_level_name(level));
        add_json(&line, event, fields, count);
    } else {
        mg_buf_printf(&line, "%s %s ", time, mg_log_level_name(level));
        add_text(&line, event, fields, count);
    }
    mg_buf_add_char(&line, '\n');
    /* A line that does not fit, or cannot be written, has nowhere else to go. */
    ssize_t written = write(config.fd, line.ptr, line.len);
    (void)written;
    mg_buf_fini(&line);
}
