/* bench_script.c - what hooks cost, as ratios to BASE: lua_pcall of a kept function that takes
 * two strings, looks each up in a table, and returns what it found.
 *
 * Prints a line for each case: ratio and nanoseconds, and where the processor counts them,
 * ratio and number of instructions. Rounds of all cases take turns, so that a change of the
 * machine's speed meets them all, and of each case the best round counts. The door's
 * bookkeeping is what mg_script_run takes beyond a pcall of the same C function. Exits with 1
 * where a ratio is missed.
 */
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "plugin/dispatch.h"

enum {
    CALLS = 2000, /* a round */
    ROUNDS = 300,
    ARENA_BYTES = 4096,
    TRIVIAL_PLUGINS = 5
};

/* What the functions of the chunk are kept as. */
enum function {
    FUNCTION_BASE,
    FUNCTION_HEADERS,
    FUNCTION_ORIGIN,
    FUNCTION_TRIVIAL,
    FUNCTION_COUNT,
    PLUGINS = FUNCTION_TRIVIAL + TRIVIAL_PLUGINS /* those from FUNCTION_TRIVIAL on are alike */
};

static const char chunk[] =
    "local origins = { ['https://app.example.com'] = 'partner', ['https://b.example'] = 'b' }\n"
    "local methods = { GET = 'read', PUT = 'write', DELETE = 'write' }\n"
    "local function base(origin, method) return origins[origin], methods[method] end\n"
    "local function headers(req)\n"
    "  local a, b = req:header 'X-Tenant', req:header 'Accept'\n"
    "  local c = req:header 'X-Requested-With'\n"
    "end\n"
    "local function origin(req) local a = origins[req.origin] end\n"
    "local function trivial(req) end\n"
    "return base, headers, origin, trivial\n";

static const char head_text[] =
    "GET /orders/17 HTTP/1.1\r\nHost: api.example.com\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
    "X-Tenant: acme\r\nAccept: application/json\r\nOrigin: https://app.example.com\r\n"
    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Referer: https://app.example.com/\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "X-Requested-With: XMLHttpRequest\r\n\r\n";

struct bench {
    struct mg_script *script;
    int slots[FUNCTION_COUNT];
    struct mg_head head;
    char storage[ARENA_BYTES];
    struct mg_arena arena;
    struct mg_request request;
    struct mg_plugin plugins[PLUGINS];
    struct mg_plugin_slots plugin_slots[PLUGINS];
    struct mg_plugin_entry entries[PLUGINS];
    struct mg_script_fault fault;
    uint64_t found; /* what the functions gave: looked at, so that no call can be left out */
    int counter;    /* of instructions, or -1 */
};

static void give_up(const char *why)
{
    (void)fprintf(stderr, "bench_script: %s\n", why);
    exit(1);
}

/* ---- the cases: one call each ---- */

/* Push the function of BASE and its arguments, call it, look at what it returns. */
static void call_base(lua_State *L, struct bench *b)
{
    struct mg_str origin = mg_head_value(&b->head, MG_FIELD_ORIGIN);
    mg_script_push_kept(L, b->slots[FUNCTION_BASE]);
    (void)lua_pushlstring(L, origin.ptr, origin.len);
    (void)lua_pushlstring(L, b->head.method_token.ptr, b->head.method_token.len);
}

static void take_base(lua_State *L, struct bench *b)
{
    b->found += lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TSTRING;
    lua_pop(L, 2);
}

static void base(struct bench *b)
{
    lua_State *L = mg_script_lua(b->script);
    call_base(L, b);
    if (lua_pcall(L, 2, 2, 0) != LUA_OK) {
        give_up(lua_tostring(L, -1));
    }
    take_base(L, b);
}

static int base_below(lua_State *L)
{
    struct bench *b = lua_touserdata(L, 1);
    call_base(L, b);
    lua_callk(L, 2, 2, 0, NULL); /* below the door of mg_script_run */
    take_base(L, b);
    return 0;
}

static void base_by_the_door(struct bench *b)
{
    if (!mg_script_run(b->script, base_below, b, &b->fault)) {
        give_up(b->fault.err.message);
    }
}

/* The same by a plain pcall: what the door is compared with. */
static void base_below_pcall(struct bench *b)
{
    lua_State *L = mg_script_lua(b->script);
    lua_pushcfunction(L, base_below);
    lua_pushlightuserdata(L, b);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        give_up(lua_tostring(L, -1));
    }
}

/* Run the first `count` plugins of a list on an exchange of which nothing has been read. */
static void run_plugins(struct bench *b, const struct mg_plugin_entry *entries, size_t count)
{
    struct mg_plugin_list list = {entries, count};
    struct mg_plugin_answer answer;
    const struct mg_plugin *failed;
    mg_arena_reset(&b->arena);
    b->request.read_count = 0;
    b->request.known_reads = 0;
    b->request.meter = (struct mg_script_meter){0};
    if (!mg_dispatch_request_hooks(b->script, &list, &b->request, &answer, &failed,
                                   &b->fault)) {
        give_up(b->fault.err.message);
    }
    b->found += !answer.is_given;
}

static void three_headers(struct bench *b)
{
    run_plugins(b, &b->entries[FUNCTION_HEADERS], 1);
}

static void one_origin(struct bench *b)
{
    run_plugins(b, &b->entries[FUNCTION_ORIGIN], 1);
}

static void one_plugin(struct bench *b)
{
    run_plugins(b, &b->entries[FUNCTION_TRIVIAL], 1);
}

static void five_plugins(struct bench *b)
{
    run_plugins(b, &b->entries[FUNCTION_TRIVIAL], TRIVIAL_PLUGINS);
}

/* ---- measuring ---- */

static struct bench_case {
    const char *name;
    void (*call)(struct bench *b);
    int of;      /* the case it is compared with */
    double most; /* 0: none is asked for */
    double best_ns;
    double best_instructions;
} cases[] = {
    {"BASE: pcall, two strings, two look-ups", base, 0, 0, 0, 0},
    {"BASE below a C function", base_below_pcall, 0, 0, 0, 0},
    {"the same by mg_script_run: the door's bookkeeping", base_by_the_door, 1, 1.1, 0, 0},
    {"a hook that reads three headers", three_headers, 0, 2.5, 0, 0},
    {"a hook that looks the origin up", one_origin, 0, 0, 0, 0},
    {"a plugin with a trivial hook", one_plugin, 0, 0, 0, 0},
    {"five plugins with a trivial hook", five_plugins, 0, 6, 0, 0},
};

enum {
    CASES = sizeof(cases) / sizeof(cases[0])
};

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int open_counter(void)
{
    struct perf_event_attr attr = {.size = sizeof(attr),
                                   .type = PERF_TYPE_HARDWARE,
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t read_counter(const struct bench *b)
{
    uint64_t count = 0;
    if (b->counter < 0 || read(b->counter, &count, sizeof(count)) != sizeof(count)) {
        return 0;
    }
    return count;
}

static void keep_least(double *best, uint64_t spent)
{
    double each = (double)spent / CALLS;
    if (*best == 0 || each < *best) {
        *best = each;
    }
}

static void run_round(struct bench *b, struct bench_case *of)
{
    uint64_t instructions = read_counter(b);
    uint64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++) {
        of->call(b);
    }
    keep_least(&of->best_ns, now_ns() - begin);
    keep_least(&of->best_instructions, read_counter(b) - instructions);
    mg_script_idle(b->script);
}

/* Whether the case keeps to its ratio: in instructions, which are the same each time, or where
 * none are counted in time. */
static bool report(const struct bench_case *of)
{
    const struct bench_case *other = &cases[of->of];
    double in_time = of->best_ns / other->best_ns;
    double in_instructions =
        other->best_instructions > 0 ? of->best_instructions / other->best_instructions : 0;
    (void)printf("script %-50s %5.2f x, %4.0f ns", of->name, in_time, of->best_ns);
    if (in_instructions > 0) {
        (void)printf("; %5.2f x, %5.0f instructions", in_instructions, of->best_instructions);
    }
    double ratio = in_instructions > 0 ? in_instructions : in_time;
    bool is_missed = of->most > 0 && ratio > of->most;
    if (of->most > 0) {
        (void)printf("; at most %.1f x: %s", of->most, is_missed ? "MISSED" : "kept");
    }
    (void)printf("\n");
    return !is_missed;
}

/* ---- setting up ---- */

static int load(lua_State *L)
{
    struct bench *b = lua_touserdata(L, 1);
    mg_request_open(L);
    mg_dispatch_open(L);
    mg_script_push_chunk(L, "bench.lua", mg_str_from(chunk));
    lua_callk(L, 0, FUNCTION_COUNT, 0, NULL); /* below the door of mg_script_call */
    for (int i = FUNCTION_COUNT; i > 0; i--) {
        b->slots[i - 1] = mg_script_keep(L);
    }
    return 0;
}

static struct mg_str no_address(void *context)
{
    (void)context;
    return MG_STR("192.0.2.1");
}

static void set_up(struct bench *b)
{
    static const struct mg_script_limits limits;
    static const struct mg_script_budget budget;
    static const luaL_Reg globals[] = {{NULL, NULL}};
    static const struct mg_head_limits head_limits = {16384, 8192, 100};
    struct mg_head_scan scan = {0};
    b->script = mg_script_new(&limits, globals, NULL);
    if (b->script == NULL || !mg_script_call(b->script, load, b, &b->fault) ||
        !mg_script_seal(b->script, &budget, NULL, NULL, NULL, &b->fault)) {
        give_up(b->fault.err.message);
    }
    if (mg_head_parse(mg_str_from(head_text), &head_limits, &scan, &b->head) !=
        MG_HEAD_COMPLETE) {
        give_up("the head is refused");
    }
    mg_arena_init(&b->arena, b->storage, sizeof(b->storage), ARENA_BYTES);
    b->request = (struct mg_request){.head = &b->head,
                                     .path = MG_STR("/orders/17"),
                                     .host = MG_STR("api.example.com"),
                                     .scheme = MG_STR("https"),
                                     .resource = MG_STR("/orders/{id}"),
                                     .kind = MG_KIND_SIMPLE,
                                     .remote_addr = no_address,
                                     .arena = &b->arena};
    for (size_t i = 0; i < PLUGINS; i++) {
        b->plugins[i].name = MG_STR("p");
        b->plugins[i].file = "plugins/p/plugin.lua";
        b->plugin_slots[i].hooks[MG_HOOK_REQUEST] =
            b->slots[i < FUNCTION_TRIVIAL ? i : FUNCTION_TRIVIAL];
        b->entries[i] = (struct mg_plugin_entry){&b->plugins[i], &b->plugin_slots[i]};
    }
    b->counter = open_counter();
}

/* Without arguments all cases; with the number of one only that, for callgrind. */
int main(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return 1;
    }
    set_up(b);
    unsigned long long only = CASES;
    if (argc > 1 && !mg_str_to_u64(mg_str_from(argv[1]), CASES - 1, &only)) {
        give_up("the argument is no number of a case");
    }
    for (int round = 0; round < (only == CASES ? ROUNDS : 1); round++) {
        for (unsigned i = 0; i < CASES; i++) {
            if (only == CASES || only == i) {
                run_round(b, &cases[i]);
            }
        }
    }
    bool is_kept = true;
    for (unsigned i = 0; i < CASES && only == CASES; i++) {
        is_kept = report(&cases[i]) && is_kept;
    }
    (void)printf("script %" PRIu64 " results looked at\n", b->found);
    mg_script_free(b->script);
    free(b);
    return is_kept ? 0 : 1;
}
