/* classify.c - what kind of request it is.
 *
 * "preflighted" is a claim that a guard against cross-site request forgery may rest on, so it
 * needs proof: something that no form, image or link can send. Only the method and Content-Type
 * can prove it; other fields may have been added by a browser or on the way.
 */
#include "cors/decide.h"
#include "cors/origin.h"
#include "cors/safelist.h"

const char *mg_kind_name(enum mg_kind kind)
{
    static const char *const NAMES[] = {"none",        "same-origin", "simple",
                                        "preflighted", "preflight",   "options"};
    return NAMES[kind];
}

/* Content types that browsers send across origins without a preflight although they are not
 * safelisted: reports (Fetch, CORS protocol exceptions) and hyperlink auditing (HTML). */
static const struct mg_str UNPREFLIGHTED_TYPES[] = {
    {"application/csp-report", 22},
    {"application/expect-ct-report+json", 33},
    {"application/xss-auditor-report", 30},
    {"application/ocsp-request", 24},
    {"text/ping", 9},
};

/* Whether no page can have sent this Content-Type without a preflight. */
static bool needs_preflight(struct mg_str content_type)
{
    if (mg_content_type_is_safelisted(content_type)) {
        return false;
    }
    const char *semicolon =
        content_type.len == 0 ? NULL : memchr(content_type.ptr, ';', content_type.len);
    struct mg_str essence = content_type;
    if (semicolon != NULL) {
        essence.len = (size_t)(semicolon - content_type.ptr);
    }
    essence = mg_str_trim_ows(essence);
    for (size_t i = 0; i < sizeof(UNPREFLIGHTED_TYPES) / sizeof(UNPREFLIGHTED_TYPES[0]); i++) {
        if (mg_str_equal_nocase(essence, UNPREFLIGHTED_TYPES[i])) {
            return false;
        }
    }
    return true;
}

/* Several lines prove something only when each does: which one a reader takes is open. */
static bool is_preflighted(const struct mg_cors_request *request)
{
    if (!mg_method_is_safelisted(request->method)) {
        return true;
    }
    for (size_t i = 0; i < request->content_type.count; i++) {
        if (!needs_preflight(request->content_type.items[i])) {
            return false;
        }
    }
    return request->content_type.count > 0;
}

/* Whether the effective host[:port] is the origin's. A TLS terminator in front makes an https
 * page's request arrive as http, so the scheme counts only the other way round; a Host without
 * port means the default one of the page's scheme. */
static bool is_at_host(const struct mg_origin *origin, struct mg_str scheme, struct mg_str host)
{
    uint16_t port = mg_scheme_default_port(origin->scheme);
    bool is_downgraded = mg_str_equal(scheme, MG_STR("https")) && port != 443;
    if (port == 0 || is_downgraded || host.len < origin->host.len) {
        return false;
    }
    struct mg_str name = {host.ptr, origin->host.len};
    struct mg_str rest = mg_str_from_offset(host, name.len);
    if (!mg_str_equal_nocase(name, origin->host)) {
        return false;
    }
    bool names_port = rest.len > 0 && rest.ptr[0] == ':' &&
                      mg_origin_parse_port(mg_str_from_offset(rest, 1), &port);
    return (rest.len == 0 || names_port) && port == origin->port;
}

bool mg_cors_is_same_origin(const struct mg_cors_request *request, bool rejects)
{
    if (request->origin.count != 1) {
        return false;
    }
    struct mg_str text = request->origin.items[0];
    for (size_t i = 0; i < request->public_origins.count; i++) {
        if (mg_str_equal(text, request->public_origins.items[i])) {
            return true;
        }
    }
    struct mg_origin origin;
    if (request->site.len > 0) {
        return mg_str_equal(request->site, MG_STR("same-origin")) &&
               mg_origin_parse(text, &origin);
    }
    return !rejects && request->public_origins.count == 0 && mg_origin_parse(text, &origin) &&
           is_at_host(&origin, request->scheme, request->host);
}

enum mg_kind mg_cors_classify(const struct mg_cors_request *request, bool rejects)
{
    if (mg_str_equal(request->method, MG_STR("OPTIONS"))) {
        bool is_preflight = request->origin.count > 0 && request->acrm.count > 0;
        return is_preflight ? MG_KIND_PREFLIGHT : MG_KIND_OPTIONS;
    }
    if (request->origin.count == 0) {
        return MG_KIND_NONE;
    }
    if (mg_cors_is_same_origin(request, rejects)) {
        return MG_KIND_SAME_ORIGIN;
    }
    return is_preflighted(request) ? MG_KIND_PREFLIGHTED : MG_KIND_SIMPLE;
}
