// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* data.bpf.c - a map of each kind and a field of each form. Answers a datagram with rows 0 and 1 of `table`, which is
 * replaced as a whole: four characters each, "none" where there is none. Counts them, by CPU. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7400\n");

struct table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, char[4]);
};
KFAAS_REPLACEABLE(struct table, table);

struct slots {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_INNER_MAP);
	__type(key, __u32);
	__type(value, __u32);
};
KFAAS_REPLACEABLE(struct slots, slots);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, char[12]);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, kfaas_mac);
	__type(value, __s16);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, kfaas_prefix4);
	__type(value, __u32);
} nets4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, kfaas_prefix6);
	__type(value, __u32);
} nets6 SEC(".maps");

struct seen {
	__u64 packets;
	kfaas_ip4 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct seen);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8);
	__type(key, __u8);
	__type(value, __u32);
} tallies SEC(".maps");

enum colour { RED, GREEN = 5, BLUE = -1 };

struct body {
	KFAAS_BYTES_OF(6);
};

struct key {
	__u8 owner[16] KFAAS_FORM("name");
	kfaas_port port;
};

struct all {
	__s8 s8;
	__u16 u16;
	__s32 s32;
	__s64 s64;
	__u64 u64;
	bool yes;
	enum colour colour;
	kfaas_be16 be16;
	kfaas_be32 be32;
	kfaas_be64 be64;
	kfaas_ip4 ip4[2];
	kfaas_ip6 ip6;
	kfaas_ip ip[2];
	kfaas_mac mac;
	char text[8];
	__u8 digest[4] KFAAS_FORM("hex");
	struct body body;
	struct {
		__u16 low : 4, high : 12;
		union {
			__u32 number;
			__u8 bytes[4];
		};
	} nested;
	struct {
		__u8 a;
		char b[4];
	} pair[2];
	__u32 numbers[3];
	void *pointer;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct key);
	__type(value, struct all);
} everything SEC(".maps");

struct { /* without types */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 3);
	__uint(value_size, 5);
} untyped SEC(".maps");

KFAAS_LOG_MAP(4096);

struct text {
	char at[4];
};

static __always_inline struct text row(void *map, __u32 key)
{
	struct text *value = bpf_map_lookup_elem(map, &key);

	return value ? *value : (struct text){"none"};
}

/* The kernel knows which maps a function has by what its programs refer to. */
static __always_inline void refer(struct xdp_md *ctx)
{
	__u8 key[64] = {0};
	struct seen *seen;
	void *map;

	map = kfaas_data(&slots);
	if (map)
		bpf_map_lookup_elem(map, key);
	bpf_map_lookup_elem(&plain, key);
	bpf_map_lookup_elem(&rows, key);
	bpf_map_lookup_elem(&recent, key);
	bpf_map_lookup_elem(&nets4, key);
	bpf_map_lookup_elem(&nets6, key);
	bpf_map_lookup_elem(&tallies, key);
	bpf_map_lookup_elem(&everything, key);
	bpf_map_lookup_elem(&untyped, key);
	seen = bpf_map_lookup_elem(&counts, key);
	if (seen) {
		seen->packets++;
		seen->last = bpf_htonl(0xc0000201);
	}
	if (ctx->rx_queue_index == 12345)
		kfaas_log(KFAAS_NOTICE, "unlikely");
}

SEC("xdp")
int data(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	struct text *answer;
	void *map;

	refer(ctx);
	map = kfaas_data(&table);
	if (!map || !kfaas_parse(ctx, &p) || !kfaas_resize_udp(ctx, &p, 8))
		return XDP_PASS;
	answer = kfaas_payload(&p, 0, 8);
	if (!answer)
		return XDP_DROP;
	answer[0] = row(map, 0);
	answer[1] = row(map, 1);
	return kfaas_reply_udp(ctx, &p);
}
