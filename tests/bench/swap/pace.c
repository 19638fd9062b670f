/* pace.c - requests at a fixed rate, each answer's latency from the moment it was due, so that
 * a server which pauses cannot hide it: pace PORT RATE SECONDS CONNECTIONS RESOURCES ORIGINS.
 *
 * Prints one line of JSON: requests, errors, p50, p99, p999 and max in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 256,
    ANSWER_SIZE = 4096,
};

struct connection {
    int fd;
    int is_busy;
    uint64_t due_ns;
    size_t length;
    char answer[ANSWER_SIZE];
};

static struct connection connections[MAX_CONNECTIONS];
static uint32_t *latencies;
static size_t answered;
static size_t errors;

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int open_connection(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("connect");
        exit(1);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static size_t resources;
static size_t origins;

/* A preflight for one of the resources, from one of the origins. */
static void ask(struct connection *connection, uint64_t due_ns, size_t number)
{
    char request[256];
    int length =
        snprintf(request, sizeof(request),
                 "OPTIONS /r%zu HTTP/1.1\r\nHost: h\r\nOrigin: https://o%zu.example\r\n"
                 "Access-Control-Request-Method: PUT\r\n\r\n",
                 number * 7919 % resources, number * 104729 % origins);
    connection->is_busy = 1;
    connection->due_ns = due_ns;
    connection->length = 0;
    errors += write(connection->fd, request, (size_t)length) != length;
}

static void take(struct connection *connection)
{
    ssize_t got = read(connection->fd, connection->answer + connection->length,
                       ANSWER_SIZE - 1 - connection->length);
    if (got <= 0) {
        errors++;
        connection->is_busy = 0;
        return;
    }
    connection->length += (size_t)got;
    connection->answer[connection->length] = '\0';
    if (strstr(connection->answer, "\r\n\r\n") == NULL) {
        return;
    }
    errors += strncmp(connection->answer, "HTTP/1.1 204 ", 13) != 0 ||
              strstr(connection->answer, "Access-Control-Allow-Origin: ") == NULL;
    latencies[answered++] = (uint32_t)((now_ns() - connection->due_ns) / 1000);
    connection->is_busy = 0;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static struct connection *find_free(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!connections[i].is_busy) {
            return &connections[i];
        }
    }
    return NULL;
}

static size_t count_busy(size_t count)
{
    size_t busy = 0;
    for (size_t i = 0; i < count; i++) {
        busy += connections[i].is_busy != 0;
    }
    return busy;
}

/* Wait for answers, at most until `until_ns`. */
static void wait_for_answers(size_t count, uint64_t until_ns)
{
    struct pollfd fds[MAX_CONNECTIONS];
    for (size_t i = 0; i < count; i++) {
        fds[i] = (struct pollfd){.fd = connections[i].is_busy ? connections[i].fd : -1,
                                 .events = POLLIN};
    }
    uint64_t now = now_ns();
    uint64_t left = until_ns > now ? until_ns - now : 0;
    struct timespec wait = {.tv_sec = (time_t)(left / 1000000000),
                            .tv_nsec = (long)(left % 1000000000)};
    if (ppoll(fds, count, &wait, NULL) <= 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents != 0) {
            take(&connections[i]);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        (void)fprintf(stderr, "pace PORT RATE SECONDS CONNECTIONS RESOURCES ORIGINS\n");
        return 2;
    }
    size_t rate = strtoul(argv[2], NULL, 10);
    size_t total = rate * strtoul(argv[3], NULL, 10);
    size_t count = strtoul(argv[4], NULL, 10);
    resources = strtoul(argv[5], NULL, 10);
    origins = strtoul(argv[6], NULL, 10);
    count = count < MAX_CONNECTIONS ? count : MAX_CONNECTIONS;
    latencies = calloc(total + 1, sizeof(*latencies));
    for (size_t i = 0; i < count; i++) {
        connections[i].fd = open_connection((int)strtol(argv[1], NULL, 10));
    }
    uint64_t start_ns = now_ns();
    size_t sent = 0;
    while (sent < total || count_busy(count) > 0) {
        uint64_t due_ns = start_ns + sent * 1000000000ULL / rate;
        struct connection *connection = find_free(count);
        if (sent < total && connection != NULL && now_ns() >= due_ns) {
            ask(connection, due_ns, sent++);
            continue;
        }
        wait_for_answers(count,
                         sent < total && connection != NULL ? due_ns : now_ns() + 1000000000);
    }
    qsort(latencies, answered, sizeof(*latencies), compare);
    (void)printf(
        "{\"requests\":%zu,\"errors\":%zu,\"p50\":%u,\"p99\":%u,\"p999\":%u,\"max\":%u}\n",
        answered, errors, latencies[answered / 2], latencies[answered * 99 / 100],
        latencies[answered * 999 / 1000], latencies[answered - 1]);
    return errors != 0;
}
