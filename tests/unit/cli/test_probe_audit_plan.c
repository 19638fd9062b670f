/* test_probe_audit_plan.c - what an audit sends. */
#include "probe_audit_world.h"

static struct mg_str field(const struct mg_browser_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (mg_str_equal_nocase(request->fields[i].name, mg_str_from(name))) {
            return request->fields[i].value;
        }
    }
    return MG_STR("(none)");
}

static void plan_sends_what_a_browser_sends(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        enum mg_sample_id id;
        const char *method;
        const char *name;
        const char *value;
    } SENT[] = {
        {"no Origin where none is tried", MG_SAMPLE_NO_ORIGIN, "GET", "origin", "(none)"},
        {"no Sec-Fetch-Site of a stranger either", MG_SAMPLE_NO_ORIGIN, "GET", "sec-fetch-site",
         "same-origin"},
        {"the page's own origin", MG_SAMPLE_FROM, "GET", "origin", APP},
        {"actual requests change nothing", MG_SAMPLE_FROM, "GET", "x-a", "1"},
        {"suffix", MG_SAMPLE_SUFFIX, "GET", "origin", APP ".moongate-audit.example"},
        {"prefix", MG_SAMPLE_PREFIX, "GET", "origin", "https://moongate-auditapp.shop.example"},
        {"dot", MG_SAMPLE_DOT, "GET", "origin", "https://appxshop.example"},
        {"downgrade", MG_SAMPLE_DOWNGRADE, "GET", "origin", "http://app.shop.example"},
        {"sibling", MG_SAMPLE_SIBLING, "GET", "origin", "https://moongate-audit.shop.example"},
        {"a preflight asks for the script's method", MG_SAMPLE_PREFLIGHT, "OPTIONS",
         "access-control-request-method", "PUT"},
        {"and for its headers", MG_SAMPLE_PREFLIGHT, "OPTIONS",
         "access-control-request-headers", "x-a"},
        {"a preflight has no headers of the script", MG_SAMPLE_PREFLIGHT, "OPTIONS", "x-a",
         "(none)"},
        {"another OPTIONS asks for nothing", MG_SAMPLE_OPTIONS, "OPTIONS",
         "access-control-request-method", "(none)"},
        {"private network access", MG_SAMPLE_PREFLIGHT_PRIVATE_NETWORK, "OPTIONS",
         "access-control-request-private-network", "true"},
        {"a method that is safe", MG_SAMPLE_METHOD_REFUSED, "SEARCH", "origin", APP},
    };
    struct world world;
    plan(&world, APP);
    for (size_t i = 0; i < MG_COUNT(SENT); i++) {
        const struct mg_browser_request *request = &world.audit.samples[SENT[i].id].request;
        mg_expect_str(SENT[i].desc, request->method, mg_str_from(SENT[i].method));
        mg_expect_str(SENT[i].desc, field(request, SENT[i].name), mg_str_from(SENT[i].value));
        mg_expect_str(SENT[i].desc, field(request, "user-agent"), MG_STR("Moongate"));
        mg_expect_str(SENT[i].desc, request->url->authority, MG_STR("api.shop.example"));
    }
    mg_expect_str("another path has no query",
                  world.audit.samples[MG_SAMPLE_NOT_FOUND].request.url->target,
                  MG_STR("/orders/moongate-audit-404"));
    mg_arena_fini(&world.arena);
}

/* Origins without a name, or with a short one, have fewer variants. */
static void plan_leaves_out_what_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *from;
        enum mg_sample_id id;
        bool applies;
        const char *origin;
    } PAGES[] = {
        {"two labels have no parent", "https://app.example", MG_SAMPLE_SIBLING, false, NULL},
        {"two labels have a prefix", "https://app.example", MG_SAMPLE_PREFIX, true,
         "https://moongate-auditapp.example"},
        {"a port stays", "http://localhost:3000", MG_SAMPLE_SUFFIX, true,
         "http://localhost.moongate-audit.example:3000"},
        {"no dot, no letter for it", "http://localhost:3000", MG_SAMPLE_DOT, false, NULL},
        {"http has no downgrade", "http://localhost:3000", MG_SAMPLE_DOWNGRADE, false, NULL},
        {"an address has no subdomain", "https://192.0.2.1:8443", MG_SAMPLE_SUBDOMAIN, false,
         NULL},
        {"an address has a downgrade", "https://192.0.2.1:8443", MG_SAMPLE_DOWNGRADE, true,
         "http://192.0.2.1:8443"},
        {"an IPv6 address has no suffix", "https://[2001:db8::1]", MG_SAMPLE_SUFFIX, false,
         NULL},
        {"null has no variants", "null", MG_SAMPLE_SUFFIX, false, NULL},
        {"null is tried as it is", "null", MG_SAMPLE_FROM, true, "null"},
        {"without a page the URL's own origin is tried", "", MG_SAMPLE_FROM, true,
         "https://api.shop.example"},
        {"and its variants", "", MG_SAMPLE_SIBLING, true,
         "https://moongate-audit.shop.example"},
    };
    for (size_t i = 0; i < MG_COUNT(PAGES); i++) {
        struct world world;
        plan(&world, PAGES[i].from);
        const struct mg_audit_sample *sample = &world.audit.samples[PAGES[i].id];
        mg_expect_int(PAGES[i].desc, sample->applies, PAGES[i].applies);
        if (PAGES[i].applies) {
            mg_expect_str(PAGES[i].desc, sample->request.origin, mg_str_from(PAGES[i].origin));
        }
        mg_arena_fini(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_sends_what_a_browser_sends),
        cmocka_unit_test(plan_leaves_out_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
