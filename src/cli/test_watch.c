/* test_watch.c - see the header. Each run is a child process, so that a spec leaves nothing
 * behind for the next one; what it tells of its specs comes back by a pipe.
 */
#include "cli/test_watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>

#include "cli/cli.h"

enum {
    MAX_ARGUMENTS = 4096,
    MAX_TOLD_BYTES = 4 << 20, /* of what a run tells */
    EVENTS_BYTES = 64 << 10,
};

static const char CLASS[] = "moongate.folders";

/* ---- running ---- */

/* The child: never returns. */
static void run_child(mg_test_run_fn run, int argc, char **argv)
{
    int code = run(argc, argv);
    (void)fflush(NULL);
    _exit(code);
}

/* Read the pipe to its end into `out`. */
static void read_told(int fd, luaL_Buffer *out)
{
    char piece[4096];
    size_t total = 0;
    ssize_t count;
    while ((count = read(fd, piece, sizeof(piece))) > 0 || (count < 0 && errno == EINTR)) {
        if (count > 0 && (total += (size_t)count) <= MAX_TOLD_BYTES) {
            luaL_addlstring(out, piece, (size_t)count);
        }
    }
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : MG_EXIT_ENVIRONMENT;
}

/* watch.run(arguments): the exit code, and what the run told. */
static int watch_run(lua_State *L)
{
    mg_test_run_fn *run = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count < MAX_ARGUMENTS, 1, "too many arguments");
    luaL_checkstack(L, (int)count + 8, NULL);
    char **argv = lua_newuserdatauv(L, ((size_t)count + 3) * sizeof(*argv), 0); /* +1 */
    char name[] = "test";
    char told[32];
    int ends[2];
    argv[0] = name;
    for (lua_Integer i = 1; i <= count; i++) {
        size_t len;
        (void)lua_geti(L, 1, i); /* +1 */
        const char *argument = luaL_checklstring(L, -1, &len);
        argv[i] = lua_newuserdatauv(L, len + 1, 0); /* +1, kept on the stack */
        memcpy(argv[i], argument, len + 1);
        lua_remove(L, -2);
    }
    if (pipe(ends) != 0) {
        return luaL_error(L, "no pipe: %s", strerror(errno));
    }
    (void)snprintf(told, sizeof(told), "--tell-specs=%d", ends[1]);
    argv[count + 1] = told;
    argv[count + 2] = NULL;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(*run, (int)count + 2, argv);
    }
    (void)close(ends[1]);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    if (child > 0) {
        read_told(ends[0], &out);
    }
    (void)close(ends[0]);
    luaL_pushresult(&out); /* +1 */
    if (child < 0) {
        return luaL_error(L, "no process: %s", strerror(errno));
    }
    lua_pushinteger(L, wait_for(child)); /* +1 */
    lua_insert(L, -2);
    return 2;
}

/* ---- folders ---- */

struct folders {
    int fd; /* -1: none */
};

static struct folders *check_folders(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS);
}

static int folders_close(lua_State *L)
{
    struct folders *folders = check_folders(L);
    if (folders->fd >= 0) {
        (void)close(folders->fd);
        folders->fd = -1;
    }
    return 0;
}

/* folders:add(path): whether it is watched. Its uservalue maps watches to paths. */
static int folders_add(lua_State *L)
{
    struct folders *folders = check_folders(L);
    const char *path = luaL_checkstring(L, 2);
    int watch = inotify_add_watch(folders->fd, path,
                                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_ONLYDIR | IN_EXCL_UNLINK);
    if (watch >= 0) {
        (void)lua_getiuservalue(L, 1, 1); /* +1 */
        lua_pushvalue(L, 2);
        lua_rawseti(L, -2, watch);
    }
    lua_pushboolean(L, watch >= 0);
    return 1;
}

/* Whether something can be read within `timeout_ms`; -1: however long it takes. */
static bool is_ready(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int count;
    do {
        count = poll(&poll_fd, 1, timeout_ms);
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

/* Add the events at hand to the list at the top; the uservalue lies below it. */
static void take_events(lua_State *L, int fd)
{
    _Alignas(struct inotify_event) char events[EVENTS_BYTES];
    ssize_t size = read(fd, events, sizeof(events));
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(events + at);
        at += (ssize_t)(sizeof(*event) + event->len);
        if (event->len == 0) {
            continue;
        }
        if (lua_rawgeti(L, -2, event->wd) == LUA_TSTRING) {                /* +1 */
            lua_pushfstring(L, "%s/%s", lua_tostring(L, -1), event->name); /* +1 */
            lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
        }
        lua_pop(L, 1);
    }
}

/* folders:wait(quiet_ms): waits for a change, then until there has been none for so long. */
static int folders_wait(lua_State *L)
{
    struct folders *folders = check_folders(L);
    lua_Integer quiet_ms = luaL_checkinteger(L, 2);
    luaL_argcheck(L, quiet_ms >= 0 && quiet_ms < INT_MAX, 2, "milliseconds");
    (void)lua_getiuservalue(L, 1, 1); /* +1 */
    lua_newtable(L);                  /* +1 */
    int timeout_ms = -1;
    while (is_ready(folders->fd, timeout_ms)) {
        take_events(L, folders->fd);
        timeout_ms = (int)quiet_ms;
    }
    return 1;
}

/* watch.folders() */
static int watch_folders(lua_State *L)
{
    struct folders *folders = lua_newuserdatauv(L, sizeof(*folders), 1); /* +1 */
    folders->fd = -1;
    luaL_setmetatable(L, CLASS);
    lua_newtable(L);                   /* +1 */
    (void)lua_setiuservalue(L, -2, 1); /* -1 */
    folders->fd = inotify_init1(IN_CLOEXEC);
    if (folders->fd < 0) {
        return luaL_error(L, "nothing can be watched: %s", strerror(errno));
    }
    return 1;
}

int mg_test_watch_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"add", folders_add}, {"wait", folders_wait}, {NULL, NULL}};
    if (luaL_newmetatable(L, CLASS)) { /* +1 */
        luaL_newlib(L, methods);       /* +1 */
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, folders_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    lua_createtable(L, 0, 2); /* +1 */
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, watch_run, 1);
    lua_setfield(L, -2, "run");
    lua_pushcfunction(L, watch_folders);
    lua_setfield(L, -2, "folders");
    return 1;
}
