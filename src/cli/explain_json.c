/* explain_json.c - the report as JSON; docs/explain.md lists the members. */
#include "cli/explain_cause.h"
#include "cli/explain_report.h"
#include "cli/json.h"

static json_t *text_or_null(struct mg_str value)
{
    return value.len == 0 ? json_null() : mg_json_text(value);
}

/* Set a member; a value that could not be made is left out, and the object noticed as broken by
 * whoever reads it. */
static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static json_t *names(struct mg_browser_names list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list.count; i++) {
        (void)json_array_append_new(array, mg_json_text(list.items[i]));
    }
    return array;
}

static json_t *texts(const struct mg_str *items, size_t count)
{
    return names((struct mg_browser_names){items, count});
}

static json_t *fields(const struct mg_browser_field *items, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *pair = json_array();
        (void)json_array_append_new(pair, mg_json_text(items[i].name));
        (void)json_array_append_new(pair, mg_json_text(items[i].value));
        (void)json_array_append_new(array, pair);
    }
    return array;
}

static json_t *request_object(const struct mg_browser_request *request)
{
    json_t *object = json_object();
    set(object, "method", mg_json_text(request->method));
    set(object, "url", mg_json_text(request->url->href));
    set(object, "target", mg_json_text(request->url->target));
    set(object, "origin", text_or_null(request->origin));
    set(object, "acrm", text_or_null(request->acrm));
    set(object, "acrh", text_or_null(request->acrh));
    set(object, "credentials", json_boolean(request->credentials));
    set(object, "fields", fields(request->fields, request->field_count));
    return object;
}

static json_t *response_object(const struct mg_explain_exchange *exchange)
{
    if (!exchange->is_answered) {
        return json_null();
    }
    const struct mg_browser_response *response = &exchange->answer.response;
    json_t *object = json_object();
    set(object, "status", json_integer(response->status));
    set(object, "fields", fields(response->fields, response->field_count));
    set(object, "synthetic", json_boolean(exchange->is_synthetic));
    set(object, "source",
        exchange->answer.source == NULL ? json_null()
                                        : mg_json_text(mg_str_from(exchange->answer.source)));
    return object;
}

static json_t *policy_object(const struct mg_explain_exchange *exchange)
{
    if (exchange == NULL || !exchange->is_decided) {
        return json_null();
    }
    const struct mg_resource *resource = exchange->resource;
    json_t *object = json_object();
    set(object, "file",
        exchange->file == NULL ? json_null() : mg_json_text(mg_str_from(exchange->file)));
    set(object, "line", exchange->file == NULL ? json_null() : json_integer(exchange->line));
    set(object, "pattern", resource == NULL ? json_null() : mg_json_text(resource->pattern));
    set(object, "reason", mg_json_text(mg_str_from(exchange->reason)));
    if (exchange->steps > 0) {
        set(object, "steps", json_integer((json_int_t)exchange->steps));
    }
    return object;
}

static json_t *exchange_object(const struct mg_explain_report *report,
                               const struct mg_explain_exchange *exchange)
{
    json_t *object = json_object();
    set(object, "hop", json_integer((json_int_t)exchange->hop));
    set(object, "request", request_object(&exchange->request));
    set(object, "response", response_object(exchange));
    set(object, "outcome", mg_json_text(mg_str_from(mg_explain_outcome(report, exchange))));
    set(object, "policy", policy_object(exchange));
    return object;
}

/* The first URL's preflight or actual request. */
static json_t *first_exchange(const struct mg_explain_report *report, bool preflight)
{
    for (size_t i = 0; i < report->exchange_count; i++) {
        const struct mg_explain_exchange *exchange = &report->exchanges[i];
        if (exchange->hop == 0 && exchange->request.preflight == preflight) {
            return exchange_object(report, exchange);
        }
    }
    return json_null();
}

static json_t *hop_object(const struct mg_browser_hop *hop)
{
    json_t *object = json_object();
    set(object, "url", mg_json_text(hop->url.href));
    set(object, "method", mg_json_text(hop->method));
    set(object, "origin", text_or_null(hop->origin));
    set(object, "preflight", json_string(mg_explain_preflight_name(hop->preflight)));
    set(object, "preflight_status",
        hop->preflight_status == 0 ? json_null() : json_integer(hop->preflight_status));
    set(object, "status", hop->status == 0 ? json_null() : json_integer(hop->status));
    return object;
}

static void set_lists(json_t *root, const struct mg_explain_report *report)
{
    const struct mg_browser_fetch *fetch = &report->fetch;
    json_t *exchanges = json_array();
    json_t *hops = json_array();
    json_t *steps = json_array();
    for (size_t i = 0; i < report->exchange_count; i++) {
        (void)json_array_append_new(exchanges, exchange_object(report, &report->exchanges[i]));
    }
    for (size_t i = 0; i < fetch->hop_count; i++) {
        (void)json_array_append_new(hops, hop_object(&fetch->hops[i]));
    }
    for (const struct mg_browser_step *step = fetch->steps; step != NULL; step = step->next) {
        json_t *object = json_object();
        set(object, "section", json_string(step->section));
        set(object, "what", json_string(step->what));
        set(object, "detail", text_or_null(step->detail));
        set(object, "passed", json_boolean(step->passed));
        set(object, "hop", json_integer((json_int_t)step->hop));
        (void)json_array_append_new(steps, object);
    }
    set(root, "hops", hops);
    set(root, "exchanges", exchanges);
    set(root, "steps", steps);
}

/* What each browser does with the fetch. */
static json_t *browsers(const struct mg_explain_report *report)
{
    json_t *all = report->has_browsers ? json_object() : json_null();
    for (size_t i = 0; report->has_browsers && i < MG_EXPLAIN_BROWSERS; i++) {
        const struct mg_explain_browser *browser = &report->browsers[i];
        json_t *object = json_object();
        set(object, "kind", json_string(browser->kind));
        set(object, "preflight", json_string(browser->preflight));
        set(object, "acrm", text_or_null(browser->acrm));
        set(object, "acrh", text_or_null(browser->acrh));
        set(object, "verdict", json_string(browser->verdict));
        set(object, "outcome", json_string(browser->outcome));
        set(object, "difference", text_or_null(browser->difference));
        set(all, mg_browser_profile(browser->browser)->name, object);
    }
    return all;
}

bool mg_explain_print_json(const struct mg_explain_report *report, FILE *to)
{
    const struct mg_browser_fetch *fetch = &report->fetch;
    const struct mg_browser_class *fetch_class = &fetch->classification;
    const struct mg_explain_exchange *last = mg_explain_last(report);
    json_t *root = json_object();
    set(root, "kind", json_string(mg_explain_kind(report)));
    set(root, "reason",
        fetch_class->reason == NULL ? json_null() : json_string(fetch_class->reason));
    set(root, "unsafe_headers", names(fetch_class->unsafe_names));
    set(root, "dropped_headers", names(fetch_class->dropped_names));
    set(root, "preflight", first_exchange(report, true));
    set(root, "actual", first_exchange(report, false));
    set(root, "verdict", json_string(mg_fetch_verdict_name(fetch->verdict)));
    set(root, "outcome", json_string(mg_explain_outcome(report, last)));
    set(root, "cause", text_or_null(mg_explain_cause(report)));
    set(root, "console", text_or_null(fetch->console));
    set(root, "policy", policy_object(last));
    set(root, "fix", texts(report->fixes, report->fix_count));
    set(root, "notes", texts(report->input->notes, report->input->note_count));
    set(root, "browser", json_string(mg_browser_profile(report->input->spec.browser)->name));
    set(root, "browsers", browsers(report));
    set_lists(root, report);
    bool ok = root != NULL && json_dumpf(root, to, JSON_INDENT(2)) == 0 && fputc('\n', to) >= 0;
    json_decref(root);
    return ok;
}
