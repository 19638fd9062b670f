/* guard.c - see the header. */
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

char *mg_guard_copy(struct mg_guard *guard, struct mg_str s)
{
    mg_guard_free(guard);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (s.len / page + 1) * page;
    char *map =
        mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + readable, page, PROT_NONE) != 0) {
        perror("guard page");
        abort();
    }
    *guard = (struct mg_guard){map, readable + page};
    char *copy = map + readable - s.len;
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    return copy;
}

struct mg_str mg_guard_str(struct mg_guard *guard, struct mg_str s)
{
    return (struct mg_str){mg_guard_copy(guard, s), s.len};
}

void mg_guard_free(struct mg_guard *guard)
{
    if (guard->map != NULL) {
        (void)munmap(guard->map, guard->map_bytes);
    }
    *guard = (struct mg_guard){0};
}
