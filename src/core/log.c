/* log.c - a line is made in a buffer on the stack and written at once, so that lines are whole,
 * in order, and to be had when memory is out.
 *
 * The buffer is shorter than a line may be by what ends one: a field that overflows it is taken
 * back, and there is still room to say so.
 */
#include "core/log.h"

#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"

enum {
    END_MAX_BYTES = sizeof(",\"truncated\":true}\n")
};

/* Set once at start, before threads: the one mutable state of core besides the allocation
 * counter. */
static struct {
    enum mg_log_format format;
    enum mg_log_level least;
    int fd;
    mg_log_sink_fn sink; /* NULL: written to fd */
    void *sink_context;
} config = {MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO, NULL, NULL};

void mg_log_configure(enum mg_log_format format, enum mg_log_level least, int fd)
{
    config.format = format;
    config.least = least;
    config.fd = fd;
}

void mg_log_divert(mg_log_sink_fn sink, void *context)
{
    config.sink = sink;
    config.sink_context = context;
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

/* The first MG_LOG_VALUE_MAX bytes of `value`, less the sequence that the cut would split. */
static struct mg_str cut(struct mg_str value, bool *truncated)
{
    if (value.len <= MG_LOG_VALUE_MAX) {
        return value;
    }
    *truncated = true;
    size_t len = MG_LOG_VALUE_MAX;
    while (len > 0 && ((unsigned char)value.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return (struct mg_str){value.ptr, len};
}

static void add_field(struct mg_buf *line, const char *key, struct mg_str value)
{
    if (config.format == MG_LOG_JSON) {
        mg_buf_add_char(line, ',');
        mg_buf_add_json(line, mg_str_from(key));
        mg_buf_add_char(line, ':');
        mg_buf_add_json(line, value);
        return;
    }
    mg_buf_add_char(line, ' ');
    mg_buf_add(line, mg_str_from(key));
    mg_buf_add_char(line, '=');
    if (needs_quotes(value)) {
        mg_buf_add_json(line, value);
    } else {
        mg_buf_add(line, value);
    }
}

/* Add a field that fits; one that does not leaves the line as it was. */
static bool try_field(struct mg_buf *line, const char *key, struct mg_str value)
{
    size_t before = line->len;
    add_field(line, key, value);
    bool fits = !line->overflowed;
    if (!fits) {
        line->len = before;
        line->overflowed = false;
    }
    return fits;
}

/* Time, level and event. */
static bool begin(struct mg_buf *line, enum mg_log_level level, const char *event)
{
    char time[MG_CLOCK_RFC3339_SIZE];
    mg_clock_rfc3339(mg_clock_wall_us(), time);
    if (config.format == MG_LOG_JSON) {
        mg_buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", time,
                      mg_log_level_name(level));
        return try_field(line, "event", mg_str_from(event));
    }
    mg_buf_printf(line, "%s %s ", time, mg_log_level_name(level));
    size_t before = line->len;
    mg_buf_add(line, mg_str_from(event));
    bool fits = !line->overflowed;
    line->len = fits ? line->len : before;
    line->overflowed = false;
    return fits;
}

void mg_log(enum mg_log_level level, const char *event, const struct mg_log_field *fields,
            size_t count)
{
    if (level < config.least) {
        return;
    }
    if (config.sink != NULL) {
        config.sink(config.sink_context, level, event, fields, count);
        return;
    }
    char storage[MG_LOG_LINE_MAX];
    struct mg_buf line;
    mg_buf_init_fixed(&line, storage, sizeof(storage) - END_MAX_BYTES);
    bool truncated = !begin(&line, level, event);
    for (size_t i = 0; i < count; i++) {
        struct mg_str value = cut(fields[i].value, &truncated);
        truncated = !try_field(&line, fields[i].key, value) || truncated;
    }
    line.max_bytes = sizeof(storage);
    line.capacity = sizeof(storage);
    if (config.format == MG_LOG_JSON) {
        mg_buf_add(&line, truncated ? MG_STR(",\"truncated\":true}") : MG_STR("}"));
    } else if (truncated) {
        mg_buf_add(&line, MG_STR(" truncated=true"));
    }
    mg_buf_add_char(&line, '\n');
    /* A line that cannot be written has nowhere else to go. */
    ssize_t written = write(config.fd, line.ptr, line.len);
    (void)written;
}
