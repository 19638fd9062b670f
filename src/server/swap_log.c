/* swap_log.c - what operators read of swaps. */
#include "core/clock.h"
#include "core/log.h"
#include "server/swap_parts.h"

enum {
    NUMBER_SIZE = 24,
    FAULT_SIZE = 1024,
    MAX_FAULT_LINES = 50, /* of one set; status has all */
};

static struct mg_str number(char out[static NUMBER_SIZE], uint64_t value)
{
    int length = snprintf(out, NUMBER_SIZE, "%llu", (unsigned long long)value);
    return (struct mg_str){out, (size_t)length};
}

const char *mg_swap_trigger_name(enum mg_swap_trigger trigger)
{
    static const char *const names[MG_TRIGGER_COUNT] = {
        [MG_TRIGGER_START] = "start",       [MG_TRIGGER_FILE] = "file",
        [MG_TRIGGER_SIGNAL] = "signal",     [MG_TRIGGER_COMMAND] = "command",
        [MG_TRIGGER_ROLLBACK] = "rollback", [MG_TRIGGER_PROMOTE] = "promote",
    };
    return names[trigger];
}

const char *mg_swap_result_name(enum mg_swap_result result)
{
    static const char *const names[MG_SWAP_RESULT_COUNT] = {
        [MG_SWAP_DONE] = "done",
        [MG_SWAP_UNCHANGED] = "unchanged",
        [MG_SWAP_INVALID] = "invalid",
        [MG_SWAP_WIDENS] = "widens",
        [MG_SWAP_PINNED] = "pinned",
        [MG_SWAP_REJECTED] = "rejected",
        [MG_SWAP_SUPERSEDED] = "superseded",
        [MG_SWAP_BUSY] = "busy",
        [MG_SWAP_NOTHING] = "nothing",
        [MG_SWAP_FAILED] = "failed",
    };
    return names[result];
}

const char *mg_generation_state_name(enum mg_generation_state state)
{
    static const char *const names[] = {
        [MG_GENERATION_BUILDING] = "building", [MG_GENERATION_ACTIVE] = "active",
        [MG_GENERATION_RETIRED] = "retired",   [MG_GENERATION_DRAINING] = "draining",
        [MG_GENERATION_SHADOW] = "shadow",
    };
    return names[state];
}

void mg_swap_log_faults(const struct mg_errs *errs, enum mg_severity least)
{
    size_t lines = 0;
    for (size_t i = 0; i < errs->count && lines < MAX_FAULT_LINES; i++) {
        const struct mg_err *err = &errs->items[i];
        char text[FAULT_SIZE];
        if (err->severity < least) {
            continue;
        }
        mg_err_format(err, text, sizeof(text));
        lines++;
        MG_LOG(err->severity == MG_ERROR ? MG_LOG_ERROR : MG_LOG_WARNING, "policy fault",
               {"fault", mg_str_from(text)});
    }
}

void mg_swap_log_done(const struct mg_swap *swap, const struct swap_build *build,
                      uint64_t publish_us)
{
    char id[NUMBER_SIZE];
    char build_us[NUMBER_SIZE];
    char publish[NUMBER_SIZE];
    (void)swap;
    mg_swap_log_faults(&build->errs, MG_WARNING);
    MG_LOG(MG_LOG_INFO, build->is_shadow ? "shadow loaded" : "policies swapped",
           {"trigger", mg_str_from(mg_swap_trigger_name(build->trigger))},
           {"generation", number(id, build->generation->id)},
           {"revision", mg_str_from(build->revision)}, {"changes", mg_str_from(build->summary)},
           {"build_us", number(build_us, build->generation->build_us)},
           {"publish_us", number(publish, publish_us)});
}

void mg_swap_log_refusal(const struct swap_build *build, enum mg_swap_result result,
                         const char *message)
{
    bool is_quiet = result == MG_SWAP_UNCHANGED && build->trigger == MG_TRIGGER_FILE;
    enum mg_log_level level = is_quiet                      ? MG_LOG_DEBUG
                              : result == MG_SWAP_UNCHANGED ? MG_LOG_INFO
                              : result == MG_SWAP_INVALID   ? MG_LOG_ERROR
                                                            : MG_LOG_WARNING;
    mg_swap_log_faults(&build->errs, MG_WARNING);
    MG_LOG(level, "policies not swapped",
           {"trigger", mg_str_from(mg_swap_trigger_name(build->trigger))},
           {"result", mg_str_from(mg_swap_result_name(result))},
           {"message", mg_str_from(message)}, {"revision", mg_str_from(build->revision)},
           {"changes", mg_str_from(build->summary)});
}

void mg_swap_log_rollback(const struct mg_generation *from, const struct mg_generation *to)
{
    char from_id[NUMBER_SIZE];
    char to_id[NUMBER_SIZE];
    MG_LOG(MG_LOG_WARNING, "policies rolled back", {"generation", number(to_id, to->id)},
           {"revision", mg_str_from(to->revision)},
           {"rejected_generation", number(from_id, from->id)},
           {"rejected_revision", mg_str_from(from->revision)});
}
