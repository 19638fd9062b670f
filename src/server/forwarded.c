/* forwarded.c - lists are read from their end: each proxy appends what it saw, so only what
 * stands behind the last untrusted address is known to be true. A client writes the front.
 *
 * Scheme and host: of Forwarded, those of the elements down to the client's. X-Forwarded-Proto
 * and -Host have no addresses beside them, so that only the last member is vouched for, by the
 * peer itself.
 */
#include "server/forwarded.h"

#include <arpa/inet.h>

#include "http/target.h"
#include "server/exchange.h"
#include "server/worker_state.h"

enum {
    MAX_ELEMENTS = 64 /* of one line of Forwarded; beyond it the line tells nothing */
};

/* One element of Forwarded; a NULL pointer: absent. */
struct element {
    struct mg_str node; /* "for" */
    struct mg_str proto;
    struct mg_str host;
};

struct mg_str mg_forwarded_scheme(struct mg_str value)
{
    if (mg_str_equal_nocase(value, MG_STR("https")) ||
        mg_str_equal_nocase(value, MG_STR("wss"))) {
        return MG_STR("https");
    }
    if (mg_str_equal_nocase(value, MG_STR("http")) ||
        mg_str_equal_nocase(value, MG_STR("ws"))) {
        return MG_STR("http");
    }
    return (struct mg_str){NULL, 0};
}

static void take_scheme(struct mg_forwarded *out, struct mg_str value)
{
    struct mg_str scheme = mg_forwarded_scheme(value);
    out->scheme = scheme.len > 0 ? scheme : out->scheme;
}

static void take_host(struct mg_forwarded *out, struct mg_str value)
{
    out->host = mg_authority_is_valid(value) ? value : out->host;
}

/* Take the address of one hop. Returns: whether the hop is a trusted proxy, so that what it
 * was told counts too. */
static bool take_address(const struct mg_server_options *options, struct mg_str text,
                         struct mg_forwarded *out)
{
    unsigned char bytes[16];
    int family = mg_cidr_address(text, bytes);
    if (family == 0) {
        return false; /* "unknown", a name of its own, or garbage */
    }
    out->family = family;
    memcpy(out->bytes, bytes, sizeof(out->bytes));
    return mg_cidr_list_contains(options->trusted, options->trusted_count, family, bytes);
}

/* The line of field `id` before index *at (+1) of the fields; NULL: no more. */
static const struct mg_field *previous_line(const struct mg_head *head, enum mg_field_id id,
                                            unsigned *at)
{
    while (*at > 0) {
        const struct mg_field *field = &head->fields[--*at];
        if (field->id == id) {
            return field;
        }
    }
    return NULL;
}

/* ---- X-Forwarded-* ---- */

/* Take the last member off a comma list. */
static bool pop_last(struct mg_str *list, struct mg_str *member)
{
    if (list->len == 0) {
        return false;
    }
    const char *comma = memrchr(list->ptr, ',', list->len);
    size_t start = comma == NULL ? 0 : (size_t)(comma - list->ptr) + 1;
    *member = mg_str_trim_ows(mg_str_from_offset(*list, start));
    list->len = comma == NULL ? 0 : start - 1;
    return true;
}

static void read_addresses(const struct mg_server_options *options, const struct mg_head *head,
                           struct mg_forwarded *out)
{
    const struct mg_field *line;
    unsigned at = head->field_count;
    while ((line = previous_line(head, MG_FIELD_X_FORWARDED_FOR, &at)) != NULL) {
        struct mg_str rest = line->value;
        struct mg_str member;
        while (pop_last(&rest, &member)) {
            /* Empty members are none (RFC 9110 5.6.1.2). */
            if (member.len > 0 && !take_address(options, member, out)) {
                return;
            }
        }
    }
}

/* The last member of all lines of a field. */
static struct mg_str last_member(const struct mg_head *head, enum mg_field_id id)
{
    unsigned at = head->field_count;
    const struct mg_field *line = previous_line(head, id, &at);
    struct mg_str member = {NULL, 0};
    if (line != NULL) {
        struct mg_str rest = line->value;
        (void)pop_last(&rest, &member);
    }
    return member;
}

/* ---- Forwarded ---- */

/* Take `name=value` off the front of `text`, the value without its quotes. Returns: false when
 * it does not begin with one. Escapes within quotes are not taken: nothing that is read here
 * needs them. */
static bool take_pair(struct mg_str *text, struct mg_str *name, struct mg_str *value)
{
    const char *equals = memchr(text->ptr, '=', text->len);
    if (equals == NULL || equals == text->ptr) {
        return false;
    }
    *name = (struct mg_str){text->ptr, (size_t)(equals - text->ptr)};
    struct mg_str rest = mg_str_from_offset(*text, name->len + 1);
    size_t used;
    if (rest.len > 0 && rest.ptr[0] == '"') {
        const char *end = memchr(rest.ptr + 1, '"', rest.len - 1);
        if (end == NULL) {
            return false;
        }
        *value = (struct mg_str){rest.ptr + 1, (size_t)(end - rest.ptr) - 1};
        used = value->len + 2;
    } else {
        used = 0;
        while (used < rest.len && memchr(",; \t", rest.ptr[used], 4) == NULL) {
            used++;
        }
        *value = (struct mg_str){rest.ptr, used};
    }
    *text = mg_str_trim_ows(mg_str_from_offset(rest, used));
    return mg_method_is_valid(*name) && value->len > 0 &&
           memchr(value->ptr, '\\', value->len) == NULL;
}

/* Note a pair that is of interest. Returns: false where the element has it already. */
static bool note_pair(struct element *element, struct mg_str name, struct mg_str value)
{
    struct mg_str *slot = mg_str_equal_nocase(name, MG_STR("for"))     ? &element->node
                          : mg_str_equal_nocase(name, MG_STR("proto")) ? &element->proto
                          : mg_str_equal_nocase(name, MG_STR("host"))  ? &element->host
                                                                       : NULL;
    if (slot == NULL) {
        return true;
    }
    bool is_first = slot->ptr == NULL;
    *slot = value;
    return is_first;
}

/* Split a line into its elements. Returns: how many; 0 where any part of it is malformed: with
 * an open quote nobody can say whose the rest is. */
static size_t split_elements(struct mg_str text, struct element elements[static MAX_ELEMENTS])
{
    size_t count = 0;
    bool is_open = false; /* elements[count] has begun */
    while (text.len > 0) {
        char c = text.ptr[0];
        if (c == ',' || c == ';') {
            count += c == ',' && is_open;
            is_open = is_open && c == ';';
            text = mg_str_trim_ows(mg_str_from_offset(text, 1));
            continue;
        }
        struct mg_str name;
        struct mg_str value;
        if (!is_open) {
            if (count == MAX_ELEMENTS) {
                return 0;
            }
            elements[count] = (struct element){0};
            is_open = true;
        }
        if (!take_pair(&text, &name, &value) || !note_pair(&elements[count], name, value) ||
            (text.len > 0 && text.ptr[0] != ',' && text.ptr[0] != ';')) {
            return 0;
        }
    }
    return count + is_open;
}

/* Take what an element tells that a trusted proxy has appended. Returns: whether the one before
 * it counts too. */
static bool take_element(const struct mg_server_options *options, const struct element *element,
                         struct mg_forwarded *out)
{
    take_scheme(out, element->proto);
    take_host(out, element->host);
    return take_address(options, element->node, out);
}

static void read_forwarded(const struct mg_server_options *options, const struct mg_head *head,
                           struct mg_forwarded *out)
{
    const struct mg_field *line;
    unsigned at = head->field_count;
    while ((line = previous_line(head, MG_FIELD_FORWARDED, &at)) != NULL) {
        struct element elements[MAX_ELEMENTS];
        size_t count = split_elements(line->value, elements);
        if (count == 0 && line->value.len > 0) {
            return;
        }
        while (count > 0) {
            if (!take_element(options, &elements[--count], out)) {
                return;
            }
        }
    }
}

unsigned mg_forwarded_sound_from(const struct mg_head *head)
{
    struct element elements[MAX_ELEMENTS];
    const struct mg_field *line;
    unsigned at = head->field_count;
    while ((line = previous_line(head, MG_FIELD_FORWARDED, &at)) != NULL) {
        if (line->value.len > 0 && split_elements(line->value, elements) == 0) {
            return at + 1;
        }
    }
    return 0;
}

void mg_forwarded_read(const struct mg_server_options *options, const struct mg_head *head,
                       struct mg_forwarded *out)
{
    *out = (struct mg_forwarded){0};
    if (options->trusted_fields == MG_TRUST_FORWARDED) {
        read_forwarded(options, head, out);
        return;
    }
    read_addresses(options, head, out);
    take_scheme(out, last_member(head, MG_FIELD_X_FORWARDED_PROTO));
    take_host(out, last_member(head, MG_FIELD_X_FORWARDED_HOST));
}

/* ---- exchanges ---- */

bool mg_forwarded_is_trusted(const struct mg_exchange *exchange)
{
    const struct mg_server_options *options = &exchange->worker->server->options;
    if (options->trusted_count == 0) {
        return false;
    }
    unsigned char storage[16];
    const unsigned char *bytes = storage;
    int family = exchange->conn != NULL ? mg_conn_peer_bytes(exchange->conn, &bytes)
                                        : mg_cidr_address(exchange->remote, storage);
    return mg_cidr_list_contains(options->trusted, options->trusted_count, family, bytes);
}

static void set_remote(struct mg_exchange *exchange, const struct mg_forwarded *told)
{
    char text[INET6_ADDRSTRLEN];
    if (told->family == AF_UNIX) {
        exchange->remote = MG_STR("unix");
    } else if (told->family != 0 &&
               inet_ntop(told->family, told->bytes, text, sizeof(text)) != NULL) {
        exchange->remote = mg_arena_dup(&exchange->arena, mg_str_from(text));
    }
}

void mg_forwarded_apply(struct mg_exchange *exchange)
{
    exchange->host = exchange->target.authority;
    exchange->scheme = MG_STR("http");
    if (!mg_forwarded_is_trusted(exchange)) {
        return;
    }
    struct mg_forwarded told;
    mg_forwarded_read(&exchange->worker->server->options, exchange->head, &told);
    set_remote(exchange, &told);
    exchange->scheme = told.scheme.len > 0 ? told.scheme : exchange->scheme;
    exchange->host = told.host.len > 0 ? told.host : exchange->host;
}
