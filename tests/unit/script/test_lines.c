/* test_lines.c - every line that a state runs is told of, while loading and afterwards, and
 * counting goes on as without. */
#include "script/lines.h"
#include "sealed_state.h"

static const char CHUNK[] = "local function helper(n)\n"
                            "  return n * 2\n"
                            "end\n"
                            "hook(function()\n"
                            "  local n = helper(1)\n"
                            "  if n == 3 then\n"
                            "    say 'never'\n"
                            "  end\n"
                            "  say 'done'\n"
                            "end)\n"
                            "hook(function()\n"
                            "  while true do end\n"
                            "end)\n";

enum {
    LINES = 14
};

static unsigned counts[LINES];
static bool has_other_file;

static void count_line(void *context, const char *source, int line)
{
    (void)context;
    has_other_file = has_other_file || strcmp(source, "dir/policy.lua") != 0;
    if (line > 0 && line < LINES) {
        counts[line]++;
    }
}

static void tells_of_lines_that_run(void **state)
{
    (void)state;
    const struct mg_script_budget budget = {.counts = true};
    struct mg_script *script = sealed(CHUNK, NULL, &budget);
    expect_works("unwatched", script, 1, "done");
    uint64_t steps = mg_script_last_steps(script);
    memset(counts, 0, sizeof(counts));
    mg_script_watch_lines(script, count_line, NULL);
    expect_works("watched", script, 1, "done");
    static const unsigned wanted[LINES] = {[2] = 1, [5] = 1, [6] = 1, [9] = 1, [10] = 1};
    for (int i = 0; i < LINES; i++) {
        mg_expect_int("line", counts[i], wanted[i]);
    }
    mg_expect_true("the chunk's name", !has_other_file);
    mg_expect_u64("the same steps", mg_script_last_steps(script), steps);
    mg_script_free(script);
}

static void bounds_hold_with_it(void **state)
{
    (void)state;
    const struct mg_script_budget budget = {.counts = true, .max_steps = 1000};
    struct mg_script_fault fault;
    struct mg_script *script = sealed(CHUNK, NULL, &budget);
    mg_script_watch_lines(script, count_line, NULL);
    assert_false(run_slot(script, 2, &fault));
    mg_expect_text("a loop without end", fault.err.code, "budget-steps");
    expect_works("usable again", script, 1, "done");
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_lines_that_run),
        cmocka_unit_test(bounds_hold_with_it),
    };
    return cmocka_run_group_tests_name("script/lines", tests, NULL, NULL);
}
