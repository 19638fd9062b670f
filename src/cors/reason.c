/* reason.c - the table of reason.h as data. */
#include "cors/reason.h"

#include <assert.h>

static const struct {
    const char *code;
    const char *sentence;
} REASONS[] = {
#define MG_REASON_ENTRY(name, code, sentence) {code, sentence},
    MG_REASONS(MG_REASON_ENTRY)
#undef MG_REASON_ENTRY
};
static_assert(sizeof(REASONS) / sizeof(REASONS[0]) == MG_REASON_COUNT, "a code each");

const char *mg_reason_code(enum mg_reason reason)
{
    assert(reason < MG_REASON_COUNT);
    return REASONS[reason].code;
}

const char *mg_reason_sentence(enum mg_reason reason)
{
    assert(reason < MG_REASON_COUNT);
    return REASONS[reason].sentence;
}
