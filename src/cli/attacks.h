/* attacks.h - hostile policies and requests that the script host has to withstand, as tables.
 *
 * Each attack is a piece of Lua that stands in a small policy, beside resources that have done
 * nothing wrong, and a request that sets it off. self_attack.h runs them.
 *
 *   setup                         before the resources: what runs while loading
 *   resource "/attack" {
 *     cors = { origins = { GOOD }, <cors> },
 *     <slot> = function(req) <body> end,
 *   }
 *   resource "/declared"          the same without the function
 *
 * For `setup` and `body` there are `win()`, which allows MG_ATTACK_EVIL for this exchange: an
 * attack that notices its success calls it and is found out by the answer; and `friends`, a
 * table of the policy that the other resources use.
 * Ownership: everything is static.
 */
#ifndef MG_CLI_ATTACKS_H
#define MG_CLI_ATTACKS_H

#include <stddef.h>

/* The origin that the declared rule allows, and one that it does not. */
#define MG_ATTACK_GOOD "https://a.example"
#define MG_ATTACK_EVIL "https://evil.example"
/* What a policy must not tell a client, by an error's message for one. */
#define MG_ATTACK_SECRET "swordfish"

/* What has to come of an attack. Never is the answer wider than the declared rule. */
enum mg_attack_end {
    MG_ATTACK_DENIED,   /* 403 script-error, without access-control fields, every time */
    MG_ATTACK_DECLARED, /* it comes to nothing: answered as "/declared" is */
    MG_ATTACK_HARMLESS, /* one of the others */
    MG_ATTACK_REFUSED,  /* the set is not loaded: an error with the code `code` */
    MG_ATTACK_FAILED,   /* of plugins: 403 or 500 script-error, not more access-control fields
                           than "/declared" has */
};

struct mg_attack {
    const char *name;  /* stable, lower-case words joined by hyphens */
    const char *setup; /* or NULL */
    const char *slot;  /* origins, headers, classify, preflight (if NULL), simple,
                          preflighted; "" where `setup` is the whole policy */
    const char *body;
    const char *plugin; /* NULL, or plugin.lua of a plugin "hostile" that "/attack" uses; then
                           `setup` may use it in a way of its own */
    const char *cors;   /* more fields of the rule, each with a comma behind it, or NULL */
    const char *origin; /* of the request; NULL: MG_ATTACK_GOOD */
    const char *flood;  /* NULL or what is repeated: as the request's field X-Flood, and in the
                           policy in place of "$FLOOD" */
    unsigned flood_count;
    enum mg_attack_end end;
    const char *code; /* how the code of the fault begins; NULL: any, or none */
};

struct mg_attack_group {
    const char *kind; /* one word */
    const struct mg_attack *attacks;
    size_t count;
};

extern const struct mg_attack_group mg_attacks_cpu;
extern const struct mg_attack_group mg_attacks_escape;
extern const struct mg_attack_group mg_attacks_leak;
extern const struct mg_attack_group mg_attacks_library;
extern const struct mg_attack_group mg_attacks_load;
extern const struct mg_attack_group mg_attacks_memory;
extern const struct mg_attack_group mg_attacks_odd;
extern const struct mg_attack_group mg_attacks_output;
extern const struct mg_attack_group mg_attacks_plugin;
extern const struct mg_attack_group mg_attacks_stall;
extern const struct mg_attack_group mg_attacks_state;
extern const struct mg_attack_group mg_attacks_widen;

#endif
