/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* http.h - the function's data: pages and the secret, as kfaas-http-rows writes them and `kfaas-net data` shows them.
 */
#ifndef HTTP_H
#define HTTP_H

#include <kfaas.h>

#define HTTP_ANSWER  1400 /* bytes of answers in one segment */
#define HTTP_SEGMENT 4096 /* no longer one is read; a power of two */

/* Zeros behind. */
struct http_name {
	char host[64];	/* in small letters, without port; "*": any other */
	char path[128]; /* without query; "*": any other */
};

/* Of its two texts, see http_digest(): the kernel takes long to hash a long key, and an answer takes up to four
 * look-ups. */
struct http_key {
	__u64 host, path;
};

/* What is put into the answer at `splice`, so that a redirect keeps what was asked for. */
enum http_insert { NOTHING, TARGET, HOST_AND_TARGET };

struct http_bytes_answer {
	KFAAS_BYTES_OF(HTTP_ANSWER + 8); /* more than is used: words are read across the end */
};

/* A whole answer. Its head ends with HTTP_KEEP, which is overwritten where the connection is closed. */
struct http_page {
	struct http_name name;
	__u16 head; /* bytes up to the end of the head */
	__u16 splice;
	enum http_insert insert;
	struct http_bytes_answer answer;
};
#define HTTP_KEEP "keep-alive\r\n\r\n"

struct http_pages {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct http_key);
	__type(value, struct http_page);
};
KFAAS_REPLACEABLE(struct http_pages, pages);

/* Keys of the cookies: the one in use, and the one before, for connections that began under it (zeros: none). */
struct http_secret {
	__u8 current[16] KFAAS_FORM("hex");
	__u8 previous[16] KFAAS_FORM("hex");
};

struct http_secrets {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_secret);
};
KFAAS_REPLACEABLE(struct http_secrets, secret);

#endif
