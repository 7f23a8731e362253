// SPDX-License-Identifier: Apache-2.0
/* data_print.c - rows as text; and the values of a per-CPU map as one. */
#include <stdlib.h>
#include <string.h>

#include "data_form.h"
#include "data_rows.h"
#include "log.h"

/* --- Per-CPU values --- */

static void sum_element(const struct data_type *t, const struct data_column *c, __u32 offset, const char *values,
			char *sum)
{
	size_t stride = t->value_stride / t->cpus;
	unsigned long long total = 0;

	for (__u32 cpu = 0; cpu < t->cpus; cpu++)
		total += data_column_get(c, values + cpu * stride + offset);
	data_column_set(c, sum + offset, total);
}

/* A column that does not add up: the first CPU's that is not all zeros. */
static void pick(const struct data_type *t, const struct data_column *c, const char *values, char *sum)
{
	size_t stride = t->value_stride / t->cpus, size = c->size * c->count;

	for (__u32 cpu = 0; cpu < t->cpus; cpu++) {
		const char *at = values + cpu * stride + c->offset;

		for (size_t i = 0; i < size; i++)
			if (at[i]) {
				memcpy(sum + c->offset, at, size);
				return;
			}
	}
}

void data_value_sum(const struct data_type *t, const char *values, char *sum)
{
	memset(sum, 0, t->value_size);
	for (__u32 i = t->n_key; i < t->n; i++) {
		const struct data_column *c = &t->column[i];

		if (!data_form_adds_up(c->form) || c->bits) {
			pick(t, c, values, sum);
			continue;
		}
		for (__u32 k = 0; k < c->count; k++)
			sum_element(t, c, c->offset + k * c->size, values, sum);
	}
}

void data_value_spread(const struct data_type *t, char *values)
{
	size_t stride = t->value_stride / t->cpus;

	for (__u32 cpu = 1; cpu < t->cpus; cpu++) {
		char *value = values + cpu * stride;

		memcpy(value, values, t->value_size);
		for (__u32 i = t->n_key; i < t->n; i++) {
			const struct data_column *c = &t->column[i];

			if (data_form_adds_up(c->form) && !c->bits)
				memset(value + c->offset, 0, c->size * c->count);
		}
	}
}

/* --- Text --- */

int data_printer_open(struct data_printer *p, const struct data_type *t, FILE *out, bool json, bool per_cpu)
{
	size_t room = 64;

	for (__u32 i = 0; i < t->n; i++)
		room += data_form_room(&t->column[i]) + 1;
	*p = (struct data_printer){.type = t, .json = json, .per_cpu = per_cpu && t->cpus, .out = out};
	p->buf = malloc(room);
	p->sum = malloc(t->value_size + 1);
	return p->buf && p->sum ? 0 : fail_memory();
}

void data_printer_close(struct data_printer *p)
{
	free(p->buf);
	free(p->sum);
}

void data_print_head(const struct data_printer *p)
{
	if (p->json)
		return;
	for (__u32 i = 0; i < p->type->n; i++) {
		if (p->per_cpu && i == p->type->n_key)
			fputs("\tcpu", p->out);
		fprintf(p->out, "%s%s", i ? "\t" : "# ", p->type->column[i].path);
	}
	fputc('\n', p->out);
}

/* CPU: -1 if it is not said. */
static void print_line(const struct data_printer *p, const char *key, const char *value, int cpu)
{
	const struct data_type *t = p->type;
	char *at = p->buf;

	for (__u32 i = 0; i < t->n; i++) {
		if (i)
			*at++ = '\t';
		if (i == t->n_key && cpu >= 0)
			at += sprintf(at, "%d\t", cpu);
		at += data_form_print(&t->column[i], i < t->n_key ? key : value, at);
	}
	*at++ = '\n';
	fwrite(p->buf, 1, at - p->buf, p->out);
}

void data_print_row(const struct data_printer *p, const char *key, const char *values)
{
	const struct data_type *t = p->type;

	if (p->json) {
		data_json_print(p, key, values);
	} else if (p->per_cpu) {
		for (__u32 cpu = 0; cpu < t->cpus; cpu++)
			print_line(p, key, values + cpu * (t->value_stride / t->cpus), cpu);
	} else if (t->cpus) {
		data_value_sum(t, values, p->sum);
		print_line(p, key, p->sum, -1);
	} else {
		print_line(p, key, values, -1);
	}
}
