/* probe_audit_judge.c - the order of judgement, and what its parts share. */
#include "cli/probe_audit_judge.h"

#include "cors/browser_judge.h"

const struct mg_audit_sample *mg_audit_answered(const struct mg_audit *audit,
                                                enum mg_sample_id id)
{
    const struct mg_audit_sample *sample = &audit->samples[id];
    return sample->applies && sample->fault == NULL && sample->response.status != 0 ? sample
                                                                                    : NULL;
}

bool mg_audit_reflects(const struct mg_audit_sample *sample)
{
    return sample != NULL && sample->acao.ptr != NULL && sample->request.origin.len > 0 &&
           mg_str_equal(sample->acao, sample->request.origin);
}

bool mg_audit_allows(const struct mg_audit_sample *sample)
{
    return mg_audit_reflects(sample) || mg_audit_is_public(sample);
}

bool mg_audit_is_public(const struct mg_audit_sample *sample)
{
    return sample != NULL && sample->acao.ptr != NULL &&
           mg_str_equal(sample->acao, MG_STR("*"));
}

bool mg_audit_has(const struct mg_audit_sample *sample, const char *name)
{
    struct mg_str value;
    return mg_browser_response_line(&sample->response, mg_str_from(name), 0, &value);
}

bool mg_audit_lists(const struct mg_audit_sample *sample, const char *name, const char *item)
{
    return mg_browser_list_has(&sample->response, mg_str_from(name), mg_str_from(item), true);
}

void mg_audit_find(struct mg_audit *audit, enum mg_check_id id,
                   const struct mg_audit_sample *evidence)
{
    const struct mg_audit_check *check = &mg_audit_checks[id];
    for (size_t i = 0; i < audit->finding_count; i++) {
        if (audit->findings[i].check == check) {
            return;
        }
    }
    audit->findings[audit->finding_count++] = (struct mg_audit_finding){
        .check = check,
        .severity = evidence->credentials ? check->severity_with_credentials : check->severity,
        .evidence = evidence,
    };
}

void mg_audit_answer(struct mg_audit *audit, enum mg_sample_id id,
                     const struct mg_browser_response *response)
{
    struct mg_audit_sample *sample = &audit->samples[id];
    struct mg_str acac;
    sample->response = *response;
    if (!mg_browser_response_get(response, MG_STR("access-control-allow-origin"), audit->arena,
                                 &sample->acao)) {
        sample->acao = (struct mg_str){NULL, 0};
    }
    sample->credentials =
        mg_browser_response_get(response, MG_STR("access-control-allow-credentials"),
                                audit->arena, &acac) &&
        mg_str_equal(acac, MG_STR("true"));
}

/* Worst first; among equals, in the order of the table. */
static bool comes_before(const struct mg_audit_finding *a, const struct mg_audit_finding *b)
{
    return a->severity != b->severity ? a->severity > b->severity : a->check < b->check;
}

static void sort(struct mg_audit *audit)
{
    for (size_t i = 1; i < audit->finding_count; i++) {
        struct mg_audit_finding moved = audit->findings[i];
        size_t at = i;
        while (at > 0 && comes_before(&moved, &audit->findings[at - 1])) {
            audit->findings[at] = audit->findings[at - 1];
            at--;
        }
        audit->findings[at] = moved;
    }
}

/* What stands in the way of the rest. */
static void judge_reach(struct mg_audit *audit)
{
    bool any_allowed = false;
    for (unsigned id = 0; id < MG_SAMPLE_COUNT; id++) {
        const struct mg_audit_sample *sample = &audit->samples[id];
        if (sample->applies && sample->fault != NULL) {
            mg_audit_find(audit, MG_CHECK_UNANSWERED, sample);
        }
        any_allowed = any_allowed || (sample->applies && mg_audit_allows(sample));
    }
    const struct mg_audit_sample *from = mg_audit_answered(audit, MG_SAMPLE_FROM);
    if (from != NULL && !any_allowed) {
        mg_audit_find(audit, MG_CHECK_NOTHING_ALLOWED, from);
    }
    if (from != NULL && mg_status_is_redirect(from->response.status)) {
        mg_audit_find(audit, MG_CHECK_REDIRECTED, from);
    }
}

void mg_audit_judge(struct mg_audit *audit)
{
    audit->finding_count = 0;
    judge_reach(audit);
    mg_audit_judge_origins(audit);
    mg_audit_judge_caching(audit);
    mg_audit_judge_fields(audit);
    mg_audit_judge_errors(audit);
    mg_audit_judge_preflights(audit);
    sort(audit);
}

enum mg_audit_severity mg_audit_worst(const struct mg_audit *audit)
{
    return audit->finding_count == 0 ? MG_AUDIT_INFO : audit->findings[0].severity;
}
