/* swap_build.c - one build at a time: the builder reads, checks and builds without any lock;
 * the control thread judges what came of it.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "net/notify.h"
#include "policy/bundle.h"
#include "server/swap_parts.h"

/* ---- on the builder's thread ---- */

static void run_build(struct mg_idle_job *job)
{
    struct swap_build *build = (struct swap_build *)(void *)job;
    struct mg_server *server = build->swap->server;
    bool is_promotion = build->shadow != NULL;
    bool has_to_differ = !build->force && !is_promotion;
    const struct mg_generation_plan plan = {
        .options = &server->options,
        .paths = &build->paths.strings,
        .set = is_promotion ? build->shadow->set : NULL,
        .trigger = build->trigger,
        .dicts = build->is_shadow ? NULL : server->dicts,
        .series = server->series,
        .totals = build->is_shadow ? NULL : server->script_totals,
        .witness = is_promotion ? NULL : &build->witness,
        .bundle_out =
            server->options.state_dir != NULL && !is_promotion ? &build->bundle : NULL,
        .known_revision = has_to_differ ? build->base->revision : NULL,
        .is_known = &build->is_unchanged,
    };
    build->generation = mg_generation_build(&plan, &build->errs);
    if (build->generation != NULL) {
        memcpy(build->revision, build->generation->revision, MG_REVISION_SIZE);
        build->is_wider =
            mg_swap_compare(build->base->set, build->generation->set, build->summary);
    } else if (build->is_unchanged) {
        memcpy(build->revision, build->base->revision, MG_REVISION_SIZE);
    }
    atomic_store(&build->is_done, true);
    mg_swap_wake(build->swap);
}

/* ---- beginning ---- */

void mg_swap_free_build(struct swap_build *build)
{
    if (build != NULL) {
        mg_errs_fini(&build->errs);
        mg_witness_fini(&build->witness);
        mg_buf_fini(&build->bundle);
        mg_swap_free_paths(&build->paths);
        free(build);
    }
}

static struct swap_build *new_build(struct mg_swap *swap, enum mg_swap_trigger trigger,
                                    const struct mg_swap_request *request)
{
    struct swap_build *build = mg_calloc(1, sizeof(*build));
    if (build == NULL) {
        return NULL;
    }
    build->job.run = run_build;
    build->swap = swap;
    build->trigger = trigger;
    build->base = swap->active;
    build->began_ms = mg_clock_wall_us() / 1000;
    mg_errs_init(&build->errs);
    mg_witness_init(&build->witness);
    mg_buf_init(&build->bundle, MG_BUNDLE_MAX_BYTES);
    const char *const *paths = swap->paths.strings.items;
    size_t path_count = swap->paths.strings.count;
    if (request != NULL) {
        build->force = request->force;
        build->confirms_wider = request->confirms_wider;
        build->is_shadow = request->is_shadow;
        build->has_own_paths = request->path_count > 0;
    }
    if (request != NULL && request->path_count > 0) {
        paths = request->paths;
        path_count = request->path_count;
    }
    if (trigger == MG_TRIGGER_PROMOTE) {
        build->shadow = swap->shadow;
    }
    if (!mg_swap_copy_paths(&build->paths, paths, path_count)) {
        mg_swap_free_build(build);
        return NULL;
    }
    return build;
}

static bool is_same_request(const struct mg_swap_request *a, const struct mg_swap_request *b)
{
    return a->path_count == 0 && b->path_count == 0 && a->trigger == b->trigger &&
           a->force == b->force && a->confirms_wider == b->confirms_wider &&
           a->is_shadow == b->is_shadow;
}

/* Move the first waiter, and those who want the same, to the build. */
static void take_waiters(struct mg_swap *swap, struct swap_build *build)
{
    const struct mg_swap_request *request = swap->first_waiter->request;
    struct swap_waiter **link = &swap->first_waiter;
    swap->last_waiter = NULL;
    while (*link != NULL) {
        struct swap_waiter *waiter = *link;
        bool is_first = waiter->request == request;
        if (is_first || is_same_request(request, waiter->request)) {
            *link = waiter->next;
            waiter->next = build->waiters;
            build->waiters = waiter;
        } else {
            swap->last_waiter = waiter;
            link = &waiter->next;
        }
    }
}

static void end_waiter(struct swap_waiter *waiter, enum mg_swap_result result,
                       const char *message)
{
    waiter->outcome->result = result;
    MG_ERR_SET(waiter->outcome->message, "%s", message);
    waiter->is_over = true;
}

static void end_first_waiter(struct mg_swap *swap, enum mg_swap_result result,
                             const char *message)
{
    struct swap_waiter *waiter = swap->first_waiter;
    swap->first_waiter = waiter->next;
    swap->last_waiter = swap->first_waiter == NULL ? NULL : swap->last_waiter;
    waiter->outcome->generation = swap->active->id;
    memcpy(waiter->outcome->revision, swap->active->revision, MG_REVISION_SIZE);
    swap->swaps[waiter->request->trigger][result]++;
    end_waiter(waiter, result, message);
}

static const char PINNED_MESSAGE[] =
    "the active policies are pinned: 'moongate unpin' lets others in";

/* Refuse what a pin keeps out. Changes of files wait until it is gone. */
static void refuse_pinned(struct mg_swap *swap)
{
    while (swap->first_waiter != NULL) {
        end_first_waiter(swap, MG_SWAP_PINNED, PINNED_MESSAGE);
    }
    if (swap->wanted[MG_TRIGGER_SIGNAL]) {
        swap->wanted[MG_TRIGGER_SIGNAL] = false;
        swap->swaps[MG_TRIGGER_SIGNAL][MG_SWAP_PINNED]++;
        MG_LOG(MG_LOG_WARNING, "policies not swapped", {"trigger", MG_STR("signal")},
               {"result", MG_STR("pinned")}, {"message", mg_str_from(PINNED_MESSAGE)});
        mg_notify("READY=1");
    }
}

static bool wants_build(const struct mg_swap *swap)
{
    return swap->first_waiter != NULL || swap->wanted[MG_TRIGGER_SIGNAL] ||
           swap->wanted[MG_TRIGGER_FILE];
}

/* A promotion without a shadow, one more shadow while another is there: what is not built. */
static bool settle_first_waiter(struct mg_swap *swap)
{
    const struct swap_waiter *waiter = swap->first_waiter;
    if (waiter != NULL && waiter->request->trigger == MG_TRIGGER_PROMOTE &&
        swap->shadow == NULL) {
        end_first_waiter(swap, MG_SWAP_NOTHING, "there is no shadow to promote");
        return true;
    }
    return false;
}

/* Whether a build may begin: three generations are the most, and a shadow gives way. */
static bool has_room(struct mg_swap *swap)
{
    const struct swap_waiter *waiter = swap->first_waiter;
    if (waiter != NULL && waiter->request->trigger == MG_TRIGGER_PROMOTE) {
        return true; /* it shares the shadow's set, and takes its place */
    }
    if (atomic_load(&swap->live) < MG_SWAP_MAX_LIVE) {
        return true;
    }
    if (swap->shadow != NULL) {
        MG_LOG(MG_LOG_INFO, "shadow discarded: other policies are to be built",
               {"revision", mg_str_from(swap->shadow->revision)});
        (void)mg_swap_set_shadow(swap, NULL);
    }
    return false;
}

static void start_build(struct mg_swap *swap)
{
    const struct swap_waiter *waiter = swap->first_waiter;
    bool is_signal = swap->wanted[MG_TRIGGER_SIGNAL];
    enum mg_swap_trigger trigger = waiter != NULL ? waiter->request->trigger
                                   : is_signal    ? MG_TRIGGER_SIGNAL
                                                  : MG_TRIGGER_FILE;
    struct swap_build *build =
        new_build(swap, trigger, waiter == NULL ? NULL : waiter->request);
    if (build == NULL) {
        if (waiter != NULL) {
            end_first_waiter(swap, MG_SWAP_FAILED, "memory is out");
        }
        return; /* what was only wanted is tried again with the next trigger */
    }
    if (waiter != NULL) {
        take_waiters(swap, build);
    }
    if (!build->has_own_paths && build->shadow == NULL && !build->is_shadow) {
        build->answers_signal = is_signal;
        swap->wanted[MG_TRIGGER_SIGNAL] = false;
        swap->wanted[MG_TRIGGER_FILE] = false;
    }
    atomic_fetch_add(&swap->live, 1);
    swap->build = build;
    mg_idle_thread_post(swap->builder, &build->job);
}

void mg_swap_begin_build(struct mg_swap *swap)
{
    while (settle_first_waiter(swap)) {
    }
    if (swap->build != NULL || !wants_build(swap)) {
        return;
    }
    if (swap->is_pinned) {
        refuse_pinned(swap);
    } else if (mg_swap_is_kept(swap) && has_room(swap)) {
        start_build(swap);
    }
}

/* ---- ending ---- */

static void fill_outcome(struct mg_swap_outcome *outcome, const struct mg_swap *swap,
                         const struct swap_build *build, const struct mg_generation *generation)
{
    outcome->generation = generation != NULL ? generation->id : swap->active->id;
    memcpy(outcome->revision, build->revision, MG_REVISION_SIZE);
    memcpy(outcome->summary, build->summary, sizeof(outcome->summary));
    outcome->is_wider = build->is_wider;
    outcome->build_us = mg_clock_wall_us() - build->began_ms * 1000;
    if (generation != NULL) {
        outcome->build_us = generation->build_us;
        outcome->publish_us = mg_clock_us() - build->published_us;
    }
    for (size_t i = 0; i < build->errs.count; i++) {
        mg_errs_add(&outcome->errs, &build->errs.items[i]);
    }
    outcome->errs.dropped += build->errs.dropped;
}

static void note_error(struct mg_swap *swap, const struct swap_build *build,
                       enum mg_swap_result result, const char *message)
{
    bool is_error = result == MG_SWAP_INVALID || result == MG_SWAP_WIDENS ||
                    result == MG_SWAP_FAILED || result == MG_SWAP_BUSY;
    bool is_made_good =
        (result == MG_SWAP_DONE || result == MG_SWAP_UNCHANGED) && !build->is_shadow;
    if (!is_error && !is_made_good) {
        return;
    }
    mg_errs_fini(&swap->last_faults);
    swap->last_error_ms = is_error ? mg_clock_wall_us() / 1000 : 0;
    swap->last_error = result;
    swap->last_error_trigger = build->trigger;
    MG_ERR_SET(swap->last_error_message, "%s", is_error ? message : "");
    for (size_t i = 0; is_error && i < build->errs.count; i++) {
        mg_errs_add(&swap->last_faults, &build->errs.items[i]);
    }
    swap->last_faults.dropped += is_error ? build->errs.dropped : 0;
}

/* Go on watching what was seen, the broken too: mending it is a change. */
static void watch(struct mg_swap *swap, struct swap_build *build, enum mg_swap_result result)
{
    bool is_active =
        (result == MG_SWAP_DONE || result == MG_SWAP_UNCHANGED) && !build->is_shadow;
    if (build->shadow != NULL || build->is_shadow || (build->has_own_paths && !is_active)) {
        return; /* triggers do not read these */
    }
    struct mg_witness *to = is_active ? &swap->seen_good : &swap->seen_last;
    mg_witness_fini(&swap->seen_last);
    if (to == &swap->seen_good) {
        mg_witness_fini(to);
    }
    *to = build->witness;
    mg_witness_init(&build->witness);
    mg_swap_watch(swap, to);
}

void mg_swap_end_build(struct mg_swap *swap, enum mg_swap_result result, const char *message)
{
    struct swap_build *build = swap->build;
    bool is_done = result == MG_SWAP_DONE;
    const struct mg_generation *generation = is_done ? build->generation : NULL;
    swap->build = NULL;
    swap->swaps[build->trigger][result]++;
    if (is_done) {
        mg_swap_log_done(swap, build, mg_clock_us() - build->published_us);
    } else {
        mg_swap_log_refusal(build, result, message);
    }
    note_error(swap, build, result, message);
    while (build->waiters != NULL) {
        struct swap_waiter *waiter = build->waiters;
        build->waiters = waiter->next;
        fill_outcome(waiter->outcome, swap, build, generation);
        end_waiter(waiter, result, message);
    }
    watch(swap, build, result);
    if (is_done && !build->is_shadow) {
        mg_swap_keep(swap, build->bundle.len > 0 ? &build->bundle : NULL, build->revision);
    }
    if (build->answers_signal) {
        mg_notify("READY=1");
    }
    mg_swap_free_build(build);
}

/* ---- judging ---- */

/* Why a generation that was built is not published; MG_SWAP_DONE: it is. */
static enum mg_swap_result judge(const struct mg_swap *swap, const struct swap_build *build,
                                 char *message, size_t size)
{
    if (build->is_unchanged) {
        mg_err_set(message, size, "the policies are those that are active");
        return MG_SWAP_UNCHANGED;
    }
    if (build->generation == NULL) {
        mg_err_set(message, size, "the policies have %zu error%s: nothing was changed",
                   build->errs.error_count, build->errs.error_count == 1 ? "" : "s");
        return MG_SWAP_INVALID;
    }
    if (build->is_superseded) {
        mg_err_set(message, size, "a rollback came while they were built");
        return MG_SWAP_SUPERSEDED;
    }
    if (swap->is_pinned) {
        mg_err_set(message, size, "%s", PINNED_MESSAGE);
        return MG_SWAP_PINNED;
    }
    if (!build->force && !build->is_shadow && mg_swap_is_rejected(swap, build->revision)) {
        mg_err_set(message, size,
                   "this revision was rolled back: change the policies, or use --force");
        return MG_SWAP_REJECTED;
    }
    if (swap->server->options.guards_wider && build->is_wider && !build->confirms_wider &&
        !build->is_shadow) {
        mg_err_set(message, size,
                   "the policies allow more than before (--guard widen): confirm with "
                   "--confirm");
        return MG_SWAP_WIDENS;
    }
    return MG_SWAP_DONE;
}

static void move_bundle(struct mg_buf *from, struct mg_buf *to)
{
    *to = *from;
    mg_buf_init(from, MG_BUNDLE_MAX_BYTES);
}

/* The generation takes its set over from the shadow that it was promoted from. */
static void promote(struct mg_swap *swap, struct swap_build *build)
{
    build->shadow->borrows_set = true;
    mg_generation_own_set(build->generation);
    move_bundle(&build->shadow->bundle, &build->bundle);
    (void)mg_swap_set_shadow(swap, NULL);
}

static void publish(struct mg_swap *swap, struct swap_build *build)
{
    build->published_us = mg_clock_us();
    build->phase = PHASE_PUBLISHING;
    if (build->is_shadow) {
        mg_swap_link(swap, build->generation, MG_GENERATION_SHADOW);
        mg_swap_count_shadow(swap);
        move_bundle(&build->bundle, &build->generation->bundle);
        build->ticket = mg_swap_set_shadow(swap, build->generation);
        return;
    }
    if (build->shadow != NULL) {
        promote(swap, build);
    }
    mg_server_warn_of_echo(swap->server, build->generation->set);
    mg_swap_link(swap, build->generation, MG_GENERATION_ACTIVE);
    mg_swap_forgive(swap, build->revision);
    build->ticket = mg_swap_publish(swap, build->generation);
    swap->is_from_state = false;
    if (build->has_own_paths) {
        mg_swap_free_paths(&swap->paths);
        swap->paths = build->paths;
        build->paths = (struct swap_paths){.text = NULL};
    }
}

void mg_swap_conclude_build(struct mg_swap *swap)
{
    struct swap_build *build = swap->build;
    char message[sizeof(((struct mg_swap_outcome *)0)->message)] = "";
    enum mg_swap_result result = judge(swap, build, message, sizeof(message));
    if (result == MG_SWAP_DONE) {
        publish(swap, build);
        return;
    }
    if (build->generation != NULL) {
        mg_swap_reap(swap, build->generation);
        build->generation = NULL;
    } else {
        atomic_fetch_sub(&swap->live, 1);
    }
    mg_swap_end_build(swap, result, message);
}
