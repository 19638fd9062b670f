/* request_id.c - a plugin in C: gives every answer an X-Request-Id, by which its lines in all
 * logs are found. What a client or a proxy in front has named already keeps its name, if that
 * is harmless.
 *
 * It shows all a plugin in C has: an instance, its configuration, a hook.
 */
#include <moongate_plugin.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    RANDOM_BYTES = 16,
    ID_LENGTH = 2 * RANDOM_BYTES,
    MAX_INCOMING_LENGTH = 64,
};

static const struct moongate_text field_name = {"X-Request-Id", sizeof("X-Request-Id") - 1};

/* One for each worker, used by one thread at a time: no lock is needed. */
struct instance {
    const struct moongate_host *host;
    int keeps_incoming;
};

static int init(const struct moongate_host *host, const char *config, void **instance,
                char *error, size_t error_size)
{
    struct instance *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        static const char why[] = "out of memory";
        if (error_size >= sizeof(why)) {
            memcpy(error, why, sizeof(why));
        }
        return -1;
    }
    made->host = host;
    /* The configuration is checked, and its JSON has no spaces: a boolean needs no parser. */
    made->keeps_incoming = strstr(config, "\"keep_incoming\":true") != NULL;
    *instance = made;
    return 0;
}

static void fini(void *instance)
{
    free(instance);
}

/* Whether an id of somebody else's may stand in our fields and logs. */
static int is_harmless(struct moongate_text id)
{
    if (id.bytes == NULL || id.length == 0 || id.length > MAX_INCOMING_LENGTH) {
        return 0;
    }
    for (size_t i = 0; i < id.length; i++) {
        char c = id.bytes[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.')) {
            return 0;
        }
    }
    return 1;
}

static int response(void *instance, struct moongate_request *request,
                    struct moongate_response *response)
{
    const struct instance *self = instance;
    const struct moongate_host *host = self->host;
    if (self->keeps_incoming) {
        struct moongate_text incoming = host->request_header(request, field_name, 0);
        if (is_harmless(incoming)) {
            return host->response_set(response, field_name, incoming);
        }
    }
    unsigned char bytes[RANDOM_BYTES];
    char id[ID_LENGTH];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        static const char digits[] = "0123456789abcdef";
        id[2 * i] = digits[bytes[i] >> 4];
        id[2 * i + 1] = digits[bytes[i] & 15];
    }
    return host->response_set(response, field_name, (struct moongate_text){id, sizeof(id)});
}

const struct moongate_plugin moongate_plugin = {
    .abi = MOONGATE_PLUGIN_ABI,
    .size = sizeof(moongate_plugin),
    .init = init,
    .fini = fini,
    .response = response,
};
