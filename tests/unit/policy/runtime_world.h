/* runtime_world.h - a policy, its runtime, and exchanges that are decided by it, without a
 * server. For the tests of this folder.
 */
#ifndef MG_TEST_RUNTIME_WORLD_H
#define MG_TEST_RUNTIME_WORLD_H

#include "http/head.h"
#include "load.h"
#include "policy/runtime.h"

enum {
    WORLD_MAX_LINES = 8,
    WORLD_ARENA_BYTES = 16 << 20,
    WORLD_REQUEST_BYTES = 16 << 10
};

struct world {
    const char *desc; /* of what is tested, for messages */
    struct mg_errs errs;
    struct mg_policy_set *set;
    struct mg_runtime *runtime;
    struct mg_arena arena; /* of the exchange */
    char bytes[WORLD_REQUEST_BYTES];
    struct mg_head head;
    struct mg_str lines[4][WORLD_MAX_LINES];
    struct mg_route route;
    struct mg_request request;
    struct mg_decision decision;
    struct mg_decided_at at;
    char fields[4096]; /* the decision's CORS fields */
};

static inline struct mg_str world_remote(void *context)
{
    (void)context;
    return MG_STR("192.0.2.1");
}

/* Load `text`, which has to be free of errors, and make a runtime of it with a budget. */
static inline void world_open_with(struct world *world, const char *desc, const char *text,
                                   const struct mg_script_budget *budget)
{
    const struct mg_runtime_options options = {.budget = *budget};
    *world = (struct world){.desc = desc};
    world->set = load_text(text, &world->errs, NULL);
    if (world->set == NULL) {
        mg_errs_print(&world->errs, stderr);
    }
    mg_expect_true(desc, world->set != NULL);
    mg_expect_true(desc, mg_policy_set_needs_lua(world->set));
    world->runtime = mg_runtime_new(world->set, &options, &world->errs);
    if (world->runtime == NULL) {
        mg_errs_print(&world->errs, stderr);
    }
    mg_expect_true(desc, world->runtime != NULL);
    mg_arena_init(&world->arena, NULL, 0, WORLD_ARENA_BYTES);
}

/* As that, with a budget that is the same whatever machine it is. */
static inline void world_open(struct world *world, const char *desc, const char *text)
{
    world_open_with(world, desc, text, &(const struct mg_script_budget){.counts = true});
}

static inline void world_close(struct world *world)
{
    if (world->request.ctx != 0) {
        mg_request_release(mg_runtime_script(world->runtime), &world->request);
    }
    mg_runtime_free(world->runtime);
    mg_policy_set_free(world->set);
    mg_errs_fini(&world->errs);
    mg_arena_fini(&world->arena);
}

static inline struct mg_lines world_lines(struct world *world, int slot, enum mg_field_id id)
{
    size_t count = 0;
    for (unsigned i = 0; i < world->head.field_count && count < WORLD_MAX_LINES; i++) {
        if (world->head.fields[i].id == id) {
            world->lines[slot][count++] = world->head.fields[i].value;
        }
    }
    return (struct mg_lines){world->lines[slot], count};
}

/* Decide a request: `line` is "GET /a", `fields` whole lines. A new exchange each time. */
static inline void world_decide(struct world *world, const char *line, const char *fields)
{
    static const struct mg_head_limits limits = {
        .head_bytes = WORLD_REQUEST_BYTES, .target_bytes = 8192, .fields = 100};
    struct mg_head_scan scan = {0};
    if (world->request.ctx != 0) {
        mg_request_release(mg_runtime_script(world->runtime), &world->request);
    }
    mg_arena_reset(&world->arena);
    int length = snprintf(world->bytes, sizeof(world->bytes),
                          "%s HTTP/1.1\r\nHost: api.example\r\n%s\r\n", line, fields);
    mg_expect_true(world->desc, length > 0 && length < (int)sizeof(world->bytes));
    enum mg_head_result result = mg_head_parse((struct mg_str){world->bytes, (size_t)length},
                                               &limits, &scan, &world->head);
    mg_expect_int(world->desc, result, MG_HEAD_COMPLETE);
    mg_policy_set_route(world->set, MG_STR("api.example"), world->head.target, &world->route);
    assert_non_null(world->route.resource);
    const struct mg_cors_request cors = {
        .method = world->head.method_token,
        .origin = world_lines(world, 0, MG_FIELD_ORIGIN),
        .acrm = world_lines(world, 1, MG_FIELD_ACRM),
        .acrh = world_lines(world, 2, MG_FIELD_ACRH),
        .content_type = world_lines(world, 3, MG_FIELD_CONTENT_TYPE),
        .site = mg_head_value(&world->head, MG_FIELD_SEC_FETCH_SITE),
        .scheme = MG_STR("https"),
        .host = MG_STR("api.example"),
    };
    world->request = (struct mg_request){.head = &world->head,
                                         .path = world->head.target,
                                         .host = MG_STR("api.example"),
                                         .scheme = MG_STR("https"),
                                         .resource = world->route.resource->pattern,
                                         .generation = 7,
                                         .params = world->route.params,
                                         .param_count = world->route.param_count,
                                         .remote_addr = world_remote,
                                         .arena = &world->arena};
    mg_runtime_decide(world->runtime, world->route.resource, &cors, &world->request,
                      &world->decision, &world->at);
    struct mg_buf out;
    mg_buf_init_fixed(&out, world->fields, sizeof(world->fields) - 1);
    mg_cors_write_fields(&world->decision, &out);
    world->fields[out.len] = '\0';
}

/* Check the outcome; `reason` of a deny, or of anything else. */
static inline void world_expect(const struct world *world, enum mg_verdict verdict,
                                unsigned status, const char *reason)
{
    mg_expect_text(world->desc, world->decision.reason, reason);
    mg_expect_text(world->desc, mg_verdict_name(world->decision.verdict),
                   mg_verdict_name(verdict));
    mg_expect_int(world->desc, world->decision.status, status);
}

/* A refusal because of a script: 403 without any CORS field. */
static inline void world_expect_script_error(const struct world *world)
{
    world_expect(world, MG_VERDICT_DENY, 403, "script-error");
    mg_expect_text(world->desc, world->fields, "");
}

#endif
