/* answer_file.h - raw HTTP responses as `curl -i` prints them: one head behind another,
 * each with or without content.
 *
 * A file may hold a whole chain: interim responses (1xx) are passed over, a redirect's head
 * may be followed by that of its target, and HTTP/2 or HTTP/3 status lines are as good as
 * HTTP/1.1's.
 *
 * Ownership: slices point into the text, or into the arena.
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_ANSWER_FILE_H
#define MG_CLI_ANSWER_FILE_H

#include "cors/browser.h"

enum {
    MG_ANSWER_MAX_FIELDS = 512, /* of one head */
    MG_ANSWER_MAX_HEADS = 1024  /* in one file, interim ones too */
};

/* One final response. */
struct mg_raw_answer {
    unsigned status;
    struct mg_str version; /* "HTTP/1.1", "HTTP/2" */
    struct mg_str phrase;  /* may be empty */
    const struct mg_browser_field *fields;
    size_t field_count;
    size_t line; /* of its status line, from 1 */
};

struct mg_answer_file {
    struct mg_raw_answer *answers; /* final ones, in order; one at least */
    size_t count;
    size_t interim_count; /* 1xx, and a proxy's answer to CONNECT: passed over */
};

struct mg_answer_fault {
    size_t line; /* from 1 */
    const char *message;
};

/* Read all responses of `text`.
 * Accepts: lines that end in CR LF or LF, empty lines and a byte order mark before the
 * first, continued field lines (joined by a space). What follows a head is the next head if
 * it begins like a status line; else it is content, of Content-Length octets where another
 * head follows them, and to the end of the text otherwise.
 * Rejects: a text without a status line, a status that is not three digits from 100 to 599,
 * a line without a colon, a name that is no token, a NUL byte in a head, too many fields or
 * heads.
 * Returns: false with *fault, also when the arena is full. */
bool mg_answer_file_parse(struct mg_str text, struct mg_arena *arena,
                          struct mg_answer_file *out, struct mg_answer_fault *fault);

#endif
