/* read_resource.c - the fields of `resource "PATTERN" { … }` and of its `cors`.
 *
 * Only types and words are judged here; what the values mean is judged when all policies have
 * run (check_names.c, check_origins.c, compile.c).
 */
#include "policy/language.h"
#include "policy/read.h"
#include "script/nearest.h"
#include "script/value.h"

/* ---- cors ---- */

static void read_origins(struct mg_reader *reader, void *target)
{
    struct mg_cors_decl *cors = target;
    mg_read_list(reader, MG_LIST_MAY_BE_FUNCTION | MG_LIST_MAY_BE_FILE | MG_LIST_OF_ORIGINS,
                 &cors->origins);
}

static void read_methods(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, MG_LIST_MAY_BE_FUNCTION, &((struct mg_cors_decl *)target)->methods);
}

static void read_headers(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, MG_LIST_MAY_BE_FUNCTION, &((struct mg_cors_decl *)target)->headers);
}

static void read_expose(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, 0, &((struct mg_cors_decl *)target)->expose);
}

static void read_credentials(struct mg_reader *reader, void *target)
{
    (void)mg_read_bool(reader, &((struct mg_cors_decl *)target)->credentials);
}

static void read_timing(struct mg_reader *reader, void *target)
{
    (void)mg_read_bool(reader, &((struct mg_cors_decl *)target)->timing);
}

static void read_insecure(struct mg_reader *reader, void *target)
{
    (void)mg_read_bool(reader, &((struct mg_cors_decl *)target)->insecure);
}

static void read_reflect(struct mg_reader *reader, void *target)
{
    (void)mg_read_bool(reader, &((struct mg_cors_decl *)target)->reflects);
}

static void read_max_age(struct mg_reader *reader, void *target)
{
    struct mg_cors_decl *cors = target;
    int is_integer;
    lua_Integer seconds = lua_tointegerx(reader->L, -1, &is_integer);
    if (lua_type(reader->L, -1) != LUA_TNUMBER) {
        mg_fault(&reader->spot, MG_ERROR, "max-age-type", "max_age = 600",
                 "is a %s, not a number of seconds", luaL_typename(reader->L, -1));
    } else if (!is_integer) {
        mg_fault(&reader->spot, MG_ERROR, "max-age-type", "max_age = 600",
                 "is %g, not a whole number of seconds", lua_tonumber(reader->L, -1));
    } else if (seconds < 0) {
        mg_fault(&reader->spot, MG_ERROR, "max-age-negative",
                 "0 keeps browsers from caching preflights; without max_age they cache for 5 s",
                 "is %lld, and a number of seconds is not negative", (long long)seconds);
    } else {
        cors->max_age = seconds;
    }
}

static void read_status(struct mg_reader *reader, void *target)
{
    struct mg_cors_decl *cors = target;
    int is_integer;
    lua_Integer status = lua_tointegerx(reader->L, -1, &is_integer);
    if (lua_type(reader->L, -1) != LUA_TNUMBER || !is_integer ||
        (status != 200 && status != 204)) {
        mg_fault(&reader->spot, MG_ERROR, "preflight-status", "204 or 200",
                 "is no status that an answer to a preflight may have here");
        return;
    }
    cors->status = (unsigned)status;
}

static void read_on_denied(struct mg_reader *reader, void *target)
{
    static const char *const words[] = {
        [MG_ON_DENIED_WITHHOLD] = "withhold", [MG_ON_DENIED_REJECT] = "reject"};
    int word = mg_read_word(reader, words, sizeof(words) / sizeof(words[0]));
    if (word >= 0) {
        ((struct mg_cors_decl *)target)->on_denied = (enum mg_on_denied)word;
    }
}

static const struct mg_field_reader cors_fields[] = {
    {"credentials", read_credentials}, {"expose", read_expose},   {"headers", read_headers},
    {"insecure", read_insecure},       {"max_age", read_max_age}, {"methods", read_methods},
    {"on_denied", read_on_denied},     {"origins", read_origins}, {"reflect", read_reflect},
    {"status", read_status},           {"timing", read_timing},
};

/* ---- allow ---- */

static void read_given_origins(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, MG_LIST_OF_ORIGINS, &((struct mg_cors_decl *)target)->origins);
}

static void read_given_methods(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, 0, &((struct mg_cors_decl *)target)->methods);
}

static void read_given_headers(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, 0, &((struct mg_cors_decl *)target)->headers);
}

static const struct mg_field_reader allow_fields[] = {
    [MG_ALLOW_ORIGINS] = {"origins", read_given_origins},
    [MG_ALLOW_METHODS] = {"methods", read_given_methods},
    [MG_ALLOW_HEADERS] = {"headers", read_given_headers},
    [MG_ALLOW_EXPOSE] = {"expose", read_expose},
    [MG_ALLOW_CREDENTIALS] = {"credentials", read_credentials},
    [MG_ALLOW_MAX_AGE] = {"max_age", read_max_age},
    [MG_ALLOW_STATUS] = {"status", read_status},
};

unsigned mg_read_allow(struct mg_reader *reader, int index, struct mg_cors_decl *cors)
{
    size_t count = sizeof(allow_fields) / sizeof(allow_fields[0]);
    return mg_read_fields(reader, index, ".", allow_fields, count, cors);
}

/* ---- resource ---- */

static void read_cors(struct mg_reader *reader, void *target)
{
    struct mg_resource_decl *decl = target;
    lua_State *L = reader->L;
    if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1)) {
        decl->cors_mode = MG_CORS_OFF;
    } else if (lua_type(L, -1) == LUA_TTABLE) {
        decl->cors_mode = MG_CORS_RULE;
        (void)mg_read_fields(reader, lua_gettop(L), ".", cors_fields,
                             sizeof(cors_fields) / sizeof(cors_fields[0]), &decl->cors);
    } else {
        mg_read_wrong_type(reader, "a table of fields", "cors = { origins = { \"…\" } }");
    }
}

static void read_resource_methods(struct mg_reader *reader, void *target)
{
    mg_read_list(reader, 0, &((struct mg_resource_decl *)target)->methods);
}

static void read_options(struct mg_reader *reader, void *target)
{
    static const char *const words[] = {"answer", "forward"};
    int word = mg_read_word(reader, words, sizeof(words) / sizeof(words[0]));
    ((struct mg_resource_decl *)target)->forwards_options = word == 1;
}

static void read_encoded_slash(struct mg_reader *reader, void *target)
{
    (void)mg_read_bool(reader, &((struct mg_resource_decl *)target)->encoded_slash);
}

static void read_hook(struct mg_reader *reader, enum mg_function function, void *target)
{
    (void)mg_read_function(reader, &((struct mg_resource_decl *)target)->hooks[function]);
}

static void read_classify(struct mg_reader *reader, void *target)
{
    read_hook(reader, MG_FUNCTION_CLASSIFY, target);
}

static void read_preflight(struct mg_reader *reader, void *target)
{
    read_hook(reader, MG_FUNCTION_PREFLIGHT, target);
}

static void read_simple(struct mg_reader *reader, void *target)
{
    read_hook(reader, MG_FUNCTION_SIMPLE, target);
}

static void read_preflighted(struct mg_reader *reader, void *target)
{
    read_hook(reader, MG_FUNCTION_PREFLIGHTED, target);
}

/* A handler that is named by a word. */
static void read_handler_word(struct mg_reader *reader, struct mg_resource_decl *decl)
{
    static const struct {
        const char *word;
        enum mg_handler_kind kind;
    } words[] = {
        {"echo", MG_HANDLER_ECHO}, {"none", MG_HANDLER_NONE}, {"proxy", MG_HANDLER_PROXY}};
    const struct mg_policy_options *options = &reader->loader->options;
    struct mg_str name = mg_read_copy(reader->L, -1, reader->loader->arena);
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        mg_nearest_offer(&nearest, mg_str_from(words[i].word));
        if (mg_str_equal(name, mg_str_from(words[i].word))) {
            decl->handler.kind = words[i].kind;
            decl->handler.name = words[i].kind == MG_HANDLER_PROXY ? MG_STR("default") : name;
            return;
        }
    }
    for (size_t i = 0; i < options->handler_count; i++) {
        mg_nearest_offer(&nearest, mg_str_from(options->handlers[i]));
        if (mg_str_equal(name, mg_str_from(options->handlers[i]))) {
            decl->handler.kind = MG_HANDLER_CUSTOM;
            decl->handler.name = name;
            return;
        }
    }
    char quoted[80];
    char hint[128];
    MG_ERR_SET(hint,
               nearest.best.len > 0 ? "did you mean \"%.*s\"?"
                                    : "\"proxy\", \"echo\", \"none\", proxy \"NAME\" or "
                                      "respond { … }%.*s",
               MG_STR_ARG(nearest.best));
    mg_fault(&reader->spot, MG_ERROR, "handler-unknown", hint, "there is no handler %s",
             mg_quote(quoted, sizeof(quoted), name));
}

static void read_handler(struct mg_reader *reader, void *target)
{
    struct mg_resource_decl *decl = target;
    lua_State *L = reader->L;
    const struct mg_handler_spec *made = mg_value_get(L, -1, mg_value_handler);
    struct mg_plugin_decl *plugin = mg_language_to_plugin(L, -1);
    decl->has_handler = true;
    if (made != NULL) {
        decl->handler = *made;
    } else if (plugin != NULL) {
        plugin->is_handler = true;
        decl->plugin = plugin;
        decl->handler.kind = MG_HANDLER_PLUGIN;
        decl->handler.name = plugin->name;
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        read_handler_word(reader, decl);
    } else if (mg_value_type(L, -1) != mg_value_broken) { /* else its call was reported */
        mg_read_wrong_type(reader, "a handler",
                           "\"proxy\", \"echo\", \"none\", proxy \"NAME\", respond { … } or "
                           "plugin \"NAME\"");
    }
}

static const struct mg_field_reader resource_fields[] = {
    {"classify", read_classify},
    {"cors", read_cors},
    {"encoded_slash", read_encoded_slash},
    {"handler", read_handler},
    {"methods", read_resource_methods},
    {"options", read_options},
    {"preflight", read_preflight},
    {"preflighted", read_preflighted},
    {"simple", read_simple},
};

/* Only where the engine keeps out of CORS may an answer bring CORS fields of its own. */
static void check_cors_field(const struct mg_reader *reader,
                             const struct mg_resource_decl *decl)
{
    struct mg_str field = decl->handler.canned.cors_field;
    char quoted[80];
    if (decl->handler.kind == MG_HANDLER_RESPOND && field.len > 0 &&
        decl->cors_mode != MG_CORS_OFF) {
        struct mg_spot spot = mg_spot_in(&reader->spot, " handler");
        mg_fault(&spot, MG_ERROR, "respond-cors-field",
                 "say it in the resource's cors, or cors = false", "sets %s by itself",
                 mg_quote(quoted, sizeof(quoted), field));
    }
}

void mg_read_resource(struct mg_reader *reader, struct mg_resource_decl *decl)
{
    (void)mg_read_fields(reader, lua_gettop(reader->L), " ", resource_fields,
                         sizeof(resource_fields) / sizeof(resource_fields[0]), decl);
    check_cors_field(reader, decl);
}
