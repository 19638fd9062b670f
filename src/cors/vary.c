/* vary.c - merge Vary fields. A cache may take "*" and a long list alike for "do not reuse", so
 * the number of members that are compared with each other is bounded. */
#include "cors/decide.h"

struct members {
    struct mg_str items[MG_VARY_MAX_MEMBERS];
    size_t count;
    bool is_any;
};

static bool has_member(const struct members *members, struct mg_str name)
{
    for (size_t i = 0; i < members->count; i++) {
        if (mg_str_equal_nocase(members->items[i], name)) {
            return true;
        }
    }
    return false;
}

static void add_list(struct members *members, struct mg_str list)
{
    struct mg_list_cursor cursor = mg_list_begin(list);
    struct mg_str name;
    while (!members->is_any && mg_list_next(&cursor, &name)) {
        if (mg_str_equal(name, MG_STR("*"))) {
            members->is_any = true;
        } else if (mg_str_is_token(name) && !has_member(members, name)) {
            members->is_any = members->count == MG_VARY_MAX_MEMBERS;
            if (!members->is_any) {
                members->items[members->count++] = name;
            }
        }
    }
}

void mg_vary_merge(struct mg_lines lines, struct mg_str extra, struct mg_buf *out)
{
    struct members members = {.count = 0};
    for (size_t i = 0; i < lines.count; i++) {
        add_list(&members, lines.items[i]);
    }
    add_list(&members, extra);
    if (members.is_any) {
        mg_buf_add_char(out, '*');
        return;
    }
    for (size_t i = 0; i < members.count; i++) {
        mg_buf_add(out, i > 0 ? MG_STR(", ") : MG_STR(""));
        mg_buf_add(out, members.items[i]);
    }
}
