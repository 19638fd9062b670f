/* health.c - which endpoints are good for a request. Three failures in a row take an endpoint
 * out for a second, each further one for twice as long, up to a minute; one success brings it
 * back. Where all are out the one whose time ends first is tried all the same: that a group of
 * one rests would turn a moment's fault into a second's. Only checks can say that there is
 * none.
 */
#include <stdlib.h>

#include "core/counter.h"
#include "core/log.h"
#include "proxy/check.h"

enum {
    FAILURES_TO_EJECT = 3,
    EJECT_MIN_MS = 1000,
    EJECT_MAX_MS = 60000,
    LOG_INTERVAL_MS = 1000
};

void mg_endpoint_set_ejected(struct mg_endpoint *endpoint, uint64_t until_ms)
{
    atomic_ullong *ejected = &endpoint->proxy->counters->ejected;
    if (endpoint->ejected_until_ms == 0 && until_ms != 0) {
        mg_counter_add(ejected, 1);
    } else if (endpoint->ejected_until_ms != 0 && until_ms == 0) {
        mg_counter_take(ejected, 1);
    }
    endpoint->ejected_until_ms = until_ms;
}

void mg_endpoint_succeeded(struct mg_endpoint *endpoint)
{
    endpoint->failures = 0;
    mg_endpoint_set_ejected(endpoint, 0);
    endpoint->ejected_for_ms = 0;
}

/* One line a second for each endpoint: under load every request of a server that is gone fails.
 * */
static void log_failure(struct mg_endpoint *endpoint, const char *reason, const char *detail)
{
    uint64_t now_ms = mg_worker_now_ms(endpoint->proxy->worker);
    char more[16];
    if (endpoint->logged_ms != 0 && now_ms - endpoint->logged_ms < LOG_INTERVAL_MS) {
        endpoint->unlogged++;
        return;
    }
    (void)snprintf(more, sizeof(more), "%u", endpoint->unlogged);
    endpoint->logged_ms = now_ms;
    endpoint->unlogged = 0;
    MG_LOG(MG_LOG_WARNING, "upstream failed", {"server", mg_str_from(endpoint->url)},
           {"reason", mg_str_from(reason)}, {"detail", mg_str_from(detail)},
           {"unlogged", mg_str_from(more)});
}

void mg_endpoint_failed(struct mg_endpoint *endpoint, const char *reason, const char *detail)
{
    log_failure(endpoint, reason, detail);
    if (endpoint->ejected_until_ms > mg_worker_now_ms(endpoint->proxy->worker)) {
        return; /* of what was in flight when it was taken out */
    }
    endpoint->failures++;
    if (endpoint->failures < FAILURES_TO_EJECT) {
        return;
    }
    uint32_t before_ms = endpoint->ejected_for_ms;
    endpoint->ejected_for_ms = before_ms == 0                 ? EJECT_MIN_MS
                               : before_ms * 2 > EJECT_MAX_MS ? EJECT_MAX_MS
                                                              : before_ms * 2;
    mg_endpoint_set_ejected(endpoint, mg_worker_now_ms(endpoint->proxy->worker) +
                                          endpoint->ejected_for_ms);
}

static uint64_t next_random(struct mg_proxy *proxy)
{
    uint64_t x = proxy->random; /* xorshift64 */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return proxy->random = x;
}

/* Whether `a` is to be preferred to `b`, which comes before it in turn. */
static bool is_better(const struct mg_group *group, const struct mg_endpoint *a,
                      const struct mg_endpoint *b)
{
    return group->choice == MG_CHOICE_LEAST_CONNECTIONS && a->busy < b->busy;
}

struct mg_endpoint *mg_group_choose(struct mg_group *group, const struct mg_endpoint *but)
{
    struct mg_proxy *proxy = group->endpoints[0]->proxy;
    uint64_t now_ms = mg_worker_now_ms(proxy->worker);
    unsigned count = group->endpoint_count;
    unsigned start = group->choice == MG_CHOICE_RANDOM && count > 1
                         ? (unsigned)(next_random(proxy) % count)
                         : group->cursor++;
    struct mg_endpoint *best = NULL;
    struct mg_endpoint *soonest = NULL;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = (start + i) % count;
        struct mg_endpoint *endpoint = group->endpoints[at];
        if (mg_checks_say_down(group->checks, at) || (endpoint == but && count > 1)) {
            continue;
        }
        if (endpoint->ejected_until_ms > now_ms) {
            bool is_sooner =
                soonest == NULL || endpoint->ejected_until_ms < soonest->ejected_until_ms;
            soonest = is_sooner ? endpoint : soonest;
        } else if (best == NULL || is_better(group, endpoint, best)) {
            best = endpoint;
        }
    }
    return best != NULL ? best : soonest;
}
