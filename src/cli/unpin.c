/* unpin.c - `moongate unpin`: let a running server take up policies again. */
#include "cli/command.h"
#include "cli/pin.h"

static int run_unpin(int argc, char **argv)
{
    return mg_pin_command(argc, argv, "/unpin", "not pinned:");
}

const struct mg_command mg_command_unpin = {
    .name = "unpin",
    .summary = "let it take up policies again",
    .run = run_unpin,
};
