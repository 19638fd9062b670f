/* browser.c - the profiles, and reading a response's fields.
 *
 * Chromium's column was checked against version 156: each field of it was seen in requests and
 * console messages of a real browser. Firefox's and WebKit's come from their published sources.
 */
#include "cors/browser.h"

#include "cors/safelist.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct mg_browser_profile PROFILES[] = {
    [MG_BROWSER_STANDARD] = {.name = "standard", .max_age_cap = UINT64_MAX},
    [MG_BROWSER_CHROMIUM] = {.name = "chromium",
                             .wildcard_covers_authorization = true,
                             .safelists_client_hints = true,
                             .redirects_drop_client_hints = true,
                             .bounds_range = true,
                             .combines_values = true,
                             .drops_user_agent = true,
                             .forced_preflight_lists_method = true,
                             .refuses_preflight_redirect_first = true,
                             .listeners_need_body = true,
                             .parses_location_first = true,
                             .redirects_need_location = true,
                             .fetch_refuses_user_info = true,
                             .cache_replaces = true,
                             .max_age_rule = MG_MAX_AGE_CHROMIUM,
                             .max_age_cap = 7200},
    [MG_BROWSER_FIREFOX] = {.name = "firefox",
                            .wildcard_covers_authorization = true,
                            .forced_preflight_lists_method = true,
                            .refuses_preflight_redirect_first = true,
                            .max_age_rule = MG_MAX_AGE_FIREFOX,
                            .max_age_cap = 86400},
    [MG_BROWSER_WEBKIT] = {.name = "webkit",
                           .wildcard_covers_authorization = true,
                           .combines_values = true,
                           .listeners_need_body = true,
                           .max_age_cap = 600},
};

const struct mg_browser_profile *mg_browser_profile(enum mg_browser browser)
{
    return &PROFILES[browser];
}

bool mg_browser_from_name(struct mg_str name, enum mg_browser *out)
{
    for (size_t i = 0; i < COUNT_OF(PROFILES); i++) {
        if (mg_str_equal(name, mg_str_from(PROFILES[i].name))) {
            *out = (enum mg_browser)i;
            return true;
        }
    }
    return false;
}

/* The form that Chromium wants of a client hint's value before it safelists it. */
enum hint_form {
    HINT_NONE,
    HINT_INTEGER,
    HINT_DECIMAL, /* digits with at most one point, digits behind it */
    HINT_CONNECTION,
    HINT_ON,
    HINT_ANY
};

static enum hint_form hint_form_of(struct mg_str name)
{
    static const struct {
        struct mg_str name;
        enum hint_form form;
    } HINTS[] = {
        {{"device-memory", 13}, HINT_DECIMAL},  {{"dpr", 3}, HINT_DECIMAL},
        {{"downlink", 8}, HINT_DECIMAL},        {{"width", 5}, HINT_INTEGER},
        {{"viewport-width", 14}, HINT_INTEGER}, {{"rtt", 3}, HINT_INTEGER},
        {{"ect", 3}, HINT_CONNECTION},          {{"save-data", 9}, HINT_ON},
        {{"intervention", 12}, HINT_ANY},
    };
    for (size_t i = 0; i < COUNT_OF(HINTS); i++) {
        if (mg_str_equal_nocase(HINTS[i].name, name)) {
            return HINTS[i].form;
        }
    }
    return HINT_NONE;
}

static bool is_digits(struct mg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!mg_ascii_is_digit(value.ptr[i])) {
            return false;
        }
    }
    return value.len > 0;
}

static bool is_decimal(struct mg_str value)
{
    const char *point = value.len == 0 ? NULL : memchr(value.ptr, '.', value.len);
    if (point == NULL) {
        return is_digits(value);
    }
    size_t whole = (size_t)(point - value.ptr);
    return is_digits((struct mg_str){value.ptr, whole}) &&
           is_digits(mg_str_from_offset(value, whole + 1));
}

static bool is_connection_type(struct mg_str value)
{
    static const struct mg_str TYPES[] = {{"slow-2g", 7}, {"2g", 2}, {"3g", 2}, {"4g", 2}};
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (mg_str_equal(TYPES[i], value)) {
            return true;
        }
    }
    return false;
}

static bool client_hint_is_safelisted(struct mg_str name, struct mg_str value)
{
    enum {
        MAX_VALUE_BYTES = 128
    };
    if (value.len > MAX_VALUE_BYTES) {
        return false;
    }
    switch (hint_form_of(name)) {
    case HINT_INTEGER:
        return is_digits(value);
    case HINT_DECIMAL:
        return is_decimal(value);
    case HINT_CONNECTION:
        return is_connection_type(value);
    case HINT_ON:
        return mg_str_equal_nocase(value, MG_STR("on"));
    case HINT_ANY:
        return true;
    case HINT_NONE:
        break;
    }
    return false;
}

/* Whether every number in a range value fits 63 bits. */
static bool range_fits(struct mg_str value)
{
    size_t start = 0;
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && mg_ascii_is_digit(value.ptr[i])) {
            continue;
        }
        unsigned long long number;
        struct mg_str digits = {value.ptr + start, i - start};
        if (digits.len > 0 && !mg_str_to_u64(digits, INT64_MAX, &number)) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

bool mg_browser_header_is_safelisted(enum mg_browser browser, struct mg_str name,
                                     struct mg_str value)
{
    const struct mg_browser_profile *profile = mg_browser_profile(browser);
    if (profile->safelists_client_hints && client_hint_is_safelisted(name, value)) {
        return true;
    }
    if (!mg_request_header_is_safelisted(name, value)) {
        return false;
    }
    if (profile->bounds_range && mg_str_equal_nocase(name, MG_STR("range"))) {
        return range_fits(mg_str_from_offset(value, sizeof("bytes=") - 1));
    }
    return true;
}

bool mg_browser_header_is_forbidden(enum mg_browser browser, struct mg_str name,
                                    struct mg_str value)
{
    return mg_header_is_forbidden(name, value) ||
           (mg_browser_profile(browser)->drops_user_agent &&
            mg_str_equal_nocase(name, MG_STR("user-agent")));
}

bool mg_browser_names_have(struct mg_browser_names names, struct mg_str lower_case_name)
{
    for (size_t i = 0; i < names.count; i++) {
        if (mg_str_equal(names.items[i], lower_case_name)) {
            return true;
        }
    }
    return false;
}

struct mg_str mg_browser_join_names(struct mg_browser_names names, struct mg_arena *arena)
{
    size_t bytes = 1;
    for (size_t i = 0; i < names.count; i++) {
        bytes += names.items[i].len + 1;
    }
    char *out = mg_arena_alloc(arena, bytes);
    size_t len = 0;
    for (size_t i = 0; out != NULL && i < names.count; i++) {
        if (i > 0) {
            out[len++] = ',';
        }
        memcpy(out + len, names.items[i].ptr, names.items[i].len);
        len += names.items[i].len;
    }
    return (struct mg_str){out, len};
}

static struct mg_str lower_copy(struct mg_str text, struct mg_arena *arena)
{
    char *copy = mg_arena_alloc(arena, text.len + 1);
    if (copy == NULL) {
        return (struct mg_str){NULL, 0};
    }
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = mg_ascii_lower(text.ptr[i]);
    }
    return (struct mg_str){copy, text.len};
}

void mg_browser_add_name(struct mg_browser_name_set *set, struct mg_str name,
                         struct mg_arena *arena)
{
    struct mg_str lower = lower_copy(name, arena);
    size_t at = set->count;
    while (at > 0 && mg_str_compare(set->items[at - 1], lower) > 0) {
        at--;
    }
    if (at > 0 && mg_str_equal(set->items[at - 1], lower)) {
        return;
    }
    memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof(set->items[0]));
    set->items[at] = lower;
    set->count++;
}

bool mg_browser_response_line(const struct mg_browser_response *response, struct mg_str name,
                              size_t nth, struct mg_str *value)
{
    for (size_t i = 0; i < response->field_count; i++) {
        if (mg_str_equal_nocase(response->fields[i].name, name) && nth-- == 0) {
            *value = mg_str_trim_ows(response->fields[i].value);
            return true;
        }
    }
    return false;
}

bool mg_browser_response_get(const struct mg_browser_response *response, struct mg_str name,
                             struct mg_arena *arena, struct mg_str *value)
{
    struct mg_str line;
    size_t count = 0;
    size_t bytes = 0;
    for (; mg_browser_response_line(response, name, count, &line); count++) {
        *value = line;
        bytes += line.len + 2;
    }
    if (count < 2) {
        return count == 1;
    }
    char *out = mg_arena_alloc(arena, bytes);
    *value = (struct mg_str){"", 0};
    if (out == NULL) {
        return true;
    }
    size_t len = 0;
    for (size_t i = 0; i < count && mg_browser_response_line(response, name, i, &line); i++) {
        if (i > 0) {
            out[len++] = ',';
            out[len++] = ' ';
        }
        if (line.len > 0) {
            memcpy(out + len, line.ptr, line.len);
            len += line.len;
        }
    }
    *value = (struct mg_str){out, len};
    return true;
}
