/* own_field.c - see the header. */
#include "plugin/own_field.h"

bool mg_own_field_is_framing(struct mg_str name)
{
    static const char *const NAMES[] = {"Connection", "Content-Length",    "Date",
                                        "Keep-Alive", "Proxy-Connection",  "TE",
                                        "Trailer",    "Transfer-Encoding", "Upgrade"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (mg_str_equal_nocase(name, mg_str_from(NAMES[i]))) {
            return true;
        }
    }
    return false;
}

bool mg_own_field_is_cors(struct mg_str name)
{
    struct mg_str prefix = MG_STR("Access-Control-");
    struct mg_str front = {name.ptr, name.len < prefix.len ? name.len : prefix.len};
    return mg_str_equal_nocase(front, prefix) ||
           mg_str_equal_nocase(name, MG_STR("Timing-Allow-Origin"));
}

bool mg_own_field_value_is_safe(struct mg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}
