/* fields.c - write the fields of a decision; the blocks are those of rule_layout.h.
 *
 * All bytes come from the rule or have been parsed: an Origin by its grammar, methods and names
 * as tokens. Nothing else of a request can get into an answer.
 */
#include "cors/decide.h"
#include "cors/rule_layout.h"
#include "cors/safelist.h"

static const struct mg_str ALLOW_ORIGIN = {"Access-Control-Allow-Origin: ", 29};
static const struct mg_str CRLF = {"\r\n", 2};

static char *append(char *to, struct mg_str text)
{
    memcpy(to, text.ptr, text.len);
    return to + text.len;
}

/* ACAO with the request's Origin, and `block` behind it. */
static void write_echo(const struct mg_decision *decision, struct mg_str block,
                       bool repeats_origin, struct mg_buf *out)
{
    struct mg_str origin = decision->origin;
    size_t size = ALLOW_ORIGIN.len + origin.len + block.len +
                  (repeats_origin ? origin.len + CRLF.len : 0);
    char *start = mg_buf_reserve(out, size);
    if (start == NULL) {
        return;
    }
    char *to = append(append(append(start, ALLOW_ORIGIN), origin), block);
    if (repeats_origin) {
        (void)append(append(to, origin), CRLF);
    }
    mg_buf_commit(out, size);
}

/* The lists of a rule whose "*" stands for what this preflight asks for. */
static void write_resolved_lists(const struct mg_decision *decision, struct mg_buf *out)
{
    const struct mg_rule *rule = decision->rule;
    bool adds_method = rule->any_method && !mg_method_is_forbidden(decision->method) &&
                       !mg_rule_lists_method(rule, decision->method);
    if (rule->method_list.len > 0 || adds_method) {
        mg_buf_add(out, MG_STR("Access-Control-Allow-Methods: "));
        mg_buf_add(out, rule->method_list);
        mg_buf_add(out, rule->method_list.len > 0 && adds_method ? MG_STR(", ") : MG_STR(""));
        mg_buf_add(out, adds_method ? decision->method : MG_STR(""));
        mg_buf_add(out, CRLF);
    }
    mg_buf_add(out, rule->header_line);
    if (rule->any_header) {
        struct mg_field_list_cursor cursor = mg_field_list_begin(decision->acrh);
        struct mg_field_name name;
        bool is_first = true;
        while (mg_field_list_next(&cursor, &name)) {
            if (mg_rule_allows_header(rule, name.text, name.hash)) {
                mg_buf_add(out,
                           is_first ? MG_STR("Access-Control-Allow-Headers: ") : MG_STR(", "));
                mg_buf_add(out, name.text);
                is_first = false;
            }
        }
        mg_buf_add(out, is_first ? MG_STR("") : CRLF);
    }
    mg_buf_add(out, rule->max_age_line);
}

void mg_cors_write_fields(const struct mg_decision *decision, struct mg_buf *out)
{
    const struct mg_rule *rule = decision->rule;
    if (decision->allow_origin == MG_ALLOW_ORIGIN_NONE || rule == NULL) {
        return;
    }
    bool is_preflight = decision->kind == MG_KIND_PREFLIGHT;
    struct mg_str block = is_preflight ? rule->preflight_block : rule->actual_block;
    if (decision->allow_origin == MG_ALLOW_ORIGIN_ANY) {
        mg_buf_add(out, block);
        return;
    }
    write_echo(decision, block, rule->repeats_origin && !is_preflight, out);
    if (is_preflight && rule->is_resolved) {
        write_resolved_lists(decision, out);
    }
}

void mg_cors_clamp_max_age(struct mg_buf *out, size_t start, unsigned seconds)
{
    static const struct mg_str name = {"Access-Control-Max-Age: ", 24};
    if (out->overflowed || out->len < start + CRLF.len) {
        return;
    }
    /* The last line, if at all. */
    struct mg_str fields = {out->ptr + start, out->len - start - CRLF.len};
    const char *before = memrchr(fields.ptr, '\n', fields.len);
    size_t at = before == NULL ? 0 : (size_t)(before - fields.ptr) + 1;
    struct mg_str line = mg_str_from_offset(fields, at);
    unsigned long long value;
    if (!mg_str_starts_with(line, name)) {
        return;
    }
    struct mg_str number = mg_str_from_offset(line, name.len);
    if (mg_str_to_u64(number, UINT64_MAX, &value) && value <= seconds) {
        return;
    }
    out->len = start + at;
    mg_buf_printf(out, "Access-Control-Max-Age: %u\r\n", seconds);
}
