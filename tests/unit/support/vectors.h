/* vectors.h - the neutral test vectors under tests/vectors/.
 *
 * A value {"$prefix": p, "$repeat": c, "times": n} is replaced by the string p followed by n
 * copies of c when a file is loaded; callers never see one. An integer of 19 digits or more is
 * read as a real.
 */
#ifndef MG_TEST_VECTORS_H
#define MG_TEST_VECTORS_H

#include <jansson.h>

#include "core/str.h"

/* Load tests/vectors/`name`, expanded. Gives: json_decref it. A missing or malformed file fails
 * the test with its line. */
json_t *mg_vectors_load(const char *name);

/* The array `group` of a loaded file, which owns it. An absent or empty one fails the test,
 * since it would test nothing. */
json_t *mg_vectors_group(json_t *file, const char *group);

/* The string at `key` of `object` as a slice that lives as long as the file; empty when it is
 * absent or null. Another type fails the test. */
struct mg_str mg_vectors_str(const json_t *object, const char *key);

#endif
