/* curl_command.h - a pasted curl command, such as a browser's network panel copies, as the
 * fetch that a page would make.
 *
 * Ownership: what is read lies in input->arena.
 * Threads:   pure; any thread.
 */
#ifndef MG_CLI_CURL_COMMAND_H
#define MG_CLI_CURL_COMMAND_H

#include "cli/explain_input.h"

/* Read `text` into `input`, which was initialised: URL, method, headers, content and its
 * type as curl would send them; -b and Cookie as credentials, -A as the browser's
 * User-Agent, -e and Origin as the page. What only concerns curl (-k, -s, --compressed, -o,
 * ...) is passed over. Nothing is expanded or read: neither variables nor files (@file).
 * Returns: false with *fault for an option that explain does not know, one without its
 * value, no URL or several, or a text that is no curl command. */
bool mg_curl_command_parse(struct mg_str text, struct mg_explain_input *input,
                           struct mg_explain_fault *fault);

#endif
