/* access_log.c - a record is a fixed part and the bytes of its texts, one after another:
 *
 *   struct record | remote | method | target | origin | pattern | file | reason | revision
 *
 * kind and verdict are static strings and travel as pointers; a reason may be a hook's. The
 * writer sleeps on an event descriptor; a worker writes to it only when the writer has said
 * that it sleeps.
 */
#include "server/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "server/access_ring.h"
#include "server/exchange.h"
#include "server/worker_state.h"

enum {
    RING_BYTES = 1 << 20,       /* a worker */
    WRITE_BYTES = 64 << 10,     /* lines gathered before a write */
    LINE_MAX_BYTES = 128 << 10, /* the longest target, all escaped, and the rest */
    TEXT_MAX_BYTES = 16 << 10,  /* of one text; the rest is cut */
    SLEEP_MS = 1000, /* the longest a wake-up that was missed in a race can be missed */
};

enum {
    TEXT_REMOTE,
    TEXT_METHOD,
    TEXT_TARGET,
    TEXT_ORIGIN,
    TEXT_PATTERN,
    TEXT_FILE,
    TEXT_REASON,
    TEXT_REVISION,
    TEXT_COUNT
};

struct record {
    uint64_t wall_us;
    uint64_t duration_us;
    uint64_t bytes;
    uint64_t generation; /* 0: it never had one */
    uint64_t id;         /* that an error of the engine names; 0: none */
    const char *kind;
    const char *verdict;
    const char *close;
    int line;
    unsigned status;
    uint32_t text_len[TEXT_COUNT];
};

struct access_ring {
    struct access_log *log;
    struct byte_ring ring;
};

struct access_log {
    char *path;
    int fd;
    int wake_fd;
    pthread_t thread;
    atomic_bool is_sleeping;
    atomic_bool is_ending;
    atomic_bool must_reopen;
    struct mg_buf out;
    unsigned ring_count;
    struct access_ring rings[];
};

/* ---- the workers' side ---- */

static void wake(struct access_log *log)
{
    const uint64_t one = 1;
    if (atomic_exchange(&log->is_sleeping, false)) {
        ssize_t written = write(log->wake_fd, &one, sizeof(one));
        (void)written; /* a full counter wakes as well */
    }
}

static bool push(struct access_ring *ring, struct record *record,
                 const struct mg_str texts[static TEXT_COUNT])
{
    size_t size = sizeof(*record);
    for (int i = 0; i < TEXT_COUNT; i++) {
        record->text_len[i] =
            (uint32_t)(texts[i].len < TEXT_MAX_BYTES ? texts[i].len : TEXT_MAX_BYTES);
        size += record->text_len[i];
    }
    char *to = mg_ring_reserve(&ring->ring, size);
    if (to == NULL) {
        return false;
    }
    memcpy(to, record, sizeof(*record));
    to += sizeof(*record);
    for (int i = 0; i < TEXT_COUNT; i++) {
        if (record->text_len[i] > 0) {
            memcpy(to, texts[i].ptr, record->text_len[i]);
            to += record->text_len[i];
        }
    }
    mg_ring_publish(&ring->ring, size);
    if (atomic_load_explicit(&ring->log->is_sleeping, memory_order_relaxed)) {
        wake(ring->log);
    }
    return true;
}

bool mg_access_log_add(struct access_ring *ring, const struct mg_exchange *exchange,
                       const char *close_reason)
{
    const struct exchange_place place = mg_exchange_place(exchange);
    struct record record = {
        .wall_us = mg_clock_wall_us(),
        .duration_us = mg_clock_us() - exchange->started_us,
        .bytes = exchange->bytes_out,
        .kind = mg_kind_name(exchange->decision.kind),
        .verdict = exchange->decision.reason == NULL
                       ? NULL
                       : mg_verdict_name(exchange->decision.verdict),
        .close = close_reason,
        .id = exchange->error_id,
        .line = place.line,
        .generation = place.generation,
        .status = exchange->answer == ANSWER_NONE ? 0 : exchange->status,
    };
    const struct mg_str texts[TEXT_COUNT] = {
        [TEXT_REMOTE] = mg_exchange_remote(exchange),
        [TEXT_METHOD] = exchange->head->method_token,
        [TEXT_TARGET] = exchange->head->target,
        [TEXT_ORIGIN] = mg_head_value(exchange->head, MG_FIELD_ORIGIN),
        [TEXT_PATTERN] = place.pattern,
        [TEXT_FILE] = mg_str_from(place.file),
        [TEXT_REVISION] = place.revision,
        [TEXT_REASON] = mg_str_from(exchange->reason),
    };
    return push(ring, &record, texts);
}

bool mg_access_log_refusal(struct access_ring *ring, const struct access_refusal *refusal)
{
    struct record record = {
        .wall_us = mg_clock_wall_us(),
        .close = refusal->reason,
        .status = refusal->status,
    };
    const struct mg_str texts[TEXT_COUNT] = {
        [TEXT_REMOTE] = refusal->remote,
        [TEXT_METHOD] =
            refusal->head == NULL ? (struct mg_str){NULL, 0} : refusal->head->method_token,
        [TEXT_TARGET] =
            refusal->head == NULL ? (struct mg_str){NULL, 0} : refusal->head->target,
        [TEXT_REASON] = mg_str_from(refusal->reason),
    };
    return push(ring, &record, texts);
}

/* ---- the writer's side ---- */

static void add_text(struct mg_buf *out, const char *key, struct mg_str text)
{
    mg_buf_printf(out, ",\"%s\":", key);
    if (text.len == 0) {
        mg_buf_add(out, MG_STR("null"));
    } else {
        mg_buf_add_json(out, text);
    }
}

static void format(struct mg_buf *out, const struct record *record, const char *bytes)
{
    struct mg_str texts[TEXT_COUNT];
    for (int i = 0; i < TEXT_COUNT; i++) {
        texts[i] = (struct mg_str){bytes, record->text_len[i]};
        bytes += record->text_len[i];
    }
    char time[MG_CLOCK_RFC3339_SIZE];
    mg_clock_rfc3339(record->wall_us, time);
    mg_buf_printf(out, "{\"time\":\"%s\"", time);
    add_text(out, "remote", texts[TEXT_REMOTE]);
    add_text(out, "method", texts[TEXT_METHOD]);
    add_text(out, "target", texts[TEXT_TARGET]);
    mg_buf_printf(out, ",\"status\":%u,\"bytes\":%llu,\"duration_us\":%llu", record->status,
                  (unsigned long long)record->bytes, (unsigned long long)record->duration_us);
    add_text(out, "kind", mg_str_from(record->kind));
    add_text(out, "origin", texts[TEXT_ORIGIN]);
    add_text(out, "decision", mg_str_from(record->verdict));
    add_text(out, "reason", texts[TEXT_REASON]);
    add_text(out, "resource", texts[TEXT_PATTERN]);
    if (texts[TEXT_FILE].len > 0) {
        char place[TEXT_MAX_BYTES + 16];
        int length = snprintf(place, sizeof(place), "%.*s:%d", MG_STR_ARG(texts[TEXT_FILE]),
                              record->line);
        add_text(out, "policy", (struct mg_str){place, (size_t)length});
    } else {
        mg_buf_add(out, MG_STR(",\"policy\":null"));
    }
    if (record->id != 0) {
        mg_buf_printf(out, ",\"id\":\"%016llx\"", (unsigned long long)record->id);
    } else {
        mg_buf_add(out, MG_STR(",\"id\":null"));
    }
    add_text(out, "close", mg_str_from(record->close));
    if (record->generation > 0) {
        mg_buf_printf(out, ",\"generation\":%llu", (unsigned long long)record->generation);
    } else {
        mg_buf_add(out, MG_STR(",\"generation\":null"));
    }
    add_text(out, "revision", texts[TEXT_REVISION]);
    mg_buf_add(out, MG_STR("}\n"));
}

static void write_out(struct access_log *log)
{
    size_t done = 0;
    while (done < log->out.len) {
        ssize_t written = write(log->fd, log->out.ptr + done, log->out.len - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break; /* a full disk loses lines, never requests */
        }
        done += (size_t)written;
    }
    mg_buf_clear(&log->out);
}

static bool drain_ring(struct access_log *log, struct access_ring *ring)
{
    size_t size;
    const char *bytes = mg_ring_peek(&ring->ring, &size);
    if (bytes == NULL) {
        return false;
    }
    struct record record;
    memcpy(&record, bytes, sizeof(record));
    size_t before = log->out.len;
    format(&log->out, &record, bytes + sizeof(record));
    if (log->out.overflowed) {
        log->out.overflowed = false;
        log->out.len = before;
    }
    mg_ring_release(&ring->ring);
    if (log->out.len >= WRITE_BYTES) {
        write_out(log);
    }
    return true;
}

static bool drain_all(struct access_log *log)
{
    bool found = false;
    for (unsigned i = 0; i < log->ring_count; i++) {
        /* A bounded share each, so that a busy worker's ring does not starve the others'. */
        for (int share = 0; share < 256 && drain_ring(log, &log->rings[i]); share++) {
            found = true;
        }
    }
    return found;
}

static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

static void reopen(struct access_log *log)
{
    if (!atomic_exchange(&log->must_reopen, false) || log->fd == STDOUT_FILENO) {
        return;
    }
    int fd = open_path(log->path);
    if (fd < 0) {
        MG_LOG(MG_LOG_ERROR, "access log not reopened, the old file is written on",
               {"path", mg_str_from(log->path)}, {"error", mg_str_from(strerror(errno))});
        return;
    }
    close(log->fd);
    log->fd = fd;
}

static void sleep_until_woken(struct access_log *log)
{
    struct pollfd wait = {.fd = log->wake_fd, .events = POLLIN};
    uint64_t count;
    write_out(log);
    atomic_store(&log->is_sleeping, true);
    /* A record may have come between the last look and the line above: look once more
     * before sleeping. */
    if (drain_all(log) || atomic_load(&log->is_ending) || atomic_load(&log->must_reopen)) {
        atomic_store(&log->is_sleeping, false);
        return;
    }
    (void)poll(&wait, 1, SLEEP_MS);
    ssize_t got = read(log->wake_fd, &count, sizeof(count));
    (void)got;
    atomic_store(&log->is_sleeping, false);
}

static void *run(void *argument)
{
    struct access_log *log = argument;
    while (true) {
        bool is_last = atomic_load(&log->is_ending);
        reopen(log);
        if (drain_all(log)) {
            continue;
        }
        if (is_last) {
            break;
        }
        sleep_until_woken(log);
    }
    write_out(log);
    return NULL;
}

/* ---- life ---- */

static void free_log(struct access_log *log)
{
    for (unsigned i = 0; i < log->ring_count; i++) {
        mg_ring_fini(&log->rings[i].ring);
    }
    if (log->fd >= 0 && log->fd != STDOUT_FILENO) {
        close(log->fd);
    }
    if (log->wake_fd >= 0) {
        close(log->wake_fd);
    }
    mg_buf_fini(&log->out);
    free(log->path);
    free(log);
}

static bool set_up(struct access_log *log, const char *path, unsigned workers,
                   struct mg_errs *errs)
{
    log->path = mg_malloc(strlen(path) + 1);
    if (log->path != NULL) {
        memcpy(log->path, path, strlen(path) + 1);
    }
    log->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    log->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO : open_path(path);
    if (log->fd < 0) {
        mg_errs_fail(errs, "access-log-open",
                     "give a path in a directory that exists and can be written to, or \"-\"",
                     "cannot open the access log %s: %s", path, strerror(errno));
        return false;
    }
    mg_buf_init(&log->out, WRITE_BYTES + LINE_MAX_BYTES);
    for (unsigned i = 0; i < workers; i++) {
        log->rings[i].log = log;
        log->ring_count++;
        if (!mg_ring_init(&log->rings[i].ring, RING_BYTES)) {
            mg_errs_fail(errs, "out-of-memory", NULL, "no memory for the access log");
            return false;
        }
    }
    return log->path != NULL && log->wake_fd >= 0;
}

struct access_log *mg_access_log_open(const char *path, unsigned workers, struct mg_errs *errs)
{
    struct access_log *log = NULL;
    size_t size = sizeof(*log) + workers * sizeof(log->rings[0]);
    if (posix_memalign((void **)&log, 64, (size + 63) & ~(size_t)63) != 0) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory for the access log");
        return NULL;
    }
    memset(log, 0, size);
    if (!set_up(log, path, workers, errs)) {
        free_log(log);
        return NULL;
    }
    if (pthread_create(&log->thread, NULL, run, log) != 0) {
        mg_errs_fail(errs, "thread-start", NULL, "cannot start the access log's thread");
        free_log(log);
        return NULL;
    }
    return log;
}

void mg_access_log_close(struct access_log *log)
{
    if (log == NULL) {
        return;
    }
    atomic_store(&log->is_ending, true);
    wake(log);
    (void)pthread_join(log->thread, NULL);
    free_log(log);
}

void mg_access_log_reopen(struct access_log *log)
{
    atomic_store(&log->must_reopen, true);
    wake(log);
}

struct access_ring *mg_access_log_ring(struct access_log *log, unsigned worker)
{
    return &log->rings[worker];
}
