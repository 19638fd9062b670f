/* lua_pattern.c - a backtracking matcher that reads the pattern as it goes.
 *
 *   match_rest(s, p): does the pattern from p match the subject from s?
 *      single item              compare, go on in the loop
 *      single item * + - ?      for each choice of length: match_rest behind the item
 *      ( )                      note the capture, match_rest, take the note back on failure
 *      %b %f %1                 no choice: go on in the loop
 *
 * So the recursion is as deep as the pattern has choices and captures on its way, whatever the
 * subject. Every path of backtracking goes through the head of the loop, where a step is taken;
 * loops over the subject take theirs themselves.
 *
 * NULL (or false) stands for "no match" as well as for the end of it all (a fault, no steps
 * left), which match->result tells apart. Whoever could try something else has to look there
 * first.
 */
#include "script/lua_pattern.h"

/* The end of it all: nothing else is tried. */
static const char *give_up(struct mg_pattern_match *m, const char *message)
{
    m->result = MG_PATTERN_INVALID;
    m->message = message;
    return NULL;
}

static const char *run_out(struct mg_pattern_match *m)
{
    m->result = MG_PATTERN_SPENT;
    m->steps_left = 0;
    return NULL;
}

static inline bool has_ended(const struct mg_pattern_match *m)
{
    return m->result != MG_PATTERN_NO_MATCH;
}

static inline bool take_steps(struct mg_pattern_match *m, uint64_t steps)
{
    if (steps > m->steps_left) {
        (void)run_out(m);
        return false;
    }
    m->steps_left -= steps;
    return true;
}

static inline const char *subject_end(const struct mg_pattern_match *m)
{
    return m->subject.ptr + m->subject.len;
}

static inline const char *pattern_end(const struct mg_pattern_match *m)
{
    return m->pattern.ptr + m->pattern.len;
}

/* ---- classes, in ASCII ---- */

static inline bool is_between(unsigned char c, unsigned char first, unsigned char last)
{
    return c >= first && c <= last;
}

static inline bool is_alpha(unsigned char c)
{
    return is_between(c | 0x20, 'a', 'z');
}

static inline bool is_alnum(unsigned char c)
{
    return is_alpha(c) || is_between(c, '0', '9');
}

static inline bool is_graph(unsigned char c)
{
    return is_between(c, '!', '~');
}

/* Whether `c` is in the class that the letter stands for; any other character stands for
 * itself. The manual no longer lists %z, the zero byte, but Lua still knows it. */
static bool matches_class(unsigned char c, unsigned char letter)
{
    bool is_in;
    switch (letter | 0x20) {
    case 'a':
        is_in = is_alpha(c);
        break;
    case 'c':
        is_in = c < ' ' || c == 0x7f;
        break;
    case 'd':
        is_in = is_between(c, '0', '9');
        break;
    case 'g':
        is_in = is_graph(c);
        break;
    case 'l':
        is_in = is_between(c, 'a', 'z');
        break;
    case 'p':
        is_in = is_graph(c) && !is_alnum(c);
        break;
    case 's':
        is_in = c == ' ' || is_between(c, '\t', '\r');
        break;
    case 'u':
        is_in = is_between(c, 'A', 'Z');
        break;
    case 'w':
        is_in = is_alnum(c);
        break;
    case 'x':
        is_in = is_between(c, '0', '9') || is_between(c | 0x20, 'a', 'f');
        break;
    case 'z':
        is_in = c == 0;
        break;
    default:
        return c == letter;
    }
    bool is_upper = (letter & 0x20) == 0;
    return is_in != is_upper;
}

/* ---- single items: a character, ".", "%x", "[set]" ---- */

struct item {
    const char *at;
    const char *end;
    uint64_t cost; /* steps of one comparison */
};

/* Find where the set at `p` ends: behind the first `]` that is neither the first member nor
 * escaped. Returns: NULL when it does not. */
static const char *find_set_end(struct mg_pattern_match *m, const char *p)
{
    const char *end = pattern_end(m);
    p++;
    p += p < end && *p == '^';
    do {
        if (p == end) {
            return give_up(m, "malformed pattern (missing ']')");
        }
        p += *p == '%' && p + 1 < end ? 2 : 1;
    } while (p == end || *p != ']');
    return p + 1;
}

/* Read the item at `p`, which is before the end. Returns: false when the match has ended. */
static inline bool read_item(struct mg_pattern_match *m, const char *p, struct item *item)
{
    item->at = p;
    item->cost = 1;
    if (*p == '[') {
        item->end = find_set_end(m, p);
        if (item->end == NULL) {
            return false;
        }
        item->cost += (uint64_t)(item->end - p) / MG_PATTERN_BYTES_A_STEP;
        return take_steps(m, item->cost);
    }
    if (*p == '%' && p + 1 == pattern_end(m)) {
        (void)give_up(m, "malformed pattern (ends with '%')");
        return false;
    }
    item->end = p + (*p == '%' ? 2 : 1);
    return true;
}

/* Whether `c` is in the set that begins with the bracket at `p` and ends before `end`. What the
 * manual leaves open is as Lua has it: a range's ends are plain, even where one is "%". */
static bool matches_set(unsigned char c, const char *p, const char *end)
{
    const char *bracket = end - 1;
    p++;
    bool is_complement = *p == '^';
    p += is_complement;
    while (p < bracket) {
        if (*p == '%') {
            if (matches_class(c, (unsigned char)p[1])) {
                return !is_complement;
            }
            p += 2;
        } else if (bracket - p > 2 && p[1] == '-') {
            if (is_between(c, (unsigned char)p[0], (unsigned char)p[2])) {
                return !is_complement;
            }
            p += 3;
        } else {
            if ((unsigned char)*p == c) {
                return !is_complement;
            }
            p++;
        }
    }
    return is_complement;
}

static inline bool matches_item(const struct mg_pattern_match *m, const char *s,
                                const struct item *item)
{
    if (s == subject_end(m)) {
        return false;
    }
    switch (*item->at) {
    case '.':
        return true;
    case '%':
        return matches_class((unsigned char)*s, (unsigned char)item->at[1]);
    case '[':
        return matches_set((unsigned char)*s, item->at, item->end);
    default:
        return *item->at == *s;
    }
}

/* ---- items without a choice ---- */

/* Where matching stands in subject and pattern. Once it is decided, p is NULL, and s the end of
 * the match or NULL. */
struct place {
    const char *s;
    const char *p;
};

static inline struct place decide(const char *end)
{
    return (struct place){end, NULL};
}

/* "%bxy": text that begins with x, ends with y, and has as many of both. */
static struct place match_balanced(struct mg_pattern_match *m, struct place at)
{
    if (pattern_end(m) - at.p < 4) {
        return decide(give_up(m, "malformed pattern (missing arguments to '%b')"));
    }
    const char *end = subject_end(m);
    char opening = at.p[2];
    char closing = at.p[3];
    if (at.s == end || *at.s != opening) {
        return decide(NULL);
    }
    size_t open = 1;
    for (at.s++; at.s < end && open > 0; at.s++) {
        if (!take_steps(m, 1)) {
            return decide(NULL);
        }
        if (*at.s == closing) {
            open--;
        } else if (*at.s == opening) {
            open++;
        }
    }
    return open == 0 ? (struct place){at.s, at.p + 4} : decide(NULL);
}

/* "%f[set]": an empty text between a byte outside of the set and one inside, where zero bytes
 * stand before and behind the subject. */
static struct place match_frontier(struct mg_pattern_match *m, struct place at)
{
    struct item set;
    if (at.p + 2 == pattern_end(m) || at.p[2] != '[') {
        return decide(give_up(m, "missing '[' after '%f' in pattern"));
    }
    if (!read_item(m, at.p + 2, &set)) {
        return decide(NULL);
    }
    unsigned char before = at.s == m->subject.ptr ? 0 : (unsigned char)at.s[-1];
    unsigned char behind = at.s == subject_end(m) ? 0 : (unsigned char)*at.s;
    bool is_frontier =
        !matches_set(before, set.at, set.end) && matches_set(behind, set.at, set.end);
    return is_frontier ? (struct place){at.s, set.end} : decide(NULL);
}

/* "%1" and its like: the text of a capture again. */
static struct place match_back_reference(struct mg_pattern_match *m, struct place at)
{
    static const char *const messages[] = {
        "invalid capture index %0", "invalid capture index %1", "invalid capture index %2",
        "invalid capture index %3", "invalid capture index %4", "invalid capture index %5",
        "invalid capture index %6", "invalid capture index %7", "invalid capture index %8",
        "invalid capture index %9",
    };
    unsigned number = (unsigned)(at.p[1] - '0');
    if (number == 0 || number > m->capture_count ||
        m->captures[number - 1].kind == MG_CAPTURE_OPEN) {
        return decide(give_up(m, messages[number]));
    }
    const struct mg_pattern_capture *capture = &m->captures[number - 1];
    size_t length = capture->text.len;
    if (capture->kind == MG_CAPTURE_POSITION || length > (size_t)(subject_end(m) - at.s) ||
        !take_steps(m, length / MG_PATTERN_BYTES_A_STEP) ||
        memcmp(capture->text.ptr, at.s, length) != 0) {
        return decide(NULL);
    }
    return (struct place){at.s + length, at.p + 2};
}

/* What an escape at `p` begins that is no single item: 'b', 'f', a digit, or else NUL. */
static inline char special_escape(const struct mg_pattern_match *m, const char *p)
{
    if (*p != '%' || p + 1 == pattern_end(m)) {
        return '\0';
    }
    return p[1] == 'b' || p[1] == 'f' || mg_ascii_is_digit(p[1]) ? p[1] : '\0';
}

static struct place match_special(struct mg_pattern_match *m, struct place at, char escape)
{
    switch (escape) {
    case 'b':
        return match_balanced(m, at);
    case 'f':
        return match_frontier(m, at);
    default:
        return match_back_reference(m, at);
    }
}

/* ---- items with a choice ---- */

static const char *match_items(struct mg_pattern_match *m, const char *s, const char *p);

/* One level deeper: match what is left of the pattern. */
static const char *match_rest(struct mg_pattern_match *m, const char *s, const char *p)
{
    if (m->depth_left == 0) {
        return give_up(m, "pattern too complex");
    }
    m->depth_left--;
    const char *end = match_items(m, s, p);
    m->depth_left++;
    return end;
}

/* `p` is behind the "(". */
static const char *open_capture(struct mg_pattern_match *m, const char *s, const char *p)
{
    if (m->capture_count == MG_PATTERN_MAX_CAPTURES) {
        return give_up(m, "too many captures");
    }
    bool is_position = p < pattern_end(m) && *p == ')';
    m->captures[m->capture_count++] = (struct mg_pattern_capture){
        {s, 0}, is_position ? MG_CAPTURE_POSITION : MG_CAPTURE_OPEN};
    const char *end = match_rest(m, s, p + is_position);
    if (end == NULL) {
        m->capture_count--;
    }
    return end;
}

/* `p` is behind the ")", which closes the capture that was opened last. */
static const char *close_capture(struct mg_pattern_match *m, const char *s, const char *p)
{
    unsigned i = m->capture_count;
    while (i > 0 && m->captures[i - 1].kind != MG_CAPTURE_OPEN) {
        i--;
    }
    if (i == 0) {
        return give_up(m, "invalid pattern capture");
    }
    struct mg_pattern_capture *capture = &m->captures[i - 1];
    capture->text.len = (size_t)(s - capture->text.ptr);
    capture->kind = MG_CAPTURE_TEXT;
    const char *end = match_rest(m, s, p);
    if (end == NULL) {
        capture->kind = MG_CAPTURE_OPEN;
    }
    return end;
}

/* "*" and, behind the first, "+": as many as there are, then ever fewer. */
static const char *repeat_most(struct mg_pattern_match *m, const char *s,
                               const struct item *item)
{
    const char *least = s;
    uint64_t left = m->steps_left;
    while (matches_item(m, s, item)) {
        if (left < item->cost) {
            return run_out(m);
        }
        left -= item->cost;
        s++;
    }
    m->steps_left = left;
    for (;; s--) {
        const char *end = match_rest(m, s, item->end + 1);
        if (end != NULL || has_ended(m) || s == least) {
            return end;
        }
    }
}

/* "-": none, then ever more. */
static const char *repeat_least(struct mg_pattern_match *m, const char *s,
                                const struct item *item)
{
    for (;; s++) {
        const char *end = match_rest(m, s, item->end + 1);
        if (end != NULL || has_ended(m)) {
            return end;
        }
        if (!matches_item(m, s, item) || !take_steps(m, item->cost)) {
            return NULL;
        }
    }
}

/* The single item at at.p, with what may follow it. */
static inline struct place match_single(struct mg_pattern_match *m, struct place at)
{
    struct item item;
    if (!read_item(m, at.p, &item)) {
        return decide(NULL);
    }
    char suffix = '\0';
    if (item.end < pattern_end(m)) {
        suffix = *item.end;
    }
    if (!matches_item(m, at.s, &item)) {
        bool is_optional = suffix == '*' || suffix == '?' || suffix == '-';
        return is_optional ? (struct place){at.s, item.end + 1} : decide(NULL);
    }
    switch (suffix) {
    case '*':
        return decide(repeat_most(m, at.s, &item));
    case '+':
        return decide(repeat_most(m, at.s + 1, &item));
    case '-':
        return decide(repeat_least(m, at.s, &item));
    case '?': {
        const char *end = match_rest(m, at.s + 1, item.end + 1);
        bool is_over = end != NULL || has_ended(m);
        return is_over ? decide(end) : (struct place){at.s, item.end + 1};
    }
    default:
        return (struct place){at.s + 1, item.end};
    }
}

/* Match the pattern from `p` with the subject from `s`. Returns: the end, or NULL. */
static const char *match_items(struct mg_pattern_match *m, const char *s, const char *p)
{
    struct place at = {s, p};
    while (at.p != NULL && at.p != pattern_end(m)) {
        if (!take_steps(m, 1)) {
            return NULL;
        }
        if (*at.p == '(') {
            return open_capture(m, at.s, at.p + 1);
        }
        if (*at.p == ')') {
            return close_capture(m, at.s, at.p + 1);
        }
        if (*at.p == '$' && at.p + 1 == pattern_end(m)) {
            return at.s == subject_end(m) ? at.s : NULL;
        }
        char escape = special_escape(m, at.p);
        at = escape != '\0' ? match_special(m, at, escape) : match_single(m, at);
    }
    return at.s;
}

enum mg_pattern_result mg_pattern_match_at(struct mg_pattern_match *match, size_t start)
{
    match->result = MG_PATTERN_NO_MATCH;
    match->depth_left = MG_PATTERN_MAX_DEPTH;
    match->capture_count = 0;
    const char *end = NULL;
    if (take_steps(match, 1)) { /* or an empty pattern were for nothing */
        end = match_rest(match, match->subject.ptr + start, match->pattern.ptr);
    }
    if (end != NULL) {
        match->result = MG_PATTERN_MATCH;
        match->end = (size_t)(end - match->subject.ptr);
    }
    return match->result;
}
