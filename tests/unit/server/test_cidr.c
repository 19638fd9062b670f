/* test_cidr.c - address ranges and the addresses of X-Forwarded-For. */
#include <arpa/inet.h>

#include "expect.h"
#include "server/cidr.h"

static void ranges_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        bool valid;
    } rows[] = {
        {"a range", "10.0.0.0/8", true},
        {"all of IPv4", "0.0.0.0/0", true},
        {"a bare address", "127.0.0.1", true},
        {"an IPv6 range", "fd00::/8", true},
        {"a bare IPv6 address", "::1", true},
        {"the peers of Unix sockets", "unix", true},
        {"a prefix that ends inside a byte", "172.16.0.0/12", true},
        {"bits behind the prefix", "10.0.0.1/8", false},
        {"bits behind a prefix inside a byte", "172.17.0.0/12", false},
        {"a prefix that is too long", "10.0.0.0/33", false},
        {"an empty prefix", "10.0.0.0/", false},
        {"a name", "localhost", false},
        {"nothing", "", false},
        {"a short form", "10/8", false},
        {"a port", "10.0.0.1:80", false},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_cidr cidr;
        mg_expect_int(rows[i].desc, mg_cidr_parse(mg_str_from(rows[i].text), &cidr),
                      rows[i].valid);
    }
}

static void ranges_hold_what_shares_their_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *range;
        const char *address;
        bool held;
    } rows[] = {
        {"inside", "10.0.0.0/8", "10.255.1.2", true},
        {"outside", "10.0.0.0/8", "11.0.0.0", false},
        {"inside a prefix that ends inside a byte", "172.16.0.0/12", "172.31.255.255", true},
        {"just outside it", "172.16.0.0/12", "172.32.0.0", false},
        {"the address itself", "192.0.2.7", "192.0.2.7", true},
        {"its neighbour", "192.0.2.7", "192.0.2.6", false},
        {"another family", "0.0.0.0/0", "::1", false},
        {"IPv6", "fd00::/8", "fdff::1", true},
        {"an IPv4-mapped address counts as IPv4", "10.0.0.0/8", "::ffff:10.1.2.3", true},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_cidr cidr;
        unsigned char bytes[16];
        assert_true(mg_cidr_parse(mg_str_from(rows[i].range), &cidr));
        int family = mg_cidr_address(mg_str_from(rows[i].address), bytes);
        mg_expect_int(rows[i].desc, mg_cidr_list_contains(&cidr, 1, family, bytes),
                      rows[i].held);
    }
}

static void addresses_are_read_in_every_form_proxies_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family;
    } rows[] = {
        {"192.0.2.1", AF_INET},
        {"192.0.2.1:1234", AF_INET},
        {"2001:db8::1", AF_INET6},
        {"[2001:db8::1]", AF_INET6},
        {"[2001:db8::1]:80", AF_INET6},
        {"unknown", 0},
        {"_hidden", 0},
        {"", 0},
        {"[::1", 0},
        {"1.2.3", 0},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        unsigned char bytes[16];
        mg_expect_int(rows[i].text, mg_cidr_address(mg_str_from(rows[i].text), bytes),
                      rows[i].family);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_strictly),
        cmocka_unit_test(ranges_hold_what_shares_their_prefix),
        cmocka_unit_test(addresses_are_read_in_every_form_proxies_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
