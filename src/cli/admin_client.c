/* admin_client.c - libcurl over the Unix socket or loopback. What hinders is told with what to
 * do: most who ask in vain have no server running, or are another user.
 */
#include "cli/admin_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "core/buf.h"
#include "server/admin.h"

enum {
    CONNECT_TIMEOUT_MS = 5000,
    QUESTION_TIMEOUT_MS = 30000, /* of a question; a command waits as long as it takes */
    MAX_ANSWER_BYTES = 64 << 20,
    MAX_HEADER_BYTES = MG_ADMIN_MAX_TOKEN_BYTES + 64
};

/* ---- options ---- */

void mg_admin_client_print_options(void)
{
    (void)printf(
        "  --admin ADDRESS          where the server is asked: a path, or 127.0.0.1:PORT\n"
        "                           ($XDG_RUNTIME_DIR/moongate.sock; /run/moongate.sock for\n"
        "                           root)\n"
        "  --admin-token-file PATH  the token of its TCP address\n"
        "  --json                   print the server's JSON document\n");
}

int mg_admin_client_option(struct mg_admin_client *client, struct mg_arguments *arguments)
{
    if (strcmp(arguments->name, "json") == 0) {
        client->is_json = true;
        return MG_EXIT_OK;
    }
    if (strcmp(arguments->name, "help") == 0) {
        client->wants_help = true;
        return MG_EXIT_OK;
    }
    bool is_token = strcmp(arguments->name, "admin-token-file") == 0;
    if (!is_token && strcmp(arguments->name, "admin") != 0) {
        return -1;
    }
    const char *value = mg_arguments_value(arguments);
    if (value == NULL) {
        return mg_cli_usage(client->command, "--%s needs a value: %s", arguments->name,
                            is_token ? "PATH" : "ADDRESS");
    }
    *(is_token ? &client->token_file : &client->address) = value;
    return MG_EXIT_OK;
}

int mg_admin_client_read(struct mg_admin_client *client, int argc, char **argv)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        if (kind == MG_ARGUMENT_WORD) {
            return mg_cli_usage(client->command, "'%s' means nothing here", arguments.value);
        }
        int code = mg_admin_client_option(client, &arguments);
        if (code < 0) {
            code = mg_cli_usage(client->command, "there is no option '%s'", arguments.name);
        }
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    return MG_EXIT_OK;
}

/* Where to ask, in the form of net/address.h. */
static int find_address(const struct mg_admin_client *client,
                        char address[static MG_ADMIN_MAX_ADDRESS_BYTES])
{
    if (client->address != NULL) {
        const char *wrong = mg_admin_read_address(client->address, address);
        return wrong == NULL ? MG_EXIT_OK : mg_cli_usage(client->command, "--admin %s", wrong);
    }
    if (mg_admin_default_address(address)) {
        return MG_EXIT_OK;
    }
    (void)fprintf(stderr,
                  "moongate %s: where is the server? XDG_RUNTIME_DIR is not set, so --admin "
                  "ADDRESS has to say it\n",
                  client->command);
    return MG_EXIT_ENVIRONMENT;
}

/* ---- the exchange ---- */

struct call {
    const struct mg_admin_client *client;
    const char *address;
    CURL *easy;
    struct curl_slist *fields;
    struct mg_buf answer;
    char *body; /* jansson's */
};

static size_t take_content(const char *bytes, size_t size, size_t count, void *context)
{
    struct mg_buf *answer = context;
    mg_buf_add(answer, (struct mg_str){bytes, size * count});
    return answer->overflowed ? 0 : size * count;
}

static bool add_field(struct call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->fields, line);
    call->fields = longer == NULL ? call->fields : longer;
    return longer != NULL;
}

/* Set an option; a failure is remembered in ok. */
#define SET(option, value) \
    (ok = curl_easy_setopt(call->easy, (option), (value)) == CURLE_OK && ok)

static bool prepare(struct call *call, const char *path, const char *token)
{
    char url[MG_ADMIN_MAX_ADDRESS_BYTES + 64];
    char field[MAX_HEADER_BYTES];
    bool is_unix = strncmp(call->address, "unix:", 5) == 0;
    bool ok = true;
    (void)snprintf(url, sizeof(url), "http://%s%s", is_unix ? "localhost" : call->address,
                   path);
    if (is_unix) {
        SET(CURLOPT_UNIX_SOCKET_PATH, call->address + 5);
    }
    if (token[0] != '\0') {
        (void)snprintf(field, sizeof(field), "Authorization: Bearer %s", token);
        ok = add_field(call, field) && ok;
    }
    if (call->body != NULL) {
        ok = add_field(call, "Content-Type: application/json") && ok;
        SET(CURLOPT_POSTFIELDS, call->body);
    } else {
        SET(CURLOPT_TIMEOUT_MS, (long)QUESTION_TIMEOUT_MS);
    }
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, call->fields);
    SET(CURLOPT_PROTOCOLS_STR, "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    SET(CURLOPT_WRITEFUNCTION, take_content);
    SET(CURLOPT_WRITEDATA, &call->answer);
    return ok;
}

/* Tell why nobody answered. */
static int tell_failure(const struct call *call, CURLcode code)
{
    long error = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &error);
    bool is_connect = code == CURLE_COULDNT_CONNECT;
    if (is_connect && (error == EACCES || error == EPERM)) {
        (void)fprintf(stderr,
                      "moongate %s: no permission to ask the server at %s: the socket is for "
                      "the user alone that runs it (run this as that user)\n",
                      call->client->command, call->address);
        return MG_EXIT_ENVIRONMENT;
    }
    (void)fprintf(stderr, "moongate %s: no server answers at %s: %s\n", call->client->command,
                  call->address,
                  is_connect && error != 0 ? strerror((int)error) : curl_easy_strerror(code));
    (void)fprintf(stderr, "Start one with `moongate serve`, or say where it is with --admin "
                          "ADDRESS.\n");
    return MG_EXIT_ENVIRONMENT;
}

/* An answer that is no outcome: the server has not understood, or not wanted to. */
static int tell_refusal(const struct call *call, const json_t *document, long status)
{
    const char *message = json_string_value(json_object_get(document, "message"));
    if (status == 401) {
        (void)fprintf(stderr,
                      "moongate %s: the server at %s asks for its token: --admin-token-file "
                      "PATH names the file that has it\n",
                      call->client->command, call->address);
    } else {
        (void)fprintf(stderr, "moongate %s: the server at %s answers %ld: %s\n",
                      call->client->command, call->address, status,
                      message == NULL ? "what answers there is no Moongate" : message);
    }
    return MG_EXIT_ENVIRONMENT;
}

static int perform(struct call *call, const char *path, const char *token, json_t **document,
                   long *status)
{
    call->easy = curl_easy_init();
    if (call->easy == NULL || !prepare(call, path, token)) {
        (void)fprintf(stderr, "moongate %s: memory is out\n", call->client->command);
        return MG_EXIT_ENVIRONMENT;
    }
    CURLcode code = curl_easy_perform(call->easy);
    if (code != CURLE_OK) {
        return tell_failure(call, code);
    }
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, status);
    *document = json_loadb(call->answer.ptr, call->answer.len, 0, NULL);
    bool is_error = json_object_get(*document, "error") != NULL;
    if (!json_is_object(*document) || is_error) {
        int exit_code = tell_refusal(call, *document, *status);
        json_decref(*document);
        *document = NULL;
        return exit_code;
    }
    return MG_EXIT_OK;
}

int mg_admin_client_ask(const struct mg_admin_client *client, const char *path, json_t *body,
                        json_t **document, long *status)
{
    char address[MG_ADMIN_MAX_ADDRESS_BYTES];
    char token[MG_ADMIN_MAX_TOKEN_BYTES + 1] = "";
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct call call = {.client = client, .address = address};
    mg_buf_init(&call.answer, MAX_ANSWER_BYTES);
    call.body = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    int code = find_address(client, address);
    if (code == MG_EXIT_OK && client->token_file != NULL &&
        !mg_admin_read_token(client->token_file, token, &errs)) {
        mg_errs_print(&errs, stderr);
        code = MG_EXIT_ENVIRONMENT;
    }
    if (code == MG_EXIT_OK) {
        code = perform(&call, path, token, document, status);
    }
    curl_easy_cleanup(call.easy);
    curl_slist_free_all(call.fields);
    mg_buf_fini(&call.answer);
    mg_errs_fini(&errs);
    free(call.body);
    json_decref(body);
    return code;
}
