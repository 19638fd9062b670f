/* fuzz_policy.c - any bytes as a policy: loading ends, within its bounds, with a set or with
 * errors that can be printed.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "policy/set.h"

/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stop where `holds` is false: assert alone counts as branches. */
static void need(bool holds)
{
    assert(holds);
}

/* What holds for every fault. */
static void check_fault(const struct mg_err *err)
{
    char line[1024];
    need(err->code != NULL && err->code[0] != '\0');
    need(err->message[0] != '\0' && err->line >= 0);
    mg_err_format(err, line, sizeof(line));
    for (const char *p = line; *p != '\0'; p++) {
        need((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
}

static void check_answer(const struct mg_canned *canned)
{
    need(canned->status >= 200 && canned->status <= 599);
    need(memchr(canned->vary.ptr, '\n', canned->vary.len) == NULL);
    need(canned->lines.len == 0 || mg_str_ends_with(canned->lines, MG_STR("\r\n")));
}

/* What holds for every resource of a set. */
static void check_resource(const struct mg_resource *resource)
{
    need(resource->file != NULL && resource->line > 0);
    need((resource->rule != NULL) == (resource->cors_mode == MG_CORS_RULE));
    need(resource->allow.len > 0 && resource->methods.count > 0);
    for (size_t i = 0; i < resource->allow.len; i++) {
        char c = resource->allow.ptr[i];
        need(mg_is_tchar(c) || c == ',' || c == ' ');
    }
    if (resource->handler.kind == MG_HANDLER_RESPOND) {
        check_answer(&resource->handler.canned);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mg_policy_options options = {
        .max_script_bytes = 4 << 20, .max_script_steps = 200000, .max_script_cpu_ms = 500};
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set = mg_policy_set_load_text(
        "fuzz.lua", (struct mg_str){(const char *)data, size}, &options, &errs);
    need((set == NULL) == (errs.error_count > 0));
    for (size_t i = 0; i < errs.count; i++) {
        check_fault(&errs.items[i]);
    }
    if (set != NULL) {
        need(set->resource_count > 0 && set->revision.len == 32);
        for (size_t i = 0; i < set->resource_count; i++) {
            check_resource(set->resources[i]);
        }
        struct mg_route route;
        mg_policy_set_route(set, MG_STR("a.example"), MG_STR("/a/b"), &route);
        mg_policy_set_free(set);
    }
    mg_errs_fini(&errs);
    return 0;
}
