/* probe_audit_world.h - an audit of https://api.shop.example/orders, answered by functions in
 * place of servers.
 */
#ifndef MG_TEST_PROBE_AUDIT_WORLD_H
#define MG_TEST_PROBE_AUDIT_WORLD_H

#include "cli/probe_audit.h"
#include "core/buf.h"
#include "expect.h"

#define APP      "https://app.shop.example"
#define STRANGER "https://moongate-audit.example"

enum {
    MAX_FIELDS = 16
};

/* What a server says to a request. */
struct answer {
    unsigned status;
    struct mg_browser_field fields[MAX_FIELDS];
    size_t count;
};

static inline void say(struct answer *answer, const char *name, struct mg_str value)
{
    assert_true(answer->count < MAX_FIELDS);
    answer->fields[answer->count++] = (struct mg_browser_field){mg_str_from(name), value};
}

static inline bool is_preflight(const struct mg_browser_request *request)
{
    return request->preflight && request->acrm.len > 0;
}

static inline bool is_from(const struct mg_browser_request *request, const char *origin)
{
    return mg_str_equal(request->origin, mg_str_from(origin));
}

static inline bool is_elsewhere(const struct mg_browser_request *request)
{
    return mg_str_ends_with(request->url->path, MG_STR("-404"));
}

/* Whether the request is neither OPTIONS nor meant to fail. */
static inline bool is_plain(const struct mg_browser_request *request)
{
    return !request->preflight && !is_elsewhere(request) &&
           !mg_str_equal(request->method, MG_STR("SEARCH"));
}

typedef void (*server_fn)(const struct mg_browser_request *request, struct answer *answer);

struct world {
    struct mg_arena arena;
    struct mg_browser_spec spec;
    struct mg_browser_class fetch_class;
    struct mg_audit audit;
};

/* Plan an audit of https://api.shop.example/orders. */
static inline void plan(struct world *world, const char *from)
{
    static const struct mg_browser_field HEADERS[] = {{{"X-A", 3}, {"1", 1}}};
    memset(world, 0, sizeof(*world));
    mg_arena_init(&world->arena, NULL, 0, 4 << 20);
    world->spec = (struct mg_browser_spec){
        .origin = MG_STR(APP),
        .url = MG_STR("https://api.shop.example/orders?x=1"),
        .method = MG_STR("PUT"),
        .headers = HEADERS,
        .header_count = MG_COUNT(HEADERS),
        .user_agent = MG_STR("Moongate"),
    };
    assert_true(mg_browser_classify(&world->spec, &world->arena, &world->fetch_class));
    world->spec.origin = mg_str_from(from);
    assert_true(mg_audit_plan(&world->audit, &world->spec, &world->fetch_class, &world->arena));
}

/* Let a server answer all samples, and judge. */
static inline void judge(struct world *world, server_fn serve)
{
    for (unsigned id = 0; id < MG_SAMPLE_COUNT; id++) {
        struct mg_audit_sample *sample = &world->audit.samples[id];
        struct answer *answer = mg_arena_calloc(&world->arena, 1, sizeof(*answer));
        assert_non_null(answer);
        if (sample->applies) {
            serve(&sample->request, answer);
            const struct mg_browser_response response = {answer->status, answer->fields,
                                                         answer->count};
            mg_audit_answer(&world->audit, (enum mg_sample_id)id, &response);
        }
    }
    mg_audit_judge(&world->audit);
    assert_false(mg_arena_overflowed(&world->arena));
}

/* "severity code, severity code" of all findings, in `out`. */
static inline struct mg_str summary(const struct mg_audit *audit, struct mg_buf *out)
{
    mg_buf_clear(out);
    for (size_t i = 0; i < audit->finding_count; i++) {
        mg_buf_printf(out, "%s%s %s", i == 0 ? "" : ", ",
                      mg_audit_severity_name(audit->findings[i].severity),
                      audit->findings[i].check->code);
    }
    return mg_buf_str(out);
}

#endif
