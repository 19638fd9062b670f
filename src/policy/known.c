/* known.c - see the header. A hash table with chains; entries are never taken out. */
#include "policy/known.h"

static size_t bucket_of(const struct mg_known_key *key)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)key->what >> 4) + key->position * UINT64_C(31) +
                     (uint64_t)key->kind;
    return (size_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (MG_KNOWN_BUCKETS - 1);
}

static bool is_same_key(const struct mg_known_key *a, const struct mg_known_key *b)
{
    return a->what == b->what && a->position == b->position && a->kind == b->kind &&
           a->credentials == b->credentials;
}

const struct mg_known_entry *mg_known_find(const struct mg_known *known,
                                           const struct mg_known_key *key)
{
    const struct mg_known_entry *entry = known->buckets[bucket_of(key)];
    while (entry != NULL && !is_same_key(&entry->key, key)) {
        entry = entry->older;
    }
    return entry;
}

void mg_known_add(struct mg_known *known, const struct mg_known_entry *entry)
{
    struct mg_arena_mark mark = mg_arena_snapshot(known->arena);
    struct mg_known_entry *kept = known->count < MG_KNOWN_MAX_ENTRIES
                                      ? mg_arena_alloc(known->arena, sizeof(*kept))
                                      : NULL;
    if (kept == NULL) {
        mg_arena_rewind(known->arena, mark);
        return;
    }
    *kept = *entry;
    kept->older = known->buckets[bucket_of(&entry->key)];
    known->buckets[bucket_of(&entry->key)] = kept;
    known->count++;
}

/* ---- lists ---- */

bool mg_known_find_list(const struct mg_known *known, const void *table,
                        struct mg_list_decl *list)
{
    const struct mg_known_key key = {.what = table, .kind = MG_KNOWN_LIST};
    const struct mg_known_entry *entry = mg_known_find(known, &key);
    if (entry != NULL) {
        *list = entry->as.list;
    }
    return entry != NULL;
}

bool mg_known_copy_list(struct mg_list_decl *list, struct mg_arena *arena)
{
    struct mg_arena_mark mark = mg_arena_snapshot(arena);
    struct mg_str *items = mg_arena_calloc(arena, list->count + 1, sizeof(*items));
    size_t *places = mg_arena_calloc(arena, list->count + 1, sizeof(*places));
    bool is_fine = items != NULL && places != NULL;
    for (size_t i = 0; is_fine && i < list->count; i++) {
        items[i] = mg_arena_dup(arena, list->items[i]);
        places[i] = list->places[i];
        is_fine = items[i].len == list->items[i].len;
    }
    if (!is_fine) {
        mg_arena_rewind(arena, mark);
        return false;
    }
    list->items = items;
    list->places = places;
    return true;
}

void mg_known_keep_list(struct mg_known *known, lua_State *L, struct mg_list_decl *list)
{
    const void *table = lua_topointer(L, -1);
    struct mg_known_entry entry = {.key = {.what = table, .kind = MG_KNOWN_LIST},
                                   .as.list = *list};
    if (known->count == MG_KNOWN_MAX_ENTRIES ||
        list->count > MG_KNOWN_MAX_ITEMS - known->item_count) {
        return;
    }
    lua_pushvalue(L, -1);                     /* +1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, table); /* -1 */
    entry.as.list.is_kept = mg_known_copy_list(&entry.as.list, known->arena);
    if (entry.as.list.is_kept) {
        known->item_count += list->count;
        *list = entry.as.list;
        mg_known_add(known, &entry);
    }
}

void mg_known_keep_names(struct mg_known *known, const struct mg_known_key *key,
                         struct mg_names *names)
{
    struct mg_arena_mark mark = mg_arena_snapshot(known->arena);
    struct mg_str *items =
        known->count < MG_KNOWN_MAX_ENTRIES
            ? mg_arena_calloc(known->arena, names->list.count + 1, sizeof(*items))
            : NULL;
    if (items == NULL) {
        mg_arena_rewind(known->arena, mark);
        return;
    }
    memcpy(items, names->list.items, names->list.count * sizeof(*items));
    names->list.items = items;
    names->is_kept = true;
    mg_known_add(known, &(const struct mg_known_entry){.key = *key, .as.names = *names});
}

/* ---- rules ---- */

static bool is_same_list(const struct mg_name_list *a, const struct mg_name_list *b)
{
    return a->items == b->items && a->count == b->count;
}

/* Whether two specs of one resource are the same; what functions cannot change is not looked
 * at. */
static bool is_same_spec(const struct mg_rule_spec *a, const struct mg_rule_spec *b)
{
    return a->origins == b->origins && is_same_list(&a->methods, &b->methods) &&
           a->has_methods == b->has_methods && a->any_method == b->any_method &&
           is_same_list(&a->headers, &b->headers) && a->any_header == b->any_header &&
           is_same_list(&a->expose, &b->expose) && a->expose_any == b->expose_any &&
           a->credentials == b->credentials && a->max_age == b->max_age &&
           a->preflight_status == b->preflight_status;
}

const struct mg_rule *mg_known_rule(struct mg_known *known, uint32_t position,
                                    const struct mg_rule_spec *spec, struct mg_arena *arena)
{
    struct mg_known_entry made = {.key = {.position = position, .kind = MG_KNOWN_RULE},
                                  .as.compiled.spec = *spec};
    size_t count = 0;
    const struct mg_known_entry *entry = known->buckets[bucket_of(&made.key)];
    for (; entry != NULL; entry = entry->older) {
        if (is_same_key(&entry->key, &made.key)) {
            if (is_same_spec(&entry->as.compiled.spec, spec)) {
                return entry->as.compiled.rule;
            }
            count++;
        }
    }
    if (count >= MG_KNOWN_MAX_RULES || known->count == MG_KNOWN_MAX_ENTRIES) {
        return mg_rule_compile(spec, arena);
    }
    struct mg_arena_mark mark = mg_arena_snapshot(known->arena);
    made.as.compiled.rule = mg_rule_compile(spec, known->arena);
    if (made.as.compiled.rule == NULL) {
        mg_arena_rewind(known->arena, mark);
        return mg_rule_compile(spec, arena);
    }
    mg_known_add(known, &made);
    return made.as.compiled.rule;
}
