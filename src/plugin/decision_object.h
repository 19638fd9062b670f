/* decision_object.h - `d`: a decision as `decision` hooks see and change it. Private to
 * src/plugin.
 *
 * Fields:    kind verdict reason status. Methods: deny(reason), and with the capability `widen`
 *            allow(), which says whether the origin is allowed now.
 * Narrowed:  403 without CORS fields; a preflight that is answered with 400 stays what it is.
 * Widened:   only what the declared rule denied for its origin, which has to be well-formed and
 *            not "null"; what a function or another plugin denied stays denied. Methods and
 *            names are judged by the rule as ever, and there are no credentials.
 */
#ifndef MG_PLUGIN_DECISION_OBJECT_H
#define MG_PLUGIN_DECISION_OBJECT_H

#include <lua.h>

#include "plugin/object.h"
#include "plugin/plugin.h"
#include "plugin/request.h"

/* What `d` points at. */
struct mg_decision_target {
    struct mg_decision *decision; /* changed in place */
    struct mg_request *request;
    const struct mg_plugin *plugin; /* whose hook is running */
    char *reason; /* NULL, or room for any, in the exchange's arena: that of the last deny */
};

extern const struct mg_object_class mg_decision_class;

#endif
