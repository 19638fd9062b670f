/* curl_words.c - one pass over the bytes; a word is never longer than what it is written as, so
 * that all of them fit a buffer of the text's length.
 */
#include "cli/curl_words.h"

struct splitter {
    struct mg_str text;
    size_t at;
    char *out; /* the next free byte for words */
    struct mg_curl_words *words;
    struct mg_explain_fault *fault;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char byte_at(const struct splitter *s, size_t index)
{
    return index < s->text.len ? s->text.ptr[index] : '\0';
}

/* Length of a line continuation at `index`: a backslash and the end of its line; 0: none. */
static size_t continuation(const struct splitter *s, size_t index)
{
    if (byte_at(s, index) != '\\') {
        return 0;
    }
    if (byte_at(s, index + 1) == '\n') {
        return 2;
    }
    return byte_at(s, index + 1) == '\r' && byte_at(s, index + 2) == '\n' ? 3 : 0;
}

static void put(struct splitter *s, char c)
{
    *s->out++ = c;
}

/* Read up to `most` digits of base 8 or 16 at the cursor. Returns: how many there were. */
static size_t read_digits(struct splitter *s, unsigned base, size_t most, unsigned *value)
{
    size_t count = 0;
    *value = 0;
    for (; count < most && s->at < s->text.len; count++, s->at++) {
        int digit = mg_ascii_hex(s->text.ptr[s->at]);
        if (digit < 0 || digit >= (int)base) {
            break;
        }
        *value = *value * base + (unsigned)digit;
    }
    return count;
}

/* An escape of $'...', behind its backslash. */
static void read_escape(struct splitter *s)
{
    static const char FROM[] = "abefnrtvE";
    static const char TO[] = "\a\b\033\f\n\r\t\v\033";
    char c = s->text.ptr[s->at];
    const char *simple = c == '\0' ? NULL : strchr(FROM, c);
    unsigned value;
    if (simple != NULL) {
        s->at++;
        put(s, TO[simple - FROM]);
    } else if (c >= '0' && c <= '7') {
        (void)read_digits(s, 8, 3, &value);
        put(s, (char)value);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        s->at++;
        size_t most = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        if (read_digits(s, 16, most, &value) == 0) {
            put(s, '\\');
            put(s, c);
        } else if (c == 'x') {
            put(s, (char)value);
        } else {
            s->out += mg_explain_put_utf8(s->out, value);
        }
    } else {
        /* \\ \' \" and, as bash has it, whatever else with its backslash. */
        if (strchr("\\'\"?", c) == NULL) {
            put(s, '\\');
        }
        put(s, c);
        s->at++;
    }
}

/* $'...', behind its opening quote. */
static bool read_ansi_quoted(struct splitter *s)
{
    size_t start = s->at - 1;
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at++];
        if (c == '\'') {
            return true;
        }
        if (c == '\\' && s->at < s->text.len) {
            read_escape(s);
        } else {
            put(s, c);
        }
    }
    return mg_explain_fail(s->fault, s->text, start, "a $'...' that does not end");
}

static bool read_single_quoted(struct splitter *s)
{
    size_t start = s->at - 1;
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at++];
        if (c == '\'') {
            return true;
        }
        put(s, c);
    }
    return mg_explain_fail(s->fault, s->text, start, "a ' that is not closed");
}

static bool read_double_quoted(struct splitter *s)
{
    size_t start = s->at - 1;
    while (s->at < s->text.len) {
        size_t skipped = continuation(s, s->at);
        if (skipped > 0) {
            s->at += skipped;
            continue;
        }
        char c = s->text.ptr[s->at++];
        if (c == '"') {
            return true;
        }
        if (c == '\\' && s->at < s->text.len && strchr("$`\"\\", s->text.ptr[s->at]) != NULL) {
            c = s->text.ptr[s->at++];
        } else if (c == '$' || c == '`') {
            s->words->has_expansion = true;
        }
        put(s, c);
    }
    return mg_explain_fail(s->fault, s->text, start, "a \" that is not closed");
}

/* One byte outside quotes, or the quoted part that it begins. */
static bool read_part(struct splitter *s)
{
    char c = s->text.ptr[s->at++];
    if (c == '\'') {
        return read_single_quoted(s);
    }
    if (c == '"') {
        return read_double_quoted(s);
    }
    if (c == '$' && byte_at(s, s->at) == '\'') {
        s->at++;
        return read_ansi_quoted(s);
    }
    if (c == '^' && (byte_at(s, s->at) == '"' || byte_at(s, s->at) == '\n')) {
        return mg_explain_fail(s->fault, s->text, s->at - 1,
                               "this is quoted for cmd.exe: copy it as cURL (bash)");
    }
    if (c == '\\' && s->at < s->text.len) {
        c = s->text.ptr[s->at++];
    } else if (c == '$' || c == '`') {
        s->words->has_expansion = true;
    }
    put(s, c);
    return true;
}

/* Go to the next word. Returns: false at the end of the command. */
static bool skip_blanks(struct splitter *s)
{
    while (s->at < s->text.len) {
        size_t skipped = continuation(s, s->at);
        char c = s->text.ptr[s->at];
        if (skipped == 0 && (is_blank(c) || (c == '\n' && s->words->count == 0))) {
            skipped = 1;
        }
        if (c == '#') {
            const char *end = memchr(s->text.ptr + s->at, '\n', s->text.len - s->at);
            skipped = end == NULL ? s->text.len - s->at : (size_t)(end - s->text.ptr) - s->at;
        }
        if (skipped == 0) {
            return strchr("\n;|&<>()", c) == NULL || c == '\0';
        }
        s->at += skipped;
    }
    return false;
}

static bool is_end_of_word(const struct splitter *s)
{
    char c = s->text.ptr[s->at];
    return continuation(s, s->at) == 0 && c != '\0' &&
           (is_blank(c) || strchr("\n;|&<>()", c) != NULL);
}

static bool read_word(struct splitter *s)
{
    struct mg_curl_words *words = s->words;
    const char *start = s->out;
    if (words->count == MG_CURL_MAX_WORDS) {
        return mg_explain_fail(s->fault, s->text, s->at, "more than %d words",
                               MG_CURL_MAX_WORDS);
    }
    words->offsets[words->count] = s->at;
    while (s->at < s->text.len && !is_end_of_word(s)) {
        size_t skipped = continuation(s, s->at);
        if (skipped > 0) {
            s->at += skipped;
        } else if (!read_part(s)) {
            return false;
        }
    }
    words->items[words->count++] = (struct mg_str){start, (size_t)(s->out - start)};
    return true;
}

/* Whether more than white space follows the command. */
static bool has_more(const struct splitter *s)
{
    for (size_t i = s->at; i < s->text.len; i++) {
        char c = s->text.ptr[i];
        if (!is_blank(c) && c != '\n' && c != ';') {
            return true;
        }
    }
    return false;
}

bool mg_curl_words_split(struct mg_str text, struct mg_arena *arena, struct mg_curl_words *out,
                         struct mg_explain_fault *fault)
{
    const char *nul = text.len == 0 ? NULL : memchr(text.ptr, '\0', text.len);
    *out = (struct mg_curl_words){
        .items = mg_arena_calloc(arena, MG_CURL_MAX_WORDS, sizeof(struct mg_str)),
        .offsets = mg_arena_calloc(arena, MG_CURL_MAX_WORDS, sizeof(size_t)),
    };
    struct splitter s = {
        .text = text, .out = mg_arena_alloc(arena, text.len + 1), .words = out, .fault = fault};
    if (nul != NULL) {
        return mg_explain_fail(fault, text, (size_t)(nul - text.ptr), "a NUL byte");
    }
    if (out->items == NULL || out->offsets == NULL || s.out == NULL) {
        return mg_explain_fail(fault, text, 0, "memory is out");
    }
    while (skip_blanks(&s)) {
        if (!read_word(&s)) {
            return false;
        }
    }
    out->has_more = has_more(&s);
    return true;
}
