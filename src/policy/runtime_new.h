/* runtime_new.h - try a set that was just compiled: whether a second run of its policies
 * declares the same.
 */
#ifndef MG_POLICY_RUNTIME_NEW_H
#define MG_POLICY_RUNTIME_NEW_H

#include "policy/set.h"

/* Make a runtime of the set and free it. Reports what keeps one from being made, and warns of
 * variables that functions assign (state-kept). */
void mg_runtime_try(const struct mg_policy_set *set, struct mg_errs *errs);

#endif
