/* resolver.c - libevent's resolver. It tells the time an answer holds only for questions of one
 * type, and looks into the hosts file only for those that do not tell it; so the hosts file is
 * asked by a resolver that has no name servers, and A and AAAA by one that has.
 */
#include "net/resolver.h"

#include <stdlib.h>

#include <event2/dns.h>
#include <event2/util.h>

#include "core/alloc.h"
#include "net/worker_internal.h"

static const char HOSTS_FILE[] = "/etc/hosts";

struct question {
    struct question *next, *prev;
    struct mg_resolver *resolver;
    mg_resolved told;
    void *user;
    unsigned open; /* of A and AAAA */
    size_t count;
    uint32_t holds_s;
    struct mg_address addresses[MG_ADDRESSES_MAX];
};

struct mg_resolver {
    struct evdns_base *hosts; /* has no name servers */
    struct evdns_base *dns;
    struct question *questions;
};

struct mg_resolver *mg_resolver_new(struct mg_worker *worker, const char *const *servers,
                                    size_t count)
{
    struct mg_resolver *resolver = mg_calloc(1, sizeof(*resolver));
    if (resolver == NULL) {
        return NULL;
    }
    resolver->hosts = evdns_base_new(worker->base, 0);
    resolver->dns = evdns_base_new(worker->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver->dns == NULL || resolver->hosts == NULL) {
        mg_resolver_free(resolver);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        (void)evdns_base_nameserver_ip_add(resolver->dns, servers[i]);
    }
    if (count == 0) {
        /* Without the file, or servers in it, names are not found, which is told each time. */
        (void)evdns_base_resolv_conf_parse(resolver->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    }
    (void)evdns_base_set_option(resolver->dns, "timeout:", "2");
    (void)evdns_base_set_option(resolver->dns, "attempts:", "2");
    return resolver;
}

static void unlist(struct question *question)
{
    if (question->prev != NULL) {
        question->prev->next = question->next;
    } else {
        question->resolver->questions = question->next;
    }
    if (question->next != NULL) {
        question->next->prev = question->prev;
    }
}

void mg_resolver_free(struct mg_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    if (resolver->dns != NULL) {
        evdns_base_free(resolver->dns, 0);
    }
    if (resolver->hosts != NULL) {
        evdns_base_free(resolver->hosts, 0);
    }
    struct question *question = resolver->questions;
    while (question != NULL) {
        struct question *next = question->next;
        free(question);
        question = next;
    }
    free(resolver);
}

static void tell(struct question *question)
{
    bool has_any = question->count > 0;
    uint32_t holds_s = has_any ? question->holds_s : MG_RESOLVER_FAILED_S;
    holds_s = holds_s < MG_RESOLVER_MIN_S   ? MG_RESOLVER_MIN_S
              : holds_s > MG_RESOLVER_MAX_S ? MG_RESOLVER_MAX_S
                                            : holds_s;
    unlist(question);
    question->told(question->user, question->addresses, question->count, holds_s);
    free(question);
}

/* ---- the hosts file ---- */

struct hosts_answer {
    struct question *question;
    bool is_here; /* still within the call that asks */
};

static void on_hosts(int error, struct evutil_addrinfo *found, void *argument)
{
    struct hosts_answer *answer = argument;
    for (const struct evutil_addrinfo *at = found;
         error == 0 && answer->is_here && at != NULL &&
         answer->question->count < MG_ADDRESSES_MAX;
         at = at->ai_next) {
        struct mg_address *address = &answer->question->addresses[answer->question->count++];
        *address = (struct mg_address){.length = at->ai_addrlen};
        memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
    }
    if (found != NULL) {
        evutil_freeaddrinfo(found);
    }
}

/* Look into the hosts file, anew each time: it may have changed. An answer comes within the
 * call; a name that is not there waits for servers that do not exist, until it is given up.
 * That is told later, as an error, when the question may be gone: errors are not looked at. */
static void ask_hosts(struct question *question, const char *host)
{
    struct evdns_base *hosts = question->resolver->hosts;
    struct hosts_answer answer = {question, true};
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    evdns_base_clear_host_addresses(hosts);
    if (evdns_base_load_hosts(hosts, HOSTS_FILE) != 0) {
        return;
    }
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(hosts, host, NULL, &hints, on_hosts, &answer);
    answer.is_here = false;
    if (request != NULL) {
        evdns_getaddrinfo_cancel(request);
    }
}

/* ---- name servers ---- */

static void add_addresses(struct question *question, char type, int count, const void *bytes)
{
    for (int i = 0; i < count && question->count < MG_ADDRESSES_MAX; i++) {
        struct mg_address *address = &question->addresses[question->count++];
        *address = (struct mg_address){0};
        if (type == DNS_IPv4_A) {
            address->in.sin_family = AF_INET;
            address->length = sizeof(address->in);
            memcpy(&address->in.sin_addr, (const char *)bytes + (size_t)i * 4, 4);
        } else {
            address->in6.sin6_family = AF_INET6;
            address->length = sizeof(address->in6);
            memcpy(&address->in6.sin6_addr, (const char *)bytes + (size_t)i * 16, 16);
        }
    }
}

static void on_answer(int error, char type, int count, int ttl, void *bytes, void *argument)
{
    struct question *question = argument;
    if (error == DNS_ERR_NONE && (type == DNS_IPv4_A || type == DNS_IPv6_AAAA)) {
        bool is_first = question->count == 0;
        add_addresses(question, type, count, bytes);
        uint32_t holds_s = ttl < 0 ? 0 : (uint32_t)ttl;
        bool is_shorter = is_first || holds_s < question->holds_s;
        question->holds_s = count > 0 && is_shorter ? holds_s : question->holds_s;
    }
    if (--question->open == 0) {
        tell(question);
    }
}

bool mg_resolver_ask(struct mg_resolver *resolver, const char *host, mg_resolved told,
                     void *user)
{
    struct question *question = mg_calloc(1, sizeof(*question));
    if (question == NULL) {
        return false;
    }
    question->resolver = resolver;
    question->told = told;
    question->user = user;
    question->next = resolver->questions;
    if (question->next != NULL) {
        question->next->prev = question;
    }
    resolver->questions = question;
    ask_hosts(question, host);
    if (question->count > 0) {
        question->holds_s = MG_RESOLVER_HOSTS_S;
        tell(question);
        return true;
    }
    question->open = 3; /* this function is one, so that nothing is told too early */
    if (evdns_base_resolve_ipv4(resolver->dns, host, 0, on_answer, question) == NULL) {
        question->open--;
    }
    if (evdns_base_resolve_ipv6(resolver->dns, host, 0, on_answer, question) == NULL) {
        question->open--;
    }
    if (--question->open == 0) {
        tell(question);
    }
    return true;
}
