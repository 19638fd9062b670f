/* idn.c - the ASCII form of a host with Unicode in it, for hints. */
#include <idn2.h>
#include <string.h>

#include "cors/pattern.h"
#include "policy/check.h"

enum {
    MAX_HOST_BYTES = 1024 /* in UTF-8 */
};

static bool to_ascii(const char *host, char *out, size_t size)
{
    char *ascii = NULL;
    if (idn2_to_ascii_8z(host, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK) {
        return false;
    }
    bool fits = strlen(ascii) < size;
    if (fits) {
        mg_err_set(out, size, "%s", ascii);
    }
    idn2_free(ascii);
    return fits;
}

bool mg_pattern_to_ascii(struct mg_str text, char *out, size_t size)
{
    const char *mark = text.len < 3 ? NULL : memmem(text.ptr, text.len, "://", 3);
    if (mark == NULL) {
        return false;
    }
    size_t start = (size_t)(mark - text.ptr) + 3;
    struct mg_str rest = mg_str_from_offset(text, start);
    if (mg_str_starts_with(rest, MG_STR("*."))) {
        start += 2;
        rest = mg_str_from_offset(text, start);
    }
    size_t length = 0;
    while (length < rest.len && strchr(":/?#@\\ ,", rest.ptr[length]) == NULL) {
        length++;
    }
    char host[MAX_HOST_BYTES];
    char ascii[MAX_HOST_BYTES];
    if (length == 0 || length >= sizeof(host)) {
        return false;
    }
    memcpy(host, rest.ptr, length);
    host[length] = '\0';
    if (!to_ascii(host, ascii, sizeof(ascii))) {
        return false;
    }
    struct mg_str port = mg_str_from_offset(rest, length);
    mg_err_set(out, size, "%.*s%s%.*s", (int)start, text.ptr, ascii, MG_STR_ARG(port));
    struct mg_pattern pattern;
    return mg_pattern_parse(mg_str_from(out), &pattern, NULL);
}
