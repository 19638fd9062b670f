/* settings.c - one row a setting. */
#include "cli/settings.h"

#include <ctype.h>
#include <stdlib.h>

#include "cors/origin.h"
#include "http/head.h"
#include "server/admin.h"

/* What is wrong with the value given last; the command line has one thread. */
static char fault[256];

static const char *append(struct mg_strings *list, const char *value)
{
    if (list->count == MG_OPTIONS_MAX_LIST) {
        return "is given too often (64 at most)";
    }
    list->items[list->count++] = value;
    return NULL;
}

static const char *read_number(const char *value, unsigned long long least,
                               unsigned long long most, uint64_t *out)
{
    unsigned long long number;
    if (!mg_str_to_u64(mg_str_from(value), most, &number) || number < least) {
        (void)snprintf(fault, sizeof(fault), "is a whole number from %llu to %llu, not '%s'",
                       least, most, value);
        return fault;
    }
    *out = number;
    return NULL;
}

const char *mg_setting_read_duration(const char *value, uint64_t *out_ms)
{
    size_t digits = strspn(value, "0123456789");
    const char *unit = value + digits;
    unsigned long long scale = strcmp(unit, "ms") == 0                           ? 1
                               : strcmp(unit, "s") == 0 || strcmp(unit, "") == 0 ? 1000
                               : strcmp(unit, "m") == 0                          ? 60000
                                                                                 : 0;
    unsigned long long number;
    if (scale == 0 ||
        !mg_str_to_u64((struct mg_str){value, digits}, 86400000 / scale, &number)) {
        (void)snprintf(fault, sizeof(fault),
                       "is a duration such as 500ms, 10s or 2m, at most a day, not '%s'",
                       value);
        return fault;
    }
    *out_ms = number * scale;
    return NULL;
}

static const char *add_listener(struct mg_server_options *options, const char *value,
                                enum mg_listen_mode mode)
{
    const char *wrong = append(&options->listen, value);
    if (wrong == NULL) {
        options->listen_modes[options->listen.count - 1] = mode;
    }
    return wrong;
}

static const char *apply_listen(struct mg_server_options *options, const char *value)
{
    return add_listener(options, value, MG_LISTEN_SERVE);
}

static const char *apply_authorize(struct mg_server_options *options, const char *value)
{
    return add_listener(options, value, MG_LISTEN_AUTHORIZE);
}

static const char *apply_ext_authz(struct mg_server_options *options, const char *value)
{
    return add_listener(options, value, MG_LISTEN_EXT_AUTHZ);
}

static const char *apply_policy(struct mg_server_options *options, const char *value)
{
    return append(&options->policies, value);
}

static const char *apply_plugins(struct mg_server_options *options, const char *value)
{
    return append(&options->plugins, value);
}

static const char *apply_public_origin(struct mg_server_options *options, const char *value)
{
    struct mg_origin origin;
    if (!mg_origin_parse(mg_str_from(value), &origin) || origin.is_null) {
        (void)snprintf(
            fault, sizeof(fault),
            "is an origin as a browser sends it, such as https://api.example.com, not '%s'",
            value);
        return fault;
    }
    return append(&options->public_origins, value);
}

static const char *apply_trust_proxy(struct mg_server_options *options, const char *value)
{
    if (options->trusted_count == MG_OPTIONS_MAX_LIST) {
        return "is given too often (64 at most)";
    }
    if (!mg_cidr_parse(mg_str_from(value), &options->trusted[options->trusted_count])) {
        (void)snprintf(
            fault, sizeof(fault),
            "is an address, a range such as 10.0.0.0/8 without bits behind its prefix, "
            "or 'unix', not '%s'",
            value);
        return fault;
    }
    options->trusted_count++;
    return NULL;
}

static const char *apply_trust_fields(struct mg_server_options *options, const char *value)
{
    bool is_forwarded = strcmp(value, "forwarded") == 0;
    options->trusted_fields = is_forwarded ? MG_TRUST_FORWARDED : MG_TRUST_X_FORWARDED;
    return is_forwarded || strcmp(value, "x-forwarded") == 0
               ? NULL
               : "is 'x-forwarded' or 'forwarded'";
}

static const char *apply_workers(struct mg_server_options *options, const char *value)
{
    uint64_t count = 0;
    const char *wrong = read_number(value, 1, 256, &count);
    options->workers = (unsigned)count;
    return wrong;
}

static const char *apply_access_log(struct mg_server_options *options, const char *value)
{
    options->access_log = value;
    return value[0] == '\0' ? "is a path, '-' for standard output, or 'off'" : NULL;
}

static const char *apply_log(struct mg_server_options *options, const char *value)
{
    bool is_json = strcmp(value, "json") == 0;
    options->log_format = is_json ? MG_LOG_JSON : MG_LOG_TEXT;
    return is_json || strcmp(value, "text") == 0 ? NULL : "is 'text' or 'json'";
}

static const char *apply_log_level(struct mg_server_options *options, const char *value)
{
    for (int level = MG_LOG_DEBUG; level <= MG_LOG_ERROR; level++) {
        if (strcmp(value, mg_log_level_name((enum mg_log_level)level)) == 0) {
            options->log_level = (enum mg_log_level)level;
            return NULL;
        }
    }
    return "is 'debug', 'info', 'warning' or 'error'";
}

static const char *apply_echo_secrets(struct mg_server_options *options, const char *value)
{
    (void)value;
    options->echo_secrets = true;
    return NULL;
}

static const char *apply_stop_delay(struct mg_server_options *options, const char *value)
{
    return mg_setting_read_duration(value, &options->stop_delay_ms);
}

static const char *apply_admin(struct mg_server_options *options, const char *value)
{
    char address[MG_ADMIN_MAX_ADDRESS_BYTES];
    const char *wrong =
        strcmp(value, "off") == 0 ? NULL : mg_admin_read_address(value, address);
    return wrong != NULL ? wrong : append(&options->admin, value);
}

static const char *apply_admin_token_file(struct mg_server_options *options, const char *value)
{
    options->admin_token_file = value;
    return value[0] == '\0' ? "is the path of a file" : NULL;
}

static const char *apply_health_path(struct mg_server_options *options, const char *value)
{
    options->health_path = strcmp(value, "/") == 0 ? "" : value;
    return value[0] == '/' ? NULL : "begins with '/'";
}

static const char *apply_state_dir(struct mg_server_options *options, const char *value)
{
    options->state_dir = value;
    return value[0] == '\0' ? "is the path of a directory" : NULL;
}

/* Read one of two words; `*out` is whether it is the second. */
static const char *read_choice(const char *value, const char *first, const char *second,
                               bool *out)
{
    *out = strcmp(value, second) == 0;
    if (*out || strcmp(value, first) == 0) {
        return NULL;
    }
    (void)snprintf(fault, sizeof(fault), "is '%s' or '%s', not '%s'", first, second, value);
    return fault;
}

static const char *apply_watch(struct mg_server_options *options, const char *value)
{
    return read_choice(value, "on", "off", &options->ignores_files);
}

static const char *apply_guard(struct mg_server_options *options, const char *value)
{
    return read_choice(value, "off", "widen", &options->guards_wider);
}

static const char *apply_revision_field(struct mg_server_options *options, const char *value)
{
    return read_choice(value, "off", "on", &options->shows_revision);
}

static const char *apply_settle(struct mg_server_options *options, const char *value)
{
    return mg_setting_read_duration(value, &options->settle_ms);
}

static const char *apply_shadow_sample(struct mg_server_options *options, const char *value)
{
    return read_number(value, 1, 1000000, &options->shadow_one_in);
}

struct limit_row {
    const char *name;
    size_t offset;
    bool is_duration;
};

static const struct limit_row LIMITS[] = {
#define ROW(field, value, is_duration) {#field, offsetof(struct mg_limits, field), is_duration},
    MG_LIMITS(ROW)
#undef ROW
};

static bool same_name(const char *a, struct mg_str b)
{
    size_t i = 0;
    for (; i < b.len && a[i] != '\0'; i++) {
        char wanted = b.ptr[i] == '-' ? '_' : b.ptr[i];
        if ((a[i] == '-' ? '_' : a[i]) != wanted) {
            return false;
        }
    }
    return i == b.len && a[i] == '\0';
}

static const char *set_limit(struct mg_limits *limits, const struct limit_row *row,
                             const char *value)
{
    uint64_t *at = (uint64_t *)(void *)((char *)limits + row->offset);
    if (row->is_duration) {
        return mg_setting_read_duration(value, at);
    }
    bool is_fields = strcmp(row->name, "fields") == 0;
    bool may_be_zero = strcmp(row->name, "defer_accept") == 0;
    return read_number(value, may_be_zero ? 0 : 1, is_fields ? MG_HEAD_MAX_FIELDS : 1ULL << 40,
                       at);
}

static const char *apply_limit(struct mg_server_options *options, const char *value)
{
    const char *equals = strchr(value, '=');
    struct mg_str name = {value, equals == NULL ? strlen(value) : (size_t)(equals - value)};
    for (size_t i = 0; equals != NULL && i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        if (same_name(LIMITS[i].name, name)) {
            return set_limit(&options->limits, &LIMITS[i], equals + 1);
        }
    }
    int used = snprintf(fault, sizeof(fault), "is NAME=VALUE with one of the names");
    for (size_t i = 0;
         i < sizeof(LIMITS) / sizeof(LIMITS[0]) && used > 0 && (size_t)used < sizeof(fault);
         i++) {
        used += snprintf(fault + used, sizeof(fault) - (size_t)used, "%s %s", i == 0 ? "" : ",",
                         LIMITS[i].name);
    }
    return fault;
}

const struct mg_setting mg_settings[] = {
    {"listen", "ADDRESS",
     "HOST:PORT, [IPv6]:PORT, :PORT or unix:PATH; repeatable (127.0.0.1:8080)", apply_listen},
    {"authorize", "ADDRESS",
     "listen for trusted proxies that ask (auth_request, ForwardAuth …); repeatable",
     apply_authorize},
    {"ext-authz", "ADDRESS",
     "the same for Envoy, which asks with the original request itself; repeatable",
     apply_ext_authz},
    {"policy", "PATH", "a policy file, or a directory of them; repeatable", apply_policy},
    {"plugins", "DIR", "where plugins are found, each a folder with a plugin.lua; repeatable",
     apply_plugins},
    {"workers", "N", "worker threads (one a core)", apply_workers},
    {"access-log", "PATH",
     "one JSON line an exchange: a path, - for standard output, or off (off)",
     apply_access_log},
    {"log", "FORMAT", "the server's own log on standard error: text or json (text)", apply_log},
    {"log-level", "LEVEL", "debug, info, warning or error (info)", apply_log_level},
    {"public-origin", "ORIGIN",
     "an origin this server is reached by: requests from it are same-origin; repeatable",
     apply_public_origin},
    {"trust-proxy", "RANGE",
     "proxies whose fields are believed and who may ask: 10.0.0.0/8, ::1, unix; repeatable",
     apply_trust_proxy},
    {"trust-fields", "NAME",
     "which fields they set: x-forwarded (-For, -Proto, -Host), or forwarded (x-forwarded)",
     apply_trust_fields},
    {"admin", "ADDRESS",
     "where status, swap and metrics are asked: a path, 127.0.0.1:PORT, or off; repeatable "
     "($XDG_RUNTIME_DIR/moongate.sock; /run/moongate.sock for root)",
     apply_admin},
    {"admin-token-file", "PATH", "the bearer token that TCP addresses of --admin ask for",
     apply_admin_token_file},
    {"health-path", "PREFIX", "answer PREFIX/healthz and PREFIX/readyz on the listeners",
     apply_health_path},
    {"stop-delay", "DURATION",
     "keep accepting this long after a stop was asked for, while not ready (0s)",
     apply_stop_delay},
    {"watch", "MODE", "on: changed policy files are taken up at once; off: on SIGHUP (on)",
     apply_watch},
    {"state-dir", "DIR",
     "keep the last good policies here, and start with them when the files are broken",
     apply_state_dir},
    {"guard", "MODE",
     "widen: policies that allow more than before wait for a confirmation (off)", apply_guard},
    {"settle", "DURATION", "clamp Max-Age to 5 seconds this long after a change (60s)",
     apply_settle},
    {"revision-field", "MODE", "on: answers carry Moongate-Revision (off)",
     apply_revision_field},
    {"shadow-sample", "N", "a shadow judges one of N exchanges (10)", apply_shadow_sample},
    {"limit", "NAME=VALUE",
     "change a bound, such as body-bytes=65536 or idle-timeout=30s; repeatable", apply_limit},
    {"echo-secrets", NULL, "let the echo handler show Cookie and Authorization",
     apply_echo_secrets},
    {NULL, NULL, NULL, NULL},
};

static const char *unknown_setting(const char *name)
{
    const char *nearest = NULL;
    size_t best = 4;
    for (const struct mg_setting *row = mg_settings; row->name != NULL; row++) {
        size_t distance = mg_str_distance(mg_str_from(name), mg_str_from(row->name));
        if (distance < best) {
            best = distance;
            nearest = row->name;
        }
    }
    (void)snprintf(fault, sizeof(fault), "is no setting%s%s%s",
                   nearest == NULL ? "" : " (did you mean '", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "'?)");
    return fault;
}

const char *mg_setting_apply(struct mg_server_options *options, const char *name,
                             const char *value)
{
    for (const struct mg_setting *row = mg_settings; row->name != NULL; row++) {
        if (!same_name(row->name, mg_str_from(name))) {
            continue;
        }
        if (value == NULL && row->argument != NULL) {
            (void)snprintf(fault, sizeof(fault), "needs a value: %s", row->argument);
            return fault;
        }
        return row->apply(options, value);
    }
    return unknown_setting(name);
}

void mg_settings_print(FILE *to)
{
    for (const struct mg_setting *row = mg_settings; row->name != NULL; row++) {
        char left[48];
        (void)snprintf(left, sizeof(left), "--%s%s%s", row->name,
                       row->argument == NULL ? "" : " ",
                       row->argument == NULL ? "" : row->argument);
        (void)fprintf(to, "  %-26s %s\n", left, row->help);
    }
    (void)fprintf(to, "\nLimits and their defaults (durations take ms, s or m):\n");
    struct mg_server_options defaults;
    mg_server_options_init(&defaults);
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        uint64_t value;
        char name[32];
        memcpy(&value, (const char *)&defaults.limits + LIMITS[i].offset, sizeof(value));
        (void)snprintf(name, sizeof(name), "%s", LIMITS[i].name);
        for (char *c = name; *c != '\0'; c++) {
            *c = (char)(*c == '_' ? '-' : *c);
        }
        (void)fprintf(to, "  %-16s %llu%s\n", name, (unsigned long long)value,
                      LIMITS[i].is_duration ? "ms" : "");
    }
}
