/* swap_state.c - what outlives the process: sets that worked are kept, and a start takes one of
 * them where the files are of no use.
 *
 * Writes are jobs of the keeper, one after another in the order in which they were asked for; a
 * build waits for them, so there is never more than one set in memory for its writing.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "policy/bundle.h"
#include "server/swap_parts.h"

/* A write that was asked for. */
struct swap_keeping {
    struct mg_idle_job job;
    struct mg_swap *swap;
    struct swap_keeping *older; /* whose outcome is not noted either */
    struct mg_buf bundle;
    char revision[MG_REVISION_SIZE]; /* of it */
    struct mg_state state;
    char why[MG_STATE_WHY_SIZE];
    bool has_failed;
    atomic_bool is_over;
};

/* ---- writing ---- */

static void run_keeping(struct mg_idle_job *job)
{
    struct swap_keeping *keeping = (struct swap_keeping *)(void *)job;
    struct mg_swap *swap = keeping->swap;
    if (keeping->bundle.len > 0) {
        keeping->has_failed = !mg_state_dir_keep_set(
            swap->state_dir, keeping->revision, mg_buf_str(&keeping->bundle), keeping->why);
        mg_buf_fini(&keeping->bundle);
    }
    /* Without its set the state would name what is not there: the old one is better. */
    if (!keeping->has_failed) {
        keeping->has_failed =
            !mg_state_dir_write(swap->state_dir, &keeping->state, keeping->why);
    }
    atomic_store(&keeping->is_over, true);
    mg_swap_wake(swap);
}

static void describe(const struct mg_swap *swap, struct mg_state *state)
{
    *state =
        (struct mg_state){.is_pinned = swap->is_pinned, .rejected_count = swap->rejected_count};
    memcpy(state->active, swap->active->revision, MG_REVISION_SIZE);
    memcpy(state->previous, swap->previous, MG_REVISION_SIZE);
    memcpy(state->rejected, swap->rejected, sizeof(state->rejected));
}

void mg_swap_keep(struct mg_swap *swap, struct mg_buf *bundle, const char *revision)
{
    if (swap->state_dir == NULL) {
        return;
    }
    struct swap_keeping *keeping = mg_calloc(1, sizeof(*keeping));
    if (keeping == NULL) {
        MG_ERR_SET(swap->state_error, "memory is out");
        return;
    }
    keeping->job.run = run_keeping;
    keeping->swap = swap;
    keeping->older = swap->keeping;
    mg_buf_init(&keeping->bundle, MG_BUNDLE_MAX_BYTES);
    if (bundle != NULL) {
        keeping->bundle = *bundle;
        mg_buf_init(bundle, MG_BUNDLE_MAX_BYTES);
        (void)snprintf(keeping->revision, sizeof(keeping->revision), "%s", revision);
    }
    describe(swap, &keeping->state);
    swap->keeping = keeping;
    mg_idle_thread_post(swap->keeper, &keeping->job);
}

bool mg_swap_is_kept(const struct mg_swap *swap)
{
    for (const struct swap_keeping *k = swap->keeping; k != NULL; k = k->older) {
        if (!atomic_load(&k->is_over)) {
            return false;
        }
    }
    return true;
}

static void note(struct mg_swap *swap, const struct swap_keeping *keeping)
{
    if (!keeping->has_failed) {
        swap->state_error[0] = '\0';
        return;
    }
    MG_ERR_SET(swap->state_error, "%s", keeping->why);
    MG_LOG(MG_LOG_ERROR,
           "the state directory was not written: a restart would take what it had before",
           {"error", mg_str_from(keeping->why)});
}

void mg_swap_note_state(struct mg_swap *swap)
{
    if (swap->keeping == NULL || !mg_swap_is_kept(swap)) {
        return;
    }
    note(swap, swap->keeping);
    while (swap->keeping != NULL) {
        struct swap_keeping *keeping = swap->keeping;
        swap->keeping = keeping->older;
        mg_buf_fini(&keeping->bundle);
        free(keeping);
    }
}

/* ---- starting ---- */

/* Build one kept set. Returns: NULL, with the reason logged. */
static struct mg_generation *build_revision(struct mg_swap *swap, const char *revision)
{
    char why[MG_STATE_WHY_SIZE] = "";
    struct mg_errs errs;
    struct mg_buf bundle;
    struct mg_generation *generation = NULL;
    mg_errs_init(&errs);
    mg_buf_init(&bundle, MG_BUNDLE_MAX_BYTES);
    if (mg_state_dir_read_set(swap->state_dir, revision, &bundle, why)) {
        const struct mg_generation_plan plan = {.options = &swap->server->options,
                                                .bundle = mg_buf_str(&bundle),
                                                .trigger = MG_TRIGGER_START,
                                                .dicts = swap->server->dicts,
                                                .series = swap->server->series,
                                                .totals = swap->server->script_totals};
        generation = mg_generation_build(&plan, &errs);
        if (generation != NULL && strcmp(generation->revision, revision) != 0) {
            MG_ERR_SET(why, "the kept set %s is spoilt: its bytes have another revision",
                       revision);
            mg_generation_free(generation);
            generation = NULL;
        }
    }
    if (generation == NULL) {
        mg_swap_log_faults(&errs, MG_ERROR);
        MG_LOG(MG_LOG_ERROR, "a kept policy set cannot be used",
               {"revision", mg_str_from(revision)}, {"error", mg_str_from(why)});
    }
    mg_buf_fini(&bundle);
    mg_errs_fini(&errs);
    return generation;
}

static struct mg_generation *build_kept(struct mg_swap *swap, const struct mg_state *state,
                                        const char *reason)
{
    const char *const revisions[] = {state->active, state->previous};
    struct mg_generation *generation = NULL;
    for (size_t i = 0; generation == NULL && i < 2 && revisions[i][0] != '\0'; i++) {
        generation = build_revision(swap, revisions[i]);
    }
    if (generation != NULL) {
        MG_LOG(MG_LOG_WARNING, "started with policies from the state directory",
               {"revision", mg_str_from(generation->revision)},
               {"reason", mg_str_from(reason)});
    }
    return generation;
}

/* Why the set that was read from the files is not to be used, or NULL. */
static const char *why_kept(const struct mg_swap *swap, const struct mg_state *state,
                            const struct mg_generation *read)
{
    if (read == NULL) {
        return "the policy files are broken or missing";
    }
    if (mg_swap_is_rejected(swap, read->revision)) {
        return "the policy files have a revision that was rolled back";
    }
    if (state->is_pinned && strcmp(read->revision, state->active) != 0) {
        return "the policies are pinned, and the files have others";
    }
    return NULL;
}

/* Go on with the set before the one that is `active` now: two are kept across a start, too. */
static void carry_previous(struct mg_swap *swap, const struct mg_state *state,
                           const struct mg_generation *active)
{
    bool is_same = active != NULL && strcmp(active->revision, state->active) == 0;
    memcpy(swap->previous, is_same ? state->previous : state->active, MG_REVISION_SIZE);
}

/* Take what was kept in place of `read`, where that is due. Returns: the generation to use. */
static struct mg_generation *choose(struct mg_swap *swap, struct mg_generation *read,
                                    struct mg_errs *faults)
{
    char why[MG_STATE_WHY_SIZE] = "";
    struct mg_state state;
    if (!mg_state_dir_read(swap->state_dir, &state, why)) {
        if (why[0] != '\0') {
            MG_LOG(MG_LOG_ERROR, "the state directory cannot be read",
                   {"error", mg_str_from(why)});
        }
        return read;
    }
    swap->is_pinned = state.is_pinned;
    swap->rejected_count = state.rejected_count;
    memcpy(swap->rejected, state.rejected, sizeof(swap->rejected));
    const char *reason = why_kept(swap, &state, read);
    struct mg_generation *kept = reason == NULL ? NULL : build_kept(swap, &state, reason);
    carry_previous(swap, &state, kept == NULL ? read : kept);
    if (kept == NULL) {
        return read;
    }
    if (read == NULL) {
        mg_swap_log_faults(faults, MG_WARNING);
    }
    mg_generation_free(read);
    mg_buf_clear(&swap->first_bundle);
    swap->is_from_state = true;
    /* The files are watched as they are now: what the pin keeps out would not be heard of. */
    swap->wanted[MG_TRIGGER_FILE] = state.is_pinned && swap->watch != NULL;
    return kept;
}

/* The faults of files in whose place a kept set is used, for the status. */
static void note_faults(struct mg_swap *swap, const struct mg_errs *faults)
{
    swap->last_error_ms = mg_clock_wall_us() / 1000;
    swap->last_error = MG_SWAP_INVALID;
    swap->last_error_trigger = MG_TRIGGER_START;
    MG_ERR_SET(swap->last_error_message,
               "the policy files have errors: the kept set is used in their place");
    for (size_t i = 0; i < faults->count; i++) {
        mg_errs_add(&swap->last_faults, &faults->items[i]);
    }
}

bool mg_swap_load_first(struct mg_swap *swap, struct mg_errs *errs)
{
    struct mg_server *server = swap->server;
    struct mg_errs found;
    mg_errs_init(&found);
    const struct mg_generation_plan plan = {
        .options = &server->options,
        .paths = &swap->paths.strings,
        .trigger = MG_TRIGGER_START,
        .dicts = server->dicts,
        .series = server->series,
        .totals = server->script_totals,
        .witness = &swap->seen_good,
        .bundle_out = swap->state_dir != NULL ? &swap->first_bundle : NULL,
    };
    struct mg_generation *generation = mg_generation_build(&plan, &found);
    if (swap->state_dir != NULL) {
        generation = choose(swap, generation, &found);
    }
    if (swap->is_from_state && found.error_count > 0) {
        note_faults(swap, &found);
    } else {
        for (size_t i = 0; i < found.count; i++) {
            mg_errs_add(errs, &found.items[i]);
        }
        errs->dropped += found.dropped;
    }
    mg_errs_fini(&found);
    if (generation == NULL) {
        return false;
    }
    mg_swap_link(swap, generation, MG_GENERATION_ACTIVE);
    swap->active = generation;
    atomic_store(&server->active, generation);
    atomic_store(&swap->live, 1);
    return true;
}
