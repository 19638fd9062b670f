/* fingerprint.c - see the header. A hash that is carried from field to field: each field's
 * bytes are hashed with what came before as the seed. */
#include "policy/fingerprint.h"

static uint64_t add_text(uint64_t hash, struct mg_str text)
{
    return mg_str_hash(text, hash + text.len);
}

static uint64_t add_number(uint64_t hash, uint64_t number)
{
    return add_text(hash, (struct mg_str){(const char *)&number, sizeof(number)});
}

static uint64_t add_place(uint64_t hash, const char *file, int line)
{
    return add_number(add_text(hash, mg_str_from(file)), (uint64_t)line);
}

static uint64_t add_list(uint64_t hash, const struct mg_list_decl *list)
{
    hash = add_number(hash, (uint64_t)list->kind);
    hash = add_number(hash, list->function.hash);
    hash = list->source == NULL ? hash : add_text(hash, mg_str_from(list->source->name));
    hash = add_number(hash, list->count);
    for (size_t i = 0; i < list->count; i++) {
        hash = add_text(add_number(hash, list->places[i]), list->items[i]);
    }
    return hash;
}

static uint64_t add_cors(uint64_t hash, const struct mg_cors_decl *cors)
{
    hash = add_list(hash, &cors->origins);
    hash = add_list(hash, &cors->methods);
    hash = add_list(hash, &cors->headers);
    hash = add_list(hash, &cors->expose);
    hash = add_number(hash, (uint64_t)cors->max_age);
    hash = add_number(hash, cors->status);
    hash = add_number(hash, (uint64_t)cors->on_denied);
    const bool flags[] = {cors->credentials, cors->timing, cors->insecure, cors->reflects};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        hash = add_number(hash, flags[i]);
    }
    return hash;
}

static uint64_t add_handler(uint64_t hash, const struct mg_resource_decl *decl)
{
    const struct mg_handler_spec *handler = &decl->handler;
    hash = add_number(hash, decl->has_handler);
    hash = add_number(hash, (uint64_t)handler->kind);
    hash = add_text(hash, handler->name);
    hash = add_number(hash, handler->canned.status);
    hash = add_text(hash, handler->canned.lines);
    hash = add_text(hash, handler->canned.vary);
    hash = add_text(hash, handler->canned.body);
    return decl->plugin == NULL ? hash : add_number(hash, decl->plugin->position);
}

uint64_t mg_fingerprint_resource(const struct mg_resource_decl *decl)
{
    uint64_t hash = add_place(0, decl->file, decl->line);
    hash = add_text(hash, decl->pattern);
    hash = add_list(hash, &decl->methods);
    hash = add_number(hash, (uint64_t)decl->cors_mode);
    hash = add_cors(hash, &decl->cors);
    hash = add_handler(hash, decl);
    hash = add_number(hash, decl->forwards_options);
    hash = add_number(hash, decl->encoded_slash);
    for (int i = 0; i < MG_FUNCTION_COUNT; i++) {
        hash = add_number(hash, decl->hooks[i].hash);
    }
    return hash;
}

uint64_t mg_fingerprint_plugin(const struct mg_plugin_decl *decl)
{
    uint64_t hash = add_place(0, decl->file, decl->line);
    hash = add_text(hash, decl->name);
    hash = add_number(hash, decl->is_complete);
    hash = add_number(hash, decl->config_hash);
    hash = add_list(hash, &decl->resources);
    return add_list(hash, &decl->grant);
}

static uint64_t fingerprint_upstream(const struct mg_upstream *upstream)
{
    uint64_t hash = add_place(0, upstream->file, upstream->line);
    hash = add_text(hash, upstream->name);
    hash = add_number(hash, (uint64_t)upstream->balance);
    hash = add_number(hash, upstream->keeps_cors);
    hash = add_text(hash, upstream->host);
    hash = add_text(hash, upstream->check);
    hash = add_number(hash, upstream->check_every_s);
    for (size_t i = 0; i < upstream->server_count; i++) {
        hash = add_text(hash, upstream->servers[i].url);
    }
    return hash;
}

uint64_t mg_fingerprint_upstreams(const struct mg_loader *loader)
{
    uint64_t sum = loader->upstream_count;
    for (const struct mg_upstream_decl *u = loader->upstreams; u != NULL; u = u->older) {
        sum += fingerprint_upstream(&u->upstream);
    }
    return sum;
}
