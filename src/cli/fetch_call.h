/* fetch_call.h - a pasted call of JavaScript's fetch(url, { ... }), such as a browser's network
 * panel copies, read as data.
 *
 * It is no JavaScript: strings, numbers, object and array literals, new Headers(...),
 * JSON.stringify(...), URL and body constructors are known; variables and expressions are not.
 *
 * Ownership: what is read lies in input->arena.
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_FETCH_CALL_H
#define MG_CLI_FETCH_CALL_H

#include "cli/explain_input.h"

/* Read `text` into `input`, which was initialised. Options of fetch() that CORS does not
 * look at, and unknown ones, are passed over; the unknown with a note. What follows the
 * call (".then(...)") is not read.
 * Returns: false with *fault, the place and what explain cannot read there. */
bool mg_fetch_call_parse(struct mg_str text, struct mg_explain_input *input,
                         struct mg_explain_fault *fault);

#endif
