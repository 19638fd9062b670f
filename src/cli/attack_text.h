/* attack_text.h - an attack as the policy and the request that it consists of.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_ATTACK_TEXT_H
#define MG_CLI_ATTACK_TEXT_H

#include "cli/attacks.h"
#include "core/buf.h"

/* Append the policy: the attack, and beside it "/declared", which has the same rule without the
 * function, and "/innocent", whose functions use a good deal of the library. */
void mg_attack_add_policy(const struct mg_attack *attack, struct mg_buf *out);

/* Append the request that sets the attack off, made of the resource `path`. */
void mg_attack_add_request(const struct mg_attack *attack, const char *path,
                           struct mg_buf *out);

#endif
