/* date.h - IMF-fixdate (RFC 9110 5.6.7), made once a second.
 *
 * Threads:   one cache a thread.
 */
#ifndef MG_HTTP_DATE_H
#define MG_HTTP_DATE_H

#include <time.h>

#include "core/str.h"

enum {
    MG_DATE_SIZE = sizeof("Sun, 06 Nov 1994 08:49:37 GMT")
};

struct mg_date {
    time_t second;
    char text[MG_DATE_SIZE];
};

/* The date of wall second `now`, 29 bytes; valid until the next call with another second. */
struct mg_str mg_date_at(struct mg_date *date, time_t now);

#endif
