/* diff_walk.c - every way in which a path can be answered by both sets.
 *
 * A path runs down the tree of both sets along several branches at once, as a router tries
 * them: the literal one, then {name}, then the rest.
 *
 *   state   branches that are open behind a prefix, most specific first, and whose sets still
 *           care: behind a branch that takes the rest, the others count no more
 *   step    a segment: one of the literals that some branch has, or one that none has
 *
 * From a state the walk goes on only where something differs further down, so sets that are
 * mostly the same cost little more than their size. Which resources answer is not read off the
 * tree: each path that the walk comes to is put to both routers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "policy/diff_tree.h"
#include "policy/route_pattern.h"

enum {
    MAX_BRANCHES = 128, /* open at once; two a segment, as a rule */
    MAX_PATH_BYTES = 8192,
    BOTH = 3, /* a bit for each set */
};

/* Pairs that were told, or needed no telling. */
struct seen {
    uint64_t *keys; /* open addressing; 0 is free */
    size_t count;
    size_t capacity; /* a power of two */
};

struct walk {
    struct mg_differ *differ;
    struct mg_diff_tree tree;
    struct seen seen;
    struct mg_str host;
    char path[MAX_PATH_BYTES];
    size_t path_len;
};

/* ---- pairs ---- */

/* Where a pair is, or where it goes. */
static uint64_t *place_of(const struct seen *seen, uint64_t key)
{
    size_t mask = seen->capacity - 1;
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 20) & mask;
    while (seen->keys[at] != 0 && seen->keys[at] != key) {
        at = (at + 1) & mask;
    }
    return &seen->keys[at];
}

static bool grow_seen(struct seen *seen)
{
    struct seen larger = {.capacity = seen->capacity == 0 ? 1024 : seen->capacity * 2};
    larger.keys = mg_calloc(larger.capacity, sizeof(*larger.keys));
    if (larger.keys == NULL) {
        return false;
    }
    for (size_t i = 0; i < seen->capacity; i++) {
        if (seen->keys[i] != 0) {
            *place_of(&larger, seen->keys[i]) = seen->keys[i];
        }
    }
    free(seen->keys);
    larger.count = seen->count;
    *seen = larger;
    return true;
}

static uint64_t pair_key(uint32_t old_number, uint32_t new_number)
{
    return (uint64_t)old_number << 32 | new_number;
}

static bool is_seen(const struct walk *walk, uint64_t key)
{
    return walk->seen.capacity > 0 && *place_of(&walk->seen, key) == key;
}

/* Note a pair. Returns: whether it is new. */
static bool see(struct walk *walk, uint64_t key)
{
    struct seen *seen = &walk->seen;
    if (seen->count * 2 >= seen->capacity && !grow_seen(seen)) {
        walk->differ->is_out_of_memory = true;
        return false;
    }
    uint64_t *place = place_of(seen, key);
    if (*place == key) {
        return false;
    }
    *place = key;
    seen->count++;
    return true;
}

/* Ask a set's router. Nothing answers a path with %2F where the resource does not take it. */
static const struct mg_resource *route(const struct walk *walk, enum mg_diff_age age,
                                       struct mg_str path, bool has_encoded_slash)
{
    struct mg_route route;
    mg_policy_set_route(walk->differ->sets[age], walk->host, path, &route);
    bool is_refused =
        has_encoded_slash && route.resource != NULL && !route.resource->encoded_slash;
    return is_refused ? NULL : route.resource;
}

/* Whether both patterns match the same requests: then a path says nothing more. */
static bool patterns_equal(struct walk *walk, const struct mg_resource *a,
                           const struct mg_resource *b)
{
    struct mg_arena *scratch = &walk->differ->scratch;
    struct mg_arena_mark mark = mg_arena_snapshot(scratch);
    struct mg_route_pattern patterns[MG_DIFF_AGES];
    struct mg_err fault = {0};
    bool is_equal = mg_str_equal(a->pattern, b->pattern) ||
                    (mg_route_pattern_parse(a->pattern, scratch, &patterns[0], &fault) &&
                     mg_route_pattern_parse(b->pattern, scratch, &patterns[1], &fault) &&
                     mg_route_pattern_compare(&patterns[0], &patterns[1]) == MG_ROUTE_EQUAL);
    mg_arena_rewind(scratch, mark);
    return is_equal;
}

/* Ask both routers for the path so far with `tail` behind it, and tell a pair that is new. */
static void ask(struct walk *walk, const char *tail)
{
    char text[MG_ROUTE_MAX_HOST_BYTES + MAX_PATH_BYTES];
    int path_len = snprintf(text, sizeof(text), "%.*s%.*s%s", MG_STR_ARG(walk->host),
                            (int)walk->path_len, walk->path, tail);
    if (walk->path_len + strlen(tail) >= MAX_PATH_BYTES) {
        walk->differ->diff->is_incomplete = true;
        return;
    }
    struct mg_str whole = {text, (size_t)path_len};
    struct mg_str path = mg_str_from_offset(whole, walk->host.len);
    bool has_encoded_slash = strstr(path.ptr, "%2F") != NULL;
    const struct mg_resource *a = route(walk, MG_DIFF_OLD, path, has_encoded_slash);
    const struct mg_resource *b = route(walk, MG_DIFF_NEW, path, has_encoded_slash);
    uint64_t key = pair_key(a == NULL ? 0 : a->id + 1, b == NULL ? 0 : b->id + 1);
    if (key == 0 || !see(walk, key)) {
        return;
    }
    struct mg_diff_pair pair = {{a, b}, {"", 0}};
    if (a != NULL && b != NULL && !patterns_equal(walk, a, b)) {
        pair.example = whole;
    }
    mg_diff_pair(walk->differ, &pair);
}

/* ---- the walk ---- */

/* An open branch. */
struct branch {
    uint32_t node;
    unsigned char sets; /* that still care */
    bool is_own; /* not open behind a segment that no pattern has, or this is behind one */
};

struct state {
    struct branch *branches;
    unsigned count;
    uint32_t rests[MG_DIFF_AGES]; /* nodes whose rest takes what nothing else does */
    bool is_behind_empty;         /* the last segment is empty */
};

static bool open_branch(struct walk *walk, struct state *state, uint32_t node, unsigned sets,
                        bool is_own)
{
    unsigned caring = node == 0 ? 0 : sets & walk->tree.nodes[node].sets;
    if (caring == 0) {
        return true;
    }
    if (state->count == MAX_BRANCHES) {
        walk->differ->diff->is_incomplete = true;
        return false;
    }
    state->branches[state->count++] = (struct branch){node, (unsigned char)caring, is_own};
    return true;
}

/* Go one segment further: `text` a literal's, or NULL for one that no pattern has. */
static struct state step(struct walk *walk, const struct state *from, const struct mg_str *text,
                         struct branch *room)
{
    struct state to = {.branches = room, .rests = {from->rests[0], from->rests[1]}};
    unsigned open_sets = BOTH;
    to.is_behind_empty = text != NULL && text->len == 0;
    for (unsigned i = 0; i < from->count; i++) {
        const struct branch *branch = &from->branches[i];
        const struct mg_diff_node *node = &walk->tree.nodes[branch->node];
        unsigned sets = branch->sets & open_sets;
        uint32_t literal =
            text == NULL ? 0 : mg_diff_tree_child(&walk->tree, branch->node, *text);
        if (!open_branch(walk, &to, literal, sets, true) ||
            (!to.is_behind_empty && !open_branch(walk, &to, node->wild, sets, text == NULL))) {
            return to;
        }
        for (int age = 0; age < MG_DIFF_AGES; age++) {
            if ((sets >> age & 1U) != 0 && node->resources[MG_DIFF_END_REST][age] != 0) {
                to.rests[age] = branch->node;
                open_sets &= ~(1U << age);
            }
        }
    }
    return to;
}

/* Whether what falls to the rests is a pair that is still to be told. */
static bool rest_is_open(const struct walk *walk, const struct state *state)
{
    uint32_t a = state->rests[MG_DIFF_OLD];
    uint32_t b = state->rests[MG_DIFF_NEW];
    if ((a == 0 && b == 0) || (a == b && !walk->tree.nodes[a].rest_differs)) {
        return false;
    }
    uint32_t old_number =
        a == 0 ? 0 : walk->tree.nodes[a].resources[MG_DIFF_END_REST][MG_DIFF_OLD];
    uint32_t new_number =
        b == 0 ? 0 : walk->tree.nodes[b].resources[MG_DIFF_END_REST][MG_DIFF_NEW];
    return !is_seen(walk, pair_key(old_number, new_number));
}

/* Whether there is anything to find behind a state. */
static bool is_worth_it(const struct walk *walk, const struct state *state)
{
    for (unsigned i = 0; i < state->count; i++) {
        const struct branch *branch = &state->branches[i];
        const struct mg_diff_node *node = &walk->tree.nodes[branch->node];
        if (node->differs || branch->sets != node->sets) {
            return true;
        }
    }
    return rest_is_open(walk, state);
}

/* Whether branches that are open behind any segment need no look from here: what the others do
 * not have is the same there. */
static bool may_skip_shared(const struct walk *walk, const struct state *state)
{
    for (unsigned i = 0; i < state->count; i++) {
        const struct branch *branch = &state->branches[i];
        const struct mg_diff_node *node = &walk->tree.nodes[branch->node];
        bool has_rest = node->resources[MG_DIFF_END_REST][0] != 0 ||
                        node->resources[MG_DIFF_END_REST][1] != 0;
        if (branch->is_own && (node->wild != 0 || has_rest)) {
            return false;
        }
    }
    return true;
}

static void explore(struct walk *walk, const struct state *state);

/* Go on behind a segment, if there is anything to find. */
static void follow(struct walk *walk, const struct state *state, const struct mg_str *text)
{
    struct branch room[MAX_BRANCHES];
    struct mg_str segment = text == NULL ? mg_str_from(walk->tree.fresh) : *text;
    struct state next = step(walk, state, text, room);
    if (!is_worth_it(walk, &next)) {
        return;
    }
    size_t len = walk->path_len;
    if (len + 1 + segment.len >= MAX_PATH_BYTES) {
        walk->differ->diff->is_incomplete = true;
        return;
    }
    walk->path[len] = '/';
    memcpy(walk->path + len + 1, segment.ptr, segment.len);
    walk->path_len += 1 + segment.len;
    explore(walk, &next);
    walk->path_len = len;
}

/* Whether an earlier branch has the literal too, and so was followed along it. */
static bool was_followed(const struct walk *walk, const struct state *state, unsigned branch,
                         struct mg_str text, bool skips_shared)
{
    for (unsigned i = 0; i < branch; i++) {
        if ((state->branches[i].is_own || !skips_shared) &&
            mg_diff_tree_child(&walk->tree, state->branches[i].node, text) != 0) {
            return true;
        }
    }
    return false;
}

/* Follow every literal that some branch has. Returns: whether the empty one was among them. */
static bool follow_literals(struct walk *walk, const struct state *state, bool skips_shared)
{
    bool has_empty = false;
    for (unsigned i = 0; i < state->count; i++) {
        if (skips_shared && !state->branches[i].is_own) {
            continue;
        }
        uint32_t child = walk->tree.nodes[state->branches[i].node].first;
        for (; child != 0; child = walk->tree.nodes[child].next) {
            struct mg_str text = walk->tree.nodes[child].text;
            has_empty = has_empty || text.len == 0;
            if (!was_followed(walk, state, i, text, skips_shared)) {
                follow(walk, state, &text);
            }
        }
    }
    return has_empty;
}

/* Look at all paths that begin as the walk's path does. */
static void explore(struct walk *walk, const struct state *state)
{
    char tail[MG_DIFF_FRESH_BYTES + 4];
    if (walk->differ->steps_left == 0 || walk->differ->is_out_of_memory) {
        walk->differ->diff->is_incomplete = true;
        return;
    }
    walk->differ->steps_left--;
    if (walk->path_len > 0 && !state->is_behind_empty) {
        ask(walk, "");
    }
    ask(walk, "/");
    bool skips_shared = may_skip_shared(walk, state);
    bool has_empty = follow_literals(walk, state, skips_shared);
    if (!skips_shared) {
        follow(walk, state, NULL);
    }
    if (!has_empty) {
        (void)snprintf(tail, sizeof(tail), "//%s", walk->tree.fresh);
        ask(walk, tail);
    }
}

/* Look at all paths on a host, and on any other. */
static void explore_host(struct walk *walk, uint32_t root)
{
    struct branch room[2];
    struct state state = {.branches = room};
    bool is_host = root != MG_DIFF_ROOT;
    walk->host = is_host ? walk->tree.nodes[root].text : (struct mg_str){"", 0};
    walk->path_len = 0;
    (void)open_branch(walk, &state, root, BOTH, true);
    if (is_host) {
        (void)open_branch(walk, &state, MG_DIFF_ROOT, BOTH, false);
    }
    if (is_worth_it(walk, &state)) {
        explore(walk, &state);
    }
}

void mg_diff_walk(struct mg_differ *differ)
{
    struct walk *walk = mg_calloc(1, sizeof(*walk));
    if (walk == NULL) {
        differ->is_out_of_memory = true;
        return;
    }
    walk->differ = differ;
    if (mg_diff_tree_build(&walk->tree, differ)) {
        explore_host(walk, MG_DIFF_ROOT);
        uint32_t host = walk->tree.nodes[MG_DIFF_HOSTS].first;
        for (; host != 0; host = walk->tree.nodes[host].next) {
            explore_host(walk, host);
        }
    }
    mg_diff_tree_free(&walk->tree);
    free(walk->seen.keys);
    free(walk);
}
