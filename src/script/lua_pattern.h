/* lua_pattern.h - Lua's patterns (manual 6.4.1) with a bound on the work of a match.
 *
 * The semantics and the messages are those of Lua 5.4. What differs: every comparison is a
 * step, a match ends when the steps are spent, and what a class holds does not depend on the
 * locale. A comparison with a set costs another step for every 8 bytes of the set's text, and
 * text that is compared as a whole (a back reference) one for every 8 of its bytes.
 * Ownership: borrows subject and pattern; captures are slices of the subject.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_SCRIPT_LUA_PATTERN_H
#define MG_SCRIPT_LUA_PATTERN_H

#include <stdint.h>

#include "core/str.h"

enum {
    MG_PATTERN_MAX_CAPTURES = 32,
    MG_PATTERN_MAX_DEPTH = 200, /* "pattern too complex" beyond, as in Lua */
    MG_PATTERN_BYTES_A_STEP = 8,
};

enum mg_pattern_result {
    MG_PATTERN_NO_MATCH,
    MG_PATTERN_MATCH,
    MG_PATTERN_INVALID, /* `message` says what is wrong with the pattern */
    MG_PATTERN_SPENT,   /* `steps_left` is 0 */
};

enum mg_pattern_capture_kind {
    MG_CAPTURE_TEXT,
    MG_CAPTURE_POSITION, /* "()": text is empty, and text.ptr its place in the subject */
    MG_CAPTURE_OPEN,     /* the pattern ended before its ")"; only text.ptr is set */
};

struct mg_pattern_capture {
    struct mg_str text;
    enum mg_pattern_capture_kind kind;
};

/* Set the first three members (subject.ptr is no NULL, even for an empty one); the others are
 * written by a match, `message` and `captures` only as far as they are meaningful. */
struct mg_pattern_match {
    struct mg_str subject;
    struct mg_str pattern;
    uint64_t steps_left; /* counted down */
    size_t end;          /* of the match, as an offset */
    const char *message; /* Lua's own words */
    enum mg_pattern_result result;
    unsigned depth_left;
    unsigned capture_count;
    struct mg_pattern_capture captures[MG_PATTERN_MAX_CAPTURES];
};

/* Match at exactly `start`, an offset of at most subject.len. A leading "^" is the caller's
 * business: pass the pattern without it. As in Lua, a fault of the pattern is found when
 * matching gets there.
 * Returns: the result, which is in match->result too. */
enum mg_pattern_result mg_pattern_match_at(struct mg_pattern_match *match, size_t start);

#endif
