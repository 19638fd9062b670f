/* main.c - hands the arguments to the command line; no logic. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return mg_cli_run(argc, argv);
}
