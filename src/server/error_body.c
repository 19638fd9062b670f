/* error_body.c - see the header. */
#include "server/error_body.h"

#include <sys/random.h>

#include "http/response.h"
#include "server/exchange.h"
#include "server/worker_state.h"

/* An id that no other error of any worker or run is likely to have: a random start, then
 * splitmix64. */
static uint64_t next_id(struct server_worker *worker)
{
    if (worker->next_id == 0 &&
        getrandom(&worker->next_id, sizeof(worker->next_id), GRND_NONBLOCK) < 0) {
        worker->next_id = mg_clock_wall_us();
    }
    uint64_t x = worker->next_id += 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    x ^= x >> 31;
    return x == 0 ? 1 : x;
}

/* The weight of `range`, a media range with parameters, in thousandths; 1000 where it has none.
 * */
static unsigned weight_of(struct mg_str range)
{
    const char *q = range.len == 0 ? NULL : memchr(range.ptr, ';', range.len);
    while (q != NULL) {
        size_t at = (size_t)(q - range.ptr) + 1;
        struct mg_str parameter = mg_str_trim_ows(mg_str_from_offset(range, at));
        if (parameter.len >= 3 && mg_ascii_lower(parameter.ptr[0]) == 'q' &&
            parameter.ptr[1] == '=') {
            unsigned weight = parameter.ptr[2] == '0' ? 0 : 1000;
            unsigned unit = 100;
            for (size_t i = 4; i < parameter.len && mg_ascii_is_digit(parameter.ptr[i]); i++) {
                weight += (unsigned)(parameter.ptr[i] - '0') * unit;
                unit /= 10;
            }
            return weight > 1000 ? 1000 : weight;
        }
        q = memchr(range.ptr + at, ';', range.len - at);
    }
    return 1000;
}

/* How closely `type` is named by the range: 0 not at all, then by all, by its kind, exactly. */
static unsigned closeness(struct mg_str range, struct mg_str type)
{
    const char *end = range.len == 0 ? NULL : memchr(range.ptr, ';', range.len);
    struct mg_str name = mg_str_trim_ows(
        (struct mg_str){range.ptr, end == NULL ? range.len : (size_t)(end - range.ptr)});
    size_t slash = (size_t)((const char *)memchr(type.ptr, '/', type.len) - type.ptr);
    if (mg_str_equal_nocase(name, type)) {
        return 3;
    }
    if (name.len == slash + 2 && name.ptr[slash + 1] == '*' &&
        mg_str_equal_nocase((struct mg_str){name.ptr, slash},
                            (struct mg_str){type.ptr, slash})) {
        return 2;
    }
    return mg_str_equal(name, MG_STR("*/*"));
}

/* What `accept` says of a type: the weight of the range that names it most closely, and of
 * equal weights the closer and then the earlier one is more. */
static unsigned long preference(struct mg_str accept, struct mg_str type)
{
    enum {
        MOST_RANGES = 1000
    };
    struct mg_list_cursor ranges = mg_list_begin(accept);
    struct mg_str range;
    unsigned closest = 0;
    unsigned long preferred = 0;
    for (unsigned left = MOST_RANGES; left > 0 && mg_list_next(&ranges, &range); left--) {
        unsigned close = closeness(range, type);
        if (close > closest) {
            closest = close;
            preferred = (weight_of(range) * 4UL + close) * MOST_RANGES + left;
        }
    }
    return preferred;
}

bool mg_accept_prefers_json(struct mg_str accept)
{
    return preference(accept, MG_STR("application/json")) >
           preference(accept, MG_STR("text/plain"));
}

struct mg_str mg_error_body(struct mg_exchange *exchange, unsigned status, struct mg_str *lines)
{
    static const char plain[] =
        "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";
    static const char json[] = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    struct mg_str accept = mg_head_value(exchange->head, MG_FIELD_ACCEPT);
    struct mg_str phrase = mg_status_phrase(status);
    if (exchange->error_id == 0) {
        exchange->error_id = next_id(exchange->worker);
    }
    unsigned long long id = exchange->error_id;
    if (!mg_accept_prefers_json(accept)) {
        *lines = MG_STR(plain);
        return mg_arena_printf(&exchange->arena, "%u %.*s: %s (id %016llx)\n", status,
                               MG_STR_ARG(phrase), exchange->reason, id);
    }
    char reason[512];
    struct mg_buf quoted;
    mg_buf_init_fixed(&quoted, reason, sizeof(reason));
    mg_buf_add_json(&quoted, mg_str_from(exchange->reason));
    *lines = MG_STR(json);
    return mg_arena_printf(
        &exchange->arena,
        "{\"status\":%u,\"error\":\"%.*s\",\"reason\":%.*s,\"id\":\"%016llx\"}\n", status,
        MG_STR_ARG(phrase),
        MG_STR_ARG(quoted.overflowed ? MG_STR("null") : mg_buf_str(&quoted)), id);
}
