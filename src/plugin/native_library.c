/* native_library.c - the file's bytes go into a sealed memory file, which is what is loaded:
 *
 *   request-id.so --copy--> memfd "request-id.so-1f0c…" --dlopen--> /proc/self/fd/N
 *
 * dlopen knows what it has by path and by inode. A copy has an inode of its own, so a new build
 * is not taken for the old one; its path is the number of a descriptor, which therefore stays
 * open as long as the object is loaded. Nobody can change the copy under the running code.
 */
#include "plugin/native_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/err.h"
#include "plugin/dict_hash.h"
#include "plugin/native.h"

enum {
    FD_PATH_SIZE = 32,
};

/* The content of a file. Two hashes of 64 bits with keys of their own: for finding equals, not
 * against those who make the files, for they can run code here anyway. */
struct content {
    size_t bytes;
    uint64_t hash[2];
};

struct mg_native_library {
    struct mg_native_library *next;
    struct content content;
    int fd;
    void *handle;
    struct moongate_plugin plugin;
    unsigned users;
};

/* All that are loaded. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mg_native_library *libraries;

/* ---- the copy ---- */

static bool copy_bytes(int from, int to)
{
    char buffer[16 << 10];
    size_t total = 0;
    for (;;) {
        ssize_t count = read(from, buffer, sizeof(buffer));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        total += (size_t)count;
        if (total > MG_NATIVE_MAX_FILE_BYTES) {
            errno = EFBIG;
            return false;
        }
        /* Memory files take all or fail. */
        if (write(to, buffer, (size_t)count) != count) {
            return false;
        }
    }
}

/* Open the file, which has to be a regular one: a FIFO would be waited for. */
static int open_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        (void)close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static bool measure(int fd, struct content *content)
{
    static const struct mg_dict_secret secrets[] = {{1, 2}, {3, 4}};
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size == 0) {
        errno = ENOEXEC;
        return false;
    }
    content->bytes = (size_t)status.st_size;
    void *map = mmap(NULL, content->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        content->hash[i] = mg_dict_hash((struct mg_str){map, content->bytes}, &secrets[i]);
    }
    (void)munmap(map, content->bytes);
    return true;
}

/* Write all of `bytes`. Memory files take all or fail. */
static bool write_bytes(int to, struct mg_str bytes)
{
    return write(to, bytes.ptr, bytes.len) == (ssize_t)bytes.len;
}

/* Copy `bytes`, or the file at `path` where there are none, into memory. Returns: a descriptor,
 * or -1 with errno. */
static int copy_file(const char *path, struct mg_str bytes, struct content *content)
{
    int from = bytes.ptr != NULL ? -1 : open_file(path);
    if (bytes.ptr == NULL && from < 0) {
        return -1;
    }
    const char *slash = strrchr(path, '/');
    /* The name is for people: it stands in /proc/PID/maps. */
    int to = memfd_create(slash == NULL ? path : slash + 1, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool is_copied = to >= 0 && (from >= 0 ? copy_bytes(from, to) : write_bytes(to, bytes)) &&
                     measure(to, content) &&
                     fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0;
    int error = errno;
    if (from >= 0) {
        (void)close(from);
    }
    if (!is_copied && to >= 0) {
        (void)close(to);
    }
    errno = error;
    return is_copied ? to : -1;
}

/* ---- loading ---- */

static void path_of(int fd, char path[static FD_PATH_SIZE])
{
    (void)snprintf(path, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
}

/* dlerror's words without the path of the copy. */
static const char *load_error(const char *copy)
{
    const char *error = dlerror();
    if (error == NULL) {
        return "cannot be loaded";
    }
    size_t length = strlen(copy);
    return strncmp(error, copy, length) == 0 && strncmp(error + length, ": ", 2) == 0
               ? error + length + 2
               : error;
}

/* Take the exported struct, as far as its build knew it. Returns: false with `why`. */
static bool take_plugin(struct mg_native_library *library, const char *path, char *why,
                        size_t why_size)
{
    const struct moongate_plugin *exported = dlsym(library->handle, "moongate_plugin");
    if (exported == NULL) {
        mg_err_set(why, why_size, "%s exports no 'moongate_plugin' (see moongate_plugin.h)",
                   path);
        return false;
    }
    if (exported->abi != MOONGATE_PLUGIN_ABI) {
        mg_err_set(why, why_size,
                   "%s is built for version %u of the interface, and this program has version "
                   "%d: build it anew with its moongate_plugin.h",
                   path, (unsigned)exported->abi, MOONGATE_PLUGIN_ABI);
        return false;
    }
    if (exported->size < offsetof(struct moongate_plugin, init)) {
        mg_err_set(why, why_size, "%s says that its moongate_plugin has %u bytes", path,
                   (unsigned)exported->size);
        return false;
    }
    size_t known = sizeof(library->plugin);
    memcpy(&library->plugin, exported, exported->size < known ? exported->size : known);
    return true;
}

static void unload(struct mg_native_library *library)
{
    char copy[FD_PATH_SIZE];
    path_of(library->fd, copy);
    (void)dlclose(library->handle);
    /* An object that does not let itself be unloaded goes by that path for ever: the number
     * must not become another's. */
    if (dlopen(copy, RTLD_LAZY | RTLD_NOLOAD) == NULL) {
        (void)close(library->fd);
    }
}

/* Load the copy, whose descriptor the library owns from now on. */
static bool load(struct mg_native_library *library, const char *path, char *why,
                 size_t why_size)
{
    char copy[FD_PATH_SIZE];
    path_of(library->fd, copy);
    library->handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        mg_err_set(why, why_size, "%s: %s", path, load_error(copy));
        (void)close(library->fd);
        return false;
    }
    if (!take_plugin(library, path, why, why_size)) {
        unload(library);
        return false;
    }
    return true;
}

static struct mg_native_library *find(const struct content *content)
{
    struct mg_native_library *library = libraries;
    while (library != NULL &&
           (library->content.bytes != content->bytes ||
            memcmp(library->content.hash, content->hash, sizeof(content->hash)) != 0)) {
        library = library->next;
    }
    return library;
}

struct mg_native_library *mg_native_library_acquire(const char *path, struct mg_str bytes,
                                                    char *why, size_t why_size)
{
    struct content content;
    int fd = copy_file(path, bytes, &content);
    if (fd < 0) {
        mg_err_set(why, why_size, "%s: %s", path,
                   errno == EINVAL ? "is no regular file" : strerror(errno));
        return NULL;
    }
    (void)pthread_mutex_lock(&lock);
    struct mg_native_library *library = find(&content);
    if (library != NULL) {
        library->users++;
        (void)close(fd);
    } else if ((library = mg_calloc(1, sizeof(*library))) == NULL) {
        mg_err_set(why, why_size, "out of memory");
        (void)close(fd);
    } else {
        *library = (struct mg_native_library){
            .next = libraries, .content = content, .fd = fd, .users = 1};
        if (load(library, path, why, why_size)) {
            libraries = library;
        } else {
            free(library);
            library = NULL;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return library;
}

void mg_native_library_release(struct mg_native_library *library)
{
    if (library == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    library->users--;
    if (library->users == 0) {
        struct mg_native_library **link = &libraries;
        while (*link != library) {
            link = &(*link)->next;
        }
        *link = library->next;
        unload(library);
        free(library);
    }
    (void)pthread_mutex_unlock(&lock);
}

const struct moongate_plugin *mg_native_library_plugin(const struct mg_native_library *library)
{
    return &library->plugin;
}

uint64_t mg_native_library_hash(const struct mg_native_library *library)
{
    return library->content.hash[0];
}
