/* body.c - content by length, and the chunk decoder (RFC 9112 7.1).
 *
 *   chunk          = 1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS value ] ) CR LF data CR LF
 *   last chunk     = 1*"0" extensions CR LF
 *   trailer section= *( name ":" value CR LF ) CR LF
 *
 * A state for each place in the grammar, one byte a step, so that pieces of any size give one
 * result; data goes by in runs. Nothing but the grammar is accepted: leniency here is what
 * makes two recipients see two requests in one.
 */
#include "http/body.h"

#include "http/bytes.h"

enum state {
    /* The chunk line. */
    STATE_SIZE,      /* a first digit has to come */
    STATE_SIZE_MORE, /* digits, or what may follow them */
    STATE_BEFORE_SEMICOLON,
    STATE_BEFORE_NAME,
    STATE_NAME,
    STATE_AFTER_NAME,
    STATE_BEFORE_VALUE,
    STATE_VALUE,
    STATE_QUOTED,
    STATE_QUOTED_PAIR,
    STATE_AFTER_QUOTED,
    STATE_LINE_LF,
    /* The chunk data. */
    STATE_DATA,
    STATE_DATA_CR,
    STATE_DATA_LF,
    /* The trailer section. */
    STATE_TRAILER,
    STATE_TRAILER_NAME,
    STATE_TRAILER_VALUE,
    STATE_TRAILER_LF,
    STATE_LAST_LF,
    /* Content of known length. */
    STATE_LENGTH,
    /* For good. */
    STATE_END,
    STATE_REFUSED,
};

enum {
    MAX_SIZE_DIGITS = 16
};

static const uint64_t MAX_CHUNK = 1ULL << 60;

void mg_body_begin(struct mg_body *body, enum mg_framing framing, uint64_t length)
{
    *body = (struct mg_body){.framing = framing, .state = STATE_END};
    if (framing == MG_FRAMING_CHUNKED) {
        body->state = STATE_SIZE;
    } else if (framing == MG_FRAMING_LENGTH && length > 0) {
        body->remaining = length;
        body->state = STATE_LENGTH;
    }
}

void mg_body_init(struct mg_body *body, const struct mg_head *head)
{
    mg_body_begin(body, head->framing, head->content_length);
}

static uint8_t refuse(struct mg_body *body, const char *reason)
{
    body->reason = reason;
    return STATE_REFUSED;
}

/* The digits of a chunk size, and the first byte behind them. */
static uint8_t size_step(struct mg_body *body, char c)
{
    int digit = mg_ascii_hex(c);
    if (digit >= 0) {
        /* line_bytes counts digits here: leading zeros too are bounded. */
        body->remaining = body->remaining << 4 | (unsigned)digit;
        if (body->line_bytes > MAX_SIZE_DIGITS || body->remaining > MAX_CHUNK) {
            return refuse(body, "chunk-size-too-large");
        }
        return STATE_SIZE_MORE;
    }
    if (body->state == STATE_SIZE) {
        return refuse(body, "chunk-size-malformed");
    }
    switch (c) {
    case '\r':
        return STATE_LINE_LF;
    case ';':
        return STATE_BEFORE_NAME;
    case ' ':
    case '\t':
        return STATE_BEFORE_SEMICOLON;
    default:
        return refuse(body, "chunk-size-malformed");
    }
}

/* What a byte is to the grammar of extensions. */
enum kind {
    KIND_BLANK,
    KIND_TOKEN,
    KIND_EQUALS,
    KIND_SEMICOLON,
    KIND_QUOTE,
    KIND_BACKSLASH,
    KIND_TEXT, /* what only a quoted string may hold */
    KIND_CR,
    KIND_CONTROL,
    KIND_COUNT
};

static enum kind kind_of(char c)
{
    switch (c) {
    case ' ':
    case '\t':
        return KIND_BLANK;
    case '=':
        return KIND_EQUALS;
    case ';':
        return KIND_SEMICOLON;
    case '"':
        return KIND_QUOTE;
    case '\\':
        return KIND_BACKSLASH;
    case '\r':
        return KIND_CR;
    default:
        break;
    }
    if (mg_byte_is(c, MG_BYTE_TOKEN)) {
        return KIND_TOKEN;
    }
    return mg_bytes_find_control(&c, &c + 1) == &c ? KIND_CONTROL : KIND_TEXT;
}

/* RFC 9112 7.1.1 and the quoted-string of RFC 9110 5.6.4. What has no entry is refused: among
 * it white space that no ";" or "=" follows, which is in no rule of the grammar. */
static uint8_t extension_step(struct mg_body *body, char c)
{
    static const uint8_t next[][KIND_COUNT] = {
        [STATE_BEFORE_SEMICOLON] =
            {[KIND_BLANK] = STATE_BEFORE_SEMICOLON, [KIND_SEMICOLON] = STATE_BEFORE_NAME},
        [STATE_BEFORE_NAME] = {[KIND_BLANK] = STATE_BEFORE_NAME, [KIND_TOKEN] = STATE_NAME},
        [STATE_NAME] = {[KIND_TOKEN] = STATE_NAME,
                        [KIND_BLANK] = STATE_AFTER_NAME,
                        [KIND_EQUALS] = STATE_BEFORE_VALUE,
                        [KIND_SEMICOLON] = STATE_BEFORE_NAME,
                        [KIND_CR] = STATE_LINE_LF},
        [STATE_AFTER_NAME] = {[KIND_BLANK] = STATE_AFTER_NAME,
                              [KIND_EQUALS] = STATE_BEFORE_VALUE,
                              [KIND_SEMICOLON] = STATE_BEFORE_NAME},
        [STATE_BEFORE_VALUE] = {[KIND_BLANK] = STATE_BEFORE_VALUE,
                                [KIND_TOKEN] = STATE_VALUE,
                                [KIND_QUOTE] = STATE_QUOTED},
        [STATE_VALUE] = {[KIND_TOKEN] = STATE_VALUE,
                         [KIND_BLANK] = STATE_BEFORE_SEMICOLON,
                         [KIND_SEMICOLON] = STATE_BEFORE_NAME,
                         [KIND_CR] = STATE_LINE_LF},
        [STATE_QUOTED] = {[KIND_BLANK] = STATE_QUOTED,
                          [KIND_TOKEN] = STATE_QUOTED,
                          [KIND_EQUALS] = STATE_QUOTED,
                          [KIND_SEMICOLON] = STATE_QUOTED,
                          [KIND_TEXT] = STATE_QUOTED,
                          [KIND_QUOTE] = STATE_AFTER_QUOTED,
                          [KIND_BACKSLASH] = STATE_QUOTED_PAIR},
        [STATE_QUOTED_PAIR] = {[KIND_BLANK] = STATE_QUOTED,
                               [KIND_TOKEN] = STATE_QUOTED,
                               [KIND_EQUALS] = STATE_QUOTED,
                               [KIND_SEMICOLON] = STATE_QUOTED,
                               [KIND_TEXT] = STATE_QUOTED,
                               [KIND_QUOTE] = STATE_QUOTED,
                               [KIND_BACKSLASH] = STATE_QUOTED},
        [STATE_AFTER_QUOTED] = {[KIND_BLANK] = STATE_BEFORE_SEMICOLON,
                                [KIND_SEMICOLON] = STATE_BEFORE_NAME,
                                [KIND_CR] = STATE_LINE_LF},
    };
    uint8_t state = next[body->state][kind_of(c)];
    return state == 0 ? refuse(body, "chunk-extension-malformed") : state;
}

/* A byte of a chunk line. */
static uint8_t chunk_line_step(struct mg_body *body, char c)
{
    if (++body->line_bytes > MG_BODY_MAX_CHUNK_LINE) {
        return refuse(body, "chunk-line-too-long");
    }
    if (body->state == STATE_LINE_LF) {
        if (c != '\n') {
            return refuse(body, "bare-cr");
        }
        body->line_bytes = 0;
        /* Content makes up for extensions: this chunk's, for as many octets of them. */
        uint64_t made_up = body->remaining < body->overhead ? body->remaining : body->overhead;
        body->overhead -= (uint32_t)made_up;
        return body->remaining > 0 ? STATE_DATA : STATE_TRAILER;
    }
    if (c == '\n') {
        return refuse(body, "bare-lf");
    }
    uint8_t next =
        body->state <= STATE_SIZE_MORE ? size_step(body, c) : extension_step(body, c);
    bool of_extension = next > STATE_SIZE_MORE && next < STATE_LINE_LF;
    if (of_extension && ++body->overhead > MG_BODY_MAX_OVERHEAD) {
        return refuse(body, "chunk-extensions-too-large");
    }
    return next;
}

/* CR LF behind the data of a chunk. */
static uint8_t data_end_step(struct mg_body *body, char c)
{
    if (body->state == STATE_DATA_CR && c == '\r') {
        return STATE_DATA_LF;
    }
    if (body->state == STATE_DATA_LF && c == '\n') {
        return STATE_SIZE;
    }
    return refuse(body, "chunk-data-malformed");
}

/* The colon of a trailer field: framing and routing have no place in a trailer section. */
static uint8_t trailer_colon(struct mg_body *body)
{
    struct mg_str name = {body->name, body->name_len};
    enum mg_field_id id = MG_FIELD_OTHER;
    if (name.len < MG_BODY_NAME_BYTES) {
        id = mg_field_id_from(name);
    }
    bool forbidden = id == MG_FIELD_CONTENT_LENGTH || id == MG_FIELD_TRANSFER_ENCODING ||
                     id == MG_FIELD_HOST;
    return forbidden ? refuse(body, "trailer-forbidden") : STATE_TRAILER_VALUE;
}

static uint8_t trailer_name_step(struct mg_body *body, char c)
{
    if (mg_byte_is(c, MG_BYTE_TOKEN)) {
        if (body->name_len < MG_BODY_NAME_BYTES) {
            body->name[body->name_len++] = c;
        }
        return STATE_TRAILER_NAME;
    }
    if (c == ':' && body->name_len > 0) {
        return trailer_colon(body);
    }
    return refuse(body, "trailer-malformed");
}

/* A byte of the trailer section. */
static uint8_t trailer_step(struct mg_body *body, char c)
{
    if (++body->line_bytes > MG_BODY_MAX_TRAILERS) {
        return refuse(body, "trailers-too-large");
    }
    bool after_cr = body->state == STATE_TRAILER_LF || body->state == STATE_LAST_LF;
    bool is_last = body->state == STATE_LAST_LF || (body->state == STATE_TRAILER && c == '\r');
    if (body->trailers != NULL && !is_last) {
        mg_buf_add_char(body->trailers, c);
    }
    if (after_cr && c != '\n') {
        return refuse(body, "bare-cr");
    }
    if (!after_cr && c == '\n') {
        return refuse(body, "bare-lf");
    }
    switch ((int)body->state) {
    case STATE_TRAILER:
        body->name_len = 0;
        return c == '\r' ? STATE_LAST_LF : trailer_name_step(body, c);
    case STATE_TRAILER_NAME:
        return trailer_name_step(body, c);
    case STATE_TRAILER_VALUE:
        if (c == '\r') {
            return STATE_TRAILER_LF;
        }
        return mg_bytes_find_control(&c, &c + 1) == &c ? refuse(body, "trailer-malformed")
                                                       : STATE_TRAILER_VALUE;
    case STATE_TRAILER_LF:
        return STATE_TRAILER;
    default: /* STATE_LAST_LF */
        return STATE_END;
    }
}

static void step(struct mg_body *body, char c)
{
    if (body->state <= STATE_LINE_LF) {
        body->state = chunk_line_step(body, c);
    } else if (body->state <= STATE_DATA_LF) {
        body->state = data_end_step(body, c);
    } else {
        body->state = trailer_step(body, c);
    }
}

/* Octets of content at the front of `bytes`, at most what remains. */
static struct mg_str take_content(struct mg_body *body, struct mg_str bytes)
{
    size_t len = body->remaining < bytes.len ? (size_t)body->remaining : bytes.len;
    if (body->remaining != MG_BODY_UNTIL_CLOSE) {
        body->remaining -= len;
    }
    if (body->remaining == 0) {
        body->state = body->state == STATE_LENGTH ? STATE_END : STATE_DATA_CR;
    }
    return (struct mg_str){bytes.ptr, len};
}

enum mg_body_result mg_body_decode(struct mg_body *body, struct mg_str bytes, size_t *used,
                                   struct mg_str *content)
{
    size_t at = 0;
    *content = (struct mg_str){NULL, 0};
    while (at < bytes.len && body->state < STATE_END) {
        if (body->state == STATE_DATA || body->state == STATE_LENGTH) {
            *content = take_content(body, mg_str_from_offset(bytes, at));
            *used = at + content->len;
            return MG_BODY_DATA;
        }
        step(body, bytes.ptr[at]);
        at++;
    }
    *used = at;
    if (body->state == STATE_END) {
        return MG_BODY_END;
    }
    return body->state == STATE_REFUSED ? MG_BODY_REFUSED : MG_BODY_MORE;
}
