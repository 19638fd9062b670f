/* nearest.c - see the header. */
#include "script/nearest.h"

enum {
    LONGEST = 64 /* names longer than this have no neighbours */
};

static struct mg_str lower_case(struct mg_str name, char out[static LONGEST])
{
    for (size_t i = 0; i < name.len; i++) {
        out[i] = mg_ascii_lower(name.ptr[i]);
    }
    return (struct mg_str){out, name.len};
}

void mg_nearest_offer(struct mg_nearest *nearest, struct mg_str name)
{
    struct mg_str wanted = nearest->wanted;
    if (name.len == 0 || wanted.len == 0 || name.len > LONGEST || wanted.len > LONGEST) {
        return;
    }
    char wanted_lower[LONGEST];
    char name_lower[LONGEST];
    size_t distance =
        mg_str_distance(lower_case(wanted, wanted_lower), lower_case(name, name_lower));
    size_t near = name.len / 3 > 0 ? name.len / 3 : 1;
    if (distance > near || distance > nearest->distance ||
        (distance == nearest->distance && mg_str_compare(name, nearest->best) >= 0)) {
        return;
    }
    nearest->best = name;
    nearest->distance = distance;
}
