/* paste.h - what the tests of the two parsers of pasted text share: an input in an arena,
 * and what was read of it as one line.
 */
#ifndef MG_TEST_PASTE_H
#define MG_TEST_PASTE_H

#include <stdio.h>

#include "cli/explain_input.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

typedef bool (*paste_parser)(struct mg_str text, struct mg_explain_input *input,
                             struct mg_explain_fault *fault);

struct paste {
    struct mg_arena arena;
    struct mg_explain_input input;
    struct mg_explain_fault fault;
    struct mg_guard guard;
    bool ok;
};

static inline void paste_read(struct paste *paste, paste_parser parse, struct mg_str text)
{
    *paste = (struct paste){.ok = false};
    mg_arena_init(&paste->arena, NULL, 0, 16 << 20);
    mg_explain_input_init(&paste->input, &paste->arena);
    paste->ok = parse(mg_guard_str(&paste->guard, text), &paste->input, &paste->fault);
}

static inline void paste_free(struct paste *paste)
{
    mg_guard_free(&paste->guard);
    mg_arena_fini(&paste->arena);
}

/* METHOD URL BODY "content" mode credentials redirect from ORIGIN [name: value, ...] */
static inline struct mg_str paste_show(struct paste *paste)
{
    static const char *const BODIES[] = {"none", "string", "params", "form",
                                         "blob", "buffer", "stream"};
    static const char *const MODES[] = {"cors", "no-cors", "same-origin"};
    static const char *const CREDENTIALS[] = {"same-origin", "omit", "include"};
    static const char *const REDIRECTS[] = {"follow", "error", "manual"};
    struct mg_explain_input *input = &paste->input;
    const struct mg_browser_spec *spec = &input->spec;
    struct mg_str fields = {NULL, 0};
    if (!paste->ok) {
        return mg_arena_printf(&paste->arena, "%zu:%zu: %s", paste->fault.line,
                               paste->fault.column, paste->fault.message);
    }
    for (size_t i = 0; i < input->header_count; i++) {
        fields = mg_arena_printf(&paste->arena, "%.*s%s%.*s: %.*s", MG_STR_ARG(fields),
                                 i == 0 ? "" : ", ", MG_STR_ARG(input->headers[i].name),
                                 MG_STR_ARG(input->headers[i].value));
    }
    return mg_arena_printf(&paste->arena, "%.*s %.*s %s \"%.*s\" %s %s %s from %.*s [%.*s]",
                           MG_STR_ARG(spec->method), MG_STR_ARG(spec->url), BODIES[spec->body],
                           MG_STR_ARG(input->content),
                           input->is_navigation ? "navigate" : MODES[spec->mode],
                           CREDENTIALS[spec->credentials], REDIRECTS[spec->redirect],
                           MG_STR_ARG(spec->origin), MG_STR_ARG(fields));
}

struct paste_row {
    const char *desc;
    const char *text;
    const char *want;
};

static inline void paste_check(paste_parser parse, const struct paste_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct paste paste;
        paste_read(&paste, parse, mg_str_from(rows[i].text));
        mg_expect_str(rows[i].desc, paste_show(&paste), mg_str_from(rows[i].want));
        paste_free(&paste);
    }
}

/* Whether a note holds `part`. */
static inline bool paste_notes(const struct mg_explain_input *input, const char *part)
{
    for (size_t i = 0; i < input->note_count; i++) {
        struct mg_str note = input->notes[i];
        if (memmem(note.ptr, note.len, part, strlen(part)) != NULL) {
            return true;
        }
    }
    return false;
}

/* Random texts of `alphabet`, and a good text with random bytes changed: the parser ends, reads
 * nothing beyond them, and a fault has a place within the text and a message. */
static inline void paste_property(const char *name, paste_parser parse, struct mg_str alphabet,
                                  struct mg_str good)
{
    struct mg_prng prng = mg_property_begin(name);
    unsigned long cases = mg_property_cases(4000);
    for (unsigned long i = 0; i < cases; i++) {
        char text[512];
        size_t len = mg_prng_below(&prng, 200);
        if (i % 2 == 0) {
            mg_prng_fill(&prng, alphabet, text, len);
        } else {
            len = good.len;
            memcpy(text, good.ptr, len);
            for (size_t j = mg_prng_below(&prng, 4); j > 0; j--) {
                mg_prng_fill(&prng, alphabet, text + mg_prng_below(&prng, len), 1);
            }
            len -= mg_prng_below(&prng, 3) == 0 ? mg_prng_below(&prng, len) : 0;
        }
        struct paste paste;
        paste_read(&paste, parse, (struct mg_str){text, len});
        mg_expect_true(name, paste.ok || paste.fault.message[0] != '\0');
        mg_expect_true(name, paste.ok || (paste.fault.line > 0 && paste.fault.column > 0 &&
                                          paste.fault.line + paste.fault.column <= len + 3));
        mg_expect_true(name, !paste.ok || paste.input.spec.url.ptr != NULL);
        paste_free(&paste);
    }
}

#endif
