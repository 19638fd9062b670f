/* metrics_text.c - see the header. */
#include "server/metrics_text.h"

#include "core/utf8.h"

void mg_metrics_family(struct mg_metrics *metrics, const char *name, const char *type,
                       const char *help)
{
    metrics->name = name;
    mg_buf_printf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and newline are escaped; what is no UTF-8 becomes U+FFFD. */
static void add_value(struct mg_buf *out, struct mg_str value)
{
    while (value.len > 0) {
        size_t length = mg_utf8_sequence(value);
        char c = value.ptr[0];
        if (c == '\n') {
            mg_buf_add(out, MG_STR("\\n"));
        } else if (c == '\\' || c == '"') {
            mg_buf_add_char(out, '\\');
            mg_buf_add_char(out, c);
        } else {
            mg_buf_add(out, length == 0 ? MG_STR("\xef\xbf\xbd")
                                        : (struct mg_str){value.ptr, length});
        }
        value = mg_str_from_offset(value, length == 0 ? 1 : length);
    }
}

static void add_label(struct mg_buf *out, struct mg_label label, char before)
{
    mg_buf_add_char(out, before);
    mg_buf_printf(out, "%s=\"", label.name);
    add_value(out, label.value);
    mg_buf_add_char(out, '"');
}

static void begin_sample(struct mg_metrics *metrics, const char *suffix, struct mg_label a,
                         struct mg_label b)
{
    mg_buf_printf(metrics->out, "%s%s", metrics->name, suffix);
    if (a.name != NULL) {
        add_label(metrics->out, a, '{');
    }
    if (b.name != NULL) {
        add_label(metrics->out, b, ',');
    }
    if (a.name != NULL) {
        mg_buf_add_char(metrics->out, '}');
    }
    mg_buf_add_char(metrics->out, ' ');
}

static void end_count(struct mg_metrics *metrics, uint64_t value)
{
    mg_buf_add_u64(metrics->out, value);
    mg_buf_add_char(metrics->out, '\n');
}

static void add_seconds(struct mg_buf *out, uint64_t value_us)
{
    mg_buf_printf(out, "%llu.%06llu", (unsigned long long)(value_us / 1000000),
                  (unsigned long long)(value_us % 1000000));
}

void mg_metrics_count(struct mg_metrics *metrics, struct mg_label a, struct mg_label b,
                      uint64_t value)
{
    begin_sample(metrics, "", a, b);
    end_count(metrics, value);
}

void mg_metrics_seconds(struct mg_metrics *metrics, struct mg_label a, struct mg_label b,
                        uint64_t value_us)
{
    begin_sample(metrics, "", a, b);
    add_seconds(metrics->out, value_us);
    mg_buf_add_char(metrics->out, '\n');
}

void mg_metrics_one(struct mg_metrics *metrics, const char *name, const char *type,
                    const char *help, uint64_t value)
{
    mg_metrics_family(metrics, name, type, help);
    mg_metrics_count(metrics, mg_no_label(), mg_no_label(), value);
}

void mg_metrics_histogram(struct mg_metrics *metrics, const uint32_t *bounds_us,
                          const uint64_t *buckets, unsigned bucket_count, uint64_t sum_us)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < bucket_count; i++) {
        char bound[32];
        struct mg_buf text;
        mg_buf_init_fixed(&text, bound, sizeof(bound));
        if (i + 1 < bucket_count) {
            add_seconds(&text, bounds_us[i]);
        } else {
            mg_buf_add(&text, MG_STR("+Inf"));
        }
        count += buckets[i];
        begin_sample(metrics, "_bucket", (struct mg_label){"le", mg_buf_str(&text)},
                     mg_no_label());
        end_count(metrics, count);
    }
    begin_sample(metrics, "_sum", mg_no_label(), mg_no_label());
    add_seconds(metrics->out, sum_us);
    mg_buf_add_char(metrics->out, '\n');
    begin_sample(metrics, "_count", mg_no_label(), mg_no_label());
    end_count(metrics, count);
}
