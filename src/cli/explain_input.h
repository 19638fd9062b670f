/* explain_input.h - the fetch to explain, however it is stated: by options, by a pasted curl
 * command, or by a pasted call of fetch().
 *
 * What a developer pastes from a browser's network panel holds fields that no script set. They
 * are gathered first and sorted out at the end, when it is known who made them.
 *
 * Ownership: slices borrow from the texts given and from the arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_INPUT_H
#define MG_CLI_EXPLAIN_INPUT_H

#include "cors/browser.h"

enum {
    MG_EXPLAIN_MAX_HEADERS = 256,
    MG_EXPLAIN_MAX_NOTES = 32
};

struct mg_explain_input {
    struct mg_arena *arena;
    struct mg_browser_spec spec; /* spec.headers stands for `headers` below */
    struct mg_browser_field headers[MG_EXPLAIN_MAX_HEADERS];
    size_t header_count;
    struct mg_str content;  /* of the request */
    struct mg_str referrer; /* names the page where nothing else does */
    bool is_navigation;     /* mode navigate: a link or a form, no script */
    bool has_mode;
    bool has_credentials;
    struct mg_str notes[MG_EXPLAIN_MAX_NOTES]; /* what was left out or assumed, in words */
    size_t note_count;
};

/* Where a pasted text cannot be read. */
struct mg_explain_fault {
    size_t line; /* from 1 */
    size_t column;
    char message[256];
};

/* Begin with a plain GET as the standard has it. Keeps `arena`. */
void mg_explain_input_init(struct mg_explain_input *input, struct mg_arena *arena);

/* Add a note as printf does; beyond MG_EXPLAIN_MAX_NOTES they are dropped. */
void mg_explain_note(struct mg_explain_input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append a header. Returns: false when there are too many. */
bool mg_explain_add_header(struct mg_explain_input *input, struct mg_str name,
                           struct mg_str value);

/* The header called `name`, without case; NULL when there is none. */
struct mg_browser_field *mg_explain_find_header(struct mg_explain_input *input,
                                                struct mg_str name);

/* Set the mode, by its name. Returns: false when there is no such mode. */
bool mg_explain_set_mode(struct mg_explain_input *input, struct mg_str name);
/* Set the credentials mode, or the redirect mode, by its name. */
bool mg_explain_set_credentials(struct mg_explain_input *input, struct mg_str name);
bool mg_explain_set_redirect(struct mg_explain_input *input, struct mg_str name);

/* Sort out the headers of a pasted text: Origin (else Referer) names the page, User-Agent
 * and Sec-Fetch-* tell of the browser, Cookie of credentials; forbidden ones and those that
 * browsers add to requests of their own are left out, with a note that lists them. The headers
 * of a call (`is_call`) that no browser recorded are a script's, and stay: a browser drops what
 * is forbidden. */
void mg_explain_sort_pasted(struct mg_explain_input *input, bool is_call);

/* Write a code point as UTF-8; surrogates and what is no code point become U+FFFD. Returns: how
 * many bytes of `out`, which has room for 4, were written. */
size_t mg_explain_put_utf8(char *out, unsigned code);

/* Set *fault to the place of byte `offset` of `text`, with a message as of printf. Returns:
 * false, for the caller to return. */
bool mg_explain_fail(struct mg_explain_fault *fault, struct mg_str text, size_t offset,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
