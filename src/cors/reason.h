/* reason.h - the stable codes that say why a request was decided as it was.
 *
 * One table: code, and one sentence for documentation and logs. Codes are never renamed; tests
 * hold docs/protocol.md to this list.
 * Threads:   pure; any thread.
 */
#ifndef MG_CORS_REASON_H
#define MG_CORS_REASON_H

#include "core/str.h"

/* X(enumerator, code, sentence) */
#define MG_REASONS(X)                                                                        \
    X(NO_ORIGIN, "no-origin", "The request has no Origin: nothing to decide.")               \
    X(SAME_ORIGIN, "same-origin", "Origin names this server: nothing to decide.")            \
    X(SIMPLE_ALLOWED, "simple-allowed", "A cross-origin request from an allowed origin.")    \
    X(PREFLIGHT_ALLOWED, "preflight-allowed",                                                \
      "The preflight asks for nothing that the rule does not allow.")                        \
    X(OPTIONS_DISCOVERY, "options-discovery",                                                \
      "A plain OPTIONS: answered with Allow, whoever asks.")                                 \
    X(NO_RULE, "no-rule", "The resource has no CORS rule: same-origin only.")                \
    X(ORIGIN_DENIED, "origin-denied", "The rule does not list the origin.")                  \
    X(ORIGIN_NULL_DENIED, "origin-null-denied",                                              \
      "The origin is opaque (\"null\") and the rule does not list \"null\".")                \
    X(ORIGIN_MALFORMED, "origin-malformed", "Origin is not one serialized origin.")          \
    X(METHOD_DENIED, "method-denied", "The rule does not allow the method.")                 \
    X(HEADER_DENIED, "header-denied", "The rule does not allow a requested header.")         \
    X(ACRM_MALFORMED, "acrm-malformed", "Access-Control-Request-Method is not one method.")  \
    X(ACRH_MALFORMED, "acrh-malformed",                                                      \
      "Access-Control-Request-Headers is not a list of names.")                              \
    X(ACRH_TOO_LARGE, "acrh-too-large",                                                      \
      "Access-Control-Request-Headers is beyond 8 KiB, 256 names or 64 empty elements.")     \
    X(PREFLIGHT_CONTENT, "preflight-content", "The preflight has content.")                  \
    X(OPTIONS_ASTERISK, "options-asterisk",                                                  \
      "OPTIONS * asks of the server, not of a resource.")                                    \
    X(ASTERISK_FORM, "asterisk-form", "The target * goes with OPTIONS only.")                \
    X(METHOD_NOT_ALLOWED, "method-not-allowed", "The resource does not support the method.") \
    X(METHOD_NOT_IMPLEMENTED, "method-not-implemented", "No resource supports the method.")  \
    X(SCRIPT_ERROR, "script-error", "A hook failed or gave a result out of form.")

#define MG_REASON_ENUMERATOR(name, code, sentence) MG_REASON_##name,
enum mg_reason {
    MG_REASONS(MG_REASON_ENUMERATOR) MG_REASON_COUNT
};
#undef MG_REASON_ENUMERATOR

enum {
    MG_REASON_MAX_BYTES = 64 /* of a code that a policy or plugin gives */
};

/* The code, a string literal; never NULL. */
const char *mg_reason_code(enum mg_reason reason);
/* The sentence. */
const char *mg_reason_sentence(enum mg_reason reason);

/* Whether `text` has the form of a code: lower-case words, or numbers behind the first letter,
 * joined by hyphens, of at most MG_REASON_MAX_BYTES. */
bool mg_reason_is_code(struct mg_str text);

#endif
