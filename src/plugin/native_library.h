/* native_library.h - shared objects, loaded once for each content. Private to src/plugin.
 *
 * Threads:   any, at once.
 */
#ifndef MG_PLUGIN_NATIVE_LIBRARY_H
#define MG_PLUGIN_NATIVE_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "core/str.h"
#include "plugin/moongate_plugin.h"

struct mg_native_library;

/* Load `bytes`, or take what was loaded of the same bytes, and find its moongate_plugin, of an
 * ABI and size that can be used. A NULL pointer: the bytes of the file at `path`, which else is
 * for messages. Returns: NULL with a sentence in `why`. */
struct mg_native_library *mg_native_library_acquire(const char *path, struct mg_str bytes,
                                                    char *why, size_t why_size);
void mg_native_library_release(struct mg_native_library *library);

/* Of the bytes it was loaded from. */
uint64_t mg_native_library_hash(const struct mg_native_library *library);

/* What it exports. Members that its build did not know yet are NULL. */
const struct moongate_plugin *mg_native_library_plugin(const struct mg_native_library *library);

#endif
