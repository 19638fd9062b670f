/* test_field.c - known field names in any case, and near misses of each. */
#include <stdio.h>

#include "expect.h"
#include "guard.h"
#include "http/head.h"

static const struct {
    const char *name;
    enum mg_field_id id;
} NAMES[] = {
    {"Host", MG_FIELD_HOST},
    {"Origin", MG_FIELD_ORIGIN},
    {"Access-Control-Request-Method", MG_FIELD_ACRM},
    {"Access-Control-Request-Headers", MG_FIELD_ACRH},
    {"Content-Type", MG_FIELD_CONTENT_TYPE},
    {"Content-Length", MG_FIELD_CONTENT_LENGTH},
    {"Transfer-Encoding", MG_FIELD_TRANSFER_ENCODING},
    {"Connection", MG_FIELD_CONNECTION},
    {"Expect", MG_FIELD_EXPECT},
    {"Upgrade", MG_FIELD_UPGRADE},
    {"Sec-Fetch-Site", MG_FIELD_SEC_FETCH_SITE},
    {"Sec-Fetch-Mode", MG_FIELD_SEC_FETCH_MODE},
    {"Sec-Fetch-Dest", MG_FIELD_SEC_FETCH_DEST},
    {"X-Forwarded-For", MG_FIELD_X_FORWARDED_FOR},
    {"X-Forwarded-Proto", MG_FIELD_X_FORWARDED_PROTO},
    {"X-Forwarded-Host", MG_FIELD_X_FORWARDED_HOST},
    {"Forwarded", MG_FIELD_FORWARDED},
    {"Cookie", MG_FIELD_COOKIE},
    {"Authorization", MG_FIELD_AUTHORIZATION},
    {"Accept", MG_FIELD_ACCEPT},
};

static void expect_id(const char *desc, struct mg_str name, enum mg_field_id id)
{
    struct mg_guard guard = {NULL, 0};
    mg_expect_int(desc, mg_field_id_from(mg_guard_str(&guard, name)), id);
    mg_guard_free(&guard);
}

static void knows_its_names_in_any_case(void **state)
{
    (void)state;
    mg_expect_int("a row for each id but OTHER", MG_COUNT(NAMES), MG_FIELD_COUNT - 1);
    for (size_t i = 0; i < MG_COUNT(NAMES); i++) {
        char text[40];
        size_t len = strlen(NAMES[i].name);
        expect_id(NAMES[i].name, mg_str_from(NAMES[i].name), NAMES[i].id);
        for (int upper = 0; upper < 2; upper++) {
            for (size_t at = 0; at < len; at++) {
                char lower = mg_ascii_lower(NAMES[i].name[at]);
                bool letter = lower >= 'a' && lower <= 'z';
                text[at] = (char)(upper == 1 && letter ? lower - 0x20 : lower);
            }
            expect_id(NAMES[i].name, (struct mg_str){text, len}, NAMES[i].id);
        }
    }
}

/* `name` with any one byte changed to another token byte. */
static void expect_changed_is_other(const char *name)
{
    char text[40] = {0};
    size_t len = strlen(name);
    (void)memcpy(text, name, len + 1);
    for (size_t at = 0; at < len; at++) {
        for (int c = 0x21; c < 0x7f; c++) {
            bool same = mg_ascii_lower((char)c) == mg_ascii_lower(name[at]);
            text[at] = (char)c;
            if (mg_is_tchar((char)c) && !same) {
                mg_expect_int(text, mg_field_id_from((struct mg_str){text, len}),
                              MG_FIELD_OTHER);
            }
        }
        text[at] = name[at];
    }
}

static void near_misses_are_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(NAMES); i++) {
        char longer[40];
        size_t len = (size_t)snprintf(longer, sizeof(longer), "%s-", NAMES[i].name);
        expect_id("one byte less", (struct mg_str){longer, len - 2}, MG_FIELD_OTHER);
        expect_id("one byte more", (struct mg_str){longer, len}, MG_FIELD_OTHER);
        expect_changed_is_other(NAMES[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_names_in_any_case),
        cmocka_unit_test(near_misses_are_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
