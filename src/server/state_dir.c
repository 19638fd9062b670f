/* state_dir.c - see the header. The state is text, a word and a value a line; its last line is
 * "end", so that a file which was cut off is told from a whole one.
 */
#include "server/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "policy/bundle.h"

enum {
    STATE_MAX_BYTES = 4096,
    NAME_SIZE = 64,
};

static const char STATE_NAME[] = "state";
static const struct mg_str MAGIC = {"moongate-state 1", 16};

struct mg_state_dir {
    pthread_mutex_t lock; /* of the writers */
    int fd;
    int lock_fd;
    char path[PATH_MAX];
};

/* ---- opening ---- */

static bool fail(struct mg_errs *errs, const char *path)
{
    mg_errs_fail(errs, "state-dir-unusable", "a directory that the server may write to",
                 "cannot use the state directory '%s': %s", path, strerror(errno));
    return false;
}

/* Remove what a server that was killed was writing. */
static void remove_unfinished(struct mg_state_dir *dir)
{
    int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strncmp(entry->d_name, ".new-", 5) == 0) {
            (void)unlinkat(dir->fd, entry->d_name, 0);
        }
    }
    (void)closedir(entries);
}

static bool open_dir(struct mg_state_dir *dir, const char *path, struct mg_errs *errs)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return fail(errs, path);
    }
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0) {
        return fail(errs, path);
    }
    dir->lock_fd = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (dir->lock_fd < 0) {
        return fail(errs, path);
    }
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        mg_errs_fail(errs, "state-dir-in-use", "give each server a state directory of its own",
                     "another server uses the state directory '%s'", path);
        return false;
    }
    remove_unfinished(dir);
    return true;
}

struct mg_state_dir *mg_state_dir_open(const char *path, struct mg_errs *errs)
{
    struct mg_state_dir *dir = mg_calloc(1, sizeof(*dir));
    if (dir == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        return NULL;
    }
    (void)pthread_mutex_init(&dir->lock, NULL);
    dir->fd = -1;
    dir->lock_fd = -1;
    (void)snprintf(dir->path, sizeof(dir->path), "%s", path);
    if (!open_dir(dir, path, errs)) {
        mg_state_dir_close(dir);
        return NULL;
    }
    return dir;
}

void mg_state_dir_close(struct mg_state_dir *dir)
{
    if (dir == NULL) {
        return;
    }
    if (dir->lock_fd >= 0) {
        (void)close(dir->lock_fd);
    }
    if (dir->fd >= 0) {
        (void)close(dir->fd);
    }
    (void)pthread_mutex_destroy(&dir->lock);
    free(dir);
}

/* ---- reading ---- */

static void say(char why[static MG_STATE_WHY_SIZE], const struct mg_state_dir *dir,
                const char *name, const char *what)
{
    mg_err_set(why, MG_STATE_WHY_SIZE, "%s/%s: %s", dir->path, name, what);
}

static bool read_file(struct mg_state_dir *dir, const char *name, struct mg_buf *out, char *why)
{
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        why[0] = '\0';
        if (errno != ENOENT) {
            say(why, dir, name, strerror(errno));
        }
        return false;
    }
    ssize_t count = 1;
    while (count > 0 && !out->overflowed) {
        char *to = mg_buf_reserve(out, 64 << 10);
        count = to == NULL ? -1 : read(fd, to, 64 << 10);
        if (count > 0) {
            mg_buf_commit(out, (size_t)count);
        }
    }
    if (count != 0) {
        say(why, dir, name, out->overflowed ? "too large" : strerror(errno));
    }
    (void)close(fd);
    return count == 0;
}

static bool is_revision(struct mg_str text)
{
    bool is_hex = text.len == MG_REVISION_SIZE - 1;
    for (size_t i = 0; is_hex && i < text.len; i++) {
        char c = text.ptr[i];
        is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }
    return is_hex;
}

static void set_revision(char out[static MG_REVISION_SIZE], struct mg_str text)
{
    memcpy(out, text.ptr, MG_REVISION_SIZE - 1);
    out[MG_REVISION_SIZE - 1] = '\0';
}

/* Take one line. Returns: false where it makes no sense. */
static bool take_line(struct mg_state *state, struct mg_str word, struct mg_str value)
{
    if (mg_str_equal(word, MG_STR("pinned"))) {
        state->is_pinned = true;
        return true;
    }
    if (!is_revision(value)) {
        return false;
    }
    if (mg_str_equal(word, MG_STR("active"))) {
        set_revision(state->active, value);
    } else if (mg_str_equal(word, MG_STR("previous"))) {
        set_revision(state->previous, value);
    } else if (mg_str_equal(word, MG_STR("rejected")) &&
               state->rejected_count < MG_SWAP_MAX_REJECTED) {
        set_revision(state->rejected[state->rejected_count++], value);
    } else {
        return false;
    }
    return true;
}

static bool parse(struct mg_state *state, struct mg_str text)
{
    bool is_first = true;
    *state = (struct mg_state){.is_pinned = false};
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        if (end == NULL) {
            return false;
        }
        struct mg_str line = {text.ptr, (size_t)(end - text.ptr)};
        text = mg_str_from_offset(text, line.len + 1);
        if (is_first) {
            is_first = false;
            if (!mg_str_equal(line, MAGIC)) {
                return false;
            }
            continue;
        }
        if (mg_str_equal(line, MG_STR("end"))) {
            return text.len == 0 && state->active[0] != '\0';
        }
        const char *space = memchr(line.ptr, ' ', line.len);
        size_t length = space == NULL ? line.len : (size_t)(space - line.ptr);
        struct mg_str word = {line.ptr, length};
        struct mg_str value = mg_str_from_offset(line, space == NULL ? line.len : length + 1);
        if (!take_line(state, word, value)) {
            return false;
        }
    }
    return false;
}

bool mg_state_dir_read(struct mg_state_dir *dir, struct mg_state *state,
                       char why[static MG_STATE_WHY_SIZE])
{
    struct mg_buf text;
    mg_buf_init(&text, STATE_MAX_BYTES + (64 << 10));
    bool is_read = read_file(dir, STATE_NAME, &text, why);
    if (is_read && !parse(state, mg_buf_str(&text))) {
        say(why, dir, STATE_NAME, "is spoilt, or of another version of Moongate");
        is_read = false;
    }
    mg_buf_fini(&text);
    return is_read;
}

static void set_name(char out[static NAME_SIZE], const char *revision)
{
    (void)snprintf(out, NAME_SIZE, "set-%s", revision);
}

bool mg_state_dir_read_set(struct mg_state_dir *dir, const char *revision, struct mg_buf *out,
                           char why[static MG_STATE_WHY_SIZE])
{
    char name[NAME_SIZE];
    set_name(name, revision);
    bool is_read = read_file(dir, name, out, why);
    if (!is_read && why[0] == '\0') {
        say(why, dir, name, strerror(ENOENT));
    }
    return is_read;
}

/* ---- writing ---- */

static bool write_all(int fd, struct mg_str bytes)
{
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.ptr, bytes.len);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        bytes = mg_str_from_offset(bytes, (size_t)count);
    }
    return true;
}

/* Write a file in full, or leave the one that is there. */
static bool replace(struct mg_state_dir *dir, const char *name, struct mg_str bytes, char *why)
{
    char unfinished[NAME_SIZE + 8];
    (void)snprintf(unfinished, sizeof(unfinished), ".new-%s", name);
    int fd = openat(dir->fd, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    0600);
    bool is_written = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && is_written) {
        error = errno;
        is_written = false;
    }
    if (is_written && renameat(dir->fd, unfinished, dir->fd, name) != 0) {
        error = errno;
        is_written = false;
    }
    if (!is_written) {
        say(why, dir, name, strerror(error));
        (void)unlinkat(dir->fd, unfinished, 0);
        return false;
    }
    (void)fsync(dir->fd); /* the name; a file system that cannot do that has its own ways */
    return true;
}

bool mg_state_dir_keep_set(struct mg_state_dir *dir, const char *revision, struct mg_str bundle,
                           char why[static MG_STATE_WHY_SIZE])
{
    char name[NAME_SIZE];
    set_name(name, revision);
    why[0] = '\0';
    (void)pthread_mutex_lock(&dir->lock);
    bool is_kept = replace(dir, name, bundle, why);
    (void)pthread_mutex_unlock(&dir->lock);
    return is_kept;
}

/* Remove the sets that `state` does not name. */
static void remove_others(struct mg_state_dir *dir, const struct mg_state *state)
{
    int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        bool is_set = mg_str_starts_with(name, MG_STR("set-")) &&
                      is_revision(mg_str_from_offset(name, 4));
        if (is_set && strcmp(name.ptr + 4, state->active) != 0 &&
            strcmp(name.ptr + 4, state->previous) != 0) {
            (void)unlinkat(dir->fd, entry->d_name, 0);
        }
    }
    (void)closedir(entries);
}

bool mg_state_dir_write(struct mg_state_dir *dir, const struct mg_state *state,
                        char why[static MG_STATE_WHY_SIZE])
{
    char storage[STATE_MAX_BYTES];
    struct mg_buf text;
    mg_buf_init_fixed(&text, storage, sizeof(storage));
    mg_buf_printf(&text, "%.*s\nactive %s\n", MG_STR_ARG(MAGIC), state->active);
    if (state->previous[0] != '\0') {
        mg_buf_printf(&text, "previous %s\n", state->previous);
    }
    mg_buf_add(&text, state->is_pinned ? MG_STR("pinned\n") : MG_STR(""));
    for (size_t i = 0; i < state->rejected_count; i++) {
        mg_buf_printf(&text, "rejected %s\n", state->rejected[i]);
    }
    mg_buf_add(&text, MG_STR("end\n"));
    why[0] = '\0';
    (void)pthread_mutex_lock(&dir->lock);
    bool is_written = replace(dir, STATE_NAME, mg_buf_str(&text), why);
    if (is_written) {
        remove_others(dir, state);
    }
    (void)pthread_mutex_unlock(&dir->lock);
    return is_written;
}
