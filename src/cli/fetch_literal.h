/* fetch_literal.h - the pieces of JavaScript that a pasted fetch() is made of: white space,
 * comments, strings, names, and whole expressions to be stepped over.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_FETCH_LITERAL_H
#define MG_CLI_FETCH_LITERAL_H

#include "cli/explain_input.h"

struct mg_fetch_cursor {
    struct mg_str text;
    size_t at;
    struct mg_arena *arena;
    struct mg_explain_fault *fault;
};

/* Fail at the cursor. Returns: false. */
#define MG_FETCH_FAIL(c, ...) mg_explain_fail((c)->fault, (c)->text, (c)->at, __VA_ARGS__)

/* Step over white space and comments. Returns: the byte that follows, '\0' at the end. */
char mg_fetch_peek(struct mg_fetch_cursor *c);

/* Step over `literal` if it comes next, behind white space; a name must not go on behind it. */
bool mg_fetch_take(struct mg_fetch_cursor *c, const char *literal);

/* Step over `literal` or fail. */
bool mg_fetch_expect(struct mg_fetch_cursor *c, const char *literal);

/* Whether a string literal comes next. */
bool mg_fetch_at_string(struct mg_fetch_cursor *c);

/* Read a string literal, "...", '...' or `...` without ${}, as UTF-8. `what` is named when
 * there is none. */
bool mg_fetch_read_string(struct mg_fetch_cursor *c, const char *what, struct mg_str *out);

/* Read a name (letters, digits, _ and $); empty where none comes next. */
struct mg_str mg_fetch_read_name(struct mg_fetch_cursor *c);

/* Step over an expression up to a comma or a closing bracket that is not its own. Fails at the
 * end of the text. */
bool mg_fetch_skip_expression(struct mg_fetch_cursor *c);

/* Read a literal of objects, arrays, strings, numbers, true, false and null as JSON text.
 * Returns: false when it is more than that, or deeper than 64; the cursor is then where it was,
 * and *fault is not set. */
bool mg_fetch_read_json(struct mg_fetch_cursor *c, struct mg_str *out);

#endif
