/* replay.c - the main of a fuzz target outside libFuzzer: runs it on every file it is given, or
 * that is in a folder it is given, and on the empty input, so that what a fuzzer once found
 * stays found. No file at all is a failure: it would test nothing.
 *
 * Each input lies in a block of its own size, so that a sanitizer sees a read past its end.
 */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The names are libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* NOLINTNEXTLINE(readability-identifier-naming) */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    long size = ftell(file);
    rewind(file);
    uint8_t *data = size <= 0 ? NULL : malloc((size_t)size);
    if (size < 0 || (size > 0 && (data == NULL || fread(data, (size_t)size, 1, file) != 1))) {
        perror(path);
        exit(1);
    }
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

/* Replay a file, or the files of a folder; returns how many. */
static unsigned replay(const char *given)
{
    unsigned count = 0;
    DIR *dir = opendir(given);
    if (dir == NULL && errno == ENOTDIR) {
        replay_file(given);
        return 1;
    }
    if (dir == NULL) {
        perror(given);
        exit(1);
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[1024];
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", given, entry->d_name);
            replay_file(path);
            count++;
        }
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize != NULL) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        count += replay(argv[i]);
    }
    if (count == 0) {
        (void)fprintf(stderr, "no input to replay\n");
        return 1;
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    (void)printf("replayed %u inputs and the empty one\n", count);
    return 0;
}
