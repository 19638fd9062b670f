/* watch.h - hear of changes to the files of a policy set, by inotify.
 *
 * Watched:   directories, never files: editors rename and replace, and Kubernetes swaps the
 *            symbolic link `..data`. Of each path that a load has seen, its directory and all
 *            directories above it, so that one which was deleted is found again, and the
 *            directory where the file itself lies, if links lead there.
 * Heard:     of names that matter; what else happens in those directories is passed over.
 * Threads:   one.
 */
#ifndef MG_SERVER_WATCH_H
#define MG_SERVER_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct mg_watch;
struct mg_witness;

/* Returns: NULL when memory is out. It watches nothing yet. */
struct mg_watch *mg_watch_new(void);
void mg_watch_free(struct mg_watch *watch);

/* Watch what the witnesses (`count`; a NULL is passed over) have seen, in place of what was
 * watched before. What happens between the load and this call is not heard: ask
 * mg_witness_holds afterwards. Returns: false when the kernel gives no more watches (errno);
 * what could be watched is. */
bool mg_watch_set(struct mg_watch *watch, const struct mg_witness *const *witnesses,
                  size_t count);

/* To be polled for reading; -1: none. Changes with mg_watch_set. */
int mg_watch_fd(const struct mg_watch *watch);

/* Take what has happened, without waiting. Returns: whether any of it matters. */
bool mg_watch_read(struct mg_watch *watch);

/* Whether a file that matters was written to and is not closed yet, as far as was read. */
bool mg_watch_is_writing(const struct mg_watch *watch);
/* Wait no more for those that are not closed: they have had their time. */
void mg_watch_give_up(struct mg_watch *watch);

#endif
