// SPDX-License-Identifier: Apache-2.0
/* data_form_addr.c - the forms that are addresses: IP, MAC, prefixes. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "data_form_internal.h"

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* inet_pton, of text without a zero behind it. */
static bool parse(int family, const char *s, size_t n, void *at)
{
	char text[INET6_ADDRSTRLEN + 1];
	unsigned char address[16];

	if (n >= sizeof(text) || memchr(s, 0, n))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	if (inet_pton(family, text, address) != 1)
		return false;
	memcpy(at, address, family == AF_INET ? 4 : 16);
	return true;
}

static size_t print(int family, const void *at, char *buf)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, at, text, sizeof(text));
	memcpy(buf, text, strlen(text));
	return strlen(text);
}

int form_read_ip4(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	(void)c;
	return parse(AF_INET, s, n, at) ? 0 : form_wrong(why, "is not an IPv4 address, such as 192.0.2.1");
}

size_t form_print_ip4(const struct data_column *c, const void *at, char *buf)
{
	(void)c;
	return print(AF_INET, at, buf);
}

int form_read_ip6(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	(void)c;
	return parse(AF_INET6, s, n, at) ? 0 : form_wrong(why, "is not an IPv6 address, such as 2001:db8::1");
}

size_t form_print_ip6(const struct data_column *c, const void *at, char *buf)
{
	(void)c;
	return print(AF_INET6, at, buf);
}

int form_read_ip(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	unsigned char v4[4];

	(void)c;
	if (parse(AF_INET, s, n, v4)) {
		memcpy(at, mapped, sizeof(mapped));
		memcpy((char *)at + sizeof(mapped), v4, sizeof(v4));
		return 0;
	}
	return parse(AF_INET6, s, n, at) ? 0
					 : form_wrong(why, "is not an IP address, such as 192.0.2.1 or 2001:db8::1");
}

size_t form_print_ip(const struct data_column *c, const void *at, char *buf)
{
	(void)c;
	if (!memcmp(at, mapped, sizeof(mapped)))
		return print(AF_INET, (const char *)at + sizeof(mapped), buf);
	return print(AF_INET6, at, buf);
}

int form_read_mac(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	unsigned char mac[6];
	char text[18];
	int used = 0;

	(void)c;
	if (n == 17) {
		memcpy(text, s, n);
		text[n] = 0;
		/* %2hhx would take blanks and signs, so look at the characters first */
		if (strspn(text, "0123456789abcdefABCDEF:") == n)
			sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
			       &mac[4], &mac[5], &used);
	}
	if (used != 17)
		return form_wrong(why, "is not a MAC address, such as 02:00:00:00:00:01");
	memcpy(at, mac, sizeof(mac));
	return 0;
}

size_t form_print_mac(const struct data_column *c, const void *at, char *buf)
{
	const unsigned char *m = at;
	char text[18];

	(void)c;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	memcpy(buf, text, 17);
	return 17;
}

/* --- Prefixes: a __u32 with their length, then the address, as LPM tries have them --- */

static unsigned bits_of(const struct data_column *c)
{
	return c->address == FORM_IP4 ? 32 : 128;
}

/* Clear what is behind the first LEN bits; true if there was something. */
static bool cut(unsigned char *address, unsigned bits, unsigned len)
{
	bool any = false;

	for (unsigned i = len; i < bits; i++) {
		unsigned char bit = 0x80 >> i % 8;

		any |= address[i / 8] & bit;
		address[i / 8] &= ~bit;
	}
	return any;
}

static int wrong_prefix(const struct data_column *c, char *why)
{
	return form_wrong(why, "is not a prefix, such as %s",
			  c->address == FORM_IP4   ? "192.0.2.0/24"
			  : c->address == FORM_IP6 ? "2001:db8::/32"
						   : "192.0.2.0/24 or 2001:db8::/32");
}

int form_read_prefix(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	const char *slash = memchr(s, '/', n);
	size_t len = slash ? (size_t)(slash - s) : n;
	unsigned char address[16];
	__u32 bits = bits_of(c), most = bits, skip = 0, prefix = 0;
	form_read *read = c->address == FORM_IP4   ? form_read_ip4
			  : c->address == FORM_IP6 ? form_read_ip6
						   : form_read_ip;

	if (form_is_raw(c, s, n))
		return form_read_raw(c, s + 2, n - 2, at, why);
	if (read(c, s, len, address, why))
		return wrong_prefix(c, why);
	if (c->address == FORM_IP && !memchr(s, ':', len))
		skip = 96; /* an IPv4 prefix, mapped */
	most -= skip;
	if (!slash) {
		prefix = most;
	} else {
		size_t digits = n - len - 1;

		for (const char *p = slash + 1; p < s + n; p++)
			if (*p < '0' || *p > '9' || digits > 3)
				return wrong_prefix(c, why);
			else
				prefix = prefix * 10 + (*p - '0');
		if (!digits || prefix > most)
			return form_wrong(why, "has a length that is not from 0 to %u", most);
	}
	prefix += skip;
	if (cut(address, bits, prefix)) {
		char text[INET6_ADDRSTRLEN + 1] = "";

		text[skip ? form_print_ip(c, address, text) : print(bits == 32 ? AF_INET : AF_INET6, address, text)] =
			0;
		return form_wrong(why, "has bits behind its length: write %s/%u", text, prefix - skip);
	}
	memcpy(at, &prefix, sizeof(prefix));
	memcpy((char *)at + sizeof(prefix), address, bits / 8);
	return 0;
}

/* Bits behind the length mean nothing to the kernel, so they are left out. */
size_t form_print_prefix(const struct data_column *c, const void *at, char *buf)
{
	unsigned char address[16];
	__u32 bits = bits_of(c), prefix;
	size_t n;

	memcpy(&prefix, at, sizeof(prefix));
	if (prefix > bits)
		return form_put_raw(c, at, buf);
	memcpy(address, (const char *)at + sizeof(prefix), bits / 8);
	cut(address, bits, prefix);
	if (c->address == FORM_IP && prefix >= 96 && !memcmp(address, mapped, sizeof(mapped))) {
		n = form_print_ip(c, address, buf);
		prefix -= 96;
	} else {
		n = print(bits == 32 ? AF_INET : AF_INET6, address, buf);
	}
	return n + sprintf(buf + n, "/%u", prefix);
}
