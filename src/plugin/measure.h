/* measure.h - durations and sizes as a policy or a manifest writes them. Private to src/plugin.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_PLUGIN_MEASURE_H
#define MG_PLUGIN_MEASURE_H

#include <stdint.h>

#include "core/str.h"

/* Read a whole number with a unit: ms, s, m, h or d, at most 3650 days. Returns: false when it
 * is something else; *ms is then untouched. */
bool mg_measure_duration(struct mg_str text, uint64_t *ms);

/* Read a whole number with a unit: B, KB, MB or GB, each 1024 times the one before, at most
 * 1024 GB. Returns: as above. */
bool mg_measure_size(struct mg_str text, uint64_t *bytes);

#endif
