/* attack_files.h - the plugin of an attack, in a folder of its own that is taken away again:
 * plugins are found in folders alone.
 */
#ifndef MG_CLI_ATTACK_FILES_H
#define MG_CLI_ATTACK_FILES_H

#include <stdbool.h>

struct mg_attack_files {
    char folder[128]; /* for --plugins; "" when there is none */
};

/* Make FOLDER/hostile/plugin.lua with `text` below TMPDIR or /tmp; NULL makes nothing.
 * Returns: false with errno, and nothing is left behind. */
bool mg_attack_files_make(struct mg_attack_files *files, const char *text);
void mg_attack_files_remove(struct mg_attack_files *files);

#endif
