/* origin_ip.h - IP addresses as hosts of origins: which texts are the one form a browser
 * serializes (WHATWG URL, host serializing), and which form an odd text stands for.
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_ORIGIN_IP_H
#define MG_CORS_ORIGIN_IP_H

#include "core/str.h"

enum {
    MG_IP_TEXT_SIZE = 48 /* the longest address, its brackets and a NUL */
};

/* Whether a host whose last label is `label` is an IPv4 address or nothing (WHATWG URL,
 * ends-in-a-number checker): only digits, or 0x and hexadecimal digits. */
bool mg_ip_label_is_number(struct mg_str label);

/* Whether `host` is an IPv4 address as it is serialized: four decimal numbers of 0 to 255
 * without leading zeros. */
bool mg_ipv4_is_canonical(struct mg_str host);

/* Whether `host`, with its brackets, is an IPv6 address as it is serialized: lower case, the
 * first longest run of zeros compressed, no dotted tail, no zone. */
bool mg_ipv6_is_canonical(struct mg_str host);

/* Write the serialized form of `host` by the URL standard's generous IPv4 parser (octal and
 * hexadecimal numbers, fewer than four, a trailing dot). Returns: its length, or 0. */
size_t mg_ipv4_canonical(struct mg_str host, char out[static MG_IP_TEXT_SIZE]);

/* Write the serialized form, with brackets, of `host`: a bracketed IPv6 address in any case and
 * form. Returns: its length, or 0. */
size_t mg_ipv6_canonical(struct mg_str host, char out[static MG_IP_TEXT_SIZE]);

#endif
