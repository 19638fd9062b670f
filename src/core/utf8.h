/* utf8.h - well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing
 * above U+10FFFF.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_CORE_UTF8_H
#define MG_CORE_UTF8_H

#include "core/str.h"

/* Length of the well-formed sequence that `s` begins with, 1 to 4; 0 when there is none. */
size_t mg_utf8_sequence(struct mg_str s);

/* Whether all of `s` is well-formed. */
bool mg_utf8_is_valid(struct mg_str s);

#endif
