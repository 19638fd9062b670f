/* expect.h - cmocka, and assertions for rows of tables: each prints the row's sentence and both
 * values, and fails the test.
 *
 *     mg_expect_str(rows[i].desc, mg_str_trim_ows(rows[i].in), rows[i].want);
 *     -> test_str.c:40: only tabs: got "\t" (1 bytes), want "" (0 bytes)
 *
 * A compound literal as an argument stands in parentheses: its commas would part arguments.
 */
#ifndef MG_TEST_EXPECT_H
#define MG_TEST_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/str.h"

/* Length of an array. */
#define MG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Both slices hold the same bytes. */
#define mg_expect_str(desc, got, want) \
    mg_expect_str_at((desc), (got), (want), __FILE__, __LINE__)

/* Both C strings are equal; NULL equals only NULL. */
#define mg_expect_text(desc, got, want) \
    mg_expect_text_at((desc), (got), (want), __FILE__, __LINE__)

/* Both numbers are equal: anything signed, enums, booleans, sizes below 2^63. */
#define mg_expect_int(desc, got, want) \
    mg_expect_int_at((desc), (long long)(got), (long long)(want), __FILE__, __LINE__)

/* Both numbers are equal, all 64 bits of them. */
#define mg_expect_u64(desc, got, want) \
    mg_expect_u64_at((desc), (uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__)

/* The condition holds; prints the condition. */
#define mg_expect_true(desc, condition) \
    mg_expect_true_at((desc), (condition), #condition, __FILE__, __LINE__)

void mg_expect_str_at(const char *desc, struct mg_str got, struct mg_str want, const char *file,
                      int line);
void mg_expect_text_at(const char *desc, const char *got, const char *want, const char *file,
                       int line);
void mg_expect_int_at(const char *desc, long long got, long long want, const char *file,
                      int line);
void mg_expect_u64_at(const char *desc, uint64_t got, uint64_t want, const char *file,
                      int line);
void mg_expect_true_at(const char *desc, bool holds, const char *condition, const char *file,
                       int line);

#endif
