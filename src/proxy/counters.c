/* counters.c - rows are looked up when a group is made, not when a request is. */
#include "proxy/counters.h"

static struct mg_str cut(struct mg_str name)
{
    size_t length = name.len < MG_UPSTREAM_NAME_BYTES ? name.len : MG_UPSTREAM_NAME_BYTES - 1;
    return (struct mg_str){name.ptr, length};
}

struct mg_upstream_row *mg_proxy_counters_row(struct mg_proxy_counters *counters,
                                              struct mg_str name)
{
    unsigned used = atomic_load_explicit(&counters->used, memory_order_relaxed);
    struct mg_str wanted = cut(name);
    for (unsigned i = 0; i < used; i++) {
        if (mg_str_equal(mg_str_from(counters->rows[i].name), wanted)) {
            return &counters->rows[i];
        }
    }
    if (used == MG_UPSTREAM_ROWS) {
        return &counters->others;
    }
    struct mg_upstream_row *row = &counters->rows[used];
    (void)snprintf(row->name, sizeof(row->name), "%.*s", MG_STR_ARG(wanted));
    atomic_store_explicit(&counters->used, used + 1, memory_order_release);
    return row;
}

const char *mg_upstream_result_name(unsigned result)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    if (result >= MG_RESULT_ANSWER) {
        return classes[result - MG_RESULT_ANSWER];
    }
    return result == MG_RESULT_ABORTED ? "aborted"
                                       : mg_relay_fault_reason((enum mg_relay_fault)result);
}
