/* check.h - judge what a rule says: methods, header names, origins. No Lua.
 *
 * Shape:     each takes a list as it was declared and gives what is good of it; `spot` is that
 *            of the rule ("/a cors"), faults are reported behind it ("/a cors.methods[2]"), to
 *            the spot's list.
 * Ownership: results live in the set's arena or, where a text was declared, in the scratch
 *            arena: mg_rule_compile and the resource copy what they keep.
 */
#ifndef MG_POLICY_CHECK_H
#define MG_POLICY_CHECK_H

#include "cors/origin_set.h"
#include "policy/loader.h"

/* What is good of a list of names. */
struct mg_names {
    struct mg_name_list list; /* without "*", without doubles */
    bool has_any;             /* "*" was there */
    bool is_kept;             /* they stay where they are as long as the runtime (known.h) */
};

/* The methods of a resource, in the set's arena. The default where none are declared. */
struct mg_name_list mg_check_resource_methods(struct mg_loader *loader,
                                              const struct mg_spot *spot,
                                              const struct mg_list_decl *decl);

/* The methods of a rule; `supported` are the resource's. */
struct mg_names mg_check_methods(struct mg_loader *loader, const struct mg_spot *spot,
                                 const struct mg_cors_decl *cors,
                                 struct mg_name_list supported);

/* The request headers of a rule. */
struct mg_names mg_check_headers(struct mg_loader *loader, const struct mg_spot *spot,
                                 const struct mg_cors_decl *cors);

/* The exposed headers of a rule. */
struct mg_names mg_check_expose(struct mg_loader *loader, const struct mg_spot *spot,
                                const struct mg_cors_decl *cors);

/* The origins of a rule, compiled; never NULL unless memory is out (reported). One file with
 * the same flags is compiled once for all resources. */
const struct mg_origin_set *mg_check_origins(struct mg_loader *loader,
                                             const struct mg_spot *spot,
                                             const struct mg_cors_decl *cors);

/* Judge the origins of a rule, without making a set; warnings are not told. `origin`: a
 * request's, or NULL. Returns: whether any of them matches it; means nothing after an error. */
bool mg_check_given_origins(struct mg_loader *loader, const struct mg_spot *spot,
                            const struct mg_cors_decl *cors, const struct mg_origin *origin);

/* The set of a list of origins in which mg_check_given_origins found no fault, in `arena`. NULL
 * when memory is out. */
const struct mg_origin_set *mg_check_given_set(struct mg_loader *loader,
                                               const struct mg_spot *spot,
                                               const struct mg_cors_decl *cors,
                                               struct mg_arena *arena);

/* The spot of the element at `place` of a list; 0 is "*" written without a list. */
struct mg_spot mg_check_spot(const struct mg_spot *list, size_t place);

/* Whether anyone may register a name directly below `host` (public suffix list; a top-level
 * name that is not in the list is taken for a private one). */
bool mg_host_is_public_suffix(struct mg_loader *loader, struct mg_str host);

/* Guess the pattern in ASCII for one with Unicode in its host: `text` with the host in the form
 * of IDNA (UTS 46). Returns: false when there is none. */
bool mg_pattern_to_ascii(struct mg_str text, char *out, size_t size);

/* Report that memory is out. Returns: false. */
bool mg_report_out_of_memory(struct mg_loader *loader);

#endif
