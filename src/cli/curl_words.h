/* curl_words.h - a line of a POSIX shell (with bash's $'...') as words: quotes taken off,
 * nothing expanded.
 *
 * Ownership: words lie in the arena.
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_CURL_WORDS_H
#define MG_CLI_CURL_WORDS_H

#include "cli/explain_input.h"

enum {
    MG_CURL_MAX_WORDS = 2048
};

struct mg_curl_words {
    struct mg_str *items;
    size_t *offsets; /* of each word in the text */
    size_t count;
    bool has_expansion; /* an unquoted or double-quoted $ or `, kept as it is */
    bool has_more;      /* another command follows (; | & > < or a new line): not read */
};

/* Split `text`. Quotes: '...', "...", $'...' with its escapes, \ before one byte, \ at the
 * end of a line. A # at the start of a word begins a comment.
 * Returns: false with *fault for a quote that does not end, too many words, a NUL byte,
 * cmd.exe's way of quoting, or a full arena. */
bool mg_curl_words_split(struct mg_str text, struct mg_arena *arena, struct mg_curl_words *out,
                         struct mg_explain_fault *fault);

#endif
