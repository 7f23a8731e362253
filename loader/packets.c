/* SPDX-License-Identifier: Apache-2.0 */
/* packets.c - see packets.h. */
#include "packets.h"

#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

#define SNAPLEN	  262144
#define BYTES_MAX (256u << 20) /* of all packets of a file */
#define HEX_MAX	  (1u << 20)

static int add(struct packets *p, const unsigned char *bytes, size_t len, struct timeval at)
{
	struct packet *more = realloc(p->list, (p->n + 1) * sizeof(*more));
	unsigned char *copy = malloc(len + 1);

	if (more)
		p->list = more;
	if (!more || !copy) {
		free(copy);
		return fail_memory();
	}
	memcpy(copy, bytes, len);
	p->list[p->n++] = (struct packet){copy, len, at};
	return 0;
}

void packets_free(struct packets *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].bytes);
	free(p->list);
	*p = (struct packets){0};
}

/* --- Hex digits --- */

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool is_hex_char(char c)
{
	return isxdigit((unsigned char)c) || isspace((unsigned char)c) || c == ':';
}

static int hex_bytes(const char *text, size_t len, const char *where, unsigned char *bytes, size_t *n)
{
	for (size_t i = 0; i < len; i++) {
		if (isspace((unsigned char)text[i]) || text[i] == ':')
			continue;
		if (isxdigit((unsigned char)text[i]) && i + 1 < len && !is_hex_char(text[i + 1]))
			i++; /* the partner is what is wrong */
		if (!isxdigit((unsigned char)text[i]))
			return fail_input("%s: '%c' at position %zu is not a hex digit", where, text[i], i + 1);
		if (i + 1 >= len || !isxdigit((unsigned char)text[i + 1]))
			return fail_input("%s: the hex digit '%c' at position %zu has no partner: a byte is two digits",
					  where, text[i], i + 1);
		bytes[(*n)++] = digit(text[i]) << 4 | digit(text[i + 1]);
		i++;
	}
	return 0;
}

int packets_hex(struct packets *p, const char *text, size_t len, const char *where)
{
	unsigned char *bytes = malloc(len / 2 + 1);
	size_t n = 0;
	int rc = bytes ? hex_bytes(text, len, where, bytes, &n) : -ENOMEM;

	if (!rc && !n)
		rc = fail_input("%s: no packet: there is not one hex digit", where);
	if (!rc && n < PACKET_MIN)
		rc = fail_input("%s: the packet has %zu bytes; an Ethernet header alone has %u", where, n, PACKET_MIN);
	if (!rc)
		rc = add(p, bytes, n, (struct timeval){0});
	free(bytes);
	return rc;
}

static int hex_stdin(struct packets *p)
{
	char *text = malloc(HEX_MAX);
	size_t n = text ? fread(text, 1, HEX_MAX, stdin) : 0;
	int rc;

	if (!text)
		return -ENOMEM;
	if (n == HEX_MAX)
		rc = fail_input("standard input: too long for one packet");
	else
		rc = packets_hex(p, text, n, "standard input");
	free(text);
	return rc;
}

/* --- Capture files --- */

static int take(struct packets *p, pcap_t *pcap, const char *path)
{
	struct pcap_pkthdr *head;
	const unsigned char *bytes;
	size_t total = 0, cut = 0;
	int got;

	while ((got = pcap_next_ex(pcap, &head, &bytes)) == 1) {
		int rc;

		if (head->caplen < PACKET_MIN)
			return fail_input("%s: packet %zu has %u bytes; an Ethernet header alone has %u", path,
					  p->n + 1, head->caplen, PACKET_MIN);
		total += head->caplen;
		if (total > BYTES_MAX)
			return fail_input("%s: more than %u MiB of packets: take fewer (`editcap -c`, `tcpdump -c`)",
					  path, BYTES_MAX >> 20);
		cut += head->caplen < head->len;
		rc = add(p, bytes, head->caplen, head->ts);
		if (rc)
			return rc;
	}
	if (got == PCAP_ERROR)
		return fail_input("%s: broken behind packet %zu: %s", path, p->n, pcap_geterr(pcap));
	if (!p->n)
		return fail_input("%s: a capture without packets", path);
	if (cut)
		warning("%s: %zu of %zu packets were cut short when they were captured; they run as they are", path,
			cut, p->n);
	return 0;
}

static int capture(struct packets *p, const char *option, const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct stat st;
	pcap_t *pcap;
	int rc, link;

	if (access(path, R_OK))
		return fail_input("cannot read the packets of %s: %s", path, strerror(errno));
	if (!stat(path, &st) && S_ISREG(st.st_mode) && !st.st_size)
		return fail_input("%s: the file is empty", path);
	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap)
		return fail_input("cannot read the packets of %s: %s; hex digits in a file: `%s - < FILE`", path, why,
				  option);
	link = pcap_datalink(pcap);
	if (link == DLT_EN10MB)
		rc = take(p, pcap, path);
	else
		rc = fail_input("%s: its frames are of link type %s, not Ethernet: functions work on Ethernet frames",
				path, pcap_datalink_val_to_name(link) ? pcap_datalink_val_to_name(link) : "unknown");
	pcap_close(pcap);
	return rc;
}

int packets_read(struct packets *p, const char *option, const char *source)
{
	char where[64];
	int rc;

	*p = (struct packets){0};
	if (!strcmp(source, "-")) {
		rc = hex_stdin(p);
	} else if (!access(source, F_OK) || strpbrk(source, "/.")) { /* hex digits have neither */
		rc = capture(p, option, source);
	} else {
		snprintf(where, sizeof(where), "%s, as hex digits (no such file)", option);
		rc = packets_hex(p, source, strlen(source), where);
	}
	if (rc)
		packets_free(p);
	return rc;
}

struct packets_file {
	pcap_t *pcap;
	pcap_dumper_t *dump;
	char path[256];
};

struct packets_file *packets_create(const char *path)
{
	struct packets_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	path_join(f->path, sizeof(f->path), "%s", path);
	f->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	f->dump = f->pcap ? pcap_dump_open(f->pcap, path) : NULL;
	if (f->dump)
		return f;
	fail_input("cannot write packets to a file: %s", f->pcap ? pcap_geterr(f->pcap) : "out of memory");
	if (f->pcap)
		pcap_close(f->pcap);
	free(f);
	return NULL;
}

void packets_write(struct packets_file *f, const struct packet *p)
{
	struct pcap_pkthdr head = {.ts = p->at, .caplen = p->len, .len = p->len};

	pcap_dump((unsigned char *)f->dump, &head, p->bytes);
}

int packets_close(struct packets_file *f)
{
	int rc = 0;

	if (!f)
		return 0;
	if (pcap_dump_flush(f->dump) || ferror(pcap_dump_file(f->dump)))
		rc = fail(-EIO, "cannot write the packets to %s: %s", f->path, strerror(errno));
	pcap_dump_close(f->dump);
	pcap_close(f->pcap);
	free(f);
	return rc;
}

/* --- For people --- */

void packet_dump(const unsigned char *bytes, size_t len, FILE *out)
{
	for (size_t at = 0; at < len; at += 16) {
		fprintf(out, "  %04zx ", at);
		for (size_t i = at; i < at + 16; i++) {
			if (i < len)
				fprintf(out, "%s%02x", i % 8 ? " " : "  ", bytes[i]);
			else
				fprintf(out, "%s  ", i % 8 ? " " : "  ");
		}
		fputs("  ", out);
		for (size_t i = at; i < at + 16 && i < len; i++)
			fputc(isprint(bytes[i]) ? bytes[i] : '.', out);
		fputc('\n', out);
	}
}
