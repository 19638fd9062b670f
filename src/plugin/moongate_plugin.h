/* moongate_plugin.h - the interface for plugins in C: all that such a plugin includes.
 *
 *     static int response(void *instance, …) { … }
 *     const struct moongate_plugin moongate_plugin = {
 *         .abi = MOONGATE_PLUGIN_ABI, .size = sizeof(moongate_plugin), .response = response};
 *
 * Built:     as a shared object that links nothing of the server; named by `native` in the
 *            plugin.lua beside it.
 * Versions:  another MOONGATE_PLUGIN_ABI is refused. Within one, members are only added at the
 *            ends of structs, and `size` tells how much of one there is.
 * Ownership: texts that the host gives are valid until the hook returns; those given to it are
 *            copied. Opaque structs are valid until the hook returns.
 * Errors:    a hook returns 0, or anything else when it failed. A call of the host that returns
 *            an int gives 0, or -1 when it refused; the hook has then failed whatever it
 *            returns, and nothing of what it did counts.
 * Threads:   each worker has an instance of its own, which one thread at a time uses; static
 *            variables are shared by all.
 */
#ifndef MG_PLUGIN_MOONGATE_PLUGIN_H
#define MG_PLUGIN_MOONGATE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOONGATE_PLUGIN_ABI 1

/* Bytes that need not end with NUL; `bytes` is NULL where there are none, as with an absent
 * field. */
struct moongate_text {
    const char *bytes;
    size_t length;
};

struct moongate_request;
struct moongate_answer;
struct moongate_decision;
struct moongate_response;
struct moongate_record;

enum moongate_level {
    MOONGATE_INFO,
    MOONGATE_WARNING
};

/* Texts of a request, a decision or a record; each says where it is. Others are absent. */
enum moongate_field {
    MOONGATE_METHOD,         /* request, record */
    MOONGATE_PATH,           /* request, record; in normal form */
    MOONGATE_QUERY,          /* request */
    MOONGATE_HOST,           /* request, record */
    MOONGATE_SCHEME,         /* request */
    MOONGATE_REMOTE_ADDRESS, /* request, record */
    MOONGATE_RESOURCE,       /* request, record; its pattern */
    MOONGATE_KIND,           /* request, decision, record: "preflight" … */
    MOONGATE_ORIGIN,         /* request, record */
    MOONGATE_BODY,           /* request, in a handler */
    MOONGATE_VERDICT,        /* decision, record: "allow", "deny", "not-cors" */
    MOONGATE_REASON,         /* decision, record */
};

/* Numbers of a record. */
enum moongate_number {
    MOONGATE_STATUS,
    MOONGATE_BYTES,       /* of the answer */
    MOONGATE_DURATION_US, /* from the complete head to the end of the answer */
    MOONGATE_WALL_MS,     /* when it was over, since 1970-01-01 UTC */
};

/* What the server offers; lives as long as the instance that it was given to. */
struct moongate_host {
    uint32_t abi;
    uint32_t size;
    /* Write a line to the operator's log; at most 1000 a second. */
    void (*log)(const struct moongate_host *host, enum moongate_level level,
                struct moongate_text text);
    uint64_t (*wall_ms)(const struct moongate_host *host);
    uint64_t (*monotonic_ms)(const struct moongate_host *host);

    struct moongate_text (*request_text)(struct moongate_request *request,
                                         enum moongate_field field);
    /* The value of line `index`, from 0, of a field. Which fields are read goes into Vary. */
    struct moongate_text (*request_header)(struct moongate_request *request,
                                           struct moongate_text name, size_t index);
    /* A parameter of the resource's pattern, percent-encoded as in the path. */
    struct moongate_text (*request_param)(struct moongate_request *request,
                                          struct moongate_text name);

    /* Answer with `status`, 200 to 599; in a request hook with the capability `respond` only.
     * Fields and body may follow. */
    int (*answer_begin)(struct moongate_answer *answer, unsigned status);
    int (*answer_field)(struct moongate_answer *answer, struct moongate_text name,
                        struct moongate_text value);
    int (*answer_body)(struct moongate_answer *answer, struct moongate_text body);

    struct moongate_text (*decision_text)(const struct moongate_decision *decision,
                                          enum moongate_field field);
    /* What the engine answers by itself; 0: the handler answers. */
    unsigned (*decision_status)(const struct moongate_decision *decision);
    /* Refuse with 403; `reason` is lower-case words joined by hyphens. */
    int (*decision_deny)(struct moongate_decision *decision, struct moongate_text reason);

    unsigned (*response_status)(const struct moongate_response *response);
    struct moongate_text (*response_header)(const struct moongate_response *response,
                                            struct moongate_text name, size_t index);
    /* In place of all lines of that name; one more line; none any more. Framing fields, Date
     * and CORS fields are refused. */
    int (*response_set)(struct moongate_response *response, struct moongate_text name,
                        struct moongate_text value);
    int (*response_add)(struct moongate_response *response, struct moongate_text name,
                        struct moongate_text value);
    int (*response_remove)(struct moongate_response *response, struct moongate_text name);

    struct moongate_text (*record_text)(const struct moongate_record *record,
                                        enum moongate_field field);
    uint64_t (*record_number)(const struct moongate_record *record,
                              enum moongate_number number);
};

/* What the shared object exports, as `moongate_plugin`. Every function may be NULL. */
struct moongate_plugin {
    uint32_t abi;
    uint32_t size;
    /* Make an instance. `config` is the checked configuration as JSON, valid for the call. On
     * failure write a sentence to `error` and return something else than 0. */
    int (*init)(const struct moongate_host *host, const char *config, void **instance,
                char *error, size_t error_size);
    void (*fini)(void *instance);
    int (*request)(void *instance, struct moongate_request *request,
                   struct moongate_answer *answer);
    int (*decision)(void *instance, struct moongate_request *request,
                    struct moongate_decision *decision);
    int (*response)(void *instance, struct moongate_request *request,
                    struct moongate_response *response);
    int (*log)(void *instance, const struct moongate_record *record);
    int (*handler)(void *instance, struct moongate_request *request,
                   struct moongate_answer *answer);
};

extern const struct moongate_plugin moongate_plugin;

#ifdef __cplusplus
}
#endif

#endif
