/* pin.h - what `moongate pin` and `moongate unpin` share. */
#ifndef MG_CLI_PIN_H
#define MG_CLI_PIN_H

/* Send the command at `path`, and tell of the active generation behind `done`. Returns: the
 * exit code. */
int mg_pin_command(int argc, char **argv, const char *path, const char *done);

#endif
