/* fingerprint.h - one number for all that a declaration says, so that two runs of the same
 * policies can be compared (kept.h).
 *
 * A function counts by the place where it was written. Collisions of 64 bits are the only way
 * for different declarations to be taken for equal; nobody gains by one.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_POLICY_FINGERPRINT_H
#define MG_POLICY_FINGERPRINT_H

#include "policy/loader.h"

uint64_t mg_fingerprint_resource(const struct mg_resource_decl *decl);
uint64_t mg_fingerprint_plugin(const struct mg_plugin_decl *decl);
/* Of all of them, in whatever order they were declared. */
uint64_t mg_fingerprint_upstreams(const struct mg_loader *loader);

#endif
