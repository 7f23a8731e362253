/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.h - the gate's maps. The loader creates, pins and fills them before a gate is loaded;
 * see abi.h for what keys and values mean. */
#ifndef KF_MAPS_H
#define KF_MAPS_H

#include "abi.h"

#define KF_ONCE(x) (*(volatile typeof(x) *)&(x))

/* Shared by the gates of one interface. */

/* What every packet meets is in global variables, each a map of its own with one large value: the
 * kernel puts their addresses into the code, where a look-up would take its key from memory. */
struct kf_control kf_control SEC(".data.control");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * KF_FUNCTIONS);
	__type(key, __u32);
	__type(value, struct kf_policy);
} kf_policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, KF_FUNCTIONS);
	__type(key, __u32);
	__type(value, struct kf_meter);
} kf_meters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KF_LOCALS);
	__type(key, __u32);
	__type(value, struct kf_local);
} kf_locals SEC(".maps");

/* One of each per gate. */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, KF_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} kf_functions SEC(".maps");

struct kf_tables kf_tables; /* the only variable of .bss */

/* The gate's own: the loader has no part in them. */
struct kf_cached kf_cache[KF_CPUS] SEC(".data.cache");
struct kf_cached6 kf_cache6[KF_CPUS] SEC(".data.cache6");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, KF_ADDRS);
	__type(key, struct kf_addr_key);
	__type(value, __u32); /* chain */
} kf_addrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KF_FUNCTIONS);
	__type(key, __u32);
	__type(value, struct kf_account);
} kf_accounts SEC(".maps");

#endif
