/* forward.c - one reservation for the whole head, since its size is bounded by that of the
 * request's and what is added.
 */
#include "proxy/forward.h"

#include "http/hop.h"

enum {
    /* Names, versions, framing and the white space of all that is added. */
    ADDED_BYTES = 640,
};

static char *put(char *to, struct mg_str text)
{
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    return to + text.len;
}

static char *put_u64(char *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(to, (struct mg_str){digits + at, sizeof(digits) - at});
}

static char *put_line(char *to, struct mg_str name, struct mg_str value)
{
    return put(put(put(put(to, name), MG_STR(": ")), value), MG_STR("\r\n"));
}

/* Whether a list field of `head` has `wanted` as a member, without case. */
static bool lists(const struct mg_head *head, enum mg_field_id id, struct mg_str wanted)
{
    for (unsigned i = 0; head->lines[id] > 0 && i < head->field_count; i++) {
        if (head->fields[i].id != id) {
            continue;
        }
        struct mg_list_cursor members = mg_list_begin(head->fields[i].value);
        struct mg_str member;
        while (mg_list_next(&members, &member)) {
            if (mg_str_equal_nocase(member, wanted)) {
                return true;
            }
        }
    }
    return false;
}

bool mg_forward_asks_websocket(const struct mg_head *head)
{
    return head->method == MG_METHOD_GET && head->minor == 1 && head->keep_alive &&
           head->framing == MG_FRAMING_NONE &&
           lists(head, MG_FIELD_UPGRADE, MG_STR("websocket")) &&
           lists(head, MG_FIELD_CONNECTION, MG_STR("upgrade"));
}

bool mg_forward_is_crowded(const struct mg_head *head)
{
    struct mg_hop hop;
    if (head->lines[MG_FIELD_CONNECTION] == 0) {
        return false;
    }
    mg_hop_init(&hop, head->fields, head->field_count);
    return hop.is_crowded;
}

/* Fields that are written anew, or not at all. */
static bool is_ours(const struct mg_forward *forward, const struct mg_field *field)
{
    switch ((int)field->id) {
    case MG_FIELD_HOST:
    case MG_FIELD_EXPECT:
    case MG_FIELD_X_FORWARDED_FOR:
    case MG_FIELD_X_FORWARDED_PROTO:
    case MG_FIELD_X_FORWARDED_HOST:
    case MG_FIELD_FORWARDED:
        return true;
    default:
        return forward->has_max_forwards &&
               mg_str_equal_nocase(field->name, MG_STR("max-forwards"));
    }
}

static char *put_fields(char *to, const struct mg_forward *forward)
{
    const struct mg_head *head = forward->head;
    struct mg_hop hop;
    if (head->lines[MG_FIELD_CONNECTION] > 0) {
        mg_hop_init(&hop, head->fields, head->field_count);
    } else {
        hop.count = 0;
    }
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        if (!is_ours(forward, field) && !mg_hop_ends(&hop, field)) {
            to = put_line(to, field->name, field->value);
        }
    }
    return to;
}

static char *put_framing(char *to, const struct mg_head *head)
{
    switch (head->framing) {
    case MG_FRAMING_CHUNKED:
        return put(to, MG_STR("Transfer-Encoding: chunked\r\n"));
    case MG_FRAMING_LENGTH:
        to = put_u64(put(to, MG_STR("Content-Length: ")), head->content_length);
        return put(to, MG_STR("\r\n"));
    case MG_FRAMING_NONE:
        break;
    }
    return to;
}

/* The members of a list field that a trusted peer sent, each followed by a comma. */
static char *put_before(char *to, const struct mg_forward *forward, enum mg_field_id id)
{
    const struct mg_head *head = forward->head;
    bool is_forwarded = id == MG_FIELD_FORWARDED;
    bool is_trusted = is_forwarded ? forward->trusts_forwarded : forward->trusts_x_forwarded;
    for (unsigned i = is_forwarded ? forward->forwarded_from : 0;
         is_trusted && i < head->field_count; i++) {
        if (head->fields[i].id == id && head->fields[i].value.len > 0) {
            to = put(put(to, head->fields[i].value), MG_STR(", "));
        }
    }
    return to;
}

/* RFC 7239: an IPv6 address stands in brackets, and with its colons in quotes; so does a host
 * with its port. */
static char *put_origin(char *to, const struct mg_forward *forward)
{
    struct mg_str peer = forward->peer;
    bool is_v6 = peer.len > 0 && memchr(peer.ptr, ':', peer.len) != NULL;
    char *value = put(to, MG_STR("X-Forwarded-For: "));
    char *end = put_before(value, forward, MG_FIELD_X_FORWARDED_FOR);
    if (peer.len > 0) {
        to = put(put(end, peer), MG_STR("\r\n"));
    } else if (end > value) {
        to = put(end - 2, MG_STR("\r\n"));
    }
    to = put_line(to, MG_STR("X-Forwarded-Proto"), forward->scheme);
    if (forward->seen_host.len > 0) {
        to = put_line(to, MG_STR("X-Forwarded-Host"), forward->seen_host);
    }
    to = put_before(put(to, MG_STR("Forwarded: ")), forward, MG_FIELD_FORWARDED);
    to = put(to, MG_STR("for="));
    to = put(to, is_v6 ? MG_STR("\"[") : MG_STR(""));
    to = put(to, peer.len > 0 ? peer : MG_STR("unknown"));
    to = put(to, is_v6 ? MG_STR("]\"") : MG_STR(""));
    if (forward->seen_host.len > 0) {
        to = put(put(put(to, MG_STR(";host=\"")), forward->seen_host), MG_STR("\""));
    }
    to = put(put(to, MG_STR(";proto=")), forward->scheme);
    return put(to, MG_STR("\r\n"));
}

/* The most that put_* write. */
static size_t bound_of(const struct mg_forward *forward)
{
    const struct mg_head *head = forward->head;
    return head->size + 2 * (size_t)head->field_count + forward->path.len + forward->query.len +
           forward->host.len + 2 * forward->peer.len + 2 * forward->scheme.len +
           2 * forward->seen_host.len + ADDED_BYTES;
}

void mg_forward_write(const struct mg_forward *forward, struct mg_buf *out)
{
    const struct mg_head *head = forward->head;
    char *start = mg_buf_reserve(out, bound_of(forward));
    if (start == NULL) {
        return;
    }
    char *to = put(put(start, head->method_token), MG_STR(" "));
    to = put(to, forward->path);
    if (forward->has_query) {
        to = put(put(to, MG_STR("?")), forward->query);
    }
    to = put(to, MG_STR(" HTTP/1.1\r\n"));
    to = put_line(to, MG_STR("Host"), forward->host);
    to = put_fields(to, forward);
    to = put_framing(to, head);
    if (head->expects_continue) {
        to = put(to, MG_STR("Expect: 100-continue\r\n"));
    }
    if (forward->has_max_forwards) {
        to = put_u64(put(to, MG_STR("Max-Forwards: ")), forward->max_forwards);
        to = put(to, MG_STR("\r\n"));
    }
    to = put_origin(to, forward);
    to = put(to, head->minor == 0 ? MG_STR("Via: 1.0 moongate\r\n")
                                  : MG_STR("Via: 1.1 moongate\r\n"));
    if (forward->is_upgrade) {
        to = put(to, MG_STR("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    }
    to = put(to, MG_STR("\r\n"));
    mg_buf_commit(out, (size_t)(to - start));
}

/* ---- trailers ---- */

/* Fields that mean nothing, or too much, behind the content (RFC 9110 6.5.1): framing, routing,
 * conditions and other modifiers of a request, authentication, control of an answer, what the
 * content is. */
static bool may_trail(struct mg_str name)
{
    static const struct mg_str never[] = {
        {"age", 3},
        {"authorization", 13},
        {"cache-control", 13},
        {"content-encoding", 16},
        {"content-length", 14},
        {"content-location", 16},
        {"content-range", 13},
        {"content-type", 12},
        {"cookie", 6},
        {"date", 4},
        {"expect", 6},
        {"expires", 7},
        {"forwarded", 9},
        {"host", 4},
        {"if-match", 8},
        {"if-modified-since", 17},
        {"if-none-match", 13},
        {"if-range", 8},
        {"if-unmodified-since", 19},
        {"location", 8},
        {"max-forwards", 12},
        {"moongate-revision", 17},
        {"origin", 6},
        {"pragma", 6},
        {"range", 5},
        {"retry-after", 11},
        {"set-cookie", 10},
        {"timing-allow-origin", 19},
        {"trailer", 7},
        {"vary", 4},
        {"via", 3},
        {"warning", 7},
        {"www-authenticate", 16},
        {"x-forwarded-for", 15},
        {"x-forwarded-host", 16},
        {"x-forwarded-proto", 17},
    };
    struct mg_hop hop = {.count = 0};
    struct mg_field field = {.name = name, .id = mg_field_id_from(name)};
    struct mg_str start = {name.ptr, name.len < 15 ? name.len : 15};
    if (mg_hop_ends(&hop, &field) || mg_str_equal_nocase(start, MG_STR("access-control-"))) {
        return false;
    }
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (mg_str_equal_nocase(never[i], name)) {
            return false;
        }
    }
    return true;
}

void mg_forward_trailers(struct mg_str trailers, struct mg_buf *out)
{
    while (trailers.len > 0) {
        const char *end = memchr(trailers.ptr, '\n', trailers.len);
        const char *colon = memchr(trailers.ptr, ':', trailers.len);
        if (end == NULL || colon == NULL || colon > end) {
            return;
        }
        struct mg_str line = {trailers.ptr, (size_t)(end - trailers.ptr) + 1};
        if (may_trail((struct mg_str){line.ptr, (size_t)(colon - line.ptr)})) {
            mg_buf_add(out, line);
        }
        trailers = mg_str_from_offset(trailers, line.len);
    }
}
