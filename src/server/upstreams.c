/* upstreams.c - see the header. */
#include "server/upstreams.h"

#include "core/log.h"
#include "http/hop.h"
#include "server/exchange.h"
#include "server/generation.h"
#include "server/worker_state.h"

enum {
    SERVERS_MAX_BYTES = 256 << 10, /* of all servers of one upstream, as text */
};

bool mg_upstreams_start(struct server_worker *worker)
{
    const struct mg_limits *limits = &worker->server->options.limits;
    const struct mg_strings *name_servers = &worker->server->options.name_servers;
    const struct mg_proxy_limits proxy_limits = {
        .name_servers = name_servers->items,
        .name_server_count = name_servers->count,
        .connect_ms = (uint32_t)limits->upstream_connect,
        .response_ms = (uint32_t)limits->upstream_response,
        .idle_ms = (uint32_t)limits->upstream_idle,
        .keep_ms = (uint32_t)limits->upstream_keep,
        .tunnel_ms = (uint32_t)limits->tunnel_idle,
        .max_connections = (unsigned)limits->upstream_connections,
        .max_idle = (unsigned)limits->upstream_kept,
        .head_bytes = (size_t)limits->head_bytes,
        .head_fields = (unsigned)limits->fields,
    };
    worker->proxy = mg_proxy_new(worker->worker, &proxy_limits, &worker->upstreams);
    return worker->proxy != NULL;
}

void mg_upstreams_stop(struct server_worker *worker)
{
    mg_proxy_free(worker->proxy);
    worker->proxy = NULL;
}

/* What is active can be looked at until this call returns (generation.h). */
static bool is_named(void *context, uint64_t key)
{
    const struct server_worker *worker = context;
    const struct mg_generation *active =
        atomic_load_explicit(&worker->server->active, memory_order_acquire);
    const struct mg_policy_set *set = active->set;
    size_t i = 0;
    while (i < set->upstream_count && set->upstreams[i].key != key) {
        i++;
    }
    return i < set->upstream_count;
}

struct mg_group *mg_upstreams_group(struct server_worker *worker,
                                    const struct mg_upstream *upstream)
{
    static const enum mg_choice choices[] = {
        [MG_BALANCE_ROUND_ROBIN] = MG_CHOICE_ROUND_ROBIN,
        [MG_BALANCE_LEAST_CONNECTIONS] = MG_CHOICE_LEAST_CONNECTIONS,
        [MG_BALANCE_RANDOM] = MG_CHOICE_RANDOM,
    };
    struct mg_group *group = mg_proxy_find(worker->proxy, upstream->key);
    if (group != NULL) {
        return group;
    }
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, SERVERS_MAX_BYTES);
    struct mg_str *servers = mg_arena_calloc(&arena, upstream->server_count, sizeof(*servers));
    for (size_t i = 0; servers != NULL && i < upstream->server_count; i++) {
        const struct mg_upstream_server *server = &upstream->servers[i];
        servers[i] = server->is_unix
                         ? server->url
                         : mg_arena_printf(&arena, "http://%.*s:%u", MG_STR_ARG(server->host),
                                           (unsigned)server->port);
    }
    const struct mg_group_spec spec = {.key = upstream->key,
                                       .name = upstream->name,
                                       .servers = servers,
                                       .server_count = upstream->server_count,
                                       .choice = choices[upstream->balance],
                                       .check_path = upstream->check,
                                       .check_ms = upstream->check_every_s * 1000U,
                                       .check_host = upstream->host,
                                       .is_named = is_named,
                                       .context = worker};
    group = mg_arena_overflowed(&arena) ? NULL : mg_proxy_add(worker->proxy, &spec);
    mg_arena_fini(&arena);
    return group;
}

/* Says by which policies an answer was made, which only this server knows. */
static bool is_revision(struct mg_str name)
{
    static const struct mg_str revision = {"moongate-revision", 17};
    return name.len == revision.len && mg_str_equal_nocase(name, revision);
}

bool mg_upstreams_answer(struct mg_exchange *exchange, const struct mg_response_head *head,
                         struct mg_answer *answer)
{
    struct mg_hop hop;
    struct mg_answer_field *fields =
        mg_arena_alloc(&exchange->arena, (head->field_count + 1) * sizeof(*fields));
    *answer = (struct mg_answer){.status = head->status, .is_checked = true};
    if (fields == NULL) {
        return false;
    }
    mg_hop_init(&hop, head->fields, head->field_count);
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        if (field->name.len == 4 && mg_str_equal_nocase(field->name, MG_STR("date"))) {
            answer->date = field->value;
        } else if (!mg_hop_ends(&hop, field) && !is_revision(field->name)) {
            fields[answer->field_count++] = (struct mg_answer_field){field->name, field->value};
        }
    }
    answer->fields = fields;
    return true;
}

void mg_upstreams_note_cors(struct mg_exchange *exchange, struct mg_group *group,
                            const struct mg_response_head *head, bool are_kept)
{
    static const struct mg_str prefix = {"access-control-", 15};
    struct mg_str origin = {NULL, 0};
    struct mg_str credentials = {NULL, 0};
    bool has_any = false;
    for (unsigned i = 0; i < head->field_count; i++) {
        struct mg_str name = head->fields[i].name;
        struct mg_str start = {name.ptr, name.len < prefix.len ? name.len : prefix.len};
        if (!mg_str_equal_nocase(start, prefix)) {
            continue;
        }
        has_any = true;
        if (mg_str_equal_nocase(name, MG_STR("access-control-allow-origin"))) {
            origin = head->fields[i].value;
        } else if (mg_str_equal_nocase(name, MG_STR("access-control-allow-credentials"))) {
            credentials = head->fields[i].value;
        }
    }
    if (!has_any || mg_group_mark(group) ||
        !mg_server_tells_once(exchange->worker->server, mg_group_name(group))) {
        return;
    }
    MG_LOG(MG_LOG_WARNING,
           are_kept ? "an upstream sets CORS fields itself, and they are kept"
                    : "an upstream sets CORS fields itself; they are replaced",
           {"upstream", mg_group_name(group)}, {"access-control-allow-origin", origin},
           {"access-control-allow-credentials", credentials},
           {"request-origin", mg_head_value(exchange->head, MG_FIELD_ORIGIN)},
           {"path", exchange->target.path});
}
