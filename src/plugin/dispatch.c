/* dispatch.c - the phases. Below one door all plugins of a phase run in order:
 *
 *   mg_script_run -> run_hooks -> hook(req, …) of one plugin, of the next …
 *
 * but one with a budget of its own has the door to itself, and those behind it another one.
 *
 * What a phase changes, it changes in a copy: a phase that fails leaves all as it was.
 */
#include "plugin/dispatch.h"

#include "plugin/answer_reader.h"
#include "plugin/decision_object.h"
#include "plugin/native.h"
#include "plugin/record_object.h"
#include "plugin/response_object.h"

enum {
    MAX_ARGUMENTS = 2,
    SLOT_FIRST = 2 /* of the stack: the first argument; the phase itself stands below */
};

/* What hooks are given: an object, and what it points at meanwhile. */
struct argument {
    const struct mg_object_class *class;
    void *target;
    struct mg_object *object; /* NULL: the door was not passed */
};

/* A phase that is running. */
struct phase {
    const struct mg_plugin_list *list;
    enum mg_hook hook;
    size_t at;    /* the plugin whose turn it is */
    size_t first; /* those that this door is for: from here … */
    size_t end;   /* … to the one before this */
    struct mg_script_meter *meter;
    struct argument arguments[MAX_ARGUMENTS];
    int argument_count;
    struct mg_decision_target *decided; /* told whose turn it is, or NULL */
    struct mg_arena *arena;             /* for an answer */
    struct mg_plugin_answer *answer;    /* NULL: what a hook returns is not looked at */
};

/* Take the answer of a hook, which is at the top. Returns: whether it is one. */
static bool take_answer(lua_State *L, const struct phase *phase)
{
    const struct mg_plugin *plugin = phase->list->entries[phase->at].plugin;
    if (lua_type(L, -1) == LUA_TNIL) {
        if (phase->hook == MG_HOOK_HANDLER) {
            (void)mg_script_raise(L, "respond-missing", "return { status = 200, body = \"…\" }",
                                  "the handler returned no answer");
        }
        return false;
    }
    if (phase->hook == MG_HOOK_REQUEST && (plugin->capabilities & MG_CAPABILITY_RESPOND) == 0) {
        (void)mg_script_raise(L, "plugin-capability", "capabilities = { \"respond\" }",
                              "a request hook that answers needs the capability 'respond'");
    }
    mg_answer_read(L, lua_gettop(L), phase->arena, phase->answer);
    return true;
}

/* Where the hook of a plugin is kept, 0: it has none in Lua. */
static int slot_of(const struct mg_plugin_entry *entry, enum mg_hook hook)
{
    return entry->slots->hooks[hook];
}

/* Call the hook of the plugin whose turn it is. Returns: whether it ends the phase. */
static bool call_hook(lua_State *L, struct phase *phase, int slot)
{
    mg_script_push_kept(L, slot); /* +1 */
    for (int i = 0; i < phase->argument_count; i++) {
        mg_object_point(phase->arguments[i].object, phase->arguments[i].target);
        lua_pushvalue(L, SLOT_FIRST + i); /* +1 */
    }
    int result_count = phase->answer != NULL;
    lua_callk(L, phase->argument_count, result_count, 0, NULL); /* below the door of run */
    if (result_count == 0) {
        return false;
    }
    bool is_over = take_answer(L, phase);
    lua_pop(L, 1);
    return is_over;
}

/* Call the hook of a plugin that has it in C. Returns: whether it ends the phase. */
static bool call_native(lua_State *L, struct phase *phase, const struct mg_plugin *plugin)
{
    struct mg_script_fault fault;
    void *first = phase->arguments[0].target;
    void *second = phase->arguments[1].target;
    bool succeeded = true;
    switch (phase->hook) {
    case MG_HOOK_REQUEST:
    case MG_HOOK_HANDLER: {
        struct mg_request *request = first;
        struct mg_str body = request->body == NULL ? (struct mg_str){NULL, 0} : *request->body;
        succeeded =
            mg_native_request(plugin, phase->hook, request, body, phase->answer, &fault);
        break;
    }
    case MG_HOOK_DECISION: {
        const struct mg_decision_target *target = second;
        succeeded = mg_native_decision(plugin, first, target->decision, &fault);
        break;
    }
    case MG_HOOK_RESPONSE: {
        struct mg_response_target *target = second;
        succeeded = mg_native_response(plugin, first, target->response, &fault);
        target->capacity = 0; /* the fields may be another array now */
        break;
    }
    case MG_HOOK_LOG:
        succeeded = mg_native_log(plugin, first, &fault);
        break;
    case MG_HOOK_COUNT:
        break;
    }
    if (!succeeded) {
        (void)mg_script_raise(L, fault.err.code, NULL, "%s", fault.err.message);
    }
    return phase->answer != NULL && phase->answer->is_given;
}

static int run_hooks(lua_State *L)
{
    struct phase *phase = lua_touserdata(L, 1);
    for (int i = 0; i < phase->argument_count; i++) {
        phase->arguments[i].object = mg_object_get(L, phase->arguments[i].class); /* +1 */
    }
    const struct mg_plugin_list *list = phase->list;
    while (phase->at < phase->end) {
        const struct mg_plugin_entry *entry = &list->entries[phase->at];
        int slot = slot_of(entry, phase->hook);
        if (phase->decided != NULL) {
            phase->decided->plugin = entry->plugin;
        }
        bool is_native = slot == 0 && entry->plugin->native != NULL &&
                         (mg_native_hooks(entry->plugin->native) & 1U << phase->hook) != 0;
        bool is_over = is_native ? call_native(L, phase, entry->plugin)
                                 : slot != 0 && call_hook(L, phase, slot);
        phase->at = is_over ? list->count : phase->at + 1;
    }
    return 0;
}

/* A fault found after the hook had returned has no line of its own: it gets the hook's. */
static void place_fault(struct mg_script *script, enum mg_hook hook,
                        const struct mg_plugin_entry *entry, struct mg_script_fault *fault)
{
    if (fault->err.file[0] != '\0' || entry->slots == NULL) {
        return;
    }
    MG_ERR_SET(fault->err.file, "%s", entry->plugin->file);
    int slot = entry->slots->hooks[hook];
    if (slot != 0) {
        lua_State *L = mg_script_lua(script);
        lua_Debug function;
        mg_script_push_kept(L, slot);          /* +1 */
        (void)lua_getinfo(L, ">S", &function); /* -1 */
        fault->err.line = function.linedefined;
    }
}

/* Whose fault it is: the plugin's whose turn it is, but what was found when all had run is that
 * of the one whose file is named. */
static const struct mg_plugin_entry *find_culprit(const struct phase *phase,
                                                  const struct mg_script_fault *fault)
{
    const struct mg_plugin_entry *entries = phase->list->entries;
    if (phase->at < phase->end) {
        return &entries[phase->at];
    }
    size_t i = phase->first;
    while (i + 1 < phase->end && strcmp(entries[i].plugin->file, fault->err.file) != 0) {
        i++;
    }
    return &entries[i];
}

/* The budget of the plugin's own, NULL: it shares the phase's. */
static const struct mg_script_budget *budget_of(const struct phase *phase, size_t i)
{
    const struct mg_plugin_entry *entry = &phase->list->entries[i];
    const struct mg_script_budget *budget = &entry->plugin->budget;
    bool has_one = budget->max_cpu_ms != 0 || budget->max_steps != 0 || budget->max_bytes != 0;
    return has_one && slot_of(entry, phase->hook) != 0 ? budget : NULL;
}

/* Pass the door once, for the plugin whose turn it is and those that share its budget. */
static bool pass(struct mg_script *script, struct phase *phase, struct mg_script_fault *fault)
{
    const struct mg_script_budget *own = budget_of(phase, phase->at);
    phase->first = phase->at;
    phase->end = phase->at + 1;
    while (own == NULL && phase->end < phase->list->count &&
           budget_of(phase, phase->end) == NULL) {
        phase->end++;
    }
    if (!mg_script_meter_begin(phase->meter, script, fault)) {
        return false;
    }
    bool succeeded = own != NULL ? mg_script_run_within(script, own, run_hooks, phase, fault)
                                 : mg_script_run(script, run_hooks, phase, fault);
    mg_script_meter_end(phase->meter);
    return succeeded;
}

/* Run a phase from the plugin on whose turn it is. */
static bool run(struct mg_script *script, struct phase *phase, const struct mg_plugin **failed,
                struct mg_script_fault *fault)
{
    bool succeeded = true;
    while (succeeded && phase->at < phase->list->count) {
        succeeded = pass(script, phase, fault);
    }
    for (int i = 0; i < phase->argument_count; i++) {
        if (phase->arguments[i].object != NULL) {
            mg_object_point(phase->arguments[i].object, NULL);
        }
    }
    if (!succeeded) {
        const struct mg_plugin_entry *culprit = find_culprit(phase, fault);
        *failed = culprit->plugin;
        place_fault(script, phase->hook, culprit, fault);
    }
    return succeeded;
}

/* Run hooks that may answer. */
static bool run_for_answer(struct mg_script *script, struct phase *phase,
                           struct mg_request *request, const struct mg_plugin **failed,
                           struct mg_script_fault *fault)
{
    phase->arguments[0] = (struct argument){.class = &mg_request_class, .target = request};
    phase->argument_count = 1;
    phase->arena = request->arena;
    phase->meter = &request->meter;
    *phase->answer = (struct mg_plugin_answer){.is_given = false};
    return run(script, phase, failed, fault);
}

bool mg_dispatch_request_hooks(struct mg_script *script, const struct mg_plugin_list *list,
                               struct mg_request *request, struct mg_plugin_answer *answer,
                               const struct mg_plugin **failed, struct mg_script_fault *fault)
{
    struct phase phase = {.list = list, .hook = MG_HOOK_REQUEST, .answer = answer};
    return run_for_answer(script, &phase, request, failed, fault);
}

bool mg_dispatch_handler(struct mg_script *script, const struct mg_plugin_list *list,
                         struct mg_request *request, struct mg_plugin_answer *answer,
                         const struct mg_plugin **failed, struct mg_script_fault *fault)
{
    struct phase phase = {.list = list, .hook = MG_HOOK_HANDLER, .answer = answer};
    return run_for_answer(script, &phase, request, failed, fault);
}

bool mg_dispatch_decision(struct mg_script *script, const struct mg_plugin_list *list,
                          struct mg_request *request, struct mg_decision *decision,
                          const struct mg_plugin **failed, struct mg_script_fault *fault)
{
    struct mg_decision changed = *decision;
    struct mg_decision_target target = {.decision = &changed, .request = request};
    struct phase phase = {.list = list,
                          .hook = MG_HOOK_DECISION,
                          .arguments = {{.class = &mg_request_class, .target = request},
                                        {.class = &mg_decision_class, .target = &target}},
                          .argument_count = 2,
                          .decided = &target,
                          .meter = &request->meter};
    if (!run(script, &phase, failed, fault)) {
        return false;
    }
    *decision = changed;
    return true;
}

bool mg_dispatch_response(struct mg_script *script, const struct mg_plugin_list *list,
                          struct mg_request *request, struct mg_plugin_response *response,
                          const struct mg_plugin **failed, struct mg_script_fault *fault)
{
    struct mg_plugin_response changed = *response;
    struct mg_response_target target = {.response = &changed};
    struct phase phase = {.list = list,
                          .hook = MG_HOOK_RESPONSE,
                          .arguments = {{.class = &mg_request_class, .target = request},
                                        {.class = &mg_response_class, .target = &target}},
                          .argument_count = 2,
                          .meter = &request->meter};
    if (!run(script, &phase, failed, fault)) {
        return false;
    }
    *response = changed;
    return true;
}

/* A hook that fails ends its pass through the door; the next one begins behind it. */
bool mg_dispatch_log(struct mg_script *script, const struct mg_plugin_list *list,
                     const struct mg_plugin_record *record, struct mg_script_meter *meter,
                     const struct mg_plugin **failed, struct mg_script_fault *fault)
{
    struct mg_plugin_record seen = *record;
    struct phase phase = {.list = list,
                          .hook = MG_HOOK_LOG,
                          .arguments = {{.class = &mg_record_class, .target = &seen}},
                          .argument_count = 1,
                          .meter = meter};
    if (run(script, &phase, failed, fault)) {
        return true;
    }
    struct mg_script_fault later;
    const struct mg_plugin *later_failed;
    do {
        phase.at += phase.at < phase.end; /* else it was found when they all had run */
    } while (!run(script, &phase, &later_failed, &later));
    return false;
}

void mg_dispatch_open(lua_State *L)
{
    (void)mg_object_new(L, &mg_decision_class); /* +1 */
    (void)mg_object_new(L, &mg_response_class); /* +1 */
    (void)mg_object_new(L, &mg_record_class);   /* +1 */
    lua_pop(L, 3);
}
