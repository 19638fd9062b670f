/* browser_message.h - what Chromium's console says of a failure, word for word.
 *
 * Threads:   pure; any thread. The sentence lives in the caller's arena.
 */
#ifndef MG_CORS_BROWSER_MESSAGE_H
#define MG_CORS_BROWSER_MESSAGE_H

#include "cors/browser_classify.h"
#include "cors/browser_judge.h"

struct mg_browser_message {
    enum mg_browser_initiator initiator;
    struct mg_str origin;    /* of the page, also where "null" was sent */
    struct mg_str url;       /* of the last request */
    struct mg_str first_url; /* of the first request; the same where nothing redirected */
};

/* The console's line for `judgement`, or the empty slice where Chromium prints none: no
 * failure, and network errors that are not CORS ones. */
struct mg_str mg_browser_message(const struct mg_browser_message *message,
                                 const struct mg_judgement *judgement, struct mg_arena *arena);

/* The text of the exception or console line for a fetch that is refused before anything is
 * sent; empty where the class is not forbidden or Chromium says nothing of its own. */
struct mg_str mg_browser_forbidden_message(const struct mg_browser_spec *spec,
                                           const struct mg_browser_class *fetch_class,
                                           struct mg_arena *arena);

#endif
