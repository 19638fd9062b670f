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

bool mg_reason_is_code(struct mg_str text)
{
    if (text.len == 0 || text.len > MG_REASON_MAX_BYTES || mg_ascii_is_digit(text.ptr[0])) {
        return false;
    }
    char before = '-';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_word = (c >= 'a' && c <= 'z') || mg_ascii_is_digit(c);
        if (!is_word && (c != '-' || before == '-')) {
            return false;
        }
        before = c;
    }
    return before != '-';
}
