/* bundle.h - a policy set as it was read, in one piece of bytes: what is kept of a set that
 * worked, to load it again when its files are broken or gone.
 *
 * Shape:     a line that names the format, then every source with its bytes and every name with
 *            the source it was found to be; numbers are 64 bits, little-endian. The set's
 *            revision is the check of its bytes.
 * Ownership: mg_bundle_read copies into the sources' arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_POLICY_BUNDLE_H
#define MG_POLICY_BUNDLE_H

#include "core/buf.h"
#include "policy/source.h"

enum {
    MG_BUNDLE_MAX_BYTES = 1 << 30
};

/* Append the bundle of all that was read to `out`, whose overflow tells that memory is out. */
void mg_bundle_write(const struct mg_sources *sources, struct mg_buf *out);

/* Fill `sources`, which is empty, from a bundle; nothing is looked for on disk afterwards.
 * Returns: false when it is no bundle, or memory is out. */
bool mg_bundle_read(struct mg_sources *sources, struct mg_str bytes);

#endif
