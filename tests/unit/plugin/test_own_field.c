/* test_own_field.c - which fields of an answer are the engine's. */
#include <stdio.h>

#include "expect.h"
#include "plugin/own_field.h"

static const struct {
    const char *name;
    bool is_framing;
    bool is_cors;
} names[] = {
    {"Content-Length", true, false},
    {"content-length", true, false},
    {"TRANSFER-ENCODING", true, false},
    {"Connection", true, false},
    {"Keep-Alive", true, false},
    {"Upgrade", true, false},
    {"Trailer", true, false},
    {"te", true, false},
    {"Proxy-Connection", true, false},
    {"Date", true, false},
    {"Content-Type", false, false},
    {"Content-Lengt", false, false},
    {"Content-Length2", false, false},
    {"Vary", false, false},
    {"Access-Control-Allow-Origin", false, true},
    {"access-control-", false, true},
    {"ACCESS-CONTROL-X", false, true},
    {"Access-Control", false, false},
    {"X-Access-Control-Allow-Origin", false, false},
    {"timing-allow-origin", false, true},
    {"Timing-Allow-Origins", false, false},
    {"", false, false},
};

static void tells_its_own_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        struct mg_str name = mg_str_from(names[i].name);
        mg_expect_int(names[i].name, mg_own_field_is_framing(name), names[i].is_framing);
        mg_expect_int(names[i].name, mg_own_field_is_cors(name), names[i].is_cors);
    }
}

/* Each single byte, in front, in the midst and at the end. */
static void tells_values_that_leave_their_line(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 3; at++) {
            char value[3] = {'a', 'b', 'c'};
            char desc[32];
            value[at] = (char)byte;
            (void)snprintf(desc, sizeof(desc), "byte %d at %zu", byte, at);
            mg_expect_int(desc, mg_own_field_value_is_safe((struct mg_str){value, 3}),
                          byte != '\r' && byte != '\n' && byte != '\0');
        }
    }
    mg_expect_true("nothing", mg_own_field_value_is_safe((struct mg_str){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_its_own_names),
        cmocka_unit_test(tells_values_that_leave_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
