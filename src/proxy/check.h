/* check.h - active checks: each server of a group is asked for a path again and again; one that
 * fails twice in a row is down until it answers twice in a row. Private to src/proxy.
 *
 * What they say is of this server in this group: groups that name one server may ask it for
 * different paths, or not at all.
 *
 * An answer of 200 to 399 is a good one. A check that is not over when the next is due has
 * failed. Each worker checks by itself, from the first request of a group on, for as long as
 * the policies name the group.
 */
#ifndef MG_PROXY_CHECK_H
#define MG_PROXY_CHECK_H

#include "proxy/pool.h"

struct mg_check;

/* Begin to check the endpoints of `group`. Returns: the checks, one an endpoint; NULL without
 * memory. */
struct mg_check *mg_checks_start(struct mg_group *group, struct mg_str path, uint32_t every_ms);
/* End them; `group` still has its endpoints. NULL is allowed. */
void mg_checks_stop(struct mg_group *group, struct mg_check *checks);

/* Whether they say that endpoint `index` of their group is down. `checks` NULL: no. */
bool mg_checks_say_down(const struct mg_check *checks, unsigned index);

#endif
