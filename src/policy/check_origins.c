/* check_origins.c - the origins of a rule, from a list or from a text file.
 *
 * Each text is parsed, judged and put into an array, of which the origin set is built in one
 * go. A list may have a million entries, so the number of faults told of one list is bounded.
 * What a function gives for one request is judged in the same way, but nothing is built: each
 * pattern is held against the request's origin at once.
 */
#include "cors/origin_set.h"
#include "policy/check.h"

enum {
    MAX_PATTERN_SHOWN = 120
};

/* A file that was compiled, to be used again by other resources. */
struct mg_compiled_list {
    struct mg_compiled_list *older;
    const struct mg_source *source;
    bool credentials;
    bool insecure;
    const struct mg_origin_set *set;
};

struct origin_check {
    struct mg_loader *loader;
    const struct mg_cors_decl *cors;
    struct mg_spot list;             /* of the whole list; of a file, its name without a line */
    struct mg_origin_entry *entries; /* NULL: nothing is built */
    size_t count;
    const struct mg_origin *origin; /* to be matched, or NULL */
    bool is_matched;
    size_t faults;             /* told and not told */
    enum mg_severity worst;    /* of those not told */
    bool has_told_of_wildcard; /* "*" with credentials: once is enough */
};

/* Report a fault of the entry `tag`, unless there were too many. */
static void report(struct origin_check *check, uint32_t tag, enum mg_severity severity,
                   const struct mg_pattern_fault *fault)
{
    if (severity < check->list.least) {
        return;
    }
    if (check->faults++ >= MG_POLICY_MAX_LIST_FAULTS) {
        check->worst = severity > check->worst ? severity : check->worst;
        return;
    }
    struct mg_spot spot = check->list;
    if (check->cors->origins.kind == MG_LIST_FILE) {
        spot.line = (int)tag;
    } else {
        spot = mg_check_spot(&check->list, tag);
    }
    mg_fault(&spot, severity, fault->code, fault->hint, "%s", fault->message);
}

static void report_rest(const struct origin_check *check)
{
    if (check->faults > MG_POLICY_MAX_LIST_FAULTS) {
        mg_fault(&check->list, check->worst, "list-more-faults", NULL,
                 "%zu more faults in this list are not shown",
                 check->faults - MG_POLICY_MAX_LIST_FAULTS);
    }
}

/* Fill a fault: `format` takes the pattern's text as its one string. */
static struct mg_pattern_fault fault_of(const char *code, const char *hint, struct mg_str text,
                                        const char *said)
{
    struct mg_pattern_fault fault = {.code = code};
    char quoted[MAX_PATTERN_SHOWN];
    mg_err_set(fault.message, sizeof(fault.message), "%s %s",
               mg_quote(quoted, sizeof(quoted), text), said);
    mg_err_set(fault.hint, sizeof(fault.hint), "%s", hint);
    return fault;
}

/* What only matters where browsers send cookies along. */
static void judge_with_credentials(struct origin_check *check, const struct mg_pattern *pattern,
                                   struct mg_str text, uint32_t tag)
{
    struct mg_origin as_origin = {
        .scheme = pattern->scheme, .host = pattern->host, .host_kind = pattern->host_kind};
    struct mg_pattern_fault fault;
    if (pattern->is_any) {
        fault = fault_of("wildcard-credentials", "list the origins, or drop credentials", text,
                         "with credentials would let every site act as the user");
        bool has_told = check->has_told_of_wildcard;
        check->has_told_of_wildcard = true;
        if (has_told) {
            return;
        }
    } else if (pattern->is_null) {
        fault =
            fault_of("origin-null-credentials", "leave it out", text,
                     "is the origin of every sandboxed frame, so it may not have credentials");
    } else if (mg_str_equal(pattern->scheme, MG_STR("http")) && !check->cors->insecure &&
               !mg_origin_is_loopback(&as_origin)) {
        fault = fault_of("origin-insecure-credentials", "https, or insecure = true", text,
                         "is not encrypted: who can change its pages can act as the user");
    } else {
        return;
    }
    report(check, tag, MG_ERROR, &fault);
}

static void judge(struct origin_check *check, const struct mg_pattern *pattern,
                  struct mg_str text, uint32_t tag)
{
    bool credentials = check->cors->credentials;
    if (credentials) {
        judge_with_credentials(check, pattern, text, tag);
    } else if (pattern->is_null) {
        struct mg_pattern_fault fault =
            fault_of("origin-null", "leave it out", text,
                     "is the origin of every sandboxed frame and data: URL");
        report(check, tag, MG_WARNING, &fault);
    }
    if (pattern->is_subdomains && pattern->host_kind == MG_HOST_NAME &&
        mg_host_is_public_suffix(check->loader, pattern->host)) {
        struct mg_pattern_fault fault =
            fault_of("pattern-public-suffix", "name a registered domain", text,
                     "covers a public suffix: anyone can get a name below it");
        report(check, tag, credentials ? MG_ERROR : MG_WARNING, &fault);
    }
}

/* Parse and judge one text; keep it when it is a pattern. */
static void add(struct origin_check *check, struct mg_str text, uint32_t tag)
{
    struct mg_pattern pattern;
    struct mg_pattern_fault fault;
    if (mg_pattern_parse(text, &pattern, &fault)) {
        judge(check, &pattern, text, tag);
        if (check->entries != NULL) {
            check->entries[check->count++] = (struct mg_origin_entry){pattern, tag};
        } else if (check->origin != NULL) {
            check->is_matched =
                check->is_matched || mg_pattern_matches(&pattern, check->origin);
        }
        return;
    }
    struct mg_pattern_fault told = fault_of(fault.code, fault.hint, text, fault.message);
    char ascii[sizeof(told.hint)];
    if (strcmp(fault.code, "origin-unicode") == 0 &&
        mg_pattern_to_ascii(text, ascii, sizeof(ascii))) {
        mg_err_set(told.hint, sizeof(told.hint), "%s", ascii);
    }
    report(check, tag, MG_ERROR, &told);
}

/* ---- lists and files ---- */

static size_t count_lines(struct mg_str text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    return lines;
}

/* Cut a comment: "#" at the beginning or behind white space. */
static struct mg_str without_comment(struct mg_str line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '#' &&
            (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t')) {
            line.len = i;
        }
    }
    return line;
}

static void add_lines(struct origin_check *check, struct mg_str text)
{
    struct mg_str bom = MG_STR("\xef\xbb\xbf");
    struct mg_str rest =
        mg_str_starts_with(text, bom) ? mg_str_from_offset(text, bom.len) : text;
    for (uint32_t line = 1; rest.len > 0; line++) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t length = end == NULL ? rest.len : (size_t)(end - rest.ptr);
        struct mg_str entry = {rest.ptr, length};
        entry.len -= length > 0 && entry.ptr[length - 1] == '\r';
        entry = mg_str_trim_ows(without_comment(entry));
        if (entry.len > 0) {
            add(check, entry, line);
        }
        rest = mg_str_from_offset(rest, end == NULL ? length : length + 1);
    }
}

static void add_items(struct origin_check *check, const struct mg_list_decl *list)
{
    for (size_t i = 0; i < list->count; i++) {
        add(check, list->items[i], (uint32_t)list->places[i]);
    }
}

static struct mg_str find_item(const struct mg_list_decl *list, uint32_t place)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->places[i] == place) {
            return list->items[i];
        }
    }
    return (struct mg_str){"", 0};
}

/* mg_origin_redundant_fn */
static void report_redundant(void *context, uint32_t tag, uint32_t by, bool is_equal)
{
    struct origin_check *check = context;
    const struct mg_list_decl *list = &check->cors->origins;
    struct mg_pattern_fault fault = {.code =
                                         is_equal ? "origin-duplicate" : "origin-redundant"};
    if (check->faults >= MG_POLICY_MAX_LIST_FAULTS) {
        check->faults++; /* do not search a long list for what is not shown */
        check->worst = check->worst > MG_WARNING ? check->worst : MG_WARNING;
        return;
    }
    char other[MAX_PATTERN_SHOWN];
    if (list->kind == MG_LIST_FILE) {
        mg_err_set(other, sizeof(other), "line %u", (unsigned)by);
    } else {
        mg_quote(other, sizeof(other), find_item(list, by));
    }
    mg_err_set(fault.message, sizeof(fault.message), "is %s %s",
               is_equal ? "the same as" : "covered by", other);
    mg_err_set(fault.hint, sizeof(fault.hint), "leave it out");
    report(check, tag, MG_WARNING, &fault);
}

static void report_missing(const struct origin_check *check)
{
    mg_fault(&check->list, MG_ERROR, "origins-missing",
             "origins = { \"https://app.example.com\" }; for no other origin, leave cors out",
             "names no origin");
}

static void add_all(struct origin_check *check)
{
    const struct mg_list_decl *list = &check->cors->origins;
    if (list->kind == MG_LIST_FILE) {
        check->list.file = list->source->name;
        check->list.line = 0;
        add_lines(check, list->source->text);
    } else {
        add_items(check, list);
    }
}

/* Check `check->cors->origins` and build the set. Returns: NULL when memory is out. */
static const struct mg_origin_set *build(struct origin_check *check)
{
    const struct mg_list_decl *list = &check->cors->origins;
    bool is_file = list->kind == MG_LIST_FILE;
    size_t max = is_file ? count_lines(list->source->text) : list->count;
    check->entries = mg_arena_calloc(&check->loader->scratch, max + 1, sizeof(*check->entries));
    if (check->entries == NULL) {
        return NULL;
    }
    add_all(check);
    bool is_said = list->kind == MG_LIST_BROKEN || list->kind == MG_LIST_FUNCTION;
    if (check->count == 0 && check->faults == 0 && !is_said) {
        report_missing(check);
    }
    const struct mg_origin_set *set = mg_origin_set_build(
        check->entries, check->count, check->loader->arena, report_redundant, check);
    report_rest(check);
    return set;
}

static const struct mg_compiled_list *find_compiled(const struct mg_loader *loader,
                                                    const struct mg_cors_decl *cors)
{
    const struct mg_compiled_list *list = loader->compiled_lists;
    for (; list != NULL; list = list->older) {
        if (list->source == cors->origins.source && list->credentials == cors->credentials &&
            list->insecure == cors->insecure) {
            return list;
        }
    }
    return NULL;
}

const struct mg_origin_set *mg_check_origins(struct mg_loader *loader,
                                             const struct mg_spot *spot,
                                             const struct mg_cors_decl *cors)
{
    struct origin_check check = {.loader = loader, .cors = cors, .worst = MG_NOTE};
    bool is_file = cors->origins.kind == MG_LIST_FILE;
    check.list = mg_spot_field(spot, ".", "origins");
    const struct mg_compiled_list *compiled = is_file ? find_compiled(loader, cors) : NULL;
    if (compiled != NULL) {
        return compiled->set;
    }
    const struct mg_origin_set *set = build(&check);
    struct mg_compiled_list *entry =
        is_file ? mg_arena_calloc(&loader->scratch, 1, sizeof(*entry)) : NULL;
    if (set == NULL || (is_file && entry == NULL)) {
        (void)mg_report_out_of_memory(loader);
        return NULL;
    }
    if (is_file) {
        *entry = (struct mg_compiled_list){loader->compiled_lists, cors->origins.source,
                                           cors->credentials, cors->insecure, set};
        loader->compiled_lists = entry;
    }
    return set;
}

bool mg_check_given_origins(struct mg_loader *loader, const struct mg_spot *spot,
                            const struct mg_cors_decl *cors, const struct mg_origin *origin)
{
    struct origin_check check = {
        .loader = loader, .cors = cors, .worst = MG_NOTE, .origin = origin};
    check.list = mg_spot_field(spot, ".", "origins");
    check.list.least = MG_ERROR;
    add_all(&check);
    return check.is_matched;
}

const struct mg_origin_set *mg_check_given_set(struct mg_loader *loader,
                                               const struct mg_spot *spot,
                                               const struct mg_cors_decl *cors,
                                               struct mg_arena *arena)
{
    struct origin_check check = {.loader = loader, .cors = cors, .worst = MG_NOTE};
    check.list = *spot;
    check.entries =
        mg_arena_calloc(&loader->scratch, cors->origins.count + 1, sizeof(*check.entries));
    if (check.entries == NULL) {
        return NULL;
    }
    add_all(&check);
    return mg_origin_set_build(check.entries, check.count, arena, NULL, NULL);
}

bool mg_host_is_public_suffix(struct mg_loader *loader, struct mg_str host)
{
    char name[256];
    host.len -= mg_str_ends_with(host, MG_STR(".")); /* the list's names are without */
    if (host.len >= sizeof(name)) {
        return false;
    }
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    if (loader->suffixes == NULL) {
        loader->suffixes = psl_latest(NULL);
    }
    const psl_ctx_t *suffixes = loader->suffixes;
    return suffixes != NULL &&
           psl_is_public_suffix2(suffixes, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}
