/* probe_audit_judge.h - what the parts of an audit's judgement share.
 *
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_PROBE_AUDIT_JUDGE_H
#define MG_CLI_PROBE_AUDIT_JUDGE_H

#include "cli/probe_audit.h"

/* The sample `id` when it was sent and answered, else NULL. */
const struct mg_audit_sample *mg_audit_answered(const struct mg_audit *audit,
                                                enum mg_sample_id id);

/* Whether the answer gives back the very origin of its request. */
bool mg_audit_reflects(const struct mg_audit_sample *sample);

/* Whether the answer is for every origin: "*". */
bool mg_audit_is_public(const struct mg_audit_sample *sample);

/* Whether a page of the request's origin may read the answer, without credentials at least. */
bool mg_audit_allows(const struct mg_audit_sample *sample);

/* Whether the answer has a field called `name`. */
bool mg_audit_has(const struct mg_audit_sample *sample, const char *name);

/* Whether an element of the comma lists called `name` is `item`, without case. */
bool mg_audit_lists(const struct mg_audit_sample *sample, const char *name, const char *item);

/* Note a finding, unless that check has one; the severity follows from the answer's
 * credentials. */
void mg_audit_find(struct mg_audit *audit, enum mg_check_id id,
                   const struct mg_audit_sample *evidence);

/* The parts: which origins are allowed, what caches do, the form of single fields, errors,
 * preflights. */
void mg_audit_judge_origins(struct mg_audit *audit);
void mg_audit_judge_caching(struct mg_audit *audit);
void mg_audit_judge_fields(struct mg_audit *audit);
void mg_audit_judge_errors(struct mg_audit *audit);
void mg_audit_judge_preflights(struct mg_audit *audit);

#endif
