/* check.c - a check is a relay like any other, of a group that has the one endpoint. */
#include "proxy/check.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/counter.h"
#include "core/log.h"
#include "proxy/relay.h"

enum {
    TO_TURN = 2, /* results in a row that turn a server up or down */
    PATH_MAX_BYTES = 256
};

struct mg_check {
    struct mg_timer timer;
    struct mg_relay relay;
    struct mg_group *group;
    struct mg_group alone; /* has this endpoint only, and no checks: it is asked, down or not */
    struct mg_endpoint *endpoint;
    uint32_t every_ms;
    unsigned in_a_row; /* results that say otherwise than is_down */
    bool is_down;      /* the endpoint, for the group */
    bool is_good;      /* the answer at hand */
    char path[PATH_MAX_BYTES];
};

static void set_down(struct mg_check *check, bool is_down)
{
    atomic_ullong *down = &check->endpoint->proxy->counters->down;
    if (is_down && !check->is_down) {
        mg_counter_add(down, 1);
    } else if (!is_down && check->is_down) {
        mg_counter_take(down, 1);
    }
    check->is_down = is_down;
    check->in_a_row = 0;
}

bool mg_checks_say_down(const struct mg_check *checks, unsigned index)
{
    return checks != NULL && checks[index].is_down;
}

static void note(struct mg_check *check, bool is_good)
{
    struct mg_endpoint *endpoint = check->endpoint;
    struct mg_proxy_counters *counters = endpoint->proxy->counters;
    mg_counter_add(is_good ? &counters->checks_good : &counters->checks_bad, 1);
    check->in_a_row = is_good == check->is_down ? check->in_a_row + 1 : 0;
    if (check->in_a_row < TO_TURN) {
        return;
    }
    set_down(check, !is_good);
    if (is_good) {
        mg_endpoint_succeeded(endpoint);
    }
    MG_LOG(is_good ? MG_LOG_INFO : MG_LOG_WARNING,
           is_good ? "upstream server is up" : "upstream server is down",
           {"upstream", mg_group_name(check->group)}, {"server", mg_str_from(endpoint->url)},
           {"check", mg_str_from(check->path)});
}

/* ---- callbacks of the relay ---- */

static void nothing(void *user)
{
    (void)user;
}

static void write_head(void *user, struct mg_str authority, struct mg_buf *out)
{
    const struct mg_check *check = user;
    struct mg_str host = mg_str_from(check->group->check_host);
    host = host.len > 0 ? host : authority;
    mg_buf_printf(out, "GET %s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: moongate-check\r\n\r\n",
                  check->path, MG_STR_ARG(host));
}

static void on_ready(void *user)
{
    struct mg_check *check = user;
    mg_relay_send_end(&check->relay, MG_STR(""));
}

static void on_interim(void *user, const struct mg_response_head *head)
{
    (void)user;
    (void)head;
}

static void on_head(void *user, const struct mg_response_head *head)
{
    struct mg_check *check = user;
    check->is_good = head->status < 400;
}

static void on_data(void *user, struct mg_str data)
{
    (void)user;
    (void)data;
}

static void on_end(void *user, struct mg_str trailers)
{
    struct mg_check *check = user;
    (void)trailers;
    note(check, check->is_good);
}

static void on_fault(void *user, enum mg_relay_fault fault)
{
    (void)fault;
    note(user, false);
}

static const struct mg_relay_caller caller = {
    .enter = nothing,
    .leave = nothing,
    .write_head = write_head,
    .on_ready = on_ready,
    .on_drained = nothing,
    .on_interim = on_interim,
    .on_head = on_head,
    .on_data = on_data,
    .on_half_closed = nothing,
    .on_end = on_end,
    .on_fault = on_fault,
};

/* ---- the timer ---- */

/* No policy names the group any more: its servers are left alone. It goes with its checks, or
 * stays for those who still use it, and is looked at again. */
static void retire(struct mg_check *check)
{
    struct mg_worker *worker = check->endpoint->proxy->worker;
    mg_relay_abort(&check->relay);
    if (!mg_group_drop(check->group)) {
        set_down(check, false);
        mg_timer_set(worker, &check->timer, check->every_ms);
    }
}

static void fire(struct mg_timer *timer)
{
    struct mg_check *check = (struct mg_check *)(void *)timer;
    struct mg_proxy *proxy = check->endpoint->proxy;
    const struct mg_relay_options options = {.may_repeat = true, .ends_at_stop = true};
    if (mg_worker_is_stopping(proxy->worker)) {
        return;
    }
    const struct mg_group *group = check->group;
    if (group->is_named != NULL && !group->is_named(group->context, group->key)) {
        retire(check);
        return;
    }
    if (mg_relay_is_running(&check->relay)) {
        mg_relay_abort(&check->relay);
        note(check, false);
    }
    check->is_good = false;
    if (mg_relay_begin(&check->relay, proxy, &check->alone, &options, &caller, check)) {
        on_ready(check);
    }
    mg_timer_set(proxy->worker, &check->timer, check->every_ms);
}

struct mg_check *mg_checks_start(struct mg_group *group, struct mg_str path, uint32_t every_ms)
{
    struct mg_check *checks = mg_calloc(group->endpoint_count, sizeof(*checks));
    for (unsigned i = 0; checks != NULL && i < group->endpoint_count; i++) {
        struct mg_check *check = &checks[i];
        check->timer.fire = fire;
        check->relay.state = MG_RELAY_OVER;
        check->group = group;
        check->endpoint = group->endpoints[i];
        check->every_ms = every_ms;
        check->alone.endpoints = &check->endpoint;
        check->alone.endpoint_count = 1;
        memcpy(check->path, path.ptr,
               path.len < PATH_MAX_BYTES ? path.len : PATH_MAX_BYTES - 1);
        mg_timer_set(check->endpoint->proxy->worker, &check->timer, 0);
    }
    return checks;
}

void mg_checks_stop(struct mg_group *group, struct mg_check *checks)
{
    for (unsigned i = 0; checks != NULL && i < group->endpoint_count; i++) {
        mg_timer_cancel(checks[i].endpoint->proxy->worker, &checks[i].timer);
        mg_relay_abort(&checks[i].relay);
        set_down(&checks[i], false);
    }
    free(checks);
}
