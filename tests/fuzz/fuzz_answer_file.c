/* fuzz_answer_file.c - raw responses.
 *
 * Beyond not crashing: a fault has a line of the text and a message; what is read is
 * well-formed; and written out again it is read as the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/answer_file.h"
#include "core/buf.h"

enum {
    MAX_INPUT_BYTES = 1 << 16,
    ARENA_BYTES = 64 << 20
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

static size_t count_lines(struct mg_str text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    return lines;
}

static void check_answer(const struct mg_raw_answer *answer, size_t lines)
{
    require(answer->status >= 200 && answer->status <= 599);
    require(answer->line >= 1 && answer->line <= lines);
    require(mg_str_starts_with(answer->version, MG_STR("HTTP/")));
    for (size_t i = 0; i < answer->field_count; i++) {
        struct mg_str value = answer->fields[i].value;
        require(mg_str_is_token(answer->fields[i].name));
        require(mg_str_trim_ows(value).len == value.len);
        require(value.len == 0 || (memchr(value.ptr, '\n', value.len) == NULL &&
                                   memchr(value.ptr, '\0', value.len) == NULL));
    }
}

static void write_answer(const struct mg_raw_answer *answer, struct mg_buf *out)
{
    mg_buf_printf(out, "%.*s %u %.*s\n", MG_STR_ARG(answer->version), answer->status,
                  MG_STR_ARG(answer->phrase));
    for (size_t i = 0; i < answer->field_count; i++) {
        mg_buf_add(out, answer->fields[i].name);
        mg_buf_add(out, MG_STR(": "));
        mg_buf_add(out, answer->fields[i].value);
        mg_buf_add(out, MG_STR("\n"));
    }
    mg_buf_add(out, MG_STR("\n"));
}

static void require_same(const struct mg_raw_answer *a, const struct mg_raw_answer *b)
{
    require(a->status == b->status && a->field_count == b->field_count);
    require(mg_str_equal(a->version, b->version) && mg_str_equal(a->phrase, b->phrase));
    for (size_t i = 0; i < a->field_count; i++) {
        require(mg_str_equal(a->fields[i].name, b->fields[i].name));
        require(mg_str_equal(a->fields[i].value, b->fields[i].value));
    }
}

/* A phrase or value that ends in CR would lose it to the line's end. */
static bool survives(const struct mg_raw_answer *answer)
{
    bool ok = !mg_str_ends_with(answer->phrase, MG_STR("\r"));
    for (size_t i = 0; i < answer->field_count; i++) {
        ok = ok && !mg_str_ends_with(answer->fields[i].value, MG_STR("\r"));
    }
    return ok;
}

static void check_again(const struct mg_answer_file *file, struct mg_arena *arena)
{
    struct mg_buf text;
    struct mg_answer_file again;
    struct mg_answer_fault fault;
    bool is_comparable = true;
    mg_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < file->count; i++) {
        /* What is no proxy's answer where it stands last might be taken for one before
         * another. */
        bool is_bare = file->answers[i].field_count == 0 && file->answers[i].status == 200;
        is_comparable = is_comparable && survives(&file->answers[i]) && !is_bare;
        write_answer(&file->answers[i], &text);
    }
    if (is_comparable && !text.overflowed) {
        require(mg_answer_file_parse(mg_buf_str(&text), arena, &again, &fault));
        require(again.count == file->count);
        for (size_t i = 0; i < file->count; i++) {
            require_same(&file->answers[i], &again.answers[i]);
        }
    }
    mg_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_str text = {(const char *)bytes, size < MAX_INPUT_BYTES ? size : MAX_INPUT_BYTES};
    struct mg_answer_file file;
    struct mg_answer_fault fault = {0, NULL};
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, ARENA_BYTES);
    size_t lines = count_lines(text);
    if (mg_answer_file_parse(text, &arena, &file, &fault)) {
        require(file.count > 0);
        for (size_t i = 0; i < file.count; i++) {
            check_answer(&file.answers[i], lines);
        }
        check_again(&file, &arena);
    } else {
        require(fault.message != NULL && fault.line >= 1 && fault.line <= lines + 1);
    }
    mg_arena_fini(&arena);
    return 0;
}
