/* probe_head.c - see the header. libcurl has found the end of the head; what it holds is
 * judged here, as leniently as browsers do.
 */
#include "cli/probe_head.h"

/* Take a line off the front, without its end. */
static struct mg_str take_line(struct mg_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    size_t length = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    struct mg_str line = {rest->ptr, length};
    *rest = mg_str_from_offset(*rest, end == NULL ? length : length + 1);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static size_t count_lines(struct mg_str bytes)
{
    size_t count = 1;
    for (size_t i = 0; i < bytes.len; i++) {
        count += bytes.ptr[i] == '\n';
    }
    return count;
}

/* RFC 9112 4: HTTP-version SP status-code [SP reason]. */
static bool parse_status(struct mg_str line, unsigned *status)
{
    const char *space = line.len == 0 ? NULL : memchr(line.ptr, ' ', line.len);
    if (!mg_str_starts_with(line, MG_STR("HTTP/")) || space == NULL) {
        return false;
    }
    struct mg_str code = mg_str_from_offset(line, (size_t)(space - line.ptr) + 1);
    unsigned long long number;
    bool is_whole = code.len == 3 || (code.len > 3 && code.ptr[3] == ' ');
    code.len = code.len < 3 ? code.len : 3;
    if (!is_whole || !mg_str_to_u64(code, 999, &number) || number < 100) {
        return false;
    }
    *status = (unsigned)number;
    return true;
}

/* Read a field line. Returns: false when it is none. */
static bool parse_field(struct mg_str line, struct mg_browser_field *field)
{
    const char *colon = line.len == 0 ? NULL : memchr(line.ptr, ':', line.len);
    if (colon == NULL) {
        return false;
    }
    size_t length = (size_t)(colon - line.ptr);
    field->name = (struct mg_str){line.ptr, length};
    field->value = mg_str_trim_ows(mg_str_from_offset(line, length + 1));
    return mg_str_is_token(field->name);
}

bool mg_probe_head_parse(struct mg_str bytes, struct mg_arena *arena,
                         struct mg_browser_response *response)
{
    struct mg_browser_field *fields =
        mg_arena_calloc(arena, count_lines(bytes), sizeof(*fields));
    size_t count = 0;
    unsigned status;
    if (fields == NULL || !parse_status(take_line(&bytes), &status)) {
        return false;
    }
    while (bytes.len > 0) {
        struct mg_str line = take_line(&bytes);
        bool is_folded = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (is_folded && count > 0) {
            struct mg_str more = mg_str_trim_ows(line);
            fields[count - 1].value =
                mg_arena_printf(arena, "%.*s %.*s", MG_STR_ARG(fields[count - 1].value),
                                MG_STR_ARG(more));
        } else if (!is_folded && parse_field(line, &fields[count])) {
            count++;
        }
    }
    *response = (struct mg_browser_response){status, fields, count};
    return !mg_arena_overflowed(arena);
}
