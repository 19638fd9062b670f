/* plugin_use.h - which plugins a set uses, in which order, and for which resources.
 *
 * Uses:      each `plugin "NAME" { … }` is one use of the plugin, with a configuration of its
 *            own; a resource has each plugin at most once. `handler = plugin "NAME"` means the
 *            one use of that name, or where there is none a use without configuration.
 * Resources: those listed; without a list all, or where the use is a handler those it handles.
 */
#ifndef MG_POLICY_PLUGIN_USE_H
#define MG_POLICY_PLUGIN_USE_H

#include "policy/kept.h"

/* Find out which decls are uses and number them: loader->uses, in an order that does not depend
 * on that of the calls. Faults are reported. Returns: false when memory is out. */
bool mg_plugin_uses_settle(struct mg_loader *loader);

/* Read the plugins of all uses, once they are settled, in the state where the policies ran,
 * into loader->plugins_read; one that could not be read has no file. Faults are reported.
 * Returns: false when a bound was passed. */
bool mg_plugin_uses_read(struct mg_loader *loader, struct mg_script *script);

/* Give each resource of the set its plugins; decls[i] is that of set->resources[i], and
 * set->lua->plugins is there. Faults are reported. Returns: false when memory is out. */
bool mg_plugin_uses_assign(struct mg_loader *loader, struct mg_policy_set *set,
                           struct mg_resource_decl *const *decls,
                           struct mg_resource *resources);

/* One plugin to read below the door of loading. */
struct mg_plugin_reading {
    struct mg_plugin_use use;
    struct mg_sources *sources;     /* where its shared object is found */
    const struct mg_source *source; /* of plugin.lua */
    struct mg_arena *arena;
    struct mg_errs *errs;
    struct mg_plugin *plugin;
    struct mg_plugin_slots slots;
    bool is_fine;
};
/* Read it. What it raises is reported. Returns: false when a bound was passed. */
bool mg_plugin_reading_run(struct mg_plugin_reading *reading, struct mg_script *script);

#endif
