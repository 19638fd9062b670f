/* probe_audit_report.c - evidence is a request and its answer with those fields alone that CORS
 * and caches read.
 */
#include "cli/probe_audit_report.h"

#include "cli/explain_report.h"

static bool is_evidence(struct mg_str name)
{
    static const char *const NAMES[] = {"origin",  "vary",     "cache-control",
                                        "expires", "location", "www-authenticate"};
    static const struct mg_str PREFIX = {"access-control-", 15};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (mg_str_equal_nocase(name, mg_str_from(NAMES[i]))) {
            return true;
        }
    }
    return name.len > PREFIX.len &&
           mg_str_equal_nocase((struct mg_str){name.ptr, PREFIX.len}, PREFIX);
}

/* The fields that are evidence, in the arena; when it is full, all of them. */
static const struct mg_browser_field *filter(const struct mg_browser_field *fields,
                                             size_t *count, struct mg_arena *arena)
{
    struct mg_browser_field *kept = mg_arena_calloc(arena, *count + 1, sizeof(*kept));
    size_t kept_count = 0;
    if (kept == NULL) {
        return fields;
    }
    for (size_t i = 0; i < *count; i++) {
        if (is_evidence(fields[i].name)) {
            kept[kept_count++] = fields[i];
        }
    }
    *count = kept_count;
    return kept;
}

/* What is shown of a sample. */
struct shown {
    struct mg_browser_request request;
    struct mg_browser_response response;
};

static struct shown show(const struct mg_audit_sample *sample, struct mg_arena *arena)
{
    struct shown shown = {sample->request, sample->response};
    shown.request.fields = filter(sample->request.fields, &shown.request.field_count, arena);
    shown.response.fields = filter(sample->response.fields, &shown.response.field_count, arena);
    return shown;
}

static void print_fields(const struct mg_browser_field *fields, size_t count, char mark,
                         FILE *to)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(to, "  %c ", mark);
        mg_explain_print_safe(to, fields[i].name);
        (void)fputs(": ", to);
        mg_explain_print_safe(to, fields[i].value);
        (void)fputc('\n', to);
    }
}

static void print_evidence(const struct mg_audit_sample *sample, struct mg_arena *arena,
                           FILE *to)
{
    struct shown shown = show(sample, arena);
    (void)fprintf(to, "  > %.*s %.*s\n", MG_STR_ARG(shown.request.method),
                  MG_STR_ARG(shown.request.url->target));
    print_fields(shown.request.fields, shown.request.field_count, '>', to);
    if (sample->fault != NULL) {
        (void)fprintf(to, "  ! %s\n", sample->fault);
        return;
    }
    (void)fprintf(to, "  < %u\n", shown.response.status);
    print_fields(shown.response.fields, shown.response.field_count, '<', to);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void mg_audit_print(const struct mg_audit *audit, unsigned request_count, FILE *to)
{
    const struct mg_browser_url *url = audit->samples[0].request.url;
    (void)fprintf(to, "%.*s, with %.*s as the page: %u request%s, %zu finding%s\n",
                  MG_STR_ARG(url->href), MG_STR_ARG(audit->from), request_count,
                  plural(request_count), audit->finding_count, plural(audit->finding_count));
    for (size_t i = 0; i < audit->finding_count; i++) {
        const struct mg_audit_finding *finding = &audit->findings[i];
        (void)fprintf(to, "\n%s: %s [%s]\n", mg_audit_severity_name(finding->severity),
                      finding->check->title, finding->check->code);
        print_evidence(finding->evidence, audit->arena, to);
        (void)fprintf(to, "  fix: %s\n", finding->check->fix);
    }
}

/* Append "name":"value", with a comma unless it is the first of an object. */
static void add_member(struct mg_buf *out, const char *name, struct mg_str value)
{
    bool is_first = out->len > 0 && out->ptr[out->len - 1] == '{';
    mg_buf_printf(out, "%s\"%s\":", is_first ? "" : ",", name);
    mg_buf_add_json(out, value);
}

/* Append the fields as pairs, and the end of the object that they are in. */
static void add_fields(struct mg_buf *out, const struct mg_browser_field *fields, size_t count)
{
    mg_buf_add(out, MG_STR(",\"fields\":["));
    for (size_t i = 0; i < count; i++) {
        mg_buf_add(out, i == 0 ? MG_STR("[") : MG_STR(",["));
        mg_buf_add_json(out, fields[i].name);
        mg_buf_add_char(out, ',');
        mg_buf_add_json(out, fields[i].value);
        mg_buf_add_char(out, ']');
    }
    mg_buf_add(out, MG_STR("]}"));
}

static void add_finding(const struct mg_audit_finding *finding, struct mg_arena *arena,
                        struct mg_buf *out)
{
    struct shown shown = show(finding->evidence, arena);
    mg_buf_add_char(out, '{');
    add_member(out, "code", mg_str_from(finding->check->code));
    add_member(out, "severity", mg_str_from(mg_audit_severity_name(finding->severity)));
    add_member(out, "title", mg_str_from(finding->check->title));
    add_member(out, "fix", mg_str_from(finding->check->fix));
    mg_buf_add(out, MG_STR(",\"request\":{"));
    add_member(out, "method", shown.request.method);
    add_member(out, "url", shown.request.url->href);
    add_fields(out, shown.request.fields, shown.request.field_count);
    if (finding->evidence->fault == NULL) {
        mg_buf_printf(out, ",\"response\":{\"status\":%u", shown.response.status);
        add_fields(out, shown.response.fields, shown.response.field_count);
    } else {
        add_member(out, "fault", mg_str_from(finding->evidence->fault));
    }
    mg_buf_add_char(out, '}');
}

void mg_audit_json(const struct mg_audit *audit, unsigned request_count, struct mg_buf *out)
{
    mg_buf_add_char(out, '{');
    add_member(out, "url", audit->samples[0].request.url->href);
    add_member(out, "origin", audit->from);
    add_member(out, "worst",
               audit->finding_count == 0
                   ? MG_STR("none")
                   : mg_str_from(mg_audit_severity_name(mg_audit_worst(audit))));
    mg_buf_printf(out, ",\"requests\":%u,\"findings\":[", request_count);
    for (size_t i = 0; i < audit->finding_count; i++) {
        mg_buf_add(out, i == 0 ? MG_STR("") : MG_STR(","));
        add_finding(&audit->findings[i], audit->arena, out);
    }
    mg_buf_add(out, MG_STR("]}"));
}
