/* watch.c - pairs of a directory and a name in it that matters. The kernel gives one descriptor
 * for each directory, however often and by whatever path it is added.
 */
#include "server/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "policy/witness.h"

enum {
    MAX_INTERESTS = 65536,
    EVENT_BYTES = 16 << 10,
    MAX_WRITTEN = 16, /* files that are written to at once; one more is read when it is quiet */
};

static const uint32_t MASK = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                             IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                             IN_ONLYDIR;
/* Of directories that are only on the way to one that matters. */
static const uint32_t WAY_MASK = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                 IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

struct interest {
    int descriptor;
    char *name; /* NULL: any policy's */
};

/* A file that was written to and not closed yet. */
struct written {
    int descriptor; /* -1: of before mg_watch_set, in whichever directory */
    char name[NAME_MAX + 1];
};

struct mg_watch {
    int fd;
    struct interest *interests;
    size_t count;
    size_t capacity;
    int error; /* of the first directory that could not be watched for want of watches */
    struct written written[MAX_WRITTEN];
    size_t written_count;
};

struct mg_watch *mg_watch_new(void)
{
    struct mg_watch *watch = mg_calloc(1, sizeof(*watch));
    if (watch != NULL) {
        watch->fd = -1;
    }
    return watch;
}

static void clear(struct mg_watch *watch)
{
    if (watch->fd >= 0) {
        (void)close(watch->fd);
    }
    for (size_t i = 0; i < watch->count; i++) {
        free(watch->interests[i].name);
    }
    for (size_t i = 0; i < watch->written_count; i++) {
        watch->written[i].descriptor = -1;
    }
    watch->fd = -1;
    watch->count = 0;
    watch->error = 0;
}

void mg_watch_free(struct mg_watch *watch)
{
    if (watch != NULL) {
        clear(watch);
        free(watch->interests);
        free(watch);
    }
}

int mg_watch_fd(const struct mg_watch *watch)
{
    return watch->fd;
}

/* ---- what is watched ---- */

static bool has_interest(const struct mg_watch *watch, int descriptor, const char *name)
{
    for (size_t i = watch->count; i > 0; i--) { /* the newest are the likeliest */
        const struct interest *interest = &watch->interests[i - 1];
        if (interest->descriptor == descriptor &&
            (interest->name == NULL ? name == NULL
                                    : name != NULL && strcmp(interest->name, name) == 0)) {
            return true;
        }
    }
    return false;
}

static void add_interest(struct mg_watch *watch, int descriptor, const char *name)
{
    if (watch->count == watch->capacity) {
        size_t capacity = watch->capacity == 0 ? 32 : watch->capacity * 2;
        struct interest *interests =
            capacity > MAX_INTERESTS
                ? NULL
                : mg_realloc(watch->interests, capacity * sizeof(*watch->interests));
        if (interests == NULL) {
            watch->error = ENOMEM;
            return;
        }
        watch->interests = interests;
        watch->capacity = capacity;
    }
    char *copy = NULL;
    if (name != NULL) {
        copy = mg_malloc(strlen(name) + 1);
        if (copy == NULL) {
            watch->error = ENOMEM;
            return;
        }
        memcpy(copy, name, strlen(name) + 1);
    }
    watch->interests[watch->count++] = (struct interest){descriptor, copy};
}

/* Watch `name`, or any policy where it is NULL, in the directory at `dir`. */
static void add(struct mg_watch *watch, const char *dir, const char *name, uint32_t mask)
{
    int descriptor = inotify_add_watch(watch->fd, dir, mask | IN_MASK_ADD);
    if (descriptor < 0) {
        if (errno == ENOSPC || errno == ENOMEM) {
            watch->error = errno;
        }
        return; /* not there: the directories above it tell when it comes */
    }
    if (!has_interest(watch, descriptor, name)) {
        add_interest(watch, descriptor, name);
    }
}

/* Watch every directory on the way to `path`, each for the next step. Cuts `path` down. */
static void add_way(struct mg_watch *watch, char *path)
{
    char *slash;
    while ((slash = strrchr(path, '/')) != NULL) {
        char name[NAME_MAX + 1];
        (void)snprintf(name, sizeof(name), "%s", slash + 1);
        slash[slash == path] = '\0'; /* the root keeps its slash */
        if (name[0] != '\0' && strcmp(name, ".") != 0) {
            add(watch, path, name, WAY_MASK);
        }
        if (strcmp(path, "/") == 0) {
            return;
        }
    }
}

/* `path` from the root on. Returns: whether it fits. */
static bool make_absolute(const char *path, char out[static PATH_MAX])
{
    char here[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL) {
        return false;
    }
    int length = snprintf(out, PATH_MAX, "%s%s%s", here, path[0] == '/' ? "" : "/", path);
    while (length > 1 && length < PATH_MAX && out[length - 1] == '/') {
        out[--length] = '\0';
    }
    return length < PATH_MAX;
}

/* Watch a file by its name, and the links of a Kubernetes volume beside it. */
static void add_file(struct mg_watch *watch, const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    char *slash = strrchr(copy, '/');
    const char *name = slash + 1;
    char dir[PATH_MAX];
    (void)snprintf(dir, sizeof(dir), "%.*s", slash == copy ? 1 : (int)(slash - copy), copy);
    add(watch, dir, name, MASK);
    add(watch, dir, "..data", MASK);
    add_way(watch, copy);
}

static void add_item(struct mg_watch *watch, const struct mg_witness_item *item)
{
    char path[PATH_MAX];
    char resolved[PATH_MAX];
    if (!make_absolute(item->path, path)) {
        return;
    }
    if (item->kind == MG_WITNESS_DIRECTORY) {
        add(watch, path, NULL, MASK);
        add(watch, path, "..data", MASK);
        add_way(watch, path);
        return;
    }
    add_file(watch, path);
    if (realpath(path, resolved) != NULL && strcmp(path, resolved) != 0) {
        add_file(watch, resolved);
    }
}

bool mg_watch_set(struct mg_watch *watch, const struct mg_witness *const *witnesses,
                  size_t count)
{
    clear(watch);
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; witnesses[i] != NULL && j < witnesses[i]->count; j++) {
            add_item(watch, &witnesses[i]->items[j]);
        }
    }
    errno = watch->error;
    return watch->error == 0;
}

/* ---- what has happened ---- */

static bool is_policy_name(const char *name)
{
    struct mg_str text = mg_str_from(name);
    return name[0] != '.' && mg_str_ends_with(text, MG_STR(".lua")) &&
           !mg_str_ends_with(text, MG_STR("_spec.lua"));
}

static bool matters(const struct mg_watch *watch, const struct inotify_event *event)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct interest *interest = &watch->interests[i];
        if (interest->descriptor == event->wd &&
            (interest->name == NULL ? is_policy_name(event->name)
                                    : strcmp(interest->name, event->name) == 0)) {
            return true;
        }
    }
    return false;
}

static struct written *find_written(struct mg_watch *watch, const struct inotify_event *event)
{
    for (size_t i = 0; i < watch->written_count; i++) {
        struct written *written = &watch->written[i];
        if ((written->descriptor == event->wd || written->descriptor < 0) &&
            strcmp(written->name, event->name) == 0) {
            return written;
        }
    }
    return NULL;
}

/* Note who is written to; whatever else happens to the name ends that, but for a new mode. */
static void note_writing(struct mg_watch *watch, const struct inotify_event *event)
{
    struct written *written = find_written(watch, event);
    bool is_write = (event->mask & IN_MODIFY) != 0;
    if (is_write && written == NULL && watch->written_count < MAX_WRITTEN) {
        written = &watch->written[watch->written_count++];
        written->descriptor = event->wd;
        (void)snprintf(written->name, sizeof(written->name), "%s", event->name);
    } else if (!is_write && written != NULL && (event->mask & IN_ATTRIB) == 0) {
        *written = watch->written[--watch->written_count];
    }
}

static bool take(struct mg_watch *watch, const struct inotify_event *event)
{
    if ((event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) {
        return true;
    }
    if (event->len == 0 || !matters(watch, event)) {
        return false; /* of the directory itself: its mode, the end of its watch */
    }
    note_writing(watch, event);
    return true;
}

bool mg_watch_read(struct mg_watch *watch)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    bool has_changed = false;
    ssize_t count;
    while (watch->fd >= 0 && (count = read(watch->fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t at = 0; at < count;) {
            const struct inotify_event *event = (const void *)(bytes + at);
            has_changed = take(watch, event) || has_changed;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    return has_changed;
}

bool mg_watch_is_writing(const struct mg_watch *watch)
{
    return watch->written_count > 0;
}

void mg_watch_give_up(struct mg_watch *watch)
{
    watch->written_count = 0;
}
