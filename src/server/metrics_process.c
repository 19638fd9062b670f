/* metrics_process.c - the process as the kernel sees it, under the names that Prometheus'
 * client libraries use.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "server/metrics_internal.h"

static uint64_t microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Bytes of the process in memory; 0 where the kernel does not tell. */
static uint64_t resident_bytes(void)
{
    char line[128] = "";
    unsigned long long total = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    const char *text = fgets(line, sizeof(line), file);
    (void)fclose(file);
    const char *space = text == NULL ? NULL : strchr(text, ' ');
    if (space == NULL) {
        return 0;
    }
    struct mg_str number = {space + 1, strspn(space + 1, "0123456789")};
    (void)mg_str_to_u64(number, UINT64_MAX, &total);
    return total * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Open descriptors, without that of the folder being read. */
static uint64_t open_descriptors(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count == 0 ? 0 : count - 1;
}

void metrics_write_process(struct mg_metrics *metrics)
{
    struct rusage usage;
    struct rlimit files;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        mg_metrics_family(metrics, "process_cpu_seconds_total", "counter",
                          "CPU time of the process, user and system.");
        mg_metrics_seconds(metrics, mg_no_label(), mg_no_label(),
                           microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
    }
    mg_metrics_one(metrics, "process_resident_memory_bytes", "gauge",
                   "Memory of the process that is in RAM.", resident_bytes());
    mg_metrics_one(metrics, "process_open_fds", "gauge", "Open file descriptors.",
                   open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        mg_metrics_one(metrics, "process_max_fds", "gauge",
                       "File descriptors the process may open.", files.rlim_cur);
    }
}
