/* bench_http.c - what a request head costs: all of mg_head_parse, its first pass alone, llhttp
 * alone (no callbacks but the one that stops it), and the target. One line a measure, the best
 * of several rounds.
 */
#include <stdio.h>
#include <time.h>

#include <llhttp.h>

#include "http/head.h"
#include "http/head_scan.h"
#include "http/target.h"

enum {
    ROUNDS = 2000, /* short ones, so that some are not interrupted */
    CALLS = 500
};

static const struct mg_head_limits LIMITS = {
    .head_bytes = 16384, .target_bytes = 8192, .fields = 100};

/* As Chromium sends it, 12 fields. */
static const char PREFLIGHT[] =
    "OPTIONS /v1/orders/42 HTTP/1.1\r\n"
    "Host: api.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Accept: */*\r\n"
    "Access-Control-Request-Method: PUT\r\n"
    "Access-Control-Request-Headers: authorization,content-type\r\n"
    "Origin: https://app.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Site: same-site\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://app.example.com/\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "\r\n";

static const struct mg_str BYTES = {PREFLIGHT, sizeof(PREFLIGHT) - 1};
static struct mg_head head;

static int stop(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

/* Each does one unit of work; false when it went wrong, so that nothing wrong is measured. */
static bool whole_parse(void)
{
    struct mg_head_scan scan = {0};
    return mg_head_parse(BYTES, &LIMITS, &scan, &head) == MG_HEAD_COMPLETE;
}

static bool first_pass(void)
{
    struct mg_head_scan scan = {0};
    memset(&head, 0, offsetof(struct mg_head, fields));
    return mg_head_scan_lines(BYTES, &LIMITS, &scan, &head) == MG_HEAD_COMPLETE;
}

static bool llhttp_alone(void)
{
    static const llhttp_settings_t settings = {.on_headers_complete = stop};
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    return llhttp_execute(&parser, BYTES.ptr, BYTES.len) == HPE_PAUSED;
}

static bool target_parse(void)
{
    char scratch[64];
    const char *reason = NULL;
    struct mg_target target;
    return mg_target_parse(&head, scratch, &target, &reason);
}

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool measure(const char *name, bool (*unit)(void))
{
    double best = 0;
    bool good = true;
    for (int round = 0; round < ROUNDS && good; round++) {
        double begin = now_ns();
        for (int i = 0; i < CALLS; i++) {
            good = unit() && good;
            /* The compiler may not know that the next call does the same. */
            __asm__ volatile("" ::: "memory");
        }
        double each = (now_ns() - begin) / CALLS;
        best = round == 0 || each < best ? each : best;
    }
    (void)printf("%-28s %7.1f ns%s\n", name, best, good ? "" : " (failed)");
    return good;
}

int main(void)
{
    (void)printf("head of %zu bytes, 12 fields\n", BYTES.len);
    bool good = measure("head, whole parse", whole_parse);
    good = measure("head, first pass alone", first_pass) && good;
    good = measure("head, all of it by llhttp", llhttp_alone) && good;
    good = whole_parse() && measure("target, plain path", target_parse) && good;
    return good ? 0 : 1;
}
