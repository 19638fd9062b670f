/* huge_pages.h - ask for huge pages below a large table. Look-ups that are spread over all of
 * it would wait for the page tables more than for the data.
 *
 * Threads:   any.
 */
#ifndef MG_CORE_HUGE_PAGES_H
#define MG_CORE_HUGE_PAGES_H

#include <stddef.h>

/* Ask for them below the `size` bytes at `table`, best before they are first written. Only a
 * hint: nothing for small tables, where a kernel has none, or is told not to give any; what is
 * in the table stays as it is. */
void mg_huge_pages_advise(void *table, size_t size);

#endif
