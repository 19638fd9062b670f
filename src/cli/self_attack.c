/* self_attack.c - each attack gets a policy set, a state and a gate of its own, so that what
 * one breaks cannot hide what another does.
 */
#include "cli/self_attack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli/attack_files.h"
#include "cli/attack_text.h"
#include "core/buf.h"
#include "core/log.h"
#include "policy/runtime.h"
#include "server/gate.h"

enum {
    POLICY_MAX_BYTES = 4 << 20,
    REQUEST_MAX_BYTES = 16 << 10,
    ANSWER_MAX_BYTES = 1 << 20,
    INNOCENT_COUNT = 4,
    WARM_UP_ROUNDS = 20,
    COLLECT_ROUNDS = 20000, /* innocent exchanges after which garbage has to be gone */
};

/* What is asked of the resources beside the attack. */
static const char *const INNOCENT_REQUESTS[INNOCENT_COUNT] = {
    "OPTIONS /innocent HTTP/1.1\r\nHost: h.example\r\nOrigin: " MG_ATTACK_GOOD
    "\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    "GET /innocent HTTP/1.1\r\nHost: h.example\r\nOrigin: " MG_ATTACK_GOOD "\r\n\r\n",
    "GET /innocent HTTP/1.1\r\nHost: h.example\r\nOrigin: " MG_ATTACK_EVIL "\r\n\r\n",
    "OPTIONS /declared HTTP/1.1\r\nHost: h.example\r\nOrigin: " MG_ATTACK_EVIL
    "\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
};

/* ---- answers ---- */

struct answer {
    unsigned status;
    char reason[64];
    struct mg_buf bytes; /* without Date */
    struct mg_buf cors;  /* the lines that begin with access-control- */
};

static bool has_name(struct mg_str line, const char *prefix)
{
    size_t length = strlen(prefix);
    return line.len >= length &&
           mg_str_equal_nocase((struct mg_str){line.ptr, length}, mg_str_from(prefix));
}

static void take_answer(struct answer *answer, const struct mg_gate_answer *given)
{
    answer->status = given->status;
    MG_ERR_SET(answer->reason, "%s", given->reason == NULL ? "" : given->reason);
    mg_buf_clear(&answer->bytes);
    mg_buf_clear(&answer->cors);
    struct mg_str rest = given->bytes;
    bool is_head = true;
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t length = end == NULL ? rest.len : (size_t)(end - rest.ptr) + 1;
        struct mg_str line = {rest.ptr, length};
        is_head = is_head && length > 2;
        if (!is_head || !has_name(line, "date:")) {
            mg_buf_add(&answer->bytes, line);
        }
        if (is_head && has_name(line, "access-control-")) {
            mg_buf_add(&answer->cors, line);
        }
        rest = mg_str_from_offset(rest, length);
    }
}

static void open_answer(struct answer *answer)
{
    *answer = (struct answer){0};
    mg_buf_init(&answer->bytes, ANSWER_MAX_BYTES);
    mg_buf_init(&answer->cors, ANSWER_MAX_BYTES);
}

static void close_answer(struct answer *answer)
{
    mg_buf_fini(&answer->bytes);
    mg_buf_fini(&answer->cors);
}

static bool ask(struct mg_gate *gate, struct mg_str request, struct answer *answer)
{
    struct mg_gate_answer given;
    if (!mg_gate_ask(gate, request, &given)) {
        return false;
    }
    take_answer(answer, &given);
    return true;
}

/* ---- the log ---- */

static int sink = -1;

bool mg_self_attack_begin(void)
{
    sink = memfd_create("attacks", MFD_CLOEXEC);
    if (sink < 0) {
        return false;
    }
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, sink);
    return true;
}

/* Where that fails the old lines stay, before the last one, which alone is read. */
static void empty_sink(void)
{
    if (ftruncate(sink, 0) == 0) {
        (void)lseek(sink, 0, SEEK_SET);
    }
}

/* The code of the fault that is the last line of the log, or "". */
static void read_fault(char *out, size_t size)
{
    char text[MG_LOG_LINE_MAX];
    off_t end = lseek(sink, 0, SEEK_END);
    off_t start = end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) : 0;
    ssize_t count = pread(sink, text, sizeof(text), start);
    struct mg_str last = {text, count > 0 ? (size_t)count - 1 : 0}; /* no newline at the end */
    const char *newline = memrchr(last.ptr, '\n', last.len);
    last = newline == NULL ? last : mg_str_from_offset(last, (size_t)(newline - last.ptr) + 1);
    const char *code = memmem(last.ptr, last.len, " code=", strlen(" code="));
    struct mg_str rest =
        code == NULL ? MG_STR("")
                     : mg_str_from_offset(last, (size_t)(code - last.ptr) + strlen(" code="));
    const char *space = memchr(rest.ptr, ' ', rest.len);
    rest.len = space == NULL ? rest.len : (size_t)(space - rest.ptr);
    mg_err_set(out, size, "%.*s", MG_STR_ARG(rest));
}

/* ---- one attack ---- */

struct siege {
    const struct mg_attack *attack;
    struct mg_attack_result *result;
    struct mg_buf policy;
    struct mg_buf request;  /* of the attack */
    struct mg_buf likeness; /* the same of "/declared" */
    struct mg_attack_files files;
    struct mg_policy_set *set;
    struct mg_gate *gate;
    struct answer answer;
    struct answer expected;
    struct answer innocents[INNOCENT_COUNT];
    bool was_late; /* an innocent request ran out of time */
};

/* Note the first promise that was broken. */
__attribute__((format(printf, 2, 3))) static void broken(struct siege *siege,
                                                         const char *format, ...)
{
    struct mg_attack_result *result = siege->result;
    if (!result->has_held) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(result->broken, sizeof(result->broken), format, args);
    va_end(args);
    result->has_held = false;
}

static uint64_t cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void judge_refusal(struct siege *siege, const struct mg_errs *errs)
{
    const struct mg_attack *attack = siege->attack;
    const char *first = NULL;
    bool is_expected = attack->end == MG_ATTACK_HARMLESS;
    for (size_t i = 0; i < errs->count; i++) {
        const struct mg_err *err = &errs->items[i];
        first = first == NULL && err->severity == MG_ERROR ? err->code : first;
        is_expected =
            is_expected || (attack->end == MG_ATTACK_REFUSED && err->severity == MG_ERROR &&
                            strcmp(err->code, attack->code) == 0);
    }
    MG_ERR_SET(siege->result->happened, "refused at load: %s", first == NULL ? "?" : first);
    if (!is_expected) {
        broken(siege, "the policy was refused: %s",
               errs->count == 0 ? "no fault told" : errs->items[0].message);
    }
}

/* Load the policy and make its state. Returns: false when there is nothing to ask. */
static bool load(struct siege *siege)
{
    struct mg_errs errs;
    struct mg_server_options options;
    mg_errs_init(&errs);
    mg_server_options_init(&options);
    uint64_t start = cpu_us();
    const char *folders[] = {siege->files.folder};
    const struct mg_policy_options policy_options = {
        .plugin_dirs = folders, .plugin_dir_count = siege->attack->plugin != NULL};
    siege->set = mg_policy_set_load_text("attack.lua", mg_buf_str(&siege->policy),
                                         &policy_options, &errs);
    if (siege->set != NULL) {
        siege->gate = mg_gate_new(&options, siege->set, &errs);
    }
    siege->result->load_us = cpu_us() - start;
    if (siege->gate == NULL) {
        judge_refusal(siege, &errs);
    } else if (siege->attack->end == MG_ATTACK_REFUSED) {
        broken(siege, "the policy was loaded, and not refused as %s", siege->attack->code);
    }
    mg_errs_fini(&errs);
    return siege->gate != NULL;
}

/* Remember what the others answer, and that it is what they should. */
static void meet_innocents(struct siege *siege)
{
    static const struct {
        unsigned status;
        bool is_allowed;
    } wanted[INNOCENT_COUNT] = {{204, true}, {200, true}, {200, false}, {403, false}};
    for (unsigned i = 0; i < INNOCENT_COUNT; i++) {
        struct answer *answer = &siege->innocents[i];
        if (!ask(siege->gate, mg_str_from(INNOCENT_REQUESTS[i]), answer) ||
            answer->status != wanted[i].status ||
            (answer->cors.len > 0) != wanted[i].is_allowed) {
            broken(siege, "before the attack, innocent request %u is answered %u %s", i + 1,
                   answer->status, answer->reason);
        }
    }
}

/* An innocent request was refused for its time: the machine may have taken that, which it does
 * at random. What an attack leaves behind is there each time. */
static bool is_by_chance(struct siege *siege, const char *fault)
{
    bool was_late = siege->was_late;
    siege->was_late = siege->was_late || strcmp(fault, "budget-time") == 0;
    return !was_late && siege->was_late;
}

static void ask_innocents(struct siege *siege)
{
    for (unsigned i = 0; i < INNOCENT_COUNT; i++) {
        const struct answer *before = &siege->innocents[i];
        char fault[sizeof(siege->result->fault)];
        empty_sink();
        if (ask(siege->gate, mg_str_from(INNOCENT_REQUESTS[i]), &siege->answer) &&
            mg_str_equal(mg_buf_str(&siege->answer.bytes), mg_buf_str(&before->bytes))) {
            continue;
        }
        read_fault(fault, sizeof(fault));
        if (!is_by_chance(siege, fault)) {
            broken(siege,
                   "after the attack, innocent request %u is answered %u %s %s, not %u %s",
                   i + 1, siege->answer.status, siege->answer.reason, fault, before->status,
                   before->reason);
        }
    }
}

static bool is_as_declared(const struct siege *siege)
{
    return siege->answer.status == siege->expected.status &&
           strcmp(siege->answer.reason, siege->expected.reason) == 0 &&
           mg_str_equal(mg_buf_str(&siege->answer.cors), mg_buf_str(&siege->expected.cors));
}

static bool is_denied(const struct answer *answer)
{
    return answer->status == 403 && answer->cors.len == 0 &&
           strcmp(answer->reason, "script-error") == 0;
}

static bool is_failed(const struct siege *siege)
{
    const struct answer *answer = &siege->answer;
    return (answer->status == 403 || answer->status == 500) &&
           strcmp(answer->reason, "script-error") == 0 &&
           (answer->cors.len == 0 ||
            mg_str_equal(mg_buf_str(&answer->cors), mg_buf_str(&siege->expected.cors)));
}

static bool holds(struct mg_str text, const char *word)
{
    return text.len > 0 && memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static void judge_answer(struct siege *siege)
{
    enum mg_attack_end end = siege->attack->end;
    struct mg_str bytes = mg_buf_str(&siege->answer.bytes);
    bool is_fine =
        (end == MG_ATTACK_DENIED && is_denied(&siege->answer)) ||
        (end == MG_ATTACK_DECLARED && is_as_declared(siege)) ||
        (end == MG_ATTACK_FAILED && is_failed(siege)) ||
        (end == MG_ATTACK_HARMLESS && (is_denied(&siege->answer) || is_as_declared(siege)));
    if (!is_fine) {
        broken(siege, "answered %u %s%s%.*s", siege->answer.status, siege->answer.reason,
               siege->answer.cors.len > 0 ? " with " : "",
               MG_STR_ARG(mg_str_trim_ows(mg_buf_str(&siege->answer.cors))));
    }
    const char *code = siege->attack->code;
    const char *fault = siege->result->fault;
    /* Where the machine is slow the time may be up first, which is as good an end. */
    bool is_expected = code == NULL || strncmp(fault, code, strlen(code)) == 0 ||
                       strcmp(fault, "budget-time") == 0;
    if (is_fine && !is_expected) {
        broken(siege, "failed by the fault \"%s\", not \"%s\"", fault, code);
    }
    if (holds(bytes, MG_ATTACK_SECRET) || holds(bytes, "attack.lua")) {
        broken(siege, "the answer tells what is the policy's own");
    }
    if (holds(bytes, "X-Evil")) {
        broken(siege, "the answer has a field that a script has smuggled in");
    }
}

static void try_once(struct siege *siege)
{
    struct mg_attack_result *result = siege->result;
    struct mg_runtime *runtime = mg_gate_runtime(siege->gate);
    uint64_t kills = mg_runtime_counters(runtime).budget_kills;
    struct mg_gate_answer given;
    empty_sink();
    uint64_t start = cpu_us();
    bool is_whole = mg_gate_ask(siege->gate, mg_buf_str(&siege->request), &given);
    uint64_t used = cpu_us() - start;
    if (!is_whole) {
        broken(siege, "the request is not whole");
        return;
    }
    bool is_stopped = mg_runtime_counters(runtime).budget_kills > kills;
    take_answer(&siege->answer, &given);
    result->cpu_us = used > result->cpu_us ? used : result->cpu_us;
    result->steps = given.steps > result->steps ? given.steps : result->steps;
    result->stopped += is_stopped;
    if (result->fault[0] == '\0') { /* later ones are the same, and kept back */
        read_fault(result->fault, sizeof(result->fault));
    }
    MG_ERR_SET(result->happened, "%u %s%s%s", siege->answer.status, siege->answer.reason,
               result->fault[0] == '\0' ? "" : ": ", result->fault);
    judge_answer(siege);
}

/* Ask innocently until the heap is what it was. */
static void judge_heap(struct siege *siege, size_t before)
{
    struct mg_attack_result *result = siege->result;
    struct mg_script *script = mg_runtime_script(mg_gate_runtime(siege->gate));
    for (unsigned i = 0; i < COLLECT_ROUNDS; i++) {
        result->heap_bytes = (int64_t)mg_script_bytes(script) - (int64_t)before;
        if (result->heap_bytes <= MG_SELF_ATTACK_MAX_HEAP_BYTES) {
            return;
        }
        (void)ask(siege->gate, mg_str_from(INNOCENT_REQUESTS[0]), &siege->answer);
    }
    broken(siege, "%lld bytes are left behind in the heap", (long long)result->heap_bytes);
}

static void besiege(struct siege *siege)
{
    struct mg_runtime *runtime = mg_gate_runtime(siege->gate);
    if (runtime == NULL) {
        broken(siege, "the set was taken for one without functions");
        return;
    }
    meet_innocents(siege);
    for (unsigned i = 0; i < WARM_UP_ROUNDS; i++) {
        ask_innocents(siege);
    }
    (void)ask(siege->gate, mg_buf_str(&siege->likeness), &siege->expected);
    size_t heap = mg_script_bytes(mg_runtime_script(runtime));
    for (unsigned i = 0; i < MG_SELF_ATTACK_ROUNDS; i++) {
        try_once(siege);
        ask_innocents(siege);
    }
    judge_heap(siege, heap);
}

void mg_self_attack_try(const struct mg_attack *attack, struct mg_attack_result *result)
{
    struct siege siege = {.attack = attack, .result = result};
    *result = (struct mg_attack_result){.has_held = true};
    mg_buf_init(&siege.policy, POLICY_MAX_BYTES);
    mg_buf_init(&siege.request, REQUEST_MAX_BYTES);
    mg_buf_init(&siege.likeness, REQUEST_MAX_BYTES);
    open_answer(&siege.answer);
    open_answer(&siege.expected);
    for (unsigned i = 0; i < INNOCENT_COUNT; i++) {
        open_answer(&siege.innocents[i]);
    }
    mg_attack_add_policy(attack, &siege.policy);
    mg_attack_add_request(attack, "/attack", &siege.request);
    mg_attack_add_request(attack, "/declared", &siege.likeness);
    if (siege.policy.overflowed || siege.request.overflowed) {
        broken(&siege, "the attack is too large for its test, or memory is out");
    } else if (!mg_attack_files_make(&siege.files, attack->plugin)) {
        broken(&siege, "no folder for the plugin can be made: %s", strerror(errno));
    } else if (load(&siege)) {
        besiege(&siege);
    }
    mg_attack_files_remove(&siege.files);
    mg_gate_free(siege.gate);
    mg_policy_set_free(siege.set);
    for (unsigned i = 0; i < INNOCENT_COUNT; i++) {
        close_answer(&siege.innocents[i]);
    }
    close_answer(&siege.expected);
    close_answer(&siege.answer);
    mg_buf_fini(&siege.likeness);
    mg_buf_fini(&siege.request);
    mg_buf_fini(&siege.policy);
}
