/* attack_text.c - see the header.
 */
#include "cli/attack_text.h"

#include <string.h>

static const char BEFORE[] =
    "local friends = { \"" MG_ATTACK_GOOD "\", \"https://b.example\" }\n"
    "local function win() return allow { origins = { \"" MG_ATTACK_EVIL "\" } } end\n"
    "local function answer() return respond { body = \"fine\" } end\n"
    "local METHODS = { \"GET\", \"POST\", \"PUT\" }\n";

/* What stands beside the attack. It is to use a good deal of the library, so that whatever an
 * attack has bent there shows. */
static const char BESIDE[] =
    "\nresource \"/innocent\" { methods = METHODS, handler = answer(), cors = {\n"
    "  origins = function(req)\n"
    "    local list = {}\n"
    "    for i, origin in ipairs(friends) do\n"
    "      list[#list + 1] = (\"%s\"):format(origin:lower()):gsub(\"%s+\", \"\")\n"
    "      assert(i == math.max(i, 1) and #origin == utf8.len(origin))\n"
    "      assert(origin:find(\"^https://\"))\n"
    "    end\n"
    "    table.sort(list)\n"
    "    assert(#list == 2 and select(\"#\", table.unpack(list)) == 2 and tostring(req))\n"
    "    for key in pairs(req.ctx) do assert(key == \"path\") end\n"
    "    req.ctx.path = req.path\n"
    "    list[1] = table.concat({ list[1]:sub(1, 8), list[1]:sub(9) })\n"
    "    return { list[1], (list[2]:upper():lower()) }\n"
    "  end,\n"
    "  headers = function() return { \"X-\" .. string.char(65) } end } }\n";

/* Append `text`, with the flood in place of "$FLOOD". */
static void add_text(struct mg_buf *out, const char *text, const struct mg_attack *attack)
{
    const char *mark = strstr(text, "$FLOOD");
    if (mark == NULL) {
        mg_buf_add(out, mg_str_from(text));
        return;
    }
    mg_buf_add(out, (struct mg_str){text, (size_t)(mark - text)});
    for (unsigned i = 0; i < attack->flood_count; i++) {
        mg_buf_add(out, mg_str_from(attack->flood));
    }
    mg_buf_add(out, mg_str_from(mark + strlen("$FLOOD")));
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static const char *slot_of(const struct mg_attack *attack)
{
    return attack->slot == NULL ? "preflight" : attack->slot;
}

static bool is_of_rule(const char *slot)
{
    return strcmp(slot, "origins") == 0 || strcmp(slot, "headers") == 0;
}

/* `resource "PATH"` with the function or without. */
static void add_resource(struct mg_buf *out, const struct mg_attack *attack, const char *path,
                         bool has_function)
{
    const char *slot = slot_of(attack);
    bool is_in_rule = has_function && is_of_rule(slot);
    mg_buf_printf(out, "resource \"%s\" { methods = METHODS, handler = answer(), cors = { %s",
                  path, or_empty(attack->cors));
    if (!is_in_rule || strcmp(slot, "origins") != 0) {
        mg_buf_printf(out, "origins = { \"" MG_ATTACK_GOOD "\" }, ");
    }
    if (!is_in_rule) {
        mg_buf_printf(out, "}, ");
    }
    if (has_function) {
        mg_buf_printf(out, "%s = function(req)\n", slot);
        add_text(out, or_empty(attack->body), attack);
        mg_buf_printf(out, "\nend ");
    }
    mg_buf_printf(out, "%s}\n", is_in_rule ? "} " : "");
}

void mg_attack_add_policy(const struct mg_attack *attack, struct mg_buf *out)
{
    bool is_whole = slot_of(attack)[0] == '\0';
    if (!is_whole) {
        mg_buf_add(out, MG_STR(BEFORE));
    }
    add_text(out, or_empty(attack->setup), attack);
    if (!is_whole) {
        mg_buf_add(out, MG_STR(BESIDE));
        add_resource(out, attack, "/declared", false);
        add_resource(out, attack, "/attack", attack->body != NULL);
        if (attack->plugin != NULL && attack->setup == NULL) {
            mg_buf_add(out, MG_STR("plugin \"hostile\" { resources = { \"/attack\" } }\n"));
        }
    }
}

void mg_attack_add_request(const struct mg_attack *attack, const char *path, struct mg_buf *out)
{
    const char *slot = slot_of(attack);
    const char *method = strcmp(slot, "simple") == 0        ? "GET"
                         : strcmp(slot, "preflighted") == 0 ? "PUT"
                                                            : "OPTIONS";
    bool is_in_policy = strstr(or_empty(attack->setup), "$FLOOD") != NULL;
    mg_buf_printf(out, "%s %s HTTP/1.1\r\nHost: h.example\r\nOrigin: %s\r\n", method, path,
                  attack->origin == NULL ? MG_ATTACK_GOOD : attack->origin);
    if (method[0] == 'O') {
        mg_buf_printf(out, "Access-Control-Request-Method: PUT\r\n");
    }
    if (attack->flood != NULL && !is_in_policy) {
        add_text(out, "X-Flood: $FLOOD\r\n", attack);
    }
    mg_buf_printf(out, "\r\n");
}
