/* lib_string_match.c - find, gmatch, gsub and match: where to try a pattern, and what to do
 * with what it captured.
 *
 * A search is granted the steps that the call has left, counts them down as it goes, and
 * charges what it used when it is over, and before it calls back into Lua. A search that ran
 * out of steps charges one more than there were, which raises.
 *
 * What gives text back (gsub) counts it as steps too, or a long replacement of many short
 * matches would be work that nobody counts.
 */
#include "script/lib_string_match.h"

#include <lauxlib.h>

#include "script/lua_pattern.h"
#include "script/seal.h"
#include "script/state.h"

enum {
    STEPS_A_CHARGE = 16 << 10, /* of a long search, before they are charged */
    /* Of one search, however many a call may take: some seconds. In C no clock is looked at. */
    SEARCH_MAX_STEPS = 1000 * 1000 * 1000,
    BYTES_A_STEP = 16, /* copied or scanned with the means of libc */
    ESCAPE_STEPS = 4,  /* of "%1" and its like in a replacement */
    FEW_PLACES = 8,
};

struct search {
    struct mg_pattern_match match;
    uint64_t granted;
    bool is_anchored;
};

/* ---- steps ---- */

static void grant(lua_State *L, struct search *search)
{
    uint64_t left = mg_script_steps_left(L);
    search->granted = left < SEARCH_MAX_STEPS ? left : SEARCH_MAX_STEPS;
    search->match.steps_left = search->granted;
}

/* Charge what was used since the last grant. */
static void settle(lua_State *L, struct search *search)
{
    uint64_t used = search->granted - search->match.steps_left;
    search->granted = search->match.steps_left;
    mg_script_charge(L, used);
}

/* Count `bytes` as copied; that there are too many shows when the search goes on. */
static void count_bytes(struct search *search, size_t bytes)
{
    uint64_t steps = bytes / BYTES_A_STEP;
    uint64_t *left = &search->match.steps_left;
    *left = steps < *left ? *left - steps : 0;
}

/* A search that can not go on. Does not return. */
static int raise_end(lua_State *L, struct search *search)
{
    settle(L, search);
    if (search->match.result == MG_PATTERN_INVALID) {
        return luaL_error(L, "%s", search->match.message);
    }
    mg_script_charge(L, 1);
    return luaL_error(L, "the pattern takes too many steps on this text");
}

/* Within what is done for one match: look at the bounds now and then. */
static void look_at_bounds(lua_State *L, struct search *search)
{
    if (search->match.steps_left == 0) {
        (void)raise_end(L, search);
    }
    if (search->granted - search->match.steps_left > STEPS_A_CHARGE) {
        settle(L, search);
    }
}

/* ---- searching ---- */

static bool try_at(lua_State *L, struct search *search, size_t start)
{
    enum mg_pattern_result result = mg_pattern_match_at(&search->match, start);
    if (result == MG_PATTERN_INVALID || result == MG_PATTERN_SPENT) {
        (void)raise_end(L, search);
    }
    if (search->granted - search->match.steps_left > STEPS_A_CHARGE) {
        settle(L, search); /* the time may be up, which is looked at there */
    }
    return result == MG_PATTERN_MATCH;
}

/* Find the first match at or behind *start, and set *start to its place. */
static bool find_next(lua_State *L, struct search *search, size_t *start)
{
    while (!try_at(L, search, *start)) {
        if (search->is_anchored || *start == search->match.subject.len) {
            return false;
        }
        ++*start;
    }
    return true;
}

/* Make "^" at the front of the pattern an anchor. */
static void take_anchor(struct search *search)
{
    struct mg_str *pattern = &search->match.pattern;
    search->is_anchored = mg_str_starts_with(*pattern, MG_STR("^"));
    *pattern = mg_str_from_offset(*pattern, search->is_anchored);
}

static struct mg_str check_string(lua_State *L, int index)
{
    struct mg_str text;
    text.ptr = luaL_checklstring(L, index, &text.len);
    return text;
}

size_t mg_string_start(lua_Integer position, size_t length)
{
    if (position > 0) {
        return (size_t)position;
    }
    /* Not -position: the least integer has no opposite. */
    bool is_inside = position < 0 && position >= -(lua_Integer)length;
    return is_inside ? length - (size_t)-position + 1 : 1;
}

/* ---- captures ---- */

/* Push capture `number` from 1; number 1 of a pattern without captures is the whole match, from
 * `start`. +1 */
static void push_capture(lua_State *L, const struct mg_pattern_match *match, size_t start,
                         unsigned number)
{
    const struct mg_pattern_capture *capture = &match->captures[number - 1];
    if (number > match->capture_count) {
        if (number != 1) {
            (void)luaL_error(L, "invalid capture index %%%d", (int)number);
        }
        lua_pushlstring(L, match->subject.ptr + start, match->end - start);
    } else if (capture->kind == MG_CAPTURE_OPEN) {
        (void)luaL_error(L, "unfinished capture");
    } else if (capture->kind == MG_CAPTURE_POSITION) {
        lua_pushinteger(L, capture->text.ptr - match->subject.ptr + 1);
    } else {
        lua_pushlstring(L, capture->text.ptr, capture->text.len);
    }
}

/* Push all captures, but at least `least`, which is 0 or 1. Returns: how many. */
static int push_captures(lua_State *L, const struct mg_pattern_match *match, size_t start,
                         unsigned least)
{
    unsigned count = match->capture_count > least ? match->capture_count : least;
    luaL_checkstack(L, (int)count, "too many captures");
    for (unsigned i = 1; i <= count; i++) {
        push_capture(L, match, start, i);
    }
    return (int)count;
}

/* ---- find and match ---- */

/* Whether no character of the pattern is special. A bracket that closes is not by itself. */
static bool is_plain(lua_State *L, struct mg_str pattern)
{
    mg_script_charge(L, pattern.len / BYTES_A_STEP);
    const struct mg_str specials = MG_STR("^$*+?.([%-");
    for (size_t i = 0; i < pattern.len; i++) {
        if (memchr(specials.ptr, pattern.ptr[i], specials.len) != NULL) {
            return false;
        }
    }
    return true;
}

/* Find `text`. memmem is linear whatever the texts, but takes long to begin: the first few
 * places where the first byte stands are looked at without it. */
static const char *find_text(struct mg_str in, struct mg_str text)
{
    if (text.len == 0) {
        return in.ptr;
    }
    for (int i = 0; i < FEW_PLACES; i++) {
        if (in.len < text.len) {
            return NULL;
        }
        const char *place = memchr(in.ptr, text.ptr[0], in.len - text.len + 1);
        if (place == NULL || memcmp(place, text.ptr, text.len) == 0) {
            return place;
        }
        in = mg_str_from_offset(in, (size_t)(place - in.ptr) + 1);
    }
    return memmem(in.ptr, in.len, text.ptr, text.len);
}

static int find_plain(lua_State *L, struct mg_str subject, struct mg_str text, size_t start)
{
    struct mg_str rest = mg_str_from_offset(subject, start);
    mg_script_charge(L, (rest.len + text.len) / BYTES_A_STEP);
    const char *found = find_text(rest, text);
    if (found == NULL) {
        luaL_pushfail(L);
        return 1;
    }
    lua_Integer place = found - subject.ptr;
    lua_pushinteger(L, place + 1);
    lua_pushinteger(L, place + (lua_Integer)text.len);
    return 2;
}

/* Run the search from `start`. Returns: whether it found something; else nil was pushed. */
static bool run(lua_State *L, struct search *search, size_t *start)
{
    take_anchor(search);
    grant(L, search);
    bool found = find_next(L, search, start);
    settle(L, search);
    if (!found) {
        luaL_pushfail(L); /* +1 */
    }
    return found;
}

int mg_string_find(lua_State *L)
{
    struct search search;
    search.match.subject = check_string(L, 1);
    search.match.pattern = check_string(L, 2);
    size_t start = mg_string_start(luaL_optinteger(L, 3, 1), search.match.subject.len) - 1;
    if (start > search.match.subject.len) {
        luaL_pushfail(L);
        return 1;
    }
    if (lua_toboolean(L, 4) || is_plain(L, search.match.pattern)) {
        return find_plain(L, search.match.subject, search.match.pattern, start);
    }
    if (!run(L, &search, &start)) {
        return 1;
    }
    lua_pushinteger(L, (lua_Integer)start + 1);
    lua_pushinteger(L, (lua_Integer)search.match.end);
    return 2 + push_captures(L, &search.match, start, 0);
}

int mg_string_match(lua_State *L)
{
    struct search search;
    search.match.subject = check_string(L, 1);
    search.match.pattern = check_string(L, 2);
    size_t start = mg_string_start(luaL_optinteger(L, 3, 1), search.match.subject.len) - 1;
    if (start > search.match.subject.len) {
        luaL_pushfail(L);
        return 1;
    }
    return run(L, &search, &start) ? push_captures(L, &search.match, start, 1) : 1;
}

/* ---- gmatch ---- */

/* Upvalues of an iterator. */
enum {
    UPVALUE_SUBJECT = 1,
    UPVALUE_PATTERN,
    UPVALUE_PLACE,     /* where to go on, which is the end of the last match; ~ that, if there
                          was none yet */
    UPVALUE_IS_SEALED, /* whether the state was sealed when the iterator was made */
    UPVALUE_COUNT = UPVALUE_IS_SEALED
};

static struct mg_str string_at(lua_State *L, int index)
{
    struct mg_str text;
    text.ptr = lua_tolstring(L, index, &text.len);
    return text;
}

static int iterate(lua_State *L)
{
    if (!lua_toboolean(L, lua_upvalueindex(UPVALUE_IS_SEALED)) && mg_script_is_sealed(L)) {
        return mg_script_raise(L, "state-kept", "call gmatch where the matches are used",
                               "an iterator of string.gmatch made while loading would keep "
                               "its place from one call to the next");
    }
    struct search search; /* never anchored: "^" is a plain character here */
    search.match.subject = string_at(L, lua_upvalueindex(UPVALUE_SUBJECT));
    search.match.pattern = string_at(L, lua_upvalueindex(UPVALUE_PATTERN));
    lua_Integer place = lua_tointeger(L, lua_upvalueindex(UPVALUE_PLACE));
    size_t start = (size_t)(place < 0 ? ~place : place);
    grant(L, &search);
    for (; start <= search.match.subject.len; start++) {
        /* An empty match may not follow a match at once. */
        if (try_at(L, &search, start) && (lua_Integer)search.match.end != place) {
            settle(L, &search);
            lua_pushinteger(L, (lua_Integer)search.match.end); /* +1 */
            lua_replace(L, lua_upvalueindex(UPVALUE_PLACE));   /* -1 */
            return push_captures(L, &search.match, start, 1);
        }
    }
    settle(L, &search);
    return 0;
}

int mg_string_gmatch(lua_State *L)
{
    struct mg_str subject = check_string(L, 1);
    (void)check_string(L, 2);
    size_t start = mg_string_start(luaL_optinteger(L, 3, 1), subject.len) - 1;
    lua_settop(L, 2);
    lua_pushinteger(L, ~(lua_Integer)start);
    lua_pushboolean(L, mg_script_is_sealed(L));
    lua_pushcclosure(L, iterate, UPVALUE_COUNT);
    return 1;
}

/* ---- gsub ---- */

enum {
    SLOT_SUBJECT = 1,
    SLOT_PATTERN,
    SLOT_REPLACEMENT,
    SLOT_MAX,
};

/* Add the replacement text with its captures filled in: %0 to %9, and %% for a per cent. */
static void add_text(lua_State *L, struct search *search, luaL_Buffer *out, size_t start)
{
    const struct mg_pattern_match *match = &search->match;
    struct mg_str text = string_at(L, SLOT_REPLACEMENT);
    count_bytes(search, text.len);
    for (const char *escape;
         text.len > 0 && (escape = memchr(text.ptr, '%', text.len)) != NULL;) {
        size_t before = (size_t)(escape - text.ptr);
        count_bytes(search, (size_t)ESCAPE_STEPS * BYTES_A_STEP);
        look_at_bounds(L, search);
        luaL_addlstring(out, text.ptr, before);
        char what = before + 1 < text.len ? escape[1] : '\0';
        if (what == '%') {
            luaL_addchar(out, '%');
        } else if (what == '0') {
            count_bytes(search, match->end - start);
            luaL_addlstring(out, match->subject.ptr + start, match->end - start);
        } else if (mg_ascii_is_digit(what)) {
            push_capture(L, match, start, (unsigned)(what - '0')); /* +1 */
            count_bytes(search, lua_rawlen(L, -1));
            luaL_addvalue(out); /* -1 */
        } else {
            (void)luaL_error(L, "invalid use of '%%' in replacement string");
        }
        text = mg_str_from_offset(text, before + 2);
    }
    luaL_addlstring(out, text.ptr, text.len);
}

/* Add what the table or function gives for the match, or, where that is false or nil, the match
 * itself. Returns: whether it was replaced. */
static bool add_value(lua_State *L, struct search *search, luaL_Buffer *out, size_t start)
{
    const struct mg_pattern_match *match = &search->match;
    settle(L, search);
    if (lua_type(L, SLOT_REPLACEMENT) == LUA_TFUNCTION) {
        lua_pushvalue(L, SLOT_REPLACEMENT);
        int count = push_captures(L, match, start, 1);
        lua_call(L, count, 1); /* below the door of mg_script_call or mg_script_run */
    } else {
        push_capture(L, match, start, 1);
        (void)lua_gettable(L, SLOT_REPLACEMENT);
    }
    grant(L, search);
    bool is_replaced = lua_toboolean(L, -1);
    if (!is_replaced) {
        lua_pop(L, 1);
        luaL_addlstring(out, match->subject.ptr + start, match->end - start);
        return false;
    }
    if (!lua_isstring(L, -1)) {
        (void)luaL_error(L, "invalid replacement value (a %s)", mg_seal_type_name(L, -1));
    }
    count_bytes(search, lua_rawlen(L, -1));
    luaL_addvalue(out); /* -1 */
    return true;
}

/* Whether the replacement is text; raises where it is nothing that replaces. */
static bool check_replacement(lua_State *L)
{
    switch (lua_type(L, SLOT_REPLACEMENT)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
        (void)lua_tostring(L, SLOT_REPLACEMENT); /* a number becomes text in its slot */
        return true;
    case LUA_TTABLE:
    case LUA_TFUNCTION:
        return false;
    default:
        if (!mg_seal_push_behind(L, SLOT_REPLACEMENT)) {
            (void)luaL_typeerror(L, SLOT_REPLACEMENT, "string/function/table");
        }
        lua_pop(L, 1);
        return false;
    }
}

int mg_string_gsub(lua_State *L)
{
    struct search search;
    struct mg_str subject = check_string(L, SLOT_SUBJECT);
    search.match.subject = subject;
    search.match.pattern = check_string(L, SLOT_PATTERN);
    lua_Integer max_count = luaL_optinteger(L, SLOT_MAX, (lua_Integer)subject.len + 1);
    bool is_text = check_replacement(L);
    take_anchor(&search);
    grant(L, &search);

    luaL_Buffer out;
    luaL_buffinit(L, &out);
    lua_Integer count = 0;
    bool is_changed = false;
    size_t start = 0;
    size_t last_end = SIZE_MAX; /* an empty match may not follow a match at once */
    while (count < max_count) {
        if (try_at(L, &search, start) && search.match.end != last_end) {
            count++;
            if (is_text) {
                add_text(L, &search, &out, start);
                is_changed = true;
            } else if (add_value(L, &search, &out, start)) {
                is_changed = true;
            }
            start = last_end = search.match.end;
        } else if (start < subject.len) {
            luaL_addchar(&out, subject.ptr[start++]);
        } else {
            break;
        }
        if (search.is_anchored) {
            break;
        }
    }
    if (is_changed) {
        count_bytes(&search, subject.len - start);
        luaL_addlstring(&out, subject.ptr + start, subject.len - start);
        luaL_pushresult(&out); /* +1 */
    } else {
        lua_pushvalue(L, SLOT_SUBJECT); /* +1 */
    }
    settle(L, &search);
    lua_pushinteger(L, count);
    return 2;
}
