/* pattern_fault.h - say what is wrong with a text that is no origin pattern, and guess what was
 * meant. For pattern.c only.
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_PATTERN_FAULT_H
#define MG_CORS_PATTERN_FAULT_H

#include "cors/pattern.h"

/* Fill *fault for `text`, which mg_pattern_parse refused. */
void mg_pattern_diagnose(struct mg_str text, struct mg_pattern_fault *fault);

#endif
