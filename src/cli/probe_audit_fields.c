/* probe_audit_fields.c - the form of single fields, whatever they answer, and errors. */
#include "cli/probe_audit_judge.h"
#include "cors/browser_judge.h"
#include "cors/origin.h"

enum {
    MAX_AGE_KEPT = 7200 /* seconds; Chromium keeps no answer longer */
};

static const char *const PREFLIGHT_FIELDS[] = {
    "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"};

enum {
    PREFLIGHT_FIELD_COUNT = sizeof(PREFLIGHT_FIELDS) / sizeof(PREFLIGHT_FIELDS[0])
};

static void judge_acao(struct mg_audit *audit, const struct mg_audit_sample *sample)
{
    struct mg_origin origin;
    struct mg_str second;
    struct mg_str value = sample->acao;
    if (value.ptr == NULL || mg_audit_is_public(sample)) {
        return;
    }
    bool is_several =
        mg_browser_response_line(&sample->response, MG_STR("access-control-allow-origin"), 1,
                                 &second) ||
        (value.len > 0 && (memchr(value.ptr, ',', value.len) != NULL ||
                           memchr(value.ptr, ' ', value.len) != NULL));
    if (is_several) {
        mg_audit_find(audit, MG_CHECK_ACAO_SEVERAL, sample);
    } else if (!mg_origin_parse(value, &origin)) {
        mg_audit_find(audit, MG_CHECK_ACAO_INVALID, sample);
    }
}

static void judge_credentials(struct mg_audit *audit, const struct mg_audit_sample *sample)
{
    if (!sample->credentials) {
        if (mg_audit_has(sample, "access-control-allow-credentials")) {
            mg_audit_find(audit, MG_CHECK_ACAC_INVALID, sample);
        }
        return;
    }
    if (mg_audit_is_public(sample)) {
        mg_audit_find(audit, MG_CHECK_WILDCARD_CREDENTIALS, sample);
    }
    if (sample->acao.ptr == NULL) {
        mg_audit_find(audit, MG_CHECK_ACAC_ALONE, sample);
    }
    if (mg_audit_lists(sample, "access-control-expose-headers", "*")) {
        mg_audit_find(audit, MG_CHECK_EXPOSE_WILDCARD, sample);
    }
}

static bool is_number(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!mg_ascii_is_digit(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static void judge_max_age(struct mg_audit *audit, const struct mg_audit_sample *sample)
{
    struct mg_str value;
    unsigned long long seconds;
    if (!mg_browser_response_get(&sample->response, MG_STR("access-control-max-age"),
                                 audit->arena, &value)) {
        return;
    }
    if (!is_number(value)) {
        mg_audit_find(audit, MG_CHECK_MAX_AGE_INVALID, sample);
    } else if (!mg_str_to_u64(value, MAX_AGE_KEPT, &seconds)) {
        mg_audit_find(audit, MG_CHECK_MAX_AGE_CAPPED, sample);
    }
}

/* Whether the request is neither a preflight nor another OPTIONS. */
static bool is_actual(const struct mg_audit_sample *sample)
{
    return !sample->request.preflight;
}

void mg_audit_judge_fields(struct mg_audit *audit)
{
    for (unsigned id = 0; id < MG_SAMPLE_COUNT; id++) {
        const struct mg_audit_sample *sample = mg_audit_answered(audit, (enum mg_sample_id)id);
        if (sample == NULL) {
            continue;
        }
        judge_acao(audit, sample);
        judge_credentials(audit, sample);
        judge_max_age(audit, sample);
        for (size_t i = 0; is_actual(sample) && i < PREFLIGHT_FIELD_COUNT; i++) {
            if (mg_audit_has(sample, PREFLIGHT_FIELDS[i])) {
                mg_audit_find(audit, MG_CHECK_LISTS_ON_ACTUAL, sample);
            }
        }
        if (mg_audit_has(sample, "access-control-allow-private-network")) {
            mg_audit_find(audit, MG_CHECK_PRIVATE_NETWORK, sample);
        }
    }
}

/* Note `check` if the sample got one of the statuses and its page may not read it. */
static void judge_error(struct mg_audit *audit, enum mg_sample_id id, enum mg_check_id check,
                        const unsigned statuses[2])
{
    const struct mg_audit_sample *sample = mg_audit_answered(audit, id);
    if (sample == NULL || mg_audit_allows(sample)) {
        return;
    }
    if (sample->response.status == statuses[0] || sample->response.status == statuses[1]) {
        mg_audit_find(audit, check, sample);
    }
}

void mg_audit_judge_errors(struct mg_audit *audit)
{
    if (!mg_audit_allows(mg_audit_answered(audit, MG_SAMPLE_FROM))) {
        return;
    }
    judge_error(audit, MG_SAMPLE_NOT_FOUND, MG_CHECK_NOT_FOUND_UNREADABLE,
                (const unsigned[]){404, 410});
    judge_error(audit, MG_SAMPLE_METHOD_REFUSED, MG_CHECK_METHOD_REFUSED_UNREADABLE,
                (const unsigned[]){405, 501});
}
