/* explain_text.c - the report for a person: requests behind ">", answers behind "<", the checks
 * between them with their sections of the standard in a column, and the end of it.
 */
#include "cli/explain_cause.h"
#include "cli/explain_report.h"

enum {
    MAX_COLUMN = 64 /* checks longer than this have their section right behind them */
};

/* Escape sequences, empty without colour. */
struct paint {
    const char *good;
    const char *bad;
    const char *bold;
    const char *dim;
    const char *off;
};

/* One report being printed. */
struct printer {
    const struct mg_explain_report *report;
    struct paint paint;
    FILE *to;
    const struct mg_browser_step *next; /* the first step not printed yet */
    int column;                         /* where sections begin */
};

void mg_explain_print_safe(FILE *to, struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            (void)fprintf(to, "\\x%02x", c);
        } else {
            (void)fputc(c, to);
        }
    }
}

static size_t step_width(const struct mg_browser_step *step)
{
    return strlen(step->what) + (step->detail.len > 0 ? step->detail.len + 2 : 0);
}

static int measure(const struct mg_browser_step *steps)
{
    size_t column = 0;
    for (const struct mg_browser_step *step = steps; step != NULL; step = step->next) {
        size_t width = step_width(step);
        column = width > column && width <= MAX_COLUMN ? width : column;
    }
    return (int)column;
}

static void print_step(const struct printer *p, const struct mg_browser_step *step)
{
    (void)fprintf(p->to, "  %s%-4s%s  %s", step->passed ? p->paint.good : p->paint.bad,
                  step->passed ? "ok" : "FAIL", p->paint.off, step->what);
    if (step->detail.len > 0) {
        (void)fputs(": ", p->to);
        mg_explain_print_safe(p->to, step->detail);
    }
    int gap = p->column - (int)step_width(step);
    (void)fprintf(p->to, "%*s%s%s%s\n", gap > 0 ? gap + 2 : 2, "", p->paint.dim, step->section,
                  p->paint.off);
}

/* Print the steps up to and with `last`; NULL: all that are left. */
static void print_steps(struct printer *p, const struct mg_browser_step *last)
{
    bool is_done = false;
    while (p->next != NULL && !is_done) {
        print_step(p, p->next);
        is_done = p->next == last;
        p->next = p->next->next;
    }
}

static void print_fields(const struct printer *p, char mark,
                         const struct mg_browser_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(p->to, "  %s%c%s ", p->paint.dim, mark, p->paint.off);
        mg_explain_print_safe(p->to, fields[i].name);
        (void)fputs(": ", p->to);
        mg_explain_print_safe(p->to, fields[i].value);
        (void)fputc('\n', p->to);
    }
}

static void print_line(const struct printer *p, char mark, struct mg_str line)
{
    (void)fprintf(p->to, "  %s%c%s %s", p->paint.dim, mark, p->paint.off, p->paint.bold);
    mg_explain_print_safe(p->to, line);
    (void)fprintf(p->to, "%s\n", p->paint.off);
}

static const char *handler_name(enum mg_handler_kind kind)
{
    return kind == MG_HANDLER_PROXY ? "proxy" : "its handler";
}

/* Who answered. */
static void print_source(const struct printer *p, const struct mg_explain_exchange *exchange)
{
    const struct mg_resource *resource = exchange->resource;
    (void)fprintf(p->to, "  by    ");
    if (!exchange->is_decided) {
        (void)fprintf(p->to, "%s\n", exchange->answer.source);
        return;
    }
    if (resource != NULL) {
        (void)fprintf(p->to, "%s:%d  ", exchange->file, exchange->line);
        mg_explain_print_safe(p->to, resource->pattern);
        (void)fprintf(p->to, "  ");
    }
    (void)fprintf(p->to, "%s\n", exchange->reason);
    if (exchange->is_synthetic && resource != NULL) {
        (void)fprintf(p->to,
                      "  note  %s does not answer here: a 200 with the decision's fields "
                      "stands for it\n",
                      handler_name(resource->handler.kind));
    }
}

static void print_exchange(const struct printer *p, const struct mg_explain_exchange *exchange)
{
    const struct mg_browser_request *request = &exchange->request;
    struct mg_str line =
        mg_arena_printf(p->report->input->arena, "%.*s %.*s HTTP/1.1",
                        MG_STR_ARG(request->method), MG_STR_ARG(request->url->target));
    (void)fputc('\n', p->to);
    print_line(p, '>', line);
    print_fields(p, '>', request->fields, request->field_count);
    if (request->credentials) {
        (void)fprintf(p->to, "  %s>%s (and the cookies that the browser has)\n", p->paint.dim,
                      p->paint.off);
    }
    (void)fputc('\n', p->to);
    if (exchange->is_answered) {
        print_line(p, '<', exchange->answer.status_line);
        print_fields(p, '<', exchange->answer.response.fields,
                     exchange->answer.response.field_count);
        print_source(p, exchange);
        (void)fputc('\n', p->to);
    }
}

static void print_labelled(const struct printer *p, const char *label, struct mg_str text)
{
    (void)fprintf(p->to, "%s%-8s%s ", p->paint.bold, label, p->paint.off);
    mg_explain_print_safe(p->to, text);
    (void)fputc('\n', p->to);
}

static void print_names(const struct printer *p, const char *label,
                        struct mg_browser_names names)
{
    if (names.count > 0) {
        print_labelled(p, label, mg_browser_join_names(names, p->report->input->arena));
    }
}

static void print_heading(const struct printer *p)
{
    const struct mg_explain_report *report = p->report;
    const struct mg_browser_spec *spec = &report->input->spec;
    const struct mg_browser_class *fetch_class = &report->fetch.classification;
    static const char *const CREDENTIALS[] = {"same-origin", "omit", "include"};
    struct mg_arena *arena = report->input->arena;
    struct mg_str method = fetch_class->method.len > 0 ? fetch_class->method : spec->method;
    print_labelled(p, "fetch",
                   mg_arena_printf(arena, "%.*s%s%.*s", MG_STR_ARG(method),
                                   method.len > 0 ? " " : "", MG_STR_ARG(spec->url)));
    print_labelled(p, "from",
                   mg_arena_printf(arena, "%.*s, browser %s, credentials %s",
                                   MG_STR_ARG(spec->origin),
                                   mg_browser_profile(spec->browser)->name,
                                   CREDENTIALS[spec->credentials]));
    print_labelled(p, "kind", mg_str_from(mg_explain_kind(report)));
    print_names(p, "unsafe", fetch_class->unsafe_names);
    print_names(p, "dropped", fetch_class->dropped_names);
    for (size_t i = 0; i < report->input->note_count; i++) {
        print_labelled(p, "note", report->input->notes[i]);
    }
    (void)fputc('\n', p->to);
}

static void print_end(const struct printer *p)
{
    const struct mg_explain_report *report = p->report;
    const struct mg_browser_fetch *fetch = &report->fetch;
    const struct mg_explain_exchange *last = mg_explain_last(report);
    bool is_good = fetch->verdict == MG_FETCH_READABLE || fetch->verdict == MG_FETCH_OPAQUE;
    (void)fprintf(p->to, "\n%sverdict %s %s%s%s", p->paint.bold, p->paint.off,
                  is_good ? p->paint.good : p->paint.bad, mg_fetch_verdict_name(fetch->verdict),
                  p->paint.off);
    if (!is_good) {
        (void)fprintf(p->to, ": %s", mg_explain_outcome(report, last));
    } else if (fetch->verdict == MG_FETCH_READABLE && last != NULL) {
        (void)fprintf(p->to, ": status %u", last->answer.response.status);
    }
    if (fetch->classification.reason != NULL) {
        (void)fprintf(p->to, ", %s", fetch->classification.reason);
    }
    (void)fputc('\n', p->to);
    struct mg_str cause = mg_explain_cause(report);
    if (cause.len > 0) {
        print_labelled(p, "because", cause);
    }
    if (fetch->console.len > 0) {
        print_labelled(p, "console", fetch->console);
    }
    for (size_t i = 0; i < report->fix_count; i++) {
        print_labelled(p, "fix", report->fixes[i]);
    }
    for (size_t i = 0; report->has_browsers && i < MG_EXPLAIN_BROWSERS; i++) {
        const struct mg_explain_browser *browser = &report->browsers[i];
        if (browser->difference.len > 0) {
            print_labelled(p, mg_browser_profile(browser->browser)->name, browser->difference);
        }
    }
    if (report->unused_answer_count > 0) {
        (void)fprintf(p->to, "%snote%s     %zu of the answers given were not needed\n",
                      p->paint.bold, p->paint.off, report->unused_answer_count);
    }
}

void mg_explain_print(const struct mg_explain_report *report, bool colour, FILE *to)
{
    static const struct paint PLAIN = {"", "", "", "", ""};
    static const struct paint COLOURED = {"\033[32m", "\033[31m", "\033[1m", "\033[2m",
                                          "\033[0m"};
    struct printer p = {
        .report = report,
        .paint = colour ? COLOURED : PLAIN,
        .to = to,
        .next = report->fetch.steps,
        .column = measure(report->fetch.steps),
    };
    print_heading(&p);
    for (size_t i = 0; i < report->exchange_count; i++) {
        print_steps(&p, report->exchanges[i].step);
        print_exchange(&p, &report->exchanges[i]);
    }
    print_steps(&p, NULL);
    print_end(&p);
}
