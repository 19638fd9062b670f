/* record_object.h - `record`: an exchange that is over, as `log` hooks see it; read-only, its
 * fields read on demand. Private to src/plugin.
 *
 * Fields:    those of struct mg_plugin_record under the same names, `kind` as its word, and
 *            ctx, which is a table in any case. What the exchange had not is nil (texts) or 0.
 */
#ifndef MG_PLUGIN_RECORD_OBJECT_H
#define MG_PLUGIN_RECORD_OBJECT_H

#include "plugin/object.h"

/* Points at a const struct mg_plugin_record. */
extern const struct mg_object_class mg_record_class;

#endif
