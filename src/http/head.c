/* head.c - the second pass: llhttp as a second judge of what the first pass let through, and
 * the checks that need all fields (RFC 9112 3.2 and 6, RFC 9110 10.1.1).
 *
 * llhttp gets what says where a request begins, ends and what comes behind it: the request line
 * and the fields of framing and connection, and is paused at the end of the head, so that it
 * never sees content. The other lines it would only walk over: all that its strict mode asks of
 * them the first pass has asked (the fuzz target of heads compares). It accepts more than one
 * request can mean; what it accepts and we do not is refused by head_scan.c or below. Where it
 * is stricter, its verdict stands. It knows a closed list of methods and gives some of them
 * other grammars (CONNECT, PRI, those of RTSP), and it knows two minor versions; a request line
 * outside of that is replaced by a constant one.
 */
#include "http/head.h"

#include <llhttp.h>

#include "http/head_scan.h"
#include "http/target.h"

static int on_headers_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

/* What makes the framing ambiguous, by the number of its fields alone (RFC 9112 6.1, 6.3);
 * NULL: nothing. Two lines of codings are one list for some readers, and the first or the last
 * line for others. */
static const char *ambiguity(const struct mg_head *head)
{
    unsigned lengths = head->lines[MG_FIELD_CONTENT_LENGTH];
    unsigned codings = head->lines[MG_FIELD_TRANSFER_ENCODING];
    if (lengths > 0 && codings > 0) {
        return "length-with-transfer-encoding";
    }
    if (codings > 1) {
        return "transfer-encoding-repeated";
    }
    if (codings == 1 && head->minor == 0) {
        return "transfer-encoding-in-http-1-0";
    }
    return lengths > 1 ? "content-length-repeated" : NULL;
}

/* RFC 9112 6.1, 6.3: 400 for a list without form or with chunked anywhere but once and last,
 * 501 for one that names another coding. */
static void refuse_codings(struct mg_str value, struct mg_head_scan *scan)
{
    struct mg_list_cursor list = mg_list_begin(value);
    struct mg_str coding = {NULL, 0};
    bool is_well_formed = list.rest.len > 0;
    bool has_chunked = false;
    while (is_well_formed && mg_list_next(&list, &coding)) {
        const char *semicolon = coding.len == 0 ? NULL : memchr(coding.ptr, ';', coding.len);
        struct mg_str name = coding;
        name.len = semicolon == NULL ? coding.len : (size_t)(semicolon - coding.ptr);
        name = mg_str_trim_ows(name);
        bool is_chunked = mg_str_equal_nocase(name, MG_STR("chunked"));
        is_well_formed =
            mg_str_is_token(name) && !has_chunked && !(is_chunked && semicolon != NULL);
        has_chunked = is_chunked;
    }
    (void)mg_head_refuse(scan, is_well_formed ? 501 : 400,
                         is_well_formed ? "transfer-coding-unsupported"
                                        : "transfer-encoding-malformed");
}

/* Answer for a head that llhttp refuses. */
static void refuse_as_llhttp(const llhttp_t *parser, const struct mg_head *head,
                             struct mg_head_scan *scan)
{
    llhttp_errno_t error = llhttp_get_errno(parser);
    const char *reason = ambiguity(head);
    const struct mg_field *codings = mg_head_first(head, MG_FIELD_TRANSFER_ENCODING);
    if (reason == NULL && error == HPE_INVALID_TRANSFER_ENCODING && codings != NULL) {
        refuse_codings(codings->value, scan);
        return;
    }
    if (reason == NULL) {
        reason = error == HPE_INVALID_CONTENT_LENGTH ? "content-length-malformed"
                 : error == HPE_INVALID_URL          ? "target-malformed"
                                                     : "head-malformed";
    }
    (void)mg_head_refuse(scan, 400, reason);
}

static bool feed(llhttp_t *parser, const char *at, const char *end)
{
    return llhttp_execute(parser, at, (size_t)(end - at)) == HPE_OK;
}

/* Whether llhttp judges the values of a field. */
static bool is_framing(enum mg_field_id id)
{
    return id == MG_FIELD_CONTENT_LENGTH || id == MG_FIELD_TRANSFER_ENCODING ||
           id == MG_FIELD_CONNECTION || id == MG_FIELD_UPGRADE;
}

/* Returns: whether llhttp agrees that this is one head, up to its end. `line` is the request
 * line with its CR LF. White space behind a value is left out: it may hold tabs (RFC 9110
 * 5.6.3), of which llhttp takes none behind a length. */
static bool agrees(llhttp_t *parser, struct mg_str line, const struct mg_head *head)
{
    static const llhttp_settings_t settings = {.on_headers_complete = on_headers_complete};
    static const char crlf[] = "\r\n";
    unsigned rest = (unsigned)head->lines[MG_FIELD_CONTENT_LENGTH] +
                    head->lines[MG_FIELD_CONNECTION] + head->lines[MG_FIELD_TRANSFER_ENCODING] +
                    head->lines[MG_FIELD_UPGRADE];
    llhttp_init(parser, HTTP_REQUEST, &settings);
    bool is_fine = feed(parser, line.ptr, line.ptr + line.len);
    for (const struct mg_field *field = head->fields; is_fine && rest > 0; field++) {
        if (is_framing(field->id)) {
            rest--;
            is_fine = feed(parser, field->name.ptr, field->value.ptr + field->value.len) &&
                      feed(parser, crlf, crlf + 2);
        }
    }
    return is_fine && llhttp_execute(parser, crlf, 2) == HPE_PAUSED &&
           llhttp_get_error_pos(parser) == crlf + 2;
}

/* Have llhttp judge the head; its refusal is latched. */
static bool is_confirmed(struct mg_str whole, struct mg_head_scan *scan,
                         const struct mg_head *head)
{
    static const char substitute[] = "GET / HTTP/1.1\r\n";
    const char *version = whole.ptr + scan->target_end + 1;
    bool is_known = head->method != MG_METHOD_OTHER && head->method != MG_METHOD_CONNECT &&
                    version[7] <= '1';
    struct mg_str line = MG_STR(substitute);
    if (is_known) {
        const char *start = whole.ptr + scan->start;
        line = (struct mg_str){start, (size_t)(version - start) + sizeof("HTTP/1.1\r\n") - 1};
    }
    llhttp_t parser;
    if (agrees(&parser, line, head)) {
        return true;
    }
    refuse_as_llhttp(&parser, head, scan);
    return false;
}

/* RFC 9112 6.3: which framing, where none is ambiguous. Latches what is refused. */
static void check_framing(struct mg_head *head, struct mg_head_scan *scan)
{
    const char *ambiguous = ambiguity(head);
    if (ambiguous != NULL) {
        (void)mg_head_refuse(scan, 400, ambiguous);
    } else if (head->lines[MG_FIELD_TRANSFER_ENCODING] > 0) {
        head->framing = MG_FRAMING_CHUNKED;
        if (!mg_str_equal_nocase(mg_head_value(head, MG_FIELD_TRANSFER_ENCODING),
                                 MG_STR("chunked"))) {
            refuse_codings(mg_head_value(head, MG_FIELD_TRANSFER_ENCODING), scan);
        }
    } else if (head->lines[MG_FIELD_CONTENT_LENGTH] > 0) {
        unsigned long long length = 0;
        head->framing = MG_FRAMING_LENGTH;
        /* The bound leaves room to add to it, signed or not. */
        if (!mg_str_to_u64(mg_head_value(head, MG_FIELD_CONTENT_LENGTH), INT64_MAX, &length)) {
            (void)mg_head_refuse(scan, 400, "content-length-malformed");
        }
        head->content_length = length;
    }
}

/* RFC 9112 3.2: Host once, or in HTTP/1.0 at most once, and a host. */
static void check_host(const struct mg_head *head, struct mg_head_scan *scan)
{
    unsigned hosts = head->lines[MG_FIELD_HOST];
    if (hosts > 1) {
        (void)mg_head_refuse(scan, 400, "host-repeated");
    } else if (hosts == 0 && head->minor > 0) {
        (void)mg_head_refuse(scan, 400, "host-missing");
    } else if (hosts == 1 && !mg_authority_is_valid(mg_head_value(head, MG_FIELD_HOST))) {
        (void)mg_head_refuse(scan, 400, "host-malformed");
    }
}

/* RFC 9110 10.1.1: 100-continue is the one expectation; HTTP/1.0 has none. Another one is
 * answered with 417 where there is a resource to say who may read it. */
static void read_expect(struct mg_head *head)
{
    if (head->lines[MG_FIELD_EXPECT] == 0 || head->minor == 0) {
        return;
    }
    bool has_content = head->framing == MG_FRAMING_CHUNKED || head->content_length > 0;
    for (unsigned i = head->first[MG_FIELD_EXPECT] - 1U; i < head->field_count; i++) {
        if (head->fields[i].id != MG_FIELD_EXPECT) {
            continue;
        }
        struct mg_list_cursor expectations = mg_list_begin(head->fields[i].value);
        struct mg_str expectation;
        while (mg_list_next(&expectations, &expectation)) {
            if (mg_str_equal_nocase(expectation, MG_STR("100-continue"))) {
                head->expects_continue = has_content;
            } else if (expectation.len > 0) {
                head->expectation_unsupported = true;
            }
        }
    }
    head->expects_continue = head->expects_continue && !head->expectation_unsupported;
}

/* RFC 9112 9.3: the version's default, "keep-alive" in HTTP/1.0, and "close" above both. */
static bool wants_keep_alive(const struct mg_head *head)
{
    bool keep_alive = head->minor > 0;
    if (head->lines[MG_FIELD_CONNECTION] == 0) {
        return keep_alive;
    }
    for (unsigned i = head->first[MG_FIELD_CONNECTION] - 1U; i < head->field_count; i++) {
        if (head->fields[i].id != MG_FIELD_CONNECTION) {
            continue;
        }
        struct mg_list_cursor options = mg_list_begin(head->fields[i].value);
        struct mg_str option;
        while (mg_list_next(&options, &option)) {
            if (mg_str_equal_nocase(option, MG_STR("close"))) {
                return false;
            }
            keep_alive = keep_alive || mg_str_equal_nocase(option, MG_STR("keep-alive"));
        }
    }
    return keep_alive;
}

/* Not the fields: 10 KiB that field_count says are empty. */
static void clear(struct mg_head *head)
{
    memset(head, 0, offsetof(struct mg_head, fields));
}

/* As much of the request line as the scan has found. */
static void take_request_line(struct mg_str bytes, const struct mg_head_scan *scan,
                              struct mg_head *head)
{
    if (scan->method_end == 0) {
        return;
    }
    head->method_token =
        (struct mg_str){bytes.ptr + scan->start, scan->method_end - scan->start};
    head->method = mg_method_from(head->method_token);
    head->minor = scan->minor;
    if (scan->target_end != 0) {
        size_t target = scan->method_end + 1;
        head->target = (struct mg_str){bytes.ptr + target, scan->target_end - target};
    }
}

enum mg_head_result mg_head_parse(struct mg_str bytes, const struct mg_head_limits *limits,
                                  struct mg_head_scan *scan, struct mg_head *head)
{
    bool is_resumed = scan->scanned > 0;
    clear(head);
    enum mg_head_result result = mg_head_scan_lines(bytes, limits, scan, head);
    if (result != MG_HEAD_COMPLETE || is_resumed) {
        clear(head); /* of the fields of this piece */
    }
    if (result == MG_HEAD_COMPLETE && is_resumed) {
        struct mg_head_scan whole = {0};
        (void)mg_head_scan_lines(bytes, limits, &whole, head);
    }
    take_request_line(bytes, scan, head);
    if (result != MG_HEAD_COMPLETE) {
        return result;
    }
    head->size = scan->line_start;
    if (is_confirmed((struct mg_str){bytes.ptr, head->size}, scan, head)) {
        check_framing(head, scan);
        check_host(head, scan);
        read_expect(head);
        head->keep_alive = wants_keep_alive(head);
    }
    return scan->status == 0 ? MG_HEAD_COMPLETE : MG_HEAD_REFUSED;
}

static void rebase(struct mg_str *slice, const char *from, const char *to)
{
    slice->ptr = slice->ptr == NULL ? NULL : to + (slice->ptr - from);
}

void mg_head_rebase(struct mg_head *head, const char *from, const char *to)
{
    rebase(&head->method_token, from, to);
    rebase(&head->target, from, to);
    for (unsigned i = 0; i < head->field_count; i++) {
        rebase(&head->fields[i].name, from, to);
        rebase(&head->fields[i].value, from, to);
    }
}
