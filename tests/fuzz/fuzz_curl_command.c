/* fuzz_curl_command.c - pasted curl commands.
 *
 * Beyond not crashing: a fault has a place in the text and a message; what is read has a
 * URL, and can be classified; an arena of any size ends it in an orderly way.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/curl_command.h"
#include "cors/browser_classify.h"

enum {
    MAX_INPUT_BYTES = 1 << 15,
    ARENA_BYTES = 64 << 20,
    SMALL_ARENA_BYTES = 1 << 14
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_input(struct mg_explain_input *input)
{
    struct mg_browser_class fetch_class;
    require(input->spec.headers == input->headers);
    require(input->spec.header_count == input->header_count);
    require(input->header_count <= MG_EXPLAIN_MAX_HEADERS);
    require(input->note_count <= MG_EXPLAIN_MAX_NOTES);
    if (input->spec.origin.len == 0) {
        input->spec.origin = MG_STR("https://app.example");
    }
    if (mg_browser_classify(&input->spec, input->arena, &fetch_class)) {
        require(fetch_class.kind != MG_FETCH_FORBIDDEN || fetch_class.reason != NULL);
    }
}

static void run(struct mg_str text, size_t bytes)
{
    static struct mg_explain_input input;
    struct mg_explain_fault fault = {0, 0, ""};
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, bytes);
    mg_explain_input_init(&input, &arena);
    if (mg_curl_command_parse(text, &input, &fault)) {
        check_input(&input);
    } else {
        require(fault.message[0] != '\0' && fault.line > 0 && fault.column > 0);
        require(fault.line + fault.column <= text.len + 3);
    }
    mg_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_str text = {(const char *)bytes, size < MAX_INPUT_BYTES ? size : MAX_INPUT_BYTES};
    run(text, ARENA_BYTES);
    run(text, SMALL_ARENA_BYTES);
    return 0;
}
