/* diff_walk.c - every way in which a path can be answered by both sets.
 *
 * The patterns of both are put into one tree; a place in it has the resource of the old set, of
 * the new one, or of both. A path runs down it along several branches at once, as a router tries
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
#include "policy/diff_layout.h"
#include "policy/route_pattern.h"

enum {
    MAX_BRANCHES = 128, /* open at once; two a segment, as a rule */
    MAX_PATH_BYTES = 8192,
    NODE_HOSTS = 0, /* the parent of every host's root */
    NODE_ROOT = 1,  /* of patterns without a host */
    BOTH = 3,       /* a bit for each set */
    FRESH_BYTES = 16,
};

enum end {
    END_EXACT, /* the path ends at the node */
    END_SLASH, /* and a slash behind it */
    END_REST,  /* anything behind the slash */
    END_COUNT
};

struct node {
    struct mg_str text; /* of a literal or a host */
    uint32_t parent;
    uint32_t first; /* literal children */
    uint32_t next;  /* sibling */
    uint32_t last;  /* child */
    uint32_t wild;
    uint32_t resources[END_COUNT][MG_DIFF_AGES]; /* 1 + its number in the set */
    unsigned char sets;                          /* which have patterns from here on */
    bool differs;                                /* something does from here on */
    bool rest_differs;
};

/* Pairs that were told, or needed no telling. */
struct seen {
    uint64_t *keys; /* open addressing; 0 is free */
    size_t count;
    size_t capacity; /* a power of two */
};

struct walk {
    struct mg_differ *differ;
    struct node *nodes;
    uint32_t node_count;
    uint32_t node_capacity;
    uint32_t *slots; /* literal children by parent and text; 0 is free */
    size_t slot_count;
    struct seen seen;
    char fresh[FRESH_BYTES]; /* a segment that no pattern has */
    struct mg_str host;
    char path[MAX_PATH_BYTES];
    size_t path_len;
};

/* ---- the tree ---- */

static size_t slot_of(const struct walk *walk, uint32_t parent, struct mg_str text)
{
    size_t mask = walk->slot_count - 1;
    size_t at = mg_str_hash(text, parent * 0x9e3779b97f4a7c15ULL) & mask;
    while (walk->slots[at] != 0 && (walk->nodes[walk->slots[at]].parent != parent ||
                                    !mg_str_equal(walk->nodes[walk->slots[at]].text, text))) {
        at = (at + 1) & mask;
    }
    return at;
}

static uint32_t find_child(const struct walk *walk, uint32_t parent, struct mg_str text)
{
    return walk->nodes[parent].first == 0 ? 0 : walk->slots[slot_of(walk, parent, text)];
}

/* Returns: the new node, or 0 when memory is out. */
static uint32_t add_node(struct walk *walk, uint32_t parent)
{
    if (walk->node_count == walk->node_capacity) {
        uint32_t capacity = walk->node_capacity == 0 ? 1024 : walk->node_capacity * 2;
        struct node *nodes = mg_realloc(walk->nodes, capacity * sizeof(*nodes));
        if (nodes == NULL) {
            walk->differ->is_out_of_memory = true;
            return 0;
        }
        walk->nodes = nodes;
        walk->node_capacity = capacity;
    }
    walk->nodes[walk->node_count] = (struct node){.parent = parent};
    return walk->node_count++;
}

/* Make the table of literal children twice as large as it needs to be. */
static bool grow_slots(struct walk *walk)
{
    size_t count = walk->slot_count == 0 ? 2048 : walk->slot_count * 2;
    uint32_t *slots = mg_calloc(count, sizeof(*slots));
    if (slots == NULL) {
        walk->differ->is_out_of_memory = true;
        return false;
    }
    free(walk->slots);
    walk->slots = slots;
    walk->slot_count = count;
    for (uint32_t i = NODE_ROOT + 1; i < walk->node_count; i++) {
        const struct node *node = &walk->nodes[i];
        if (node->text.ptr != NULL) {
            walk->slots[slot_of(walk, node->parent, node->text)] = i;
        }
    }
    return true;
}

static uint32_t literal_child(struct walk *walk, uint32_t parent, struct mg_str text)
{
    uint32_t child = find_child(walk, parent, text);
    if (child != 0) {
        return child;
    }
    if ((size_t)walk->node_count * 2 >= walk->slot_count && !grow_slots(walk)) {
        return 0;
    }
    child = add_node(walk, parent);
    struct mg_str copy = mg_arena_dup(&walk->differ->walk, text);
    if (child == 0 || copy.ptr == NULL) {
        return 0;
    }
    struct node *above = &walk->nodes[parent];
    walk->nodes[child].text = copy;
    if (above->first == 0) {
        above->first = child;
    } else {
        walk->nodes[above->last].next = child;
    }
    above->last = child;
    walk->slots[slot_of(walk, parent, copy)] = child;
    return child;
}

static uint32_t wild_child(struct walk *walk, uint32_t parent)
{
    if (walk->nodes[parent].wild == 0) {
        uint32_t child = add_node(walk, parent);
        walk->nodes[parent].wild = child; /* the array may have moved */
    }
    return walk->nodes[parent].wild;
}

/* Put a pattern into the tree. Returns: false when memory is out. */
static bool add_pattern(struct walk *walk, const struct mg_route_pattern *pattern,
                        enum mg_diff_age age, uint32_t number)
{
    uint32_t node =
        pattern->host.len == 0 ? NODE_ROOT : literal_child(walk, NODE_HOSTS, pattern->host);
    enum end end = END_EXACT;
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        const struct mg_route_segment *segment = &pattern->segments[i];
        if (segment->kind == MG_SEGMENT_LITERAL) {
            node = literal_child(walk, node, segment->text);
        } else if (segment->kind == MG_SEGMENT_WILD) {
            node = wild_child(walk, node);
        } else {
            end = segment->kind == MG_SEGMENT_END ? END_SLASH : END_REST;
        }
        if (node == 0) {
            return false;
        }
    }
    walk->nodes[node].resources[end][age] = number + 1;
    return true;
}

static bool add_set(struct walk *walk, enum mg_diff_age age)
{
    const struct mg_policy_set *set = walk->differ->sets[age];
    struct mg_arena *scratch = &walk->differ->scratch;
    bool is_fine = true;
    for (size_t i = 0; is_fine && i < set->resource_count; i++) {
        struct mg_arena_mark mark = mg_arena_snapshot(scratch);
        struct mg_route_pattern pattern;
        struct mg_err fault = {0};
        is_fine =
            mg_route_pattern_parse(set->resources[i]->pattern, scratch, &pattern, &fault) &&
            add_pattern(walk, &pattern, age, (uint32_t)i);
        mg_arena_rewind(scratch, mark);
    }
    walk->differ->is_out_of_memory = walk->differ->is_out_of_memory || !is_fine;
    return is_fine;
}

static const struct mg_resource *resource_of(const struct walk *walk, enum mg_diff_age age,
                                             uint32_t number)
{
    return number == 0 ? NULL : walk->differ->sets[age]->resources[number - 1];
}

/* Whether both sets have other things at an end of a node. */
static bool end_differs(const struct walk *walk, const struct node *node, enum end end)
{
    const struct mg_resource *a = resource_of(walk, MG_DIFF_OLD, node->resources[end][0]);
    const struct mg_resource *b = resource_of(walk, MG_DIFF_NEW, node->resources[end][1]);
    if (a == NULL || b == NULL) {
        return a != b;
    }
    struct mg_arena_mark mark = mg_arena_snapshot(&walk->differ->scratch);
    bool is_same = mg_diff_same(walk->differ, a, b);
    mg_arena_rewind(&walk->differ->scratch, mark);
    return !is_same;
}

/* Find what differs, and tell it upwards: children are behind their parents in the array. */
static void mark_differences(struct walk *walk)
{
    for (uint32_t i = walk->node_count - 1; i > NODE_HOSTS; i--) {
        struct node *node = &walk->nodes[i];
        for (int end = 0; end < END_COUNT; end++) {
            const uint32_t *resources = node->resources[end];
            bool differs = end_differs(walk, node, (enum end)end);
            node->sets |= (unsigned char)((resources[0] != 0) | (resources[1] != 0) << 1);
            node->differs = node->differs || differs;
            node->rest_differs = end == END_REST && differs;
        }
        walk->nodes[node->parent].sets |= node->sets;
        walk->nodes[node->parent].differs = walk->nodes[node->parent].differs || node->differs;
    }
}

/* Find a segment that no pattern has. */
static void choose_fresh(struct walk *walk)
{
    bool is_taken = true;
    for (unsigned n = 0; is_taken; n++) {
        (void)snprintf(walk->fresh, sizeof(walk->fresh), n == 0 ? "other" : "other%u", n);
        struct mg_str fresh = mg_str_from(walk->fresh);
        is_taken = false;
        for (uint32_t i = 0; i < walk->node_count && !is_taken; i++) {
            is_taken = mg_str_equal(walk->nodes[i].text, fresh);
        }
    }
}

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

static bool open(struct walk *walk, struct state *state, uint32_t node, unsigned sets,
                 bool is_own)
{
    unsigned caring = node == 0 ? 0 : sets & walk->nodes[node].sets;
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
        const struct node *node = &walk->nodes[branch->node];
        unsigned sets = branch->sets & open_sets;
        uint32_t literal = text == NULL ? 0 : find_child(walk, branch->node, *text);
        if (!open(walk, &to, literal, sets, true) ||
            (!to.is_behind_empty && !open(walk, &to, node->wild, sets, text == NULL))) {
            return to;
        }
        for (int age = 0; age < MG_DIFF_AGES; age++) {
            if ((sets >> age & 1U) != 0 && node->resources[END_REST][age] != 0) {
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
    if ((a == 0 && b == 0) || (a == b && !walk->nodes[a].rest_differs)) {
        return false;
    }
    uint32_t old_number = a == 0 ? 0 : walk->nodes[a].resources[END_REST][MG_DIFF_OLD];
    uint32_t new_number = b == 0 ? 0 : walk->nodes[b].resources[END_REST][MG_DIFF_NEW];
    return !is_seen(walk, pair_key(old_number, new_number));
}

/* Whether there is anything to find behind a state. */
static bool is_worth_it(const struct walk *walk, const struct state *state)
{
    for (unsigned i = 0; i < state->count; i++) {
        const struct branch *branch = &state->branches[i];
        const struct node *node = &walk->nodes[branch->node];
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
        const struct node *node = &walk->nodes[branch->node];
        bool has_rest = node->resources[END_REST][0] != 0 || node->resources[END_REST][1] != 0;
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
    struct mg_str segment = text == NULL ? mg_str_from(walk->fresh) : *text;
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
            find_child(walk, state->branches[i].node, text) != 0) {
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
        uint32_t child = walk->nodes[state->branches[i].node].first;
        for (; child != 0; child = walk->nodes[child].next) {
            struct mg_str text = walk->nodes[child].text;
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
    char tail[FRESH_BYTES + 4];
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
        (void)snprintf(tail, sizeof(tail), "//%s", walk->fresh);
        ask(walk, tail);
    }
}

/* Look at all paths on a host, and on any other. */
static void explore_host(struct walk *walk, uint32_t root)
{
    struct branch room[2];
    struct state state = {.branches = room};
    bool is_host = root != NODE_ROOT;
    walk->host = is_host ? walk->nodes[root].text : (struct mg_str){"", 0};
    walk->path_len = 0;
    (void)open(walk, &state, root, BOTH, true);
    if (is_host) {
        (void)open(walk, &state, NODE_ROOT, BOTH, false);
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
    bool has_roots = add_node(walk, 0) == NODE_HOSTS && add_node(walk, 0) == NODE_ROOT &&
                     !differ->is_out_of_memory && grow_slots(walk);
    if (has_roots && add_set(walk, MG_DIFF_OLD) && add_set(walk, MG_DIFF_NEW)) {
        mark_differences(walk);
        choose_fresh(walk);
        explore_host(walk, NODE_ROOT);
        for (uint32_t i = walk->nodes[NODE_HOSTS].first; i != 0; i = walk->nodes[i].next) {
            explore_host(walk, i);
        }
    }
    free(walk->nodes);
    free(walk->slots);
    free(walk->seen.keys);
    free(walk);
}
