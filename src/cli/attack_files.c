/* attack_files.c - see the header.
 */
#include "cli/attack_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_MAX_BYTES = 256
};

/* "FOLDER/hostile" and a name in it, or nothing. */
static const char *inside(const struct mg_attack_files *files, const char *name,
                          char out[static PATH_MAX_BYTES])
{
    (void)snprintf(out, PATH_MAX_BYTES, "%s/hostile%s", files->folder, name);
    return out;
}

static bool write_whole(const char *path, const char *text)
{
    FILE *file = fopen(path, "wxe");
    if (file == NULL) {
        return false;
    }
    bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

bool mg_attack_files_make(struct mg_attack_files *files, const char *text)
{
    char path[PATH_MAX_BYTES];
    const char *base = getenv("TMPDIR");
    files->folder[0] = '\0';
    if (text == NULL) {
        return true;
    }
    base = base == NULL || base[0] != '/' ? "/tmp" : base;
    int length =
        snprintf(files->folder, sizeof(files->folder), "%s/moongate-attack-XXXXXX", base);
    if (length < 0 || (size_t)length >= sizeof(files->folder)) {
        files->folder[0] = '\0';
        errno = ENAMETOOLONG;
        return false;
    }
    if (mkdtemp(files->folder) == NULL) {
        files->folder[0] = '\0';
        return false;
    }
    if (mkdir(inside(files, "", path), S_IRWXU) == 0 &&
        write_whole(inside(files, "/plugin.lua", path), text)) {
        return true;
    }
    int reason = errno;
    mg_attack_files_remove(files);
    errno = reason;
    return false;
}

void mg_attack_files_remove(struct mg_attack_files *files)
{
    char path[PATH_MAX_BYTES];
    if (files->folder[0] == '\0') {
        return;
    }
    (void)unlink(inside(files, "/plugin.lua", path));
    (void)rmdir(inside(files, "", path));
    (void)rmdir(files->folder);
    files->folder[0] = '\0';
}
