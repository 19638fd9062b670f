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
    mg_read_list(reader, 0, &((struct mg_cors_decl *)target)->methods);
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
    (void)target;
    bool reflects = false;
    if (mg_read_bool(reader, &reflects) && reflects) {
        mg_read_not_yet(reader, "functions that give back the request's Origin");
    }
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

/* ---- resource ---- */

static void read_cors(struct mg_reader *reader, void *target)
{
    struct mg_resource_decl *decl = target;
    lua_State *L = reader->L;
    if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1)) {
        decl->cors_mode = MG_CORS_OFF;
    } else if (lua_type(L, -1) == LUA_TTABLE) {
        decl->cors_mode = MG_CORS_RULE;
        mg_read_fields(reader, lua_gettop(L), ".", cors_fields,
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

static void read_hook(struct mg_reader *reader, void *target)
{
    (void)target;
    if (lua_type(reader->L, -1) != LUA_TFUNCTION) {
        mg_read_wrong_type(reader, "a function", NULL);
        return;
    }
    mg_read_not_yet(reader, "hooks");
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
    decl->has_handler = true;
    if (made != NULL) {
        decl->handler = *made;
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        read_handler_word(reader, decl);
    } else if (mg_value_type(L, -1) == mg_value_broken || mg_language_is_plugin(L, -1)) {
        return; /* the constructor's call was reported */
    } else if (lua_type(L, -1) == LUA_TFUNCTION && !lua_iscfunction(L, -1)) {
        mg_read_not_yet(reader, "functions");
    } else {
        mg_read_wrong_type(reader, "a handler",
                           "\"proxy\", \"echo\", \"none\", proxy \"NAME\" or respond { … }");
    }
}

static const struct mg_field_reader resource_fields[] = {
    {"classify", read_hook},
    {"cors", read_cors},
    {"encoded_slash", read_encoded_slash},
    {"handler", read_handler},
    {"methods", read_resource_methods},
    {"options", read_options},
    {"preflight", read_hook},
    {"preflighted", read_hook},
    {"simple", read_hook},
};

void mg_read_resource(struct mg_reader *reader, struct mg_resource_decl *decl)
{
    mg_read_fields(reader, lua_gettop(reader->L), " ", resource_fields,
                   sizeof(resource_fields) / sizeof(resource_fields[0]), decl);
}
