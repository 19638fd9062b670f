/* source_read.h - what source.c and source_find.c share: reading one file into the list.
 * Private to both.
 */
#ifndef MG_POLICY_SOURCE_READ_H
#define MG_POLICY_SOURCE_READ_H

#include "policy/source.h"

/* Set severity, code and hint of *err. Returns: false. */
bool mg_source_fail(struct mg_err *err, const char *code, const char *hint);

/* Append a copy of *read. Returns: it, or NULL when memory is out. */
struct mg_source *mg_sources_append(struct mg_sources *sources, const struct mg_source *read);

/* Read the file at `path` into *source, whose name and kind are set. */
bool mg_sources_read_file(struct mg_sources *sources, const char *path,
                          struct mg_source *source, struct mg_err *err);

/* The source that was read from a file before, whatever its name was. */
const struct mg_source *mg_sources_find_file(const struct mg_sources *sources, dev_t device,
                                             ino_t inode, enum mg_source_kind kind);

#endif
