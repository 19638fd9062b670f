/* method.h - request methods (RFC 9110 9, RFC 5789): case-sensitive tokens.
 *
 * A method that the program knows by name has an id, so that sets of methods are bit masks.
 * Any other token is MG_METHOD_OTHER and is compared by its bytes.
 * Threads:   pure; any thread.
 */
#ifndef MG_HTTP_METHOD_H
#define MG_HTTP_METHOD_H

#include "core/str.h"

enum mg_method {
    MG_METHOD_OTHER,
    MG_METHOD_GET,
    MG_METHOD_HEAD,
    MG_METHOD_POST,
    MG_METHOD_PUT,
    MG_METHOD_DELETE,
    MG_METHOD_CONNECT,
    MG_METHOD_OPTIONS,
    MG_METHOD_TRACE,
    MG_METHOD_PATCH,
};

/* The id of `token`, compared byte for byte: "patch" is MG_METHOD_OTHER. */
enum mg_method mg_method_from(struct mg_str token);

/* Whether `token` can be a method at all: a token (RFC 9110 9.1, 5.6.2). */
bool mg_method_is_valid(struct mg_str token);

/* The method's name; MG_METHOD_OTHER gives the empty slice. */
struct mg_str mg_method_name(enum mg_method method);

#endif
