/* read.h - typed reading of the tables that policies give, below the script's door.
 *
 * Shape:     a table of field names and readers; an unknown field is a fault with the nearest
 *            known name. A value of the wrong type is a fault, and the target keeps its
 *            default, so that one run finds all faults.
 * Errors:    faults; only memory raises.
 */
#ifndef MG_POLICY_READ_H
#define MG_POLICY_READ_H

#include "policy/loader.h"

struct mg_known;

struct mg_reader {
    lua_State *L;
    struct mg_loader *loader;
    struct mg_spot spot;     /* of the value at the top of the stack */
    size_t max_origins;      /* in a list; 0: no bound but memory */
    uint64_t steps_per_item; /* charged for a list before it is read */
    struct mg_known *known;  /* knows frozen lists from before; NULL: none does */
};

/* Read the value at the top of the stack into `target`; leave it there. */
typedef void (*mg_field_fn)(struct mg_reader *reader, void *target);

struct mg_field_reader {
    const char *name;
    mg_field_fn read;
};

/* Read every named field of the table at `index` (absolute). A field's `where` is the table's
 * with `separator` and its name behind. A value without a name is a fault. Returns: which there
 * are, 1 << position in `fields`. */
unsigned mg_read_fields(struct mg_reader *reader, int index, const char *separator,
                        const struct mg_field_reader *fields, size_t field_count, void *target);

/* The same, but positional values are not looked at. */
void mg_read_named_fields(struct mg_reader *reader, int index, const char *separator,
                          const struct mg_field_reader *fields, size_t field_count,
                          void *target);

bool mg_read_bool(struct mg_reader *reader, bool *out);

/* Read one of `count` words. Returns: its number, or -1 after a fault. */
int mg_read_word(struct mg_reader *reader, const char *const *words, size_t count);

/* Read a string; it is copied to the scratch arena. `example` is for the hint. */
bool mg_read_string(struct mg_reader *reader, const char *example, struct mg_str *out);

enum mg_list_form {
    MG_LIST_MAY_BE_FUNCTION = 1,
    MG_LIST_MAY_BE_FILE = 2,
    MG_LIST_OF_ORIGINS = 4, /* may be long, and a string is judged as an origin */
    MG_LIST_MAY_BE_LONG = 8,
};
/* Read a list of strings, "*", or what `forms` (of enum mg_list_form) adds. A frozen table is
 * as good as any. */
void mg_read_list(struct mg_reader *reader, unsigned forms, struct mg_list_decl *out);

/* Report that the value at the top has the wrong type: "is a number, not a list of names". */
void mg_read_wrong_type(struct mg_reader *reader, const char *wanted, const char *hint);

/* Read a function of the policy; it is kept by the state. Returns: false after a fault. */
bool mg_read_function(struct mg_reader *reader, struct mg_function_decl *out);

/* Copy the string at `index` to `arena`; raises where the arena is full. */
struct mg_str mg_read_copy(lua_State *L, int index, struct mg_arena *arena);

/* Raise policy-memory unless `memory` is memory. For what arenas give. */
void mg_read_need(lua_State *L, const void *memory);

/* Read the table at `index` (absolute) as what allow { … } may name, into `cors`. Returns: the
 * fields it names, 1 << enum mg_allow_field. */
enum mg_allow_field {
    MG_ALLOW_ORIGINS,
    MG_ALLOW_METHODS,
    MG_ALLOW_HEADERS,
    MG_ALLOW_EXPOSE,
    MG_ALLOW_CREDENTIALS,
    MG_ALLOW_MAX_AGE,
    MG_ALLOW_STATUS,
};
unsigned mg_read_allow(struct mg_reader *reader, int index, struct mg_cors_decl *cors);

/* Read the table at the top of the stack as the fields of a resource. */
void mg_read_resource(struct mg_reader *reader, struct mg_resource_decl *decl);

/* Types of opaque values (script/value.h), compared by address. */
extern const char mg_value_file[];    /* const struct mg_list_decl * */
extern const char mg_value_handler[]; /* const struct mg_handler_spec * */
extern const char mg_value_plugin[];  /* struct mg_plugin_decl * */
extern const char mg_value_grant[];   /* const struct mg_grant * */
extern const char mg_value_broken[];  /* a constructor's that reported a fault */

#endif
