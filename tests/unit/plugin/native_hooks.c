/* native_hooks.c - a plugin in C with every hook, for test_native.c, which compiles it: what it
 * does is chosen by the number that its configuration ends with.
 */
#include <moongate_plugin.h>
#include <stdio.h>
#include <string.h>

#define TEXT(s) ((struct moongate_text){s, sizeof(s) - 1})

static const struct moongate_host *host;
static int what;
static char said[512];

static int init(const struct moongate_host *given, const char *config, void **instance,
                char *error, size_t error_size)
{
    (void)error;
    (void)error_size;
    host = given;
    *instance = said;
    what = config[strlen(config) - 2] - '0'; /* {"w":5} */
    return 0;
}

static void add(struct moongate_text text)
{
    size_t used = strlen(said);
    int length = text.bytes == NULL ? 3 : (int)text.length;
    (void)snprintf(said + used, sizeof(said) - used, "%.*s|", length,
                   text.bytes == NULL ? "nil" : text.bytes);
}

/* Tell all there is of a request, as the body of an answer. */
static void answer_with_all(struct moongate_request *request, struct moongate_answer *answer)
{
    said[0] = '\0';
    for (int field = MOONGATE_METHOD; field <= MOONGATE_REASON; field++) {
        add(host->request_text(request, (enum moongate_field)field));
    }
    for (size_t line = 0; line < 3; line++) {
        add(host->request_header(request, TEXT("x-two"), line));
    }
    add(host->request_header(request, TEXT("a b"), 0));
    add(host->request_param(request, TEXT("id")));
    add(host->request_param(request, TEXT("no")));
    (void)host->answer_begin(answer, what == 7 ? 999 : what == 6 ? 204 : 418);
    (void)host->answer_field(answer, TEXT("X-A"), TEXT(" 1 "));
    (void)host->answer_field(answer, TEXT("X-A"), TEXT("2"));
    (void)host->answer_body(answer, (struct moongate_text){said, strlen(said)});
}

static int answer_hook(void *instance, struct moongate_request *request,
                       struct moongate_answer *answer)
{
    (void)instance;
    if (what == 8) {
        (void)host->answer_field(answer, TEXT("A"), TEXT("b"));
    }
    if (what == 0 || what >= 8) {
        return what == 9 ? 7 : 0;
    }
    answer_with_all(request, answer);
    if (what == 2) {
        (void)host->answer_field(answer, TEXT("Content-Length"), TEXT("2"));
    }
    if (what == 3) {
        (void)host->answer_field(answer, TEXT("X-B"), TEXT("2\r\nX-C: 3"));
    }
    if (what == 4) {
        (void)host->answer_field(answer, TEXT("X B"), TEXT("2"));
    }
    for (int i = 0; what == 5 && i < 100; i++) {
        (void)host->answer_field(answer, TEXT("X"), TEXT(""));
    }
    return 0; /* whatever was refused */
}

static int decision_hook(void *instance, struct moongate_request *request,
                         struct moongate_decision *decision)
{
    (void)instance;
    (void)request;
    said[0] = '\0';
    add(host->decision_text(decision, MOONGATE_VERDICT));
    add(host->decision_text(decision, MOONGATE_REASON));
    add(host->decision_text(decision, MOONGATE_KIND));
    add(host->decision_text(decision, MOONGATE_PATH));
    switch (what) {
    case 1:
        return host->decision_deny(decision, TEXT("quota-spent"));
    case 2:
        (void)host->decision_deny(decision, TEXT("Quota Spent"));
        return 0;
    case 3:
        (void)host->decision_deny(decision, TEXT("quota-spent"));
        return 1;
    case 4:
        (void)host->decision_deny(decision, (struct moongate_text){said, strlen(said) - 1});
        return 0;
    default:
        return host->decision_status(decision) == 0 ? 0 : -1;
    }
}

static int response_hook(void *instance, struct moongate_request *request,
                         struct moongate_response *response)
{
    (void)instance;
    (void)request;
    switch (what) {
    case 1:
        (void)host->response_set(response, TEXT("x-a"), TEXT(" new "));
        (void)host->response_add(response, TEXT("X-B"), TEXT("more"));
        (void)host->response_remove(response, TEXT("x-c"));
        (void)host->response_set(response, TEXT("X-D"),
                                 host->response_header(response, TEXT("x-b"), 1));
        return 0;
    case 2:
        (void)host->response_set(response, TEXT("X-A"), TEXT("new"));
        (void)host->response_set(response, TEXT("Access-Control-Allow-Origin"), TEXT("*"));
        return 0;
    case 3:
        (void)host->response_remove(response, TEXT("Transfer-Encoding"));
        return 0;
    case 4:
        for (int i = 0; i < 300; i++) {
            (void)host->response_add(response, TEXT("X-N"), TEXT("n"));
        }
        return 0;
    case 5:
        return host->response_status(response) == 200 ? -1 : 0;
    default:
        return 0;
    }
}

/* Gives the sum of all numbers, or for 1 the texts by way of the log. */
static int log_hook(void *instance, const struct moongate_record *record)
{
    (void)instance;
    if (what == 1) {
        said[0] = '\0';
        for (int field = MOONGATE_METHOD; field <= MOONGATE_REASON; field++) {
            add(host->record_text(record, (enum moongate_field)field));
        }
        host->log(host, MOONGATE_WARNING, (struct moongate_text){said, strlen(said)});
        return 0;
    }
    return (int)(host->record_number(record, MOONGATE_STATUS) +
                 host->record_number(record, MOONGATE_BYTES) +
                 host->record_number(record, MOONGATE_DURATION_US) +
                 host->record_number(record, MOONGATE_WALL_MS) + host->wall_ms(host) +
                 host->monotonic_ms(host));
}

const struct moongate_plugin moongate_plugin = {
    .abi = MOONGATE_PLUGIN_ABI,
    .size = sizeof(moongate_plugin),
    .init = init,
    .request = answer_hook,
    .decision = decision_hook,
    .response = response_hook,
    .log = log_hook,
    .handler = answer_hook,
};
