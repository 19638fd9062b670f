/* probe_client.h - one HTTP exchange at a time over the network: the fields that are given and
 * no others go out in their order, the head comes back as the server wrote it.
 *
 * What it does not do: follow redirects, keep cookies, decode content, speak HTTP/2. Content is
 * read and dropped, up to a bound of bytes and of time; what matters to CORS is in the head.
 * TLS is verified. Proxies are those of the environment (https_proxy, no_proxy), never for a
 * loopback address.
 *
 * Ownership: a client is freed by whoever made it. Responses live in the caller's arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_PROBE_CLIENT_H
#define MG_CLI_PROBE_CLIENT_H

#include <stdint.h>

#include "cors/browser_request.h"

struct mg_probe_client;

/* How the client speaks. */
struct mg_probe_client_options {
    uint64_t timeout_ms; /* of one exchange, from the look-up of the name on */
    bool insecure;       /* certificates are not verified */
};

/* What goes out: the request line, then `fields`. */
struct mg_probe_message {
    struct mg_str method;
    const struct mg_browser_url *url;
    const struct mg_browser_field *fields;
    size_t field_count;
    struct mg_str content; /* its Content-Length is among the fields */
};

/* What comes back, in the caller's arena. */
struct mg_probe_answer {
    struct mg_browser_response response;
    struct mg_str status_line;
};

/* Gives a client, freed by mg_probe_client_free; NULL when memory is out. */
struct mg_probe_client *mg_probe_client_new(const struct mg_probe_client_options *options);
void mg_probe_client_free(struct mg_probe_client *client);

/* Send `message`, wait for the head of the final response. Interim responses (1xx) are passed
 * over.
 * Returns: NULL, and *answer in `arena`; or what went wrong in words, valid until the next
 * call. Once a head has come, what happens to the content is no fault. */
const char *mg_probe_client_exchange(struct mg_probe_client *client,
                                     const struct mg_probe_message *message,
                                     struct mg_arena *arena, struct mg_probe_answer *answer);

/* How many requests have been sent, or tried, so far. */
unsigned mg_probe_client_request_count(const struct mg_probe_client *client);

#endif
