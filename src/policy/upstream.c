/* upstream.c - see the header. */
#include "policy/upstream.h"

#include "http/target.h"

bool mg_upstream_name_is_valid(struct mg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = mg_ascii_lower(name.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !mg_ascii_is_digit(c) && c != '_' && c != '-' &&
            c != '.') {
            return false;
        }
    }
    return name.len > 0 && name.len <= MG_UPSTREAM_MAX_NAME_BYTES;
}

bool mg_upstream_server_parse(struct mg_str url, struct mg_upstream_server *server)
{
    struct mg_str http = MG_STR("http://");
    struct mg_str https = MG_STR("https://");
    bool is_tls = mg_str_starts_with(url, https);
    struct mg_str path = mg_str_from_offset(url, MG_STR("unix:").len);
    if (mg_str_starts_with(url, MG_STR("unix:/"))) {
        if (path.len > MG_UPSTREAM_MAX_PATH_BYTES || memchr(path.ptr, '\0', path.len) != NULL) {
            return false;
        }
        *server = (struct mg_upstream_server){.url = url, .is_unix = true, .host = path};
        return true;
    }
    if (!is_tls && !mg_str_starts_with(url, http)) {
        return false;
    }
    struct mg_str authority = mg_str_from_offset(url, is_tls ? https.len : http.len);
    struct mg_str host;
    struct mg_str port;
    if (!mg_authority_is_valid(authority)) {
        return false;
    }
    mg_authority_split(authority, &host, &port);
    unsigned long long number = is_tls ? 443 : 80;
    if (host.len == 0 || (port.len > 0 && !mg_str_to_u64(port, UINT16_MAX, &number)) ||
        number == 0) {
        return false;
    }
    *server = (struct mg_upstream_server){
        .url = url, .is_tls = is_tls, .host = host, .port = (uint16_t)number};
    return true;
}

static void read_balance(struct mg_reader *reader, void *target)
{
    static const char *const words[] = {[MG_BALANCE_ROUND_ROBIN] = "round-robin",
                                        [MG_BALANCE_LEAST_CONNECTIONS] = "least-connections",
                                        [MG_BALANCE_RANDOM] = "random"};
    int word = mg_read_word(reader, words, sizeof(words) / sizeof(words[0]));
    if (word >= 0) {
        ((struct mg_upstream *)target)->balance = (enum mg_balance)word;
    }
}

/* "pass", or the Host that every request is to have. */
static void read_host(struct mg_reader *reader, void *target)
{
    struct mg_upstream *upstream = target;
    char quoted[120];
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a host", "\"pass\" or \"api.internal\"");
        return;
    }
    struct mg_str host = mg_read_copy(reader->L, -1, reader->loader->arena);
    if (mg_str_equal(host, MG_STR("pass"))) {
        return;
    }
    if (!mg_authority_is_valid(host)) {
        mg_fault(&reader->spot, MG_ERROR, "upstream-host", "\"pass\" or a host with its port",
                 "%s is no host", mg_quote(quoted, sizeof(quoted), host));
        return;
    }
    upstream->host = host;
}

/* A path as it goes on the wire: the normal form of a target, with a query or not. */
static bool is_check_path(struct mg_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] <= ' ' || path.ptr[i] >= 0x7f || path.ptr[i] == '#') {
            return false;
        }
    }
    return path.len > 0 && path.len <= MG_UPSTREAM_MAX_CHECK_BYTES && path.ptr[0] == '/';
}

static void read_check(struct mg_reader *reader, void *target)
{
    struct mg_upstream *upstream = target;
    char quoted[120];
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a path", "\"/healthz\"");
        return;
    }
    struct mg_str path = mg_read_copy(reader->L, -1, reader->loader->arena);
    if (!is_check_path(path)) {
        mg_fault(&reader->spot, MG_ERROR, "upstream-check", "check = \"/healthz\"",
                 "%s is no path to ask for", mg_quote(quoted, sizeof(quoted), path));
        return;
    }
    upstream->check = path;
}

static void read_check_every(struct mg_reader *reader, void *target)
{
    struct mg_upstream *upstream = target;
    lua_Integer seconds = lua_tointeger(reader->L, -1);
    if (!lua_isinteger(reader->L, -1) || seconds < 1 ||
        seconds > MG_UPSTREAM_MAX_CHECK_EVERY_S) {
        mg_fault(&reader->spot, MG_ERROR, "upstream-check", "check_every = 5",
                 "is a whole number of seconds from 1 to %d",
                 (int)MG_UPSTREAM_MAX_CHECK_EVERY_S);
        return;
    }
    upstream->check_every_s = (unsigned)seconds;
}

uint64_t mg_upstream_key(const struct mg_upstream *upstream)
{
    uint64_t key = mg_str_hash(upstream->name, upstream->server_count);
    for (size_t i = 0; i < upstream->server_count; i++) {
        key = mg_str_hash(upstream->servers[i].url, key);
    }
    key = mg_str_hash(upstream->host, key);
    key = mg_str_hash(upstream->check, key + upstream->check_every_s);
    const char settings[] = {(char)upstream->balance, (char)upstream->keeps_cors};
    return mg_str_hash((struct mg_str){settings, sizeof(settings)}, key);
}

static void read_cors(struct mg_reader *reader, void *target)
{
    static const char *const words[] = {"replace", "keep"};
    int word = mg_read_word(reader, words, sizeof(words) / sizeof(words[0]));
    ((struct mg_upstream *)target)->keeps_cors = word == 1;
}

/* Read the server at the top of the stack. */
static bool read_server(struct mg_reader *reader, struct mg_upstream_server *server)
{
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a URL", "\"http://10.0.0.1:8080\"");
        return false;
    }
    struct mg_str url = mg_read_copy(reader->L, -1, reader->loader->arena);
    if (!mg_upstream_server_parse(url, server)) {
        char quoted[120];
        mg_fault(&reader->spot, MG_ERROR, "upstream-url",
                 "http://host:port without path, or unix:/path; requests keep their own path",
                 "%s is no server's URL", mg_quote(quoted, sizeof(quoted), url));
        return false;
    }
    return true;
}

void mg_upstream_read(struct mg_reader *reader, struct mg_upstream *upstream)
{
    static const struct mg_field_reader known[] = {{"balance", read_balance},
                                                   {"cors", read_cors},
                                                   {"host", read_host},
                                                   {"check", read_check},
                                                   {"check_every", read_check_every}};
    lua_State *L = reader->L;
    size_t count = (size_t)lua_rawlen(L, 1);
    if (count == 0 || count > MG_UPSTREAM_MAX_SERVERS) {
        mg_fault(&reader->spot, MG_ERROR, "upstream-servers",
                 "upstream \"NAME\" { \"http://10.0.0.1:8080\" }",
                 "names %zu servers; 1 to %d are taken", count, (int)MG_UPSTREAM_MAX_SERVERS);
        count = 0;
    }
    struct mg_upstream_server *servers =
        mg_arena_calloc(reader->loader->arena, count, sizeof(*servers));
    mg_read_need(L, servers);
    struct mg_spot outer = reader->spot;
    for (size_t i = 1; i <= count; i++) {
        reader->spot = mg_spot_in(&outer, "[%zu]", i);
        (void)lua_rawgeti(L, 1, (lua_Integer)i); /* +1 */
        upstream->server_count += read_server(reader, &servers[upstream->server_count]);
        lua_pop(L, 1);
    }
    reader->spot = outer;
    upstream->servers = servers;
    upstream->check_every_s = MG_UPSTREAM_CHECK_EVERY_S;
    mg_read_named_fields(reader, 1, " ", known, sizeof(known) / sizeof(known[0]), upstream);
}
