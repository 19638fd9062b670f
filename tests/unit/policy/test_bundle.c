/* test_bundle.c - a set as it was read, and back; whatever else the bytes are. */
#include "core/buf.h"
#include "files.h"
#include "policy/bundle.h"

#define NONE "handler = 'none' }\n"

static const char MAIN[] =
    "local shared = include '_shared.lua'\n"
    "resource '/list' { cors = { origins = file 'list.txt' }, " NONE
    "resource '/f' { cors = { origins = function(req) return shared end }, " NONE;

static const char SHARED[] = "return { 'https://a.example' }\n";
static const char LIST[] = "https://b.example\nhttps://c.example\n";

/* Load the directory with `bundle` filled. */
static struct mg_policy_set *load_bundled(struct mg_buf *bundle)
{
    struct mg_errs errs;
    const char *paths[] = {root};
    const struct mg_policy_options options = {.bundle = bundle};
    mg_buf_init(bundle, MG_BUNDLE_MAX_BYTES);
    struct mg_policy_set *set = load_paths(paths, 1, &options, &errs);
    mg_errs_print(&errs, stderr);
    assert_non_null(set);
    mg_errs_fini(&errs);
    return set;
}

static void write_policies(void)
{
    write_file("main.lua", MAIN);
    write_file("_shared.lua", SHARED);
    write_file("list.txt", LIST);
}

static struct mg_policy_set *load_back(struct mg_str bundle, struct mg_errs *errs)
{
    const struct mg_policy_options options = {.path_count = 0};
    mg_errs_init(errs);
    return mg_policy_set_load_bundle(bundle, &options, errs);
}

static void what_was_read_comes_back_without_its_files(void **state)
{
    (void)state;
    struct mg_buf bundle;
    struct mg_errs errs;
    write_policies();
    struct mg_policy_set *set = load_bundled(&bundle);
    write_file("main.lua", "this is no policy any more");
    assert_int_equal(unlink(path_of("_shared.lua")), 0);
    assert_int_equal(unlink(path_of("list.txt")), 0);
    struct mg_policy_set *back = load_back(mg_buf_str(&bundle), &errs);
    mg_errs_print(&errs, stderr);
    assert_non_null(back);
    mg_expect_str("the revision is the check of the bytes", back->revision, set->revision);
    mg_expect_int("resources", back->resource_count, 2);
    mg_expect_text("faults have the same places", back->resources[0]->file,
                   set->resources[0]->file);
    mg_expect_true("functions are there", mg_policy_set_needs_lua(back));
    mg_policy_set_free(back);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    mg_buf_fini(&bundle);
}

static void cut_off_or_spoilt_it_is_refused(void **state)
{
    (void)state;
    struct mg_buf bundle;
    struct mg_errs errs;
    write_policies();
    struct mg_policy_set *set = load_bundled(&bundle);
    for (size_t length = 0; length < bundle.len; length++) {
        struct mg_policy_set *back = load_back((struct mg_str){bundle.ptr, length}, &errs);
        mg_expect_true("a part of it", back == NULL && errs.error_count > 0);
        mg_expect_text("a part of it", errs.items[0].code, "bundle-invalid");
        mg_errs_fini(&errs);
    }
    /* A byte that is another one: refused, or of another revision, or of names that are for
     * messages only. Under a sanitizer nothing is read beyond its end. */
    size_t noticed = 0;
    for (size_t i = 0; i < bundle.len; i++) {
        bundle.ptr[i] ^= 0x41;
        struct mg_policy_set *back = load_back(mg_buf_str(&bundle), &errs);
        noticed += back == NULL || !mg_str_equal(back->revision, set->revision);
        mg_policy_set_free(back);
        mg_errs_fini(&errs);
        bundle.ptr[i] ^= 0x41;
    }
    size_t texts = strlen(MAIN) + strlen(SHARED) + strlen(LIST);
    mg_expect_true("each byte of a file is", noticed >= texts);
    mg_policy_set_free(set);
    mg_buf_fini(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_read_comes_back_without_its_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(cut_off_or_spoilt_it_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
