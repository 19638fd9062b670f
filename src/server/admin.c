/* admin.c - where the admin interface listens, and its life: sockets before anything serves, so
 * that a fault is told first; the thread once there is something to tell of.
 */
#include "server/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/log.h"
#include "net/address.h"
#include "net/worker.h"
#include "server/admin_internal.h"
#include "server/server.h"

enum {
    UNIX_MODE = 0600,
    BACKLOG = 64,
    TOKEN_FILE_MAX_BYTES = 4096
};

/* ---- addresses ---- */

bool mg_admin_default_address(char out[static MG_ADMIN_MAX_ADDRESS_BYTES])
{
    const char *folder = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
    if (folder == NULL || folder[0] != '/') {
        return false;
    }
    int length = snprintf(out, MG_ADMIN_MAX_ADDRESS_BYTES, "unix:%s/moongate.sock", folder);
    return length < MG_ADMIN_MAX_ADDRESS_BYTES;
}

static const char *read_tcp(const char *text)
{
    static _Thread_local char fault[256];
    struct mg_address addresses[MG_ADDRESSES_MAX];
    struct mg_errs errs;
    mg_errs_init(&errs);
    size_t count = mg_address_parse(text, addresses, &errs);
    fault[0] = '\0';
    if (count == 0) {
        (void)snprintf(fault, sizeof(fault),
                       "is a path with a '/', an address such as 127.0.0.1:9090, or 'off', "
                       "not '%.100s'",
                       text);
    }
    for (size_t i = 0; i < count; i++) {
        if (!mg_address_is_loopback(&addresses[i])) {
            (void)snprintf(fault, sizeof(fault),
                           "takes TCP addresses of this machine only, such as 127.0.0.1:9090: "
                           "%.100s can be reached from others",
                           text);
        }
    }
    mg_errs_fini(&errs);
    return fault[0] == '\0' ? NULL : fault;
}

const char *mg_admin_read_address(const char *text, char out[static MG_ADMIN_MAX_ADDRESS_BYTES])
{
    bool is_unix = strncmp(text, "unix:", 5) == 0;
    bool is_path = !is_unix && strchr(text, '/') != NULL;
    if (strlen(text) + sizeof("unix:") > MG_ADMIN_MAX_ADDRESS_BYTES) {
        return "is too long";
    }
    if (!is_unix && !is_path) {
        const char *wrong = read_tcp(text);
        if (wrong != NULL) {
            return wrong;
        }
    }
    (void)snprintf(out, MG_ADMIN_MAX_ADDRESS_BYTES, "%s%s", is_path ? "unix:" : "", text);
    return NULL;
}

/* ---- the token ---- */

static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || mg_ascii_is_digit(c) ||
           (c != '\0' && strchr("-._~+/=", c) != NULL);
}

static bool read_file(const char *path, char *text, size_t *size, struct mg_errs *errs)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        mg_errs_fail(errs, "admin-token", "give a file with a token in it",
                     "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    *size = fread(text, 1, TOKEN_FILE_MAX_BYTES, file);
    bool ok = ferror(file) == 0;
    (void)fclose(file);
    if (!ok) {
        mg_errs_fail(errs, "admin-token", NULL, "reading %s failed", path);
    }
    return ok;
}

bool mg_admin_read_token(const char *path, char out[static MG_ADMIN_MAX_TOKEN_BYTES + 1],
                         struct mg_errs *errs)
{
    char text[TOKEN_FILE_MAX_BYTES];
    size_t size = 0;
    if (!read_file(path, text, &size, errs)) {
        return false;
    }
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL && text[size - 1] != '\0') {
        size--;
    }
    bool ok = size >= MG_ADMIN_MIN_TOKEN_BYTES && size <= MG_ADMIN_MAX_TOKEN_BYTES;
    for (size_t i = 0; i < size && ok; i++) {
        ok = is_token_byte(text[i]);
    }
    if (!ok) {
        mg_errs_fail(errs, "admin-token", "openssl rand -hex 32 makes one",
                     "%s does not hold a token of %d to %d letters, digits and - . _ ~ + / =",
                     path, (int)MG_ADMIN_MIN_TOKEN_BYTES, (int)MG_ADMIN_MAX_TOKEN_BYTES);
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

/* ---- opening ---- */

static bool is_off(const struct mg_server_options *options)
{
    const struct mg_strings *addresses = &options->admin;
    return addresses->count == 0
               ? !options->has_default_admin
               : addresses->count == 1 && strcmp(addresses->items[0], "off") == 0;
}

/* Tell what hinders in words of the admin interface. */
static void explain(const struct mg_errs *found, struct mg_errs *errs)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct mg_err *err = &found->items[i];
        if (strcmp(err->code, "listen-in-use") == 0) {
            mg_errs_fail(errs, "admin-in-use",
                         "`moongate status` tells of it; give this one an --admin PATH of its "
                         "own, or --admin off",
                         "the admin interface cannot be there: %s", err->message);
        } else {
            mg_errs_fail(errs, "admin-listen", err->hint[0] == '\0' ? NULL : err->hint,
                         "the admin interface cannot be there: %s", err->message);
        }
    }
}

static bool has_code(const struct mg_errs *errs, const char *code)
{
    for (size_t i = 0; i < errs->count; i++) {
        if (strcmp(errs->items[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

static void warn_of_none(const char *why)
{
    MG_LOG(MG_LOG_WARNING, "no admin interface", {"why", mg_str_from(why)},
           {"hint", MG_STR("--admin PATH gives it a place, --admin off does without")});
}

/* Open the sockets. A place that nobody chose may be missing, but not another instance's.
 * Returns: whether to go on; without listeners, there is no interface. */
static bool open_sockets(struct mg_admin *admin, const char *const *addresses, size_t count,
                         bool is_default, struct mg_errs *errs)
{
    const struct mg_listen_options options = {
        .addresses = addresses,
        .address_count = count,
        .workers = 1,
        .unix_mode = UNIX_MODE,
        .backlog = BACKLOG,
    };
    struct mg_errs found;
    mg_errs_init(&found);
    admin->listeners = mg_listeners_open(&options, &found);
    bool ok = admin->listeners != NULL;
    if (!ok && is_default && !has_code(&found, "listen-in-use")) {
        warn_of_none(found.count > 0 ? found.items[0].message : "its socket cannot be made");
        ok = true;
    } else if (!ok) {
        explain(&found, errs);
    }
    mg_errs_fini(&found);
    return ok;
}

/* The addresses in the form of net/address.h, in `texts`. Returns: false after a fault. */
static bool read_addresses(const struct mg_strings *given,
                           char (*texts)[MG_ADMIN_MAX_ADDRESS_BYTES], bool *has_tcp,
                           struct mg_errs *errs)
{
    for (size_t i = 0; i < given->count; i++) {
        const char *wrong = strcmp(given->items[i], "off") == 0
                                ? "is 'off' or addresses, not both"
                                : mg_admin_read_address(given->items[i], texts[i]);
        if (wrong != NULL) {
            mg_errs_fail(errs, "admin-address", NULL, "--admin %s", wrong);
            return false;
        }
        *has_tcp = *has_tcp || strncmp(texts[i], "unix:", 5) != 0;
    }
    return true;
}

static bool open_given(struct mg_admin *admin, const struct mg_server_options *options,
                       struct mg_errs *errs)
{
    char texts[MG_ADMIN_MAX_ADDRESSES][MG_ADMIN_MAX_ADDRESS_BYTES];
    const char *addresses[MG_ADMIN_MAX_ADDRESSES];
    bool has_tcp = false;
    if (options->admin.count > MG_ADMIN_MAX_ADDRESSES) {
        mg_errs_fail(errs, "admin-address", NULL, "--admin is given more than %d times",
                     (int)MG_ADMIN_MAX_ADDRESSES);
        return false;
    }
    if (!read_addresses(&options->admin, texts, &has_tcp, errs)) {
        return false;
    }
    if (has_tcp && options->admin_token_file == NULL) {
        mg_errs_fail(errs, "admin-address", "openssl rand -hex 32 makes a token",
                     "every user of this machine can reach a TCP address: --admin-token-file "
                     "has to name a file with a token");
        return false;
    }
    if (options->admin_token_file != NULL &&
        !mg_admin_read_token(options->admin_token_file, admin->token, errs)) {
        return false;
    }
    for (size_t i = 0; i < options->admin.count; i++) {
        addresses[i] = texts[i];
    }
    return open_sockets(admin, addresses, options->admin.count, false, errs);
}

static bool open_default(struct mg_admin *admin, struct mg_errs *errs)
{
    char text[MG_ADMIN_MAX_ADDRESS_BYTES];
    const char *addresses[] = {text};
    if (!mg_admin_default_address(text)) {
        warn_of_none("XDG_RUNTIME_DIR is not set");
        return true;
    }
    return open_sockets(admin, addresses, 1, true, errs);
}

static void free_admin(struct mg_admin *admin)
{
    mg_listeners_close(admin->listeners);
    mg_buf_fini(&admin->out);
    (void)pthread_cond_destroy(&admin->job_ended);
    (void)pthread_mutex_destroy(&admin->lock);
    free(admin);
}

bool mg_admin_open(struct mg_server *server, struct mg_admin **out, struct mg_errs *errs)
{
    const struct mg_server_options *options = &server->options;
    *out = NULL;
    if (is_off(options)) {
        return true;
    }
    struct mg_admin *admin = mg_calloc(1, sizeof(*admin));
    if (admin == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        return false;
    }
    admin->server = server;
    mg_buf_init(&admin->out, ADMIN_MAX_REPLY_BYTES + 4096);
    (void)pthread_mutex_init(&admin->lock, NULL);
    (void)pthread_cond_init(&admin->job_ended, NULL);
    bool ok =
        options->admin.count > 0 ? open_given(admin, options, errs) : open_default(admin, errs);
    if (!ok || admin->listeners == NULL) {
        free_admin(admin);
        return ok;
    }
    *out = admin;
    return true;
}

/* ---- running ---- */

bool mg_admin_start(struct mg_admin *admin, struct mg_errs *errs)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
    const struct mg_workers_options options = {
        .name = "admin",
        .count = 1,
        .protocol = &admin_protocol,
        .limits =
            {
                .max_connections = ADMIN_MAX_CONNECTIONS,
                .write_progress_ms = ADMIN_WRITE_MS,
                .max_pending_bytes = ADMIN_MAX_REPLY_BYTES + 4096,
                .stop_ms = ADMIN_STOP_MS,
            },
        .listeners = admin->listeners,
        .shared = admin,
        .busy_answer = MG_STR(busy),
    };
    json_object_seed(0); /* once, before threads make objects */
    /* The thread may have its first command before this assignment: commands begin by taking
     * the lock. */
    (void)pthread_mutex_lock(&admin->lock);
    admin->workers = mg_workers_start(&options, errs);
    bool ok = admin->workers != NULL;
    (void)pthread_mutex_unlock(&admin->lock);
    return ok;
}

void mg_admin_stop(struct mg_admin *admin)
{
    if (admin == NULL) {
        return;
    }
    if (admin->workers != NULL) {
        admin_jobs_end(admin);
        mg_workers_stop(admin->workers);
        mg_workers_join(admin->workers);
    }
    free_admin(admin);
}

const char *mg_admin_address(const struct mg_admin *admin, size_t index)
{
    return admin == NULL || index >= mg_listeners_count(admin->listeners)
               ? NULL
               : mg_listeners_address(admin->listeners, index);
}
