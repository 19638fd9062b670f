/* measure.c - see the header. */
#include "plugin/measure.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static bool read_measure(struct mg_str text, const struct unit *units, size_t unit_count,
                         uint64_t max, uint64_t *out)
{
    size_t digits = 0;
    while (digits < text.len && mg_ascii_is_digit(text.ptr[digits])) {
        digits++;
    }
    struct mg_str unit = mg_str_from_offset(text, digits);
    for (size_t i = 0; i < unit_count; i++) {
        unsigned long long count;
        if (mg_str_equal(unit, mg_str_from(units[i].name))) {
            bool is_read =
                mg_str_to_u64((struct mg_str){text.ptr, digits}, max / units[i].factor, &count);
            *out = is_read ? count * units[i].factor : *out;
            return is_read;
        }
    }
    return false;
}

bool mg_measure_duration(struct mg_str text, uint64_t *ms)
{
    static const struct unit units[] = {
        {"ms", 1},
        {"s", 1000},
        {"m", 60ULL * 1000},
        {"h", 3600ULL * 1000},
        {"d", 24ULL * 3600 * 1000},
    };
    return read_measure(text, units, sizeof(units) / sizeof(units[0]),
                        3650ULL * 24 * 3600ULL * 1000, ms);
}

bool mg_measure_size(struct mg_str text, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"B", 1},
        {"KB", 1 << 10},
        {"MB", 1 << 20},
        {"GB", 1 << 30},
    };
    return read_measure(text, units, sizeof(units) / sizeof(units[0]), 1ULL << 40, bytes);
}
