/* steady.c - load a set of files that stood still while they were read: what a load saw of the
 * file system is looked at again behind it.
 */
#include <time.h>

#include "core/buf.h"
#include "policy/source.h"
#include "policy/witness.h"

enum {
    MAX_READINGS = 20,        /* of files that change all the time */
    READ_AGAIN_AFTER_MS = 25, /* so that whoever writes gets on */
};

static void move_faults(struct mg_errs *to, struct mg_errs *from)
{
    for (size_t i = 0; i < from->count; i++) {
        mg_errs_add(to, &from->items[i]);
    }
    to->dropped += from->dropped;
    mg_errs_fini(from);
}

struct mg_policy_set *mg_policy_set_load_steady(const struct mg_policy_options *options,
                                                struct mg_errs *errs)
{
    const struct timespec wait = {.tv_nsec = READ_AGAIN_AFTER_MS * 1000000L};
    struct mg_policy_options watched = *options;
    struct mg_witness own;
    struct mg_policy_set *set = NULL;
    bool is_steady = false;
    mg_witness_init(&own);
    watched.witness = options->witness != NULL ? options->witness : &own;
    for (int i = 0; !is_steady && i < MAX_READINGS; i++) {
        struct mg_errs found; /* those of a mixture are nobody's */
        if (i > 0) {
            (void)nanosleep(&wait, NULL);
            mg_witness_fini(watched.witness);
        }
        mg_errs_init(&found);
        set = mg_policy_set_load(&watched, &found);
        is_steady = !mg_witness_is_fresh(watched.witness) &&
                    mg_witness_holds(watched.witness, mg_sources_hash_names);
        if (is_steady) {
            move_faults(errs, &found);
            break;
        }
        mg_errs_fini(&found);
        mg_policy_set_free(set);
        set = NULL;
        if (options->bundle != NULL) {
            mg_buf_clear(options->bundle);
        }
    }
    if (!is_steady) {
        mg_errs_fail(errs, "source-unsteady", "write elsewhere, and rename what is complete",
                     "the policies' files changed each of the %d times they were read",
                     (int)MAX_READINGS);
    }
    mg_witness_fini(&own);
    return set;
}
