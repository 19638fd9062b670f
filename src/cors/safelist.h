/* safelist.h - the Fetch standard's lists of names and values: safelisted and forbidden methods
 * and header names, values that need no preflight.
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_SAFELIST_H
#define MG_CORS_SAFELIST_H

#include "core/str.h"

/* GET, HEAD, POST, byte for byte (Fetch, CORS-safelisted method). */
bool mg_method_is_safelisted(struct mg_str method);
/* CONNECT, TRACE, TRACK without case (Fetch, forbidden method). */
bool mg_method_is_forbidden(struct mg_str method);
/* The upper-case form where a browser normalizes the method (Fetch, normalize a method), else
 * `method` itself. */
struct mg_str mg_method_normalize(struct mg_str method);

/* Whether a script may not set the request header (Fetch, forbidden request-header); `value`
 * matters for the X-HTTP-Method family only. */
bool mg_header_is_forbidden(struct mg_str name, struct mg_str value);
/* Set-Cookie and Set-Cookie2 (Fetch, forbidden response-header name). */
bool mg_response_header_is_forbidden(struct mg_str name);
/* Names a script may read without Access-Control-Expose-Headers (Fetch, CORS-safelisted
 * response-header name). */
bool mg_response_header_is_safelisted(struct mg_str name);
/* Names whose safelisting depends on the value: accept, accept-language, content-language,
 * content-type, range. */
bool mg_request_header_name_may_be_safelisted(struct mg_str name);
/* Fetch, CORS-safelisted request-header: name and value with all its rules (128 bytes, unsafe
 * bytes, MIME essence, range). */
bool mg_request_header_is_safelisted(struct mg_str name, struct mg_str value);
/* The Content-Type part of it: whether `value` alone needs no preflight. */
bool mg_content_type_is_safelisted(struct mg_str value);

#endif
