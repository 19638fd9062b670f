/* options.c - the defaults, in one place. */
#include "server/options.h"

void mg_server_options_init(struct mg_server_options *options)
{
    *options = (struct mg_server_options){
        .access_log = "off",
        .log_format = MG_LOG_TEXT,
        .log_level = MG_LOG_INFO,
        .settle_ms = 60000,
        .shadow_one_in = 10,
    };
#define SET_DEFAULT(field, value, is_duration) options->limits.field = (value);
    MG_LIMITS(SET_DEFAULT)
#undef SET_DEFAULT
}
