/* dict.h - bounded dictionaries that outlive exchanges and generations: what the capability
 * `dict:NAME:SIZE` reaches.
 *
 * Shape:     names -> dictionaries, each a hash table of strings, numbers and booleans in C,
 *            cut into shards with a lock each (dict_shard.h). A dictionary never holds more
 *            than its bytes, its own tables among them: where room is needed the entry that
 *            expired first goes, and without expired ones what was used longest ago. "Longest
 *            ago" is judged in a shard, not over all of them.
 * Shards:    one for each 256 KiB, rounded down to a power of two, 1 to 16. An entry must fit
 *            into its shard.
 * Ownership: keys and values are copied in and out.
 * Threads:   any, at once.
 */
#ifndef MG_PLUGIN_DICT_H
#define MG_PLUGIN_DICT_H

#include <stdint.h>

#include "core/str.h"

struct mg_dicts; /* all of a server */
struct mg_dict;

enum {
    MG_DICT_MAX_KEY_BYTES = 1024,
    MG_DICT_MAX_VALUE_BYTES = 64 << 10,
    MG_DICT_MIN_BYTES = 16 << 10,
    MG_DICT_MAX_BYTES = 1 << 30,
    MG_DICTS_MAX = 64,
    MG_DICT_MAX_NAME_BYTES = 160,
};

enum mg_dict_type {
    MG_DICT_NIL,
    MG_DICT_STRING,
    MG_DICT_INTEGER,
    MG_DICT_NUMBER,
    MG_DICT_BOOLEAN,
};

struct mg_dict_value {
    enum mg_dict_type type;
    struct mg_str text;
    int64_t integer;
    double number;
    bool boolean;
};

enum mg_dict_result {
    MG_DICT_OK,
    MG_DICT_MISSING,
    MG_DICT_TOO_LARGE, /* key or value, or more than a shard may hold; or the reader's buffer
                          is too small */
    MG_DICT_TYPE,      /* increment of what is no integer, or beyond its range */
    MG_DICT_NO_MEMORY,
};

/* Returns: NULL when memory is out, or the kernel gives no random bytes. */
struct mg_dicts *mg_dicts_new(void);
/* Nobody may hold a dictionary of it any more. */
void mg_dicts_free(struct mg_dicts *dicts);

/* The dictionary `name` with `max_bytes`, brought between MG_DICT_MIN_BYTES and
 * MG_DICT_MAX_BYTES; made when there is none yet. The memory is reserved, and taken as it is
 * filled. With another size than before it keeps its contents as far as they fit, the newest
 * of each shard; while they are copied it is locked (1 to 2 microseconds an entry).
 * Returns: NULL when memory is out, there are too many, or the name is too long; a dictionary
 * that is there keeps its size then. It lives as long as `dicts`. */
struct mg_dict *mg_dicts_open(struct mg_dicts *dicts, struct mg_str name, size_t max_bytes);

/* `now_ms` is any clock that never goes back; `ttl_ms` 0: never expires. MG_DICT_NIL deletes.
 */
enum mg_dict_result mg_dict_set(struct mg_dict *dict, struct mg_str key,
                                const struct mg_dict_value *value, uint64_t ttl_ms,
                                uint64_t now_ms);
/* A string is copied to `buffer` of `size` bytes (MG_DICT_MAX_VALUE_BYTES always do); when it
 * does not fit, the result is MG_DICT_TOO_LARGE and value->text.len what it takes. */
enum mg_dict_result mg_dict_get(struct mg_dict *dict, struct mg_str key, char *buffer,
                                size_t size, uint64_t now_ms, struct mg_dict_value *value);
/* Returns: MG_DICT_OK or MG_DICT_MISSING. An expired entry may still be found. */
enum mg_dict_result mg_dict_delete(struct mg_dict *dict, struct mg_str key);

/* What mg_dict_increment does, and gives. */
struct mg_dict_increment {
    int64_t by;
    int64_t start;        /* of a missing or expired entry, before `by` is added */
    uint64_t ttl_ms;      /* of a missing or expired entry; 0: never expires */
    int64_t result;       /* the new number */
    uint64_t ttl_left_ms; /* 0: never expires */
};

/* Add to an integer, as one step for all workers. An existing entry keeps its life. */
enum mg_dict_result mg_dict_increment(struct mg_dict *dict, struct mg_str key,
                                      struct mg_dict_increment *increment, uint64_t now_ms);

struct mg_dict_stats {
    uint64_t entries;   /* expired ones that still take room among them */
    uint64_t bytes;     /* that entries take now */
    uint64_t max_bytes; /* that the dictionary takes at most, its own tables among them */
    uint64_t evictions;
    uint64_t expirations;
    uint64_t refusals; /* of what was too large */
};
void mg_dict_stats(struct mg_dict *dict, struct mg_dict_stats *stats);

/* The dictionaries there are now, newest first, `space` of them at most. Returns: how many. */
size_t mg_dicts_list(struct mg_dicts *dicts, struct mg_dict **out, size_t space);
/* What it was opened as; as long as it lives. */
struct mg_str mg_dict_name(const struct mg_dict *dict);

#endif
