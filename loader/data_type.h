/* SPDX-License-Identifier: Apache-2.0 */
/* data_type.h - the rows of a map as columns, made once from BTF; then no row needs to look at BTF again. */
#ifndef KF_DATA_TYPE_H
#define KF_DATA_TYPE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct btf;

/* What the bytes of a column mean: data_form.c turns them into text and back. */
enum data_form {
	FORM_INT,
	FORM_BOOL,
	FORM_ENUM,
	FORM_BE,
	FORM_IP4,
	FORM_IP6,
	FORM_IP,
	FORM_MAC,
	FORM_PREFIX,
	FORM_TEXT,
	FORM_NAME,
	FORM_HEX,
	FORM_BYTES,
	FORM_RAW, /* of no type that is known here: all bytes, in hex */
	FORMS,
};

struct data_word {
	char *name;
	unsigned long long value;
};

struct data_column {
	char *path; /* "key.addr", "value.ttl[2]", or "key" alone */
	enum data_form form;
	bool is_signed;
	bool list;	    /* COUNT elements, with commas between */
	__u32 offset, size; /* of one element, in the key or in the value */
	__u32 count;
	__u32 shift, bits;	/* of a bit field; bits 0: the whole */
	__u32 head;		/* BYTES: of SIZE, what its length takes */
	enum data_form address; /* PREFIX: IP4, IP6 or IP */
	struct data_word *word; /* ENUM */
	size_t n_words;
};

/* How columns nest, for JSON. */
enum data_kind { NODE_COLUMN, NODE_STRUCT, NODE_ARRAY };

struct data_node {
	char *name;
	enum data_kind kind;
	__u32 column; /* number, of a NODE_COLUMN */
	struct data_node *child;
	__u32 n;
};

struct data_type {
	struct data_column *column; /* those of the key, then those of the value */
	__u32 n, n_key;
	struct data_node key, value;
	__u32 key_size, value_size;
	__u32 value_stride; /* from one row's value to the next; holds those of all CPUs */
	__u32 cpus;	    /* values in a row of a per-CPU map; 0: it is none */
	bool is_array;	    /* the key is the number of the row */
};

/* What is known of a map before its types are looked at. */
struct data_layout {
	const struct btf *btf;	/* NULL: none, then keys and values are hex */
	__u32 key_id, value_id; /* types in it, or 0 */
	__u32 key_size, value_size;
	__u32 map_type;
};

/* WHAT names the map in errors. */
int data_type_make(struct data_type *t, const struct data_layout *l, const char *what);
void data_type_free(struct data_type *t);

/* NULL if maps of this type have rows that can be read and written, else why not. */
const char *data_type_refused(__u32 map_type);

#endif
