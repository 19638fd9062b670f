/* known.h - what the functions of a runtime gave before and may give again: frozen lists, which
 * cannot change, constants made by allow { … }, and the rules compiled of them. Each is read,
 * judged and compiled once; where it turns up again that costs a look-up.
 *
 * Shape:     entries by identity, resource, and what was asked of it; only what was without
 *            fault. Their number is bounded, and none is dropped: what finds no room is worked
 *            out anew each time.
 * Ownership: entries live in the runtime's arena. The state keeps the tables they stand for, so
 *            that none of their addresses can come to mean something else.
 * Threads:   one owner at a time.
 */
#ifndef MG_POLICY_KNOWN_H
#define MG_POLICY_KNOWN_H

#include "policy/check.h"

enum {
    MG_KNOWN_BUCKETS = 256, /* a power of two */
    MG_KNOWN_MAX_ENTRIES = 2048,
    MG_KNOWN_MAX_ITEMS = 1 << 16, /* in all lists together */
    MG_KNOWN_MAX_RULES = 8,       /* of one resource */
};

enum mg_known_kind {
    MG_KNOWN_LIST, /* as read, for any resource */
    MG_KNOWN_ORIGINS,
    MG_KNOWN_METHODS,
    MG_KNOWN_HEADERS,
    MG_KNOWN_EXPOSE,
    MG_KNOWN_ALLOW,
    MG_KNOWN_RULE,
};

/* What allow { … } comes to for one resource. */
struct mg_allowed {
    unsigned fields;          /* 1 << enum mg_allow_field, those that are named */
    struct mg_cors_decl cors; /* the declared values with the named ones in their place */
    struct mg_names methods;
    struct mg_names headers;
    struct mg_names expose;
};

struct mg_known_key {
    const void *what;
    uint32_t position; /* of the resource's base rule (kept.h); 0 where it does not matter */
    enum mg_known_kind kind;
    bool credentials;
};

struct mg_known_entry {
    struct mg_known_entry *older; /* of the same bucket */
    struct mg_known_key key;
    union {
        struct mg_list_decl list;
        struct mg_names names;
        const struct mg_origin_set *origins;
        struct mg_allowed allowed;
        struct {
            struct mg_rule_spec spec;
            const struct mg_rule *rule;
        } compiled;
    } as;
};

struct mg_known {
    struct mg_arena *arena;
    struct mg_known_entry *buckets[MG_KNOWN_BUCKETS];
    size_t count;
    size_t item_count;
};

/* The entry of `key`, or NULL. */
const struct mg_known_entry *mg_known_find(const struct mg_known *known,
                                           const struct mg_known_key *key);

/* Keep `entry`, whose key is new; all it points to has to live as long as the runtime. Does
 * nothing where there is no room. */
void mg_known_add(struct mg_known *known, const struct mg_known_entry *entry);

/* Give the list that the frozen table at address `table` was read as. Returns: whether it is
 * known. */
bool mg_known_find_list(const struct mg_known *known, const void *table,
                        struct mg_list_decl *list);

/* Keep the list that was read of the table at the top of the stack, which is frozen, and make
 * `list` the copy. Without room it stays as it is. Raises when Lua's memory is out. */
void mg_known_keep_list(struct mg_known *known, lua_State *L, struct mg_list_decl *list);

/* Keep names that were judged good of a kept list, and make `names` the copy. */
void mg_known_keep_names(struct mg_known *known, const struct mg_known_key *key,
                         struct mg_names *names);

/* Copy a list of texts, all of it, to `arena`. Returns: false when that is full. */
bool mg_known_copy_list(struct mg_list_decl *list, struct mg_arena *arena);

/* The rule of a spec all of whose lists are kept, for the resource at `position`: one that was
 * compiled before, or else compiled now, into `arena` where there is no room.
 * Returns: NULL when memory is out. */
const struct mg_rule *mg_known_rule(struct mg_known *known, uint32_t position,
                                    const struct mg_rule_spec *spec, struct mg_arena *arena);

#endif
