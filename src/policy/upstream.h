/* upstream.h - upstream "NAME" { "http://10.0.0.1:80", …, balance = …, cors = … }.
 */
#ifndef MG_POLICY_UPSTREAM_H
#define MG_POLICY_UPSTREAM_H

#include "policy/read.h"

/* Whether `name` can name an upstream: letters, digits, "_", "-" and ".", 1 to 64 of them. */
bool mg_upstream_name_is_valid(struct mg_str name);

/* Take apart "http://host[:port]", "https://host[:port]", without path, or "unix:/path". All
 * slices of `url`. */
bool mg_upstream_server_parse(struct mg_str url, struct mg_upstream_server *server);

/* The hash of all that makes an upstream what it is. */
uint64_t mg_upstream_key(const struct mg_upstream *upstream);

/* Read the table at index 1 into `upstream`, whose bytes go to the set's arena. Faults are
 * reported at the reader's spot. Raises where memory is out. */
void mg_upstream_read(struct mg_reader *reader, struct mg_upstream *upstream);

#endif
