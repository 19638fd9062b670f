/* spot.c - finding fields in the text of a table constructor: a scanner of Lua's tokens (manual
 * 3.1) that skips comments and strings and counts brackets and blocks, so that only fields of
 * the table itself are found, none of an inner table or of a function in it.
 */
#include "plugin/spot.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- tokens ---- */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME, /* keywords too */
    TOKEN_STRING,
    TOKEN_SIGN, /* one byte; "==" and its like are two signs, and numbers are made of them */
};

struct token {
    enum token_kind kind;
    struct mg_str text; /* of a string: with its quotes */
    int line;
};

struct scanner {
    struct mg_str text;
    size_t at;
    int line;
    int depth;  /* of brackets */
    int blocks; /* of function … end and the like */
};

static char peek(const struct scanner *scanner, size_t ahead)
{
    size_t at = scanner->at + ahead;
    return at < scanner->text.len ? scanner->text.ptr[at] : '\0';
}

static void skip(struct scanner *scanner, size_t count)
{
    for (; count > 0 && scanner->at < scanner->text.len; count--) {
        scanner->line += scanner->text.ptr[scanner->at] == '\n';
        scanner->at++;
    }
}

static bool is_name_byte(char c)
{
    return mg_ascii_is_digit(c) || c == '_' ||
           (mg_ascii_lower(c) >= 'a' && mg_ascii_lower(c) <= 'z');
}

/* The level of a long bracket that opens here, + 1; 0: none. */
static size_t long_bracket(const struct scanner *scanner)
{
    size_t level = 1;
    if (peek(scanner, 0) != '[') {
        return 0;
    }
    while (peek(scanner, level) == '=') {
        level++;
    }
    return peek(scanner, level) == '[' ? level : 0;
}

/* Skip a long string or comment whose opening bracket has `level` - 1 equal signs. */
static void skip_long(struct scanner *scanner, size_t level)
{
    for (skip(scanner, level + 1); scanner->at < scanner->text.len; skip(scanner, 1)) {
        size_t length = 1;
        while (peek(scanner, 0) == ']' && peek(scanner, length) == '=') {
            length++;
        }
        if (peek(scanner, 0) == ']' && length == level && peek(scanner, length) == ']') {
            skip(scanner, level + 1);
            return;
        }
    }
}

static void skip_quoted(struct scanner *scanner)
{
    char quote = peek(scanner, 0);
    for (skip(scanner, 1); scanner->at < scanner->text.len; skip(scanner, 1)) {
        if (peek(scanner, 0) == quote) {
            skip(scanner, 1);
            return;
        }
        if (peek(scanner, 0) == '\\') {
            skip(scanner, 1);
        }
    }
}

static void skip_space_and_comments(struct scanner *scanner)
{
    for (;;) {
        char c = peek(scanner, 0);
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            skip(scanner, 1);
        } else if (c == '-' && peek(scanner, 1) == '-') {
            skip(scanner, 2);
            size_t level = long_bracket(scanner);
            if (level > 0) {
                skip_long(scanner, level);
                continue;
            }
            while (scanner->at < scanner->text.len && peek(scanner, 0) != '\n') {
                skip(scanner, 1);
            }
        } else {
            return;
        }
    }
}

/* Keep count of what a token opens or closes. */
static void count_token(struct scanner *scanner, const struct token *token)
{
    static const struct {
        const char *word;
        int blocks;
    } words[] = {
        {"function", 1}, {"do", 1}, {"if", 1}, {"repeat", 1}, {"end", -1}, {"until", -1},
    };
    if (token->kind == TOKEN_NAME) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (mg_str_equal(token->text, mg_str_from(words[i].word))) {
                scanner->blocks += words[i].blocks;
            }
        }
    } else if (token->kind == TOKEN_SIGN) {
        scanner->depth += strchr("({[", token->text.ptr[0]) != NULL;
        scanner->depth -= strchr(")}]", token->text.ptr[0]) != NULL;
    }
}

static struct token next_token(struct scanner *scanner)
{
    skip_space_and_comments(scanner);
    size_t start = scanner->at;
    struct token token = {.kind = TOKEN_SIGN, .line = scanner->line};
    char c = peek(scanner, 0);
    size_t level = long_bracket(scanner);
    if (start == scanner->text.len) {
        token.kind = TOKEN_END;
    } else if (c == '"' || c == '\'') {
        token.kind = TOKEN_STRING;
        skip_quoted(scanner);
    } else if (level > 0) {
        token.kind = TOKEN_STRING;
        skip_long(scanner, level);
    } else if (is_name_byte(c)) {
        token.kind = TOKEN_NAME;
        while (is_name_byte(peek(scanner, 0))) {
            skip(scanner, 1);
        }
    } else {
        skip(scanner, 1);
    }
    token.text = (struct mg_str){scanner->text.ptr + start, scanner->at - start};
    count_token(scanner, &token);
    return token;
}

static bool is_sign(const struct token *token, char sign)
{
    return token->kind == TOKEN_SIGN && token->text.ptr[0] == sign;
}

/* ---- spots ---- */

/* Point `spot` at the value that begins at the scanner's next token: a "{" has fields. */
static void enter(struct mg_plugin_spot *spot, struct scanner *scanner)
{
    struct token token = next_token(scanner);
    spot->source = (struct mg_str){NULL, 0};
    if (is_sign(&token, '{')) {
        spot->source = mg_str_from_offset(scanner->text, scanner->at);
        spot->source_line = scanner->line;
    }
}

struct mg_plugin_spot mg_plugin_spot_of_chunk(struct mg_errs *errs, const char *file,
                                              struct mg_str text)
{
    struct mg_plugin_spot spot = {.errs = errs, .file = file, .line = 1};
    struct scanner scanner = {.text = text, .line = 1};
    for (;;) {
        struct token token = next_token(&scanner);
        if (token.kind == TOKEN_END) {
            return spot;
        }
        if (token.kind == TOKEN_NAME && scanner.depth == 0 && scanner.blocks == 0 &&
            mg_str_equal(token.text, MG_STR("return"))) {
            spot.line = token.line;
            enter(&spot, &scanner);
            return spot;
        }
    }
}

struct mg_plugin_spot mg_plugin_spot_of_field(const struct mg_plugin_spot *outer,
                                              const char *separator, struct mg_str name)
{
    struct mg_plugin_spot spot = *outer;
    spot.source = (struct mg_str){NULL, 0};
    MG_ERR_SET(spot.where, "%s%s%.*s", outer->where, separator, MG_STR_ARG(name));
    struct scanner scanner = {.text = outer->source, .line = outer->source_line};
    bool may_begin = true; /* whether a field can begin at the next token */
    for (;;) {
        struct token token = next_token(&scanner);
        if (token.kind == TOKEN_END || scanner.depth < 0) {
            return spot;
        }
        struct scanner ahead = scanner;
        if (may_begin && token.kind == TOKEN_NAME && mg_str_equal(token.text, name)) {
            struct token sign = next_token(&ahead);
            if (is_sign(&sign, '=') && peek(&ahead, 0) != '=') {
                spot.line = token.line;
                enter(&spot, &ahead);
                return spot;
            }
        }
        may_begin = scanner.depth == 0 && scanner.blocks == 0 &&
                    (is_sign(&token, ',') || is_sign(&token, ';'));
    }
}

struct mg_plugin_spot mg_plugin_spot_of_item(const struct mg_plugin_spot *outer, size_t item)
{
    struct mg_plugin_spot spot = *outer;
    spot.source = (struct mg_str){NULL, 0};
    MG_ERR_SET(spot.where, "%s[%zu]", outer->where, item);
    struct scanner scanner = {.text = outer->source, .line = outer->source_line};
    for (size_t at = 1;;) {
        struct scanner before = scanner;
        struct token token = next_token(&scanner);
        if (token.kind == TOKEN_END || scanner.depth < 0) {
            return spot;
        }
        if (at == item) {
            spot.line = token.line;
            enter(&spot, &before);
            return spot;
        }
        at += scanner.depth == 0 && scanner.blocks == 0 &&
              (is_sign(&token, ',') || is_sign(&token, ';'));
    }
}

/* ---- faults ---- */

static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        *text = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

void mg_plugin_fault(const struct mg_plugin_spot *spot, enum mg_severity severity,
                     const char *code, const char *hint, const char *format, ...)
{
    struct mg_err err = {.severity = severity, .code = code, .line = spot->line};
    char message[sizeof(err.message) + 1]; /* longer, so that mg_err_set sees a cut */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    MG_ERR_SET(err.file, "%s", spot->file == NULL ? "" : spot->file);
    MG_ERR_SET(err.where, "%s", spot->where);
    MG_ERR_SET(err.message, "%s", message);
    MG_ERR_SET(err.hint, "%s", hint == NULL ? "" : hint);
    clean(err.file);
    clean(err.where);
    clean(err.message);
    clean(err.hint);
    mg_errs_add(spot->errs, &err);
}

const char *mg_plugin_did_you_mean(char *hint, size_t size, struct mg_str name)
{
    hint[0] = '\0';
    if (name.len > 0) {
        mg_err_set(hint, size, "did you mean '%.*s'?", MG_STR_ARG(name));
    }
    return hint;
}
