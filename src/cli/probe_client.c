/* probe_client.c - libcurl's easy interface, told to leave everything alone.
 *
 * libcurl adds fields of its own (Host, Accept, User-Agent, Content-Type); each is kept out by
 * one of that name among ours, or by the empty form "Name:", so that the wire has what a
 * browser sends. "Name;" is libcurl's way to send a field without a value.
 */
#include "cli/probe_client.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "cli/answer_file.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "cors/origin.h"

enum {
    MAX_HEAD_BYTES = 256 << 10,
    MAX_CONTENT_BYTES = 64 << 10,
    MAX_CONTENT_US = 1000000 /* a stream of events has no end */
};

struct mg_probe_client {
    CURL *easy;
    struct mg_buf head; /* of the newest response, interim or not */
    bool has_head;      /* the final one is complete */
    uint64_t head_us;   /* when it was */
    size_t content_bytes;
    unsigned request_count;
    char fault[CURL_ERROR_SIZE];
};

/* A line of the head, or of a trailer section, which is no part of the head. */
static size_t take_header(const char *bytes, size_t size, size_t count, void *context)
{
    struct mg_probe_client *client = context;
    struct mg_str line = {bytes, size * count};
    if (client->has_head) {
        return line.len;
    }
    if (mg_str_starts_with(line, MG_STR("HTTP/"))) {
        mg_buf_clear(&client->head);
    }
    mg_buf_add(&client->head, line);
    bool is_empty = line.len > 0 && (line.ptr[0] == '\r' || line.ptr[0] == '\n');
    long status = 0;
    if (is_empty &&
        curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status >= 200) {
        client->has_head = true;
        client->head_us = mg_clock_us();
    }
    return client->head.overflowed ? 0 : line.len;
}

/* Content: counted, dropped, and given up when it is too much. */
static size_t take_content(const char *bytes, size_t size, size_t count, void *context)
{
    struct mg_probe_client *client = context;
    (void)bytes;
    client->content_bytes += size * count;
    return client->content_bytes > MAX_CONTENT_BYTES ? 0 : size * count;
}

/* Called by libcurl now and then. Returns: 1 to give up. */
static int watch(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                 curl_off_t up)
{
    const struct mg_probe_client *client = context;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return client->has_head && mg_clock_us() - client->head_us > MAX_CONTENT_US;
}

/* Set an option; a failure is remembered in *ok. */
#define SET(option, value) \
    (ok = curl_easy_setopt(client->easy, (option), (value)) == CURLE_OK && ok)

static bool configure(struct mg_probe_client *client,
                      const struct mg_probe_client_options *options)
{
    bool ok = true;
    long verify = options->insecure ? 0 : 1;
    SET(CURLOPT_ERRORBUFFER, client->fault);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, verify);
    SET(CURLOPT_SSL_VERIFYHOST, verify * 2);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, client);
    SET(CURLOPT_WRITEFUNCTION, take_content);
    SET(CURLOPT_WRITEDATA, client);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, client);
    return ok;
}

struct mg_probe_client *mg_probe_client_new(const struct mg_probe_client_options *options)
{
    struct mg_probe_client *client = mg_calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return NULL;
    }
    mg_buf_init(&client->head, MAX_HEAD_BYTES);
    client->easy = curl_easy_init();
    if (client->easy == NULL || !configure(client, options)) {
        mg_probe_client_free(client);
        return NULL;
    }
    return client;
}

void mg_probe_client_free(struct mg_probe_client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->easy);
    mg_buf_fini(&client->head);
    free(client);
    curl_global_cleanup();
}

/* Append a line to *list. Returns: false when memory is out; *list stays valid. */
static bool append(struct curl_slist **list, struct mg_str line)
{
    struct curl_slist *longer = line.len == 0 ? NULL : curl_slist_append(*list, line.ptr);
    *list = longer == NULL ? *list : longer;
    return longer != NULL;
}

static bool has_field(const struct mg_probe_message *message, struct mg_str name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (mg_str_equal_nocase(message->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* The fields as libcurl takes them, and those of its own that are kept out. */
static bool list_fields(const struct mg_probe_message *message, struct mg_arena *arena,
                        struct curl_slist **list)
{
    static const struct mg_str OWN[] = {
        {"Host", 4}, {"Accept", 6}, {"User-Agent", 10}, {"Content-Type", 12}, {"Expect", 6}};
    bool ok = true;
    for (size_t i = 0; i < message->field_count; i++) {
        const struct mg_browser_field *field = &message->fields[i];
        struct mg_str line = field->value.len == 0
                                 ? mg_arena_printf(arena, "%.*s;", MG_STR_ARG(field->name))
                                 : mg_arena_printf(arena, "%.*s: %.*s", MG_STR_ARG(field->name),
                                                   MG_STR_ARG(field->value));
        ok = append(list, line) && ok;
    }
    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]); i++) {
        if (!has_field(message, OWN[i])) {
            ok = append(list, mg_arena_printf(arena, "%.*s:", MG_STR_ARG(OWN[i]))) && ok;
        }
    }
    return ok;
}

/* No proxy stands between a browser and its own machine. */
static const char *proxy_for(const struct mg_browser_url *url)
{
    struct mg_origin origin;
    return mg_origin_parse(url->origin, &origin) && mg_origin_is_loopback(&origin) ? "" : NULL;
}

/* Describe the request to libcurl. */
static bool prepare(struct mg_probe_client *client, const struct mg_probe_message *message,
                    struct curl_slist *fields, struct mg_arena *arena)
{
    bool ok = true;
    struct mg_str url = {message->url->href.ptr,
                         message->url->href.len - message->url->fragment.len};
    SET(CURLOPT_URL, mg_arena_dup(arena, url).ptr);
    SET(CURLOPT_REQUEST_TARGET, mg_arena_dup(arena, message->url->target).ptr);
    SET(CURLOPT_PROXY, proxy_for(message->url));
    SET(CURLOPT_HTTPHEADER, fields);
    SET(CURLOPT_HTTPGET, 1L);
    if (message->content.len > 0) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->content.len);
        SET(CURLOPT_POSTFIELDS, message->content.ptr);
    }
    /* No content comes for HEAD, whatever the head says of its length. */
    SET(CURLOPT_NOBODY, (long)mg_str_equal(message->method, MG_STR("HEAD")));
    SET(CURLOPT_CUSTOMREQUEST, mg_arena_dup(arena, message->method).ptr);
    return ok && !mg_arena_overflowed(arena);
}

/* Read the head that has come. Returns: NULL, or what is wrong with it. */
static const char *read_head(struct mg_probe_client *client, struct mg_arena *arena,
                             struct mg_probe_answer *answer)
{
    struct mg_answer_file file;
    struct mg_answer_fault fault;
    struct mg_str head = mg_arena_dup(arena, mg_buf_str(&client->head));
    if (!mg_answer_file_parse(head, arena, &file, &fault)) {
        (void)snprintf(client->fault, sizeof(client->fault),
                       "line %zu of the response cannot be read: %s", fault.line,
                       fault.message);
        return client->fault;
    }
    const struct mg_raw_answer *raw = &file.answers[0];
    *answer = (struct mg_probe_answer){
        .response = {raw->status, raw->fields, raw->field_count},
        .status_line = mg_arena_printf(arena, "%.*s %u %.*s", MG_STR_ARG(raw->version),
                                       raw->status, MG_STR_ARG(raw->phrase)),
    };
    return NULL;
}

const char *mg_probe_client_exchange(struct mg_probe_client *client,
                                     const struct mg_probe_message *message,
                                     struct mg_arena *arena, struct mg_probe_answer *answer)
{
    struct curl_slist *fields = NULL;
    const char *fault = "memory is out";
    mg_buf_clear(&client->head);
    client->has_head = false;
    client->content_bytes = 0;
    client->fault[0] = '\0';
    client->request_count++;
    if (list_fields(message, arena, &fields) && prepare(client, message, fields, arena)) {
        CURLcode code = curl_easy_perform(client->easy);
        if (client->has_head) {
            fault = read_head(client, arena, answer);
        } else if (client->head.overflowed) {
            fault = "the head of the response is too large";
        } else {
            fault = client->fault[0] != '\0' ? client->fault : curl_easy_strerror(code);
        }
    }
    /* The handle must not keep a list that is gone. */
    (void)curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(fields);
    return fault;
}

unsigned mg_probe_client_request_count(const struct mg_probe_client *client)
{
    return client->request_count;
}
