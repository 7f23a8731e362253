// SPDX-License-Identifier: Apache-2.0
/* trigger.c - triggers: words into the plain struct and back, errors that say what to write instead. */
#include "trigger.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "suggest.h"

#define MAPPED_BITS 96	  /* an IPv4 /N is a /(96 + N) of ::ffff:0:0 */
#define ETHER_MIN   0x600 /* smaller values are a frame's length, not a type */

/* Words in the order of preference for printing: the first of a value is the canonical one. */
static const struct word {
	const char *name;
	unsigned char kind;
	unsigned short value;
} words[] = {
	{"any", TRIGGER_ANY, 0},
	{"arp", TRIGGER_ETHER, ETH_P_ARP},
	{"ip", TRIGGER_ETHER, ETH_P_IP},
	{"ip6", TRIGGER_ETHER, ETH_P_IPV6},
	{"ipv4", TRIGGER_ETHER, ETH_P_IP},
	{"ipv6", TRIGGER_ETHER, ETH_P_IPV6},
	{"icmp", TRIGGER_PROTO, IPPROTO_ICMP},
	{"icmp6", TRIGGER_PROTO, IPPROTO_ICMPV6},
	{"icmpv6", TRIGGER_PROTO, IPPROTO_ICMPV6},
	{"udp", TRIGGER_PROTO, IPPROTO_UDP},
	{"tcp", TRIGGER_PROTO, IPPROTO_TCP},
	{"sctp", TRIGGER_PROTO, IPPROTO_SCTP},
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

#define FORMS "any, arp, ip, ip6, ether/0xTYPE, icmp, icmp6, udp, tcp, sctp, proto/N, udp/PORT, tcp/LOW-HIGH"

static int unknown_word(const char *word, const char *text, const char *where)
{
	const char *names[N_WORDS + 2];
	char hint[SUGGEST_TEXT_MAX];

	for (size_t i = 0; i < N_WORDS; i++)
		names[i] = words[i].name;
	names[N_WORDS] = "ether";
	names[N_WORDS + 1] = "proto";
	if (suggest_text(word, names, N_WORDS + 2, hint, sizeof(hint))[0])
		return fail_input("%s: unknown trigger '%s'%s", where, text, hint);
	return fail_input("%s: unknown trigger '%s': write one of %s, and 'to ADDRESS[/LENGTH]' after an IP one", where,
			  text, FORMS);
}

/* Digits (or 0x and hex digits if HEX) to the last character. */
static int number(const char *s, bool hex, unsigned long max, unsigned long *out)
{
	int base = hex && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	char *end;

	if (base == 16)
		s += 2;
	if (base == 16 ? !isxdigit((unsigned char)*s) : !isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*out = strtoul(s, &end, base);
	return *end || errno || *out > max ? -EINVAL : 0;
}

static int parse_ether(struct trigger *t, const char *value, const char *text, const char *where)
{
	unsigned long type;

	if (number(value, true, 0xffff, &type) || type < ETHER_MIN)
		return fail_input("%s: bad ethertype '%s' in trigger '%s': 0x0600 to 0xffff, such as ether/0x88cc",
				  where, value, text);
	t->kind = TRIGGER_ETHER;
	t->lo = t->hi = type;
	return 0;
}

static int parse_proto(struct trigger *t, const char *value, const char *text, const char *where)
{
	unsigned long proto;

	if (number(value, false, 255, &proto))
		return fail_input("%s: bad IP protocol '%s' in trigger '%s': 0 to 255, such as proto/47", where, value,
				  text);
	t->kind = TRIGGER_PROTO;
	t->proto = proto;
	return 0;
}

static int parse_ports(struct trigger *t, char *value, const char *text, const char *where)
{
	char *dash = strchr(value, '-');
	unsigned long lo, hi;

	if (dash)
		*dash = '\0';
	if (number(value, false, 65535, &lo) || (dash && number(dash + 1, false, 65535, &hi)))
		return fail_input("%s: bad port in trigger '%s': 1 to 65535, or a range such as 8000-8999", where,
				  text);
	if (!dash)
		hi = lo;
	if (!lo || !hi)
		return fail_input("%s: port 0 in trigger '%s': ports go from 1 to 65535", where, text);
	if (lo > hi)
		return fail_input("%s: empty port range in trigger '%s': the lower port comes first, %lu-%lu", where,
				  text, hi, lo);
	t->kind = TRIGGER_PORT;
	t->lo = lo;
	t->hi = hi;
	return 0;
}

/* The part before "to". WORD is a scratch copy. */
static int parse_what(struct trigger *t, char *word, const char *text, const char *where)
{
	char *slash = strchr(word, '/');

	if (slash)
		*slash = '\0';
	if (slash && !strcasecmp(word, "ether"))
		return parse_ether(t, slash + 1, text, where);
	if (slash && !strcasecmp(word, "proto"))
		return parse_proto(t, slash + 1, text, where);
	for (size_t i = 0; i < N_WORDS; i++) {
		if (strcasecmp(word, words[i].name))
			continue;
		t->kind = words[i].kind;
		if (t->kind == TRIGGER_PROTO)
			t->proto = words[i].value;
		else
			t->lo = t->hi = words[i].value;
		if (!slash)
			return 0;
		if (t->kind == TRIGGER_PROTO && (t->proto == IPPROTO_UDP || t->proto == IPPROTO_TCP))
			return parse_ports(t, slash + 1, text, where);
		return fail_input("%s: trigger '%s' cannot have a port: ports go with udp and tcp", where, text);
	}
	if (!strcasecmp(word, "ether"))
		return fail_input("%s: trigger '%s' needs a type, such as ether/0x88cc", where, text);
	if (!strcasecmp(word, "proto"))
		return fail_input("%s: trigger '%s' needs a number, such as proto/47", where, text);
	return unknown_word(word, text, where);
}

static bool addr_is_mapped(const unsigned char *addr)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(addr, mapped, sizeof(mapped));
}

static bool trigger_is_v4(const struct trigger *t)
{
	return t->prefixlen >= MAPPED_BITS && addr_is_mapped(t->addr);
}

/* Clear what lies beyond the prefix; true if there was something. */
static bool clear_host_bits(struct trigger *t)
{
	unsigned char before[16];

	memcpy(before, t->addr, sizeof(before));
	for (unsigned i = 0; i < 16; i++) {
		int bits = (int)t->prefixlen - (int)i * 8;

		if (bits <= 0)
			t->addr[i] = 0;
		else if (bits < 8)
			t->addr[i] &= 0xff << (8 - bits);
	}
	return memcmp(before, t->addr, sizeof(before)) != 0;
}

static char *print_prefix(const struct trigger *t, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	bool v4 = trigger_is_v4(t);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? t->addr + 12 : t->addr, addr, sizeof(addr));
	if (t->prefixlen == 128)
		snprintf(buf, size, "%s", addr);
	else
		snprintf(buf, size, "%s/%d", addr, v4 ? t->prefixlen - MAPPED_BITS : t->prefixlen);
	return buf;
}

static int parse_prefix(struct trigger *t, char *value, const char *text, const char *where)
{
	char *slash = strchr(value, '/'), right[TRIGGER_TEXT_MAX];
	unsigned long len, max;
	bool v4;

	if (slash)
		*slash = '\0';
	v4 = inet_pton(AF_INET, value, t->addr + 12) == 1;
	if (v4)
		t->addr[10] = t->addr[11] = 0xff;
	else if (inet_pton(AF_INET6, value, t->addr) != 1)
		return fail_input(
			"%s: bad address '%s' in trigger '%s': write it as in 'to 192.0.2.1' or 'to 2001:db8::/32'",
			where, value, text);
	max = v4 ? 32 : 128;
	len = max;
	if (slash && number(slash + 1, false, max, &len))
		return fail_input("%s: bad prefix length '%s' in trigger '%s': 0 to %lu", where, slash + 1, text, max);
	t->has_prefix = true;
	t->prefixlen = v4 ? len + MAPPED_BITS : len;
	if (clear_host_bits(t))
		return fail_input("%s: trigger '%s' has address bits beyond its prefix: did you mean 'to %s'?", where,
				  text, print_prefix(t, right, sizeof(right)));
	return 0;
}

/* A prefix goes with what has an address, of the family that is asked for. */
static int check_prefix(const struct trigger *t, const char *text, const char *where)
{
	bool ether = t->kind == TRIGGER_ETHER, v4 = trigger_is_v4(t);

	if (t->kind == TRIGGER_ANY || (ether && t->lo != ETH_P_IP && t->lo != ETH_P_IPV6))
		return fail_input(
			"%s: trigger '%s' cannot have an address: 'to' goes with ip, ip6, icmp, udp/53 and the like",
			where, text);
	if (ether && t->lo == ETH_P_IP && !v4)
		return fail_input("%s: trigger '%s' wants IPv4 packets to an IPv6 address: did you mean 'ip6'?", where,
				  text);
	if (ether && t->lo == ETH_P_IPV6 && v4)
		return fail_input("%s: trigger '%s' wants IPv6 packets to an IPv4 address: did you mean 'ip'?", where,
				  text);
	if (t->kind == TRIGGER_PROTO && t->proto == IPPROTO_ICMP && !v4)
		return fail_input("%s: trigger '%s' wants ICMP of IPv4 to an IPv6 address: did you mean 'icmp6'?",
				  where, text);
	if (t->kind == TRIGGER_PROTO && t->proto == IPPROTO_ICMPV6 && v4)
		return fail_input("%s: trigger '%s' wants ICMPv6 to an IPv4 address: did you mean 'icmp'?", where,
				  text);
	return 0;
}

int trigger_parse(struct trigger *t, const char *text, const char *where)
{
	char copy[TRIGGER_TEXT_MAX], *part[4] = {0}, *save = NULL;
	size_t n = 0;
	int rc;

	memset(t, 0, sizeof(*t));
	if (strlen(text) >= sizeof(copy))
		return fail_input("%s: trigger '%.40s...' is too long: separate triggers with commas", where, text);
	strcpy(copy, text);
	for (char *p = strtok_r(copy, " \t", &save); p; p = strtok_r(NULL, " \t", &save)) {
		if (n == 4)
			break;
		part[n++] = p;
	}
	if (!n)
		return fail_input("%s: empty trigger: write one of %s", where, FORMS);
	rc = parse_what(t, part[0], text, where);
	if (rc || n == 1)
		return rc;
	if (strcasecmp(part[1], "to"))
		return fail_input("%s: '%s' in trigger '%s' is not understood: separate triggers with commas, "
				  "addresses follow 'to'",
				  where, part[1], text);
	if (n == 2)
		return fail_input("%s: trigger '%s' ends after 'to': an address or prefix is missing", where, text);
	if (n > 3)
		return fail_input("%s: '%s' in trigger '%s' is not understood: separate triggers with commas", where,
				  part[3], text);
	rc = parse_prefix(t, part[2], text, where);
	return rc ? rc : check_prefix(t, text, where);
}

static int print_what(const struct trigger *t, char *buf, size_t size)
{
	if (t->kind == TRIGGER_PORT && t->lo == t->hi)
		return snprintf(buf, size, "%s/%u", t->proto == IPPROTO_TCP ? "tcp" : "udp", t->lo);
	if (t->kind == TRIGGER_PORT)
		return snprintf(buf, size, "%s/%u-%u", t->proto == IPPROTO_TCP ? "tcp" : "udp", t->lo, t->hi);
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].kind == t->kind && words[i].value == (t->kind == TRIGGER_PROTO ? t->proto : t->lo))
			return snprintf(buf, size, "%s", words[i].name);
	if (t->kind == TRIGGER_ETHER)
		return snprintf(buf, size, "ether/0x%04x", t->lo);
	return snprintf(buf, size, "proto/%u", t->proto);
}

char *trigger_print(const struct trigger *t, char *buf, size_t size)
{
	char what[32], prefix[TRIGGER_TEXT_MAX];

	print_what(t, what, sizeof(what));
	if (t->has_prefix)
		snprintf(buf, size, "%s to %s", what, print_prefix(t, prefix, sizeof(prefix)));
	else
		snprintf(buf, size, "%s", what);
	return buf;
}

int trigger_compare(const struct trigger *a, const struct trigger *b)
{
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->proto != b->proto)
		return (int)a->proto - (int)b->proto;
	if (a->lo != b->lo)
		return (int)a->lo - (int)b->lo;
	if (a->hi != b->hi)
		return (int)a->hi - (int)b->hi;
	if (a->has_prefix != b->has_prefix)
		return (int)a->has_prefix - (int)b->has_prefix;
	if (!a->has_prefix)
		return 0;
	if (a->prefixlen != b->prefixlen)
		return (int)a->prefixlen - (int)b->prefixlen;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}
