/* swap_difference.c - the one place where hot swap asks what a swap changes for whom. */
#include "policy/diff.h"
#include "server/swap_parts.h"

bool mg_swap_compare(const struct mg_policy_set *from, const struct mg_policy_set *to,
                     char summary[static MG_SWAP_SUMMARY_SIZE])
{
    struct mg_policy_diff *diff = mg_policy_diff_new(from, to, NULL);
    if (diff == NULL) {
        mg_err_set(summary, MG_SWAP_SUMMARY_SIZE, "unknown: memory is out");
        return true;
    }
    bool widens = mg_policy_diff_widens(diff);
    mg_policy_diff_summary(diff, summary, MG_SWAP_SUMMARY_SIZE);
    mg_policy_diff_free(diff);
    return widens;
}
