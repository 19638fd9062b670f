/* respond.h - respond { status, fields, body }: an answer that is checked and written at load.
 */
#ifndef MG_POLICY_RESPOND_H
#define MG_POLICY_RESPOND_H

#include "policy/read.h"

enum {
    MG_RESPOND_MAX_BODY_BYTES = 1 << 20,
    MG_RESPOND_MAX_FIELDS = 100,
};

/* Read the table at index 1 into `canned`, whose bytes go to the set's arena. Faults are
 * reported at the reader's spot.
 * Returns: whether there was none. Raises where memory is out. */
bool mg_respond_read(struct mg_reader *reader, struct mg_canned *canned);

#endif
