/* grant.c - see the header. */
#include "policy/grant.h"

#include "policy/check.h"
#include "policy/known.h"
#include "policy/language.h"
#include "policy/read.h"
#include "script/value.h"

/* Tell what is wrong with the fields whatever the resource: its methods are taken to be those
 * that are named, and http:// to be what it is fine with. */
static void judge(const struct mg_reader *reader, const struct mg_cors_decl *named)
{
    struct mg_loader *loader = reader->loader;
    struct mg_cors_decl cors = *named;
    const struct mg_name_list methods = {cors.methods.items, cors.methods.count};
    cors.insecure = true;
    (void)mg_check_given_origins(loader, &reader->spot, &cors, NULL);
    (void)mg_check_methods(loader, &reader->spot, &cors, methods);
    (void)mg_check_headers(loader, &reader->spot, &cors);
    (void)mg_check_expose(loader, &reader->spot, &cors);
}

/* Move the lists to where they live as long as the state. */
static bool keep(struct mg_cors_decl *cors, struct mg_arena *arena)
{
    struct mg_list_decl *lists[] = {&cors->origins, &cors->methods, &cors->headers,
                                    &cors->expose};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!mg_known_copy_list(lists[i], arena)) {
            return false;
        }
        lists[i]->is_frozen = true;
        lists[i]->is_kept = true;
    }
    return true;
}

int mg_grant_new(lua_State *L)
{
    mg_language_need(L, LUA_TTABLE, "allow", "local GRANT = allow { max_age = 600 }");
    struct mg_reader reader = mg_language_begin(L, "allow");
    struct mg_loader *loader = reader.loader;
    struct mg_arena *arena = loader->values != NULL ? loader->values : &loader->scratch;
    size_t errors = loader->errs->error_count;
    reader.max_origins = MG_POLICY_MAX_GIVEN_ORIGINS;
    struct mg_grant *grant = mg_arena_calloc(arena, 1, sizeof(*grant));
    mg_read_need(L, grant);
    grant->cors.max_age = MG_MAX_AGE_ABSENT;
    grant->fields = mg_read_allow(&reader, 1, &grant->cors);
    judge(&reader, &grant->cors);
    grant->file = mg_arena_dup(arena, mg_str_from(reader.spot.file)).ptr;
    grant->line = reader.spot.line;
    bool is_kept = keep(&grant->cors, arena);
    mg_read_need(L, is_kept ? grant : NULL);
    bool is_fine = loader->errs->error_count == errors;
    mg_value_push(L, is_fine ? mg_value_grant : mg_value_broken, grant); /* +1 */
    return 1;
}
