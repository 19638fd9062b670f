/* metrics_text.h - Prometheus' text format, version 0.0.4: families with HELP and TYPE, and
 * their samples.
 *
 * Shape:     begin a family, then write its samples; label names and metric names are literals,
 *            label values are any bytes.
 * Threads:   one owner of the buffer at a time.
 */
#ifndef MG_SERVER_METRICS_TEXT_H
#define MG_SERVER_METRICS_TEXT_H

#include <stdint.h>

#include "core/buf.h"

struct mg_metrics {
    struct mg_buf *out;
    const char *name; /* of the family that was begun last */
};

struct mg_label {
    const char *name; /* NULL: there is none */
    struct mg_str value;
};

/* `type` is "counter", "gauge" or "histogram"; `help` one line without a backslash. */
void mg_metrics_family(struct mg_metrics *metrics, const char *name, const char *type,
                       const char *help);

/* A sample of that family with up to two labels. */
void mg_metrics_count(struct mg_metrics *metrics, struct mg_label a, struct mg_label b,
                      uint64_t value);
/* The same, of `value_us` microseconds in seconds. */
void mg_metrics_seconds(struct mg_metrics *metrics, struct mg_label a, struct mg_label b,
                        uint64_t value_us);

/* A family of one sample without labels. */
void mg_metrics_one(struct mg_metrics *metrics, const char *name, const char *type,
                    const char *help, uint64_t value);

/* The samples of a histogram of durations: bucket i counts those of at most bounds_us[i], the
 * last of `bucket_count` the rest; each is counted once. */
void mg_metrics_histogram(struct mg_metrics *metrics, const uint32_t *bounds_us,
                          const uint64_t *buckets, unsigned bucket_count, uint64_t sum_us);

static inline struct mg_label mg_label(const char *name, const char *value)
{
    return (struct mg_label){name, mg_str_from(value)};
}
static inline struct mg_label mg_no_label(void)
{
    return (struct mg_label){NULL, {NULL, 0}};
}

#endif
