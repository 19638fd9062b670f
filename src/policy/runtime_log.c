/* runtime_log.c - see the header. */
#include "policy/runtime_log.h"

#include <inttypes.h>

#include "core/clock.h"
#include "core/log.h"
#include "policy/runtime_layout.h"

enum {
    NUMBER_BYTES = 24
};

static struct mg_str write_number(char out[static NUMBER_BYTES], uint64_t number)
{
    int length = snprintf(out, NUMBER_BYTES, "%" PRIu64, number);
    return (struct mg_str){out, (size_t)length};
}

void mg_log_policy_line(const char *text, const char *file, int line, struct mg_str revision,
                        uint64_t kept_back)
{
    char line_text[NUMBER_BYTES];
    char kept_text[NUMBER_BYTES];
    const struct mg_log_field fields[] = {
        {"message", mg_str_from(text)},
        {"file", mg_str_from(file)},
        {"line", write_number(line_text, (uint64_t)line)},
        {"revision", revision},
        {"suppressed", write_number(kept_text, kept_back)},
    };
    mg_log(MG_LOG_INFO, "policy says", fields, kept_back > 0 ? 5 : 4);
}

/* Whether one more line may be written, of `max` in an interval; if not, it is kept back. */
static bool may_write(struct mg_runtime_lines *lines, unsigned max, uint64_t now_ms)
{
    if (lines->count == 0 || now_ms - lines->interval_ms >= MG_RUNTIME_LOG_INTERVAL_MS) {
        lines->interval_ms = now_ms;
        lines->count = 0;
    }
    if (lines->count == max) {
        lines->kept_back++;
        return false;
    }
    lines->count++;
    return true;
}

void mg_runtime_log(lua_State *L, const char *text)
{
    struct mg_runtime *runtime = mg_script_host(L);
    struct mg_runtime_lines *lines = &runtime->logger.log;
    char file[sizeof(((struct mg_err *)0)->file)] = "";
    int line = 0;
    if (!may_write(lines, MG_RUNTIME_LOG_LINES, mg_clock_coarse_ms())) {
        return;
    }
    (void)mg_script_position(L, file, sizeof(file), &line);
    mg_log_policy_line(text, file, line, runtime->set->revision, lines->kept_back);
    lines->kept_back = 0;
}

/* The cause that a fault has been told of by, or the oldest, which makes room for it. */
static struct mg_runtime_cause *find_cause(struct mg_runtime_logger *logger, uint64_t hash)
{
    struct mg_runtime_cause *oldest = &logger->causes[0];
    for (size_t i = 0; i < MG_RUNTIME_LOG_CAUSES; i++) {
        struct mg_runtime_cause *cause = &logger->causes[i];
        if (cause->hash == hash) {
            return cause;
        }
        if (cause->told_ms < oldest->told_ms) {
            oldest = cause;
        }
    }
    return oldest;
}

/* `kept_back` are of the fault's cause, `left_out` of others. */
static void write_fault(const char *hook, const struct mg_script_fault *fault,
                        struct mg_str revision, uint64_t kept_back, uint64_t left_out)
{
    char line[NUMBER_BYTES];
    char kept[NUMBER_BYTES];
    char left[NUMBER_BYTES];
    const struct mg_err *err = &fault->err;
    const struct mg_log_field fields[] = {
        {"hook", mg_str_from(hook)},
        {"code", mg_str_from(err->code)},
        {"file", mg_str_from(err->file)},
        {"line", write_number(line, (uint64_t)err->line)},
        {"message", mg_str_from(err->message)},
        {"hint", mg_str_from(err->hint)},
        {"revision", revision},
        {"suppressed", write_number(kept, kept_back)},
        {"traceback", mg_str_from(fault->traceback)},
        {"left_out", write_number(left, left_out)},
    };
    mg_log(MG_LOG_ERROR, "hook failed", fields, left_out > 0 ? 10 : 9);
}

void mg_runtime_report(struct mg_runtime *runtime, const char *hook,
                       const struct mg_script_fault *fault)
{
    uint64_t now_ms = mg_clock_coarse_ms();
    uint64_t hash = mg_str_hash(mg_str_from(fault->err.file), (unsigned)fault->err.line);
    hash = mg_str_hash(mg_str_from(fault->err.code), hash) | 1;
    runtime->counters.errors++;
    runtime->counters.budget_kills += fault->bound != MG_BOUND_NONE;
    if (runtime->totals != NULL) {
        mg_runtime_count(&runtime->totals->errors);
        mg_runtime_count(&runtime->totals->kills[fault->bound]);
    }
    struct mg_runtime_lines *lines = &runtime->logger.faults;
    struct mg_runtime_cause *cause = find_cause(&runtime->logger, hash);
    bool is_known = cause->hash == hash;
    if (is_known && now_ms - cause->told_ms < MG_RUNTIME_LOG_INTERVAL_MS) {
        cause->kept_back++;
        return;
    }
    if (!may_write(lines, MG_RUNTIME_FAULT_LINES, now_ms)) {
        return;
    }
    if (!is_known) { /* what the cause that goes has counted is told as others' */
        lines->kept_back += cause->kept_back;
        cause->kept_back = 0;
    }
    write_fault(hook, fault, runtime->set->revision, cause->kept_back, lines->kept_back);
    lines->kept_back = 0;
    *cause = (struct mg_runtime_cause){.hash = hash, .told_ms = now_ms};
}

void mg_runtime_forget_told(struct mg_runtime *runtime)
{
    runtime->logger = (struct mg_runtime_logger){.log.count = 0};
}

struct mg_runtime_counters mg_runtime_counters(const struct mg_runtime *runtime)
{
    return runtime->counters;
}
