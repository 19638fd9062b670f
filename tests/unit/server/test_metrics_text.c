/* test_metrics_text.c - Prometheus' text format: what is escaped, how numbers are written, and
 * that buckets add up.
 */
#include "expect.h"
#include "server/metrics_text.h"

static char storage[4096];

static struct mg_metrics begin(struct mg_buf *out)
{
    mg_buf_init_fixed(out, storage, sizeof(storage));
    return (struct mg_metrics){.out = out};
}

static void expect_text(const char *desc, const struct mg_buf *out, const char *wanted)
{
    assert_false(out->overflowed);
    mg_expect_str(desc, mg_buf_str(out), mg_str_from(wanted));
}

static void metrics_escape_label_values(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str value;
        const char *wanted;
    } rows[] = {
        {"plain", {"/orders/{id}", 12}, "m{l=\"/orders/{id}\"} 1\n"},
        {"empty", {"", 0}, "m{l=\"\"} 1\n"},
        {"quote", {"a\"b", 3}, "m{l=\"a\\\"b\"} 1\n"},
        {"backslash", {"a\\b", 3}, "m{l=\"a\\\\b\"} 1\n"},
        {"newline", {"a\nb", 3}, "m{l=\"a\\nb\"} 1\n"},
        {"UTF-8", {"\xc3\xa4", 2}, "m{l=\"\xc3\xa4\"} 1\n"},
        {"no UTF-8", {"a\xc3", 2}, "m{l=\"a\xef\xbf\xbd\"} 1\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mg_buf out;
        struct mg_metrics metrics = begin(&out);
        metrics.name = "m";
        mg_metrics_count(&metrics, (struct mg_label){"l", rows[i].value}, mg_no_label(), 1);
        expect_text(rows[i].desc, &out, rows[i].wanted);
    }
}

static void metrics_write_families_and_samples(void **state)
{
    (void)state;
    struct mg_buf out;
    struct mg_metrics metrics = begin(&out);
    mg_metrics_family(&metrics, "a_total", "counter", "All of it.");
    mg_metrics_count(&metrics, mg_label("x", "1"), mg_label("y", "2"), UINT64_MAX);
    mg_metrics_seconds(&metrics, mg_label("x", "1"), mg_no_label(), 1000001);
    mg_metrics_one(&metrics, "b", "gauge", "One.", 7);
    expect_text("families", &out,
                "# HELP a_total All of it.\n# TYPE a_total counter\n"
                "a_total{x=\"1\",y=\"2\"} 18446744073709551615\na_total{x=\"1\"} 1.000001\n"
                "# HELP b One.\n# TYPE b gauge\nb 7\n");
}

static void metrics_add_buckets_up(void **state)
{
    (void)state;
    static const uint32_t bounds[] = {50, 2500000};
    static const uint64_t buckets[] = {3, 0, 2};
    struct mg_buf out;
    struct mg_metrics metrics = begin(&out);
    metrics.name = "h";
    mg_metrics_histogram(&metrics, bounds, buckets, 3, 12000042);
    expect_text("histogram", &out,
                "h_bucket{le=\"0.000050\"} 3\nh_bucket{le=\"2.500000\"} 3\n"
                "h_bucket{le=\"+Inf\"} 5\nh_sum 12.000042\nh_count 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_escape_label_values),
        cmocka_unit_test(metrics_write_families_and_samples),
        cmocka_unit_test(metrics_add_buckets_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
