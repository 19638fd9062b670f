/* test_curl_command.c - pasted curl commands and the fetches they stand for. */
#include "cli/curl_command.h"
#include "paste.h"

#define PLAIN " none \"\" cors same-origin follow from  []"
#define FORM  "[Content-Type: application/x-www-form-urlencoded]"

static void options_shape_the_fetch(void **state)
{
    (void)state;
    static const struct paste_row ROWS[] = {
        {"a URL", "curl https://a/", "GET https://a/" PLAIN},
        {"a prompt before it", "$ curl https://a/", "GET https://a/" PLAIN},
        {"a path to curl", "/usr/bin/curl https://a/", "GET https://a/" PLAIN},
        {"--url", "curl --url https://a/ -s", "GET https://a/" PLAIN},
        {"no scheme", "curl a.example/x", "GET http://a.example/x" PLAIN},
        {"-X apart", "curl -X PUT https://a/", "PUT https://a/" PLAIN},
        {"-X attached", "curl -XPUT https://a/", "PUT https://a/" PLAIN},
        {"letters together", "curl -sSLXPATCH https://a/", "PATCH https://a/" PLAIN},
        {"-I is HEAD", "curl -I https://a/", "HEAD https://a/" PLAIN},
        {"a header", "curl -H 'X-A:  1 ' https://a/",
         "GET https://a/ none \"\" cors same-origin follow from  [X-A: 1]"},
        {"an empty header", "curl -H 'X-A;' https://a/",
         "GET https://a/ none \"\" cors same-origin follow from  [X-A: ]"},
        {"a header taken away", "curl -H 'Accept:' https://a/", "GET https://a/" PLAIN},
        {"data", "curl -d a=b https://a/",
         "POST https://a/ buffer \"a=b\" cors same-origin follow from  " FORM},
        {"data twice", "curl -d a=b --data-raw @c https://a/",
         "POST https://a/ buffer \"a=b&@c\" cors same-origin follow from  " FORM},
        {"data of another type", "curl -d {} -H 'content-type: text/plain' https://a/",
         "POST https://a/ buffer \"{}\" cors same-origin follow from  [content-type: "
         "text/plain]"},
        {"data without a type", "curl -d {} -H 'content-type:' https://a/",
         "POST https://a/ buffer \"{}\" cors same-origin follow from  []"},
        {"a file's data", "curl -d @x https://a/",
         "POST https://a/ buffer \"\" cors same-origin follow from  " FORM},
        {"-G makes a query", "curl -G -d a=b -d c https://a/?x",
         "GET https://a/?x&a=b&c" PLAIN},
        {"--json", "curl --json '{}' https://a/",
         "POST https://a/ buffer \"{}\" cors same-origin follow from  [Accept: "
         "application/json, Content-Type: application/json]"},
        {"a form", "curl -F a=b -F c=@d https://a/",
         "POST https://a/ form \"\" cors same-origin follow from  []"},
        {"an upload", "curl -T x https://a/",
         "PUT https://a/ buffer \"\" cors same-origin follow from  []"},
        {"-u", "curl -u user:secret https://a/",
         "GET https://a/ none \"\" cors same-origin follow from  [Authorization: Basic "
         "dXNlcjpzZWNyZXQ=]"},
        {"a range", "curl -r 0-9 https://a/",
         "GET https://a/ none \"\" cors same-origin follow from  [Range: bytes=0-9]"},
        {"cookies are credentials", "curl -b a=b https://a/",
         "GET https://a/ none \"\" cors include follow from  []"},
        {"-e names the page", "curl -e https://app/x https://a/",
         "GET https://a/ none \"\" cors same-origin follow from https://app []"},
        {"Origin before Referer", "curl -e https://x/ -H 'Origin: https://app' https://a/",
         "GET https://a/ none \"\" cors same-origin follow from https://app []"},
        {"the mode that was recorded", "curl -H 'sec-fetch-mode: no-cors' https://a/",
         "GET https://a/ none \"\" no-cors same-origin follow from  []"},
        {"a navigation",
         "curl -H 'Sec-Fetch-Mode: navigate' -H 'upgrade-insecure-requests: 1' https://a/",
         "GET https://a/ none \"\" navigate same-origin follow from  []"},
        {"priority of a script", "curl -H 'priority: u=1' https://a/",
         "GET https://a/ none \"\" cors same-origin follow from  [priority: u=1]"},
        {"priority of a browser", "curl -H 'priority: u=1' -H 'sec-ch-ua: x' https://a/",
         "GET https://a/" PLAIN},
        {"what is curl's alone",
         "curl -k --compressed -o x -w %{http_code} --http1.1 -m 5 https://a/",
         "GET https://a/" PLAIN},
    };
    paste_check(mg_curl_command_parse, ROWS, MG_COUNT(ROWS));
}

static void quotes_are_those_of_a_shell(void **state)
{
    (void)state;
    static const struct paste_row ROWS[] = {
        {"single", "curl 'https://a/$x`\\'", "GET https://a/$x`\\" PLAIN},
        {"double", "curl \"https://a/\\$\\\"\\x\"", "GET https://a/$\"\\x" PLAIN},
        {"a backslash", "curl https://a/\\ \\'b", "GET https://a/ 'b" PLAIN},
        {"parts of one word", "curl ht'tps:'\"//a/\"x", "GET https://a/x" PLAIN},
        {"$'...'", "curl $'https://a/\\u0021\\x41\\101\\'\\\\\\n\\t'",
         "GET https://a/!AA'\\\n\t" PLAIN},
        {"code points", "curl $'https://a/\\u00e9\\u20ac\\U0001f600\\ud800'",
         "GET https://a/\u00e9\u20ac\U0001f600\ufffd" PLAIN},
        {"an unknown escape", "curl $'https://a/\\q\\xg'", "GET https://a/\\q\\xg" PLAIN},
        {"a continued line", "curl \\\n  -X PUT \\\r\n https://a/", "PUT https://a/" PLAIN},
        {"a comment", "# first\ncurl https://a/ # rest", "GET https://a/" PLAIN},
        {"a # within a word", "curl https://a/#x", "GET https://a/#x" PLAIN},
        {"a pipe", "curl https://a/ | jq .", "GET https://a/" PLAIN},
    };
    paste_check(mg_curl_command_parse, ROWS, MG_COUNT(ROWS));
}

static void faults_have_a_place(void **state)
{
    (void)state;
    static const struct paste_row ROWS[] = {
        {"nothing", "", "1:1: expected a command that begins with 'curl'"},
        {"another program", "wget https://a/",
         "1:1: expected a command that begins with 'curl'"},
        {"no URL", "curl -s", "1:1: the command has no URL"},
        {"two URLs", "curl https://a/ https://b/",
         "1:17: a second URL: explain one fetch at a time"},
        {"a value that is missing", "curl https://a/ -X", "1:17: -X needs a value"},
        {"a long option's", "curl https://a/ \\\n --data", "2:2: --data needs a value"},
        {"a header without a colon", "curl -H x https://a/", "1:9: -H takes 'name: value'"},
        {"an unknown option", "curl --ftp-pasv https://a/",
         "1:6: explain does not know curl's option --ftp-pasv, nor whether a value follows it: "
         "leave it out"},
        {"an unknown letter", "curl -sZ https://a/",
         "1:6: explain does not know curl's option -sZ, nor whether a value follows it: leave "
         "it out"},
        {"a quote", "curl\n 'a", "1:1: the command has no URL"},
        {"an open quote", "curl 'a", "1:6: a ' that is not closed"},
        {"an open double quote", "curl -s \"a'", "1:9: a \" that is not closed"},
        {"an open $'", "curl $'a\\'", "1:7: a $'...' that does not end"},
        {"cmd.exe", "curl ^\"https://a/^\"",
         "1:6: this is quoted for cmd.exe: copy it as cURL (bash)"},
    };
    paste_check(mg_curl_command_parse, ROWS, MG_COUNT(ROWS));
}

/* As Chromium's network panel copies a PUT of JSON with cookies and its cache switched off. */
static const char RECORDED[] =
    "curl 'https://api.example/orders/1?x=1' \\\n"
    "  -X 'PUT' \\\n"
    "  -H 'accept: */*' \\\n"
    "  -H 'accept-language: en-US,en;q=0.9' \\\n"
    "  -H 'authorization: Bearer t' \\\n"
    "  -H 'cache-control: no-cache' \\\n"
    "  -H 'content-type: application/json' \\\n"
    "  -b 'session=1' \\\n"
    "  -H 'origin: https://app.example' \\\n"
    "  -H 'pragma: no-cache' \\\n"
    "  -H 'priority: u=1, i' \\\n"
    "  -H 'referer: https://app.example/' \\\n"
    "  -H 'sec-ch-ua: \"Chromium\";v=\"156\", \"Not(A:Brand\";v=\"24\"' \\\n"
    "  -H 'sec-ch-ua-mobile: ?0' \\\n"
    "  -H 'sec-fetch-dest: empty' \\\n"
    "  -H 'sec-fetch-mode: cors' \\\n"
    "  -H 'sec-fetch-site: same-site' \\\n"
    "  -H 'user-agent: Mozilla/5.0 (X11)' \\\n"
    "  --data-raw $'{\"a\":\"it\\'s\\u0021\"}'";

static void what_chromium_copies_is_read(void **state)
{
    (void)state;
    struct paste paste;
    paste_read(&paste, mg_curl_command_parse, mg_str_from(RECORDED));
    mg_expect_str(
        "as the script made it", paste_show(&paste),
        MG_STR("PUT https://api.example/orders/1?x=1 buffer \"{\"a\":\"it's!\"}\" cors "
               "include follow from https://app.example [accept: */*, "
               "accept-language: en-US,en;q=0.9, authorization: Bearer t, "
               "content-type: application/json]"));
    mg_expect_str("the browser's own name", paste.input.spec.user_agent,
                  MG_STR("Mozilla/5.0 (X11)"));
    mg_expect_str("its site", paste.input.spec.site, MG_STR("same-site"));
    mg_expect_true("the page is told of",
                   paste_notes(&paste.input, "https://app.example: taken from Origin"));
    mg_expect_true("cookies are", paste_notes(&paste.input, "credentials: \"include\""));
    mg_expect_true("what was left out is",
                   paste_notes(&paste.input, "cache-control, Cookie, origin, pragma, priority, "
                                             "referer, sec-ch-ua, sec-ch-ua-mobile"));
    paste_free(&paste);
}

static void what_is_not_read_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *note;
    } ROWS[] = {
        {"curl https://a/$X", "the shell's $... is kept as it is written"},
        {"curl https://a/ | jq", "what follows the command is not read"},
        {"curl -d @f https://a/", "the content is not read from @f"},
        {"curl -T f https://a/", "the file f is not read"},
        {"curl -H @f https://a/", "the headers of the file @f are not read"},
        {"curl a/", "taken for http"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct paste paste;
        paste_read(&paste, mg_curl_command_parse, mg_str_from(ROWS[i].text));
        mg_expect_true(ROWS[i].text, paste.ok && paste_notes(&paste.input, ROWS[i].note));
        paste_free(&paste);
    }
}

static void any_text_is_read_or_refused(void **state)
{
    (void)state;
    paste_property("curl commands", mg_curl_command_parse,
                   MG_STR("curl -XHdF'\"\\$u0x{}\n #;|&^@=:a/\t\xc3"),
                   MG_STR("curl 'https://a/b' -X PUT \\\n -H \"x-a: 1\" --data-raw $'a\\u0021' "
                          "-b c=d # x\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_shape_the_fetch),
        cmocka_unit_test(quotes_are_those_of_a_shell),
        cmocka_unit_test(faults_have_a_place),
        cmocka_unit_test(what_chromium_copies_is_read),
        cmocka_unit_test(what_is_not_read_is_told),
        cmocka_unit_test(any_text_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
