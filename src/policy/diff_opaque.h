/* diff_opaque.h - what cannot be asked, compared by what it is made of: functions, plugins,
 * handlers, upstreams.
 */
#ifndef MG_POLICY_DIFF_OPAQUE_H
#define MG_POLICY_DIFF_OPAQUE_H

#include "policy/diff_layout.h"

/* Whether both resources have functions of the same text, with the same files included. */
bool mg_diff_functions_same(struct mg_differ *differ, const struct mg_resource *old_resource,
                            const struct mg_resource *new_resource);

enum mg_diff_plugins {
    MG_DIFF_PLUGINS_SAME,
    MG_DIFF_PLUGINS_ADDED, /* there are more, none of which may widen */
    MG_DIFF_PLUGINS_CHANGED,
};
/* Compare the plugins that have a say in what is answered; a resource may be NULL. */
enum mg_diff_plugins mg_diff_plugins(const struct mg_differ *differ,
                                     const struct mg_resource *old_resource,
                                     const struct mg_resource *new_resource);

bool mg_diff_handlers_same(const struct mg_differ *differ,
                           const struct mg_resource *old_resource,
                           const struct mg_resource *new_resource);

/* Whether the resource's upstream keeps CORS fields of its own. */
bool mg_diff_keeps_cors(const struct mg_policy_set *set, const struct mg_resource *resource);
/* Whether such upstreams are the same. */
bool mg_diff_upstreams_same(const struct mg_differ *differ,
                            const struct mg_resource *old_resource,
                            const struct mg_resource *new_resource);

/* In words, in scratch: "origins, preflight", "limit, audit", "proxy \"api\""; "none". */
struct mg_str mg_diff_function_words(struct mg_differ *differ,
                                     const struct mg_resource *resource);
struct mg_str mg_diff_plugin_words(struct mg_differ *differ, const struct mg_policy_set *set,
                                   const struct mg_resource *resource);
struct mg_str mg_diff_handler_words(struct mg_differ *differ,
                                    const struct mg_resource *resource);

#endif
