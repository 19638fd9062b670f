/* fuzz_lua_pattern.c - Lua's patterns: our library against Lua's own.
 *
 * Input: a byte that chooses function and number, then pattern, subject and replacement, parted
 * by line feeds; the replacement has the rest. Both libraries give the same values, captures
 * and messages. Inputs on which Lua's own could take for ever are left out, as our count of
 * steps tells; for those it has to be exact.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/script/string_twin.h"

enum {
    MAX_PART_BYTES = 24
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A copy in a block of its own, behind one byte, so that an empty text has a place too: Lua
 * keeps a zero byte behind each string, which would hide a read past its end. Gives the
 * block. */
static char *copy(struct mg_str text)
{
    char *block = malloc(text.len + 1);
    if (block == NULL) {
        abort();
    }
    memcpy(block + 1, text.ptr, text.len);
    return block;
}

/* With the steps that a match takes it ends the same way; with one less it runs out. */
static void check_steps(struct mg_str subject, struct mg_str pattern)
{
    struct mg_pattern_match match = {
        .subject = subject, .pattern = pattern, .steps_left = TWIN_MAX_STEPS};
    enum mg_pattern_result result = mg_pattern_match_at(&match, 0);
    uint64_t used = TWIN_MAX_STEPS - match.steps_left;
    if (result == MG_PATTERN_SPENT) {
        return;
    }
    match.steps_left = used;
    if (mg_pattern_match_at(&match, 0) != result || match.steps_left != 0) {
        abort();
    }
    match.steps_left = used - 1;
    if (mg_pattern_match_at(&match, 0) != MG_PATTERN_SPENT || match.steps_left != 0) {
        abort();
    }
}

static struct mg_str take_part(struct mg_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    struct mg_str part = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    *rest = mg_str_from_offset(*rest, part.len + 1);
    part.len = part.len < MAX_PART_BYTES ? part.len : MAX_PART_BYTES;
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const functions[] = {"find", "match", "gmatch", "gsub"};
    static struct string_twin twin;
    static struct twin_outcome ours;
    static struct twin_outcome stock;
    if (twin.ours == NULL) {
        string_twin_open(&twin);
    }
    if (size == 0) {
        return 0;
    }
    struct mg_str rest = {(const char *)bytes + 1, size - 1};
    struct twin_call call = {.function = functions[bytes[0] % 4]};
    call.number = (lua_Integer)(bytes[0] / 4 % 16) - 4;
    struct mg_str pattern = take_part(&rest);
    struct mg_str subject = take_part(&rest);
    char *blocks[] = {copy(subject), copy(pattern)};
    call.strings[0] = (struct mg_str){blocks[0] + 1, subject.len};
    call.strings[1] = (struct mg_str){blocks[1] + 1, pattern.len};
    if (strcmp(call.function, "gsub") == 0) {
        call.strings[2] = rest;
    }
    if (string_twin_cost(call.strings[0], call.strings[1]) < TWIN_MAX_STEPS) {
        check_steps(call.strings[0], call.strings[1]);
        string_twin_call(&twin, &call, &ours, &stock);
        if (ours.length != stock.length || memcmp(ours.text, stock.text, ours.length) != 0) {
            (void)fprintf(stderr, "ours:  %s\nstock: %s\n", ours.text, stock.text);
            abort();
        }
    }
    free(blocks[0]);
    free(blocks[1]);
    return 0;
}
