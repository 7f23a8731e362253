/* SPDX-License-Identifier: Apache-2.0 */
/* scope_route.h - the routes and the rule that scope.h speaks of, for one address family (AF_INET, AF_INET6). */
#ifndef KF_SCOPE_ROUTE_H
#define KF_SCOPE_ROUTE_H

#include <stdbool.h>

#define SCOPE_TABLE    253253 /* routing table of the rule, if there is one */
#define SCOPE_PRIORITY 1      /* of the rule: right behind that of the local table, which is 0 */

/* Add or delete; -EEXIST: it is there, -ENOENT, -ESRCH: it is not. */
int scope_rule(int af, bool add);
int scope_table_route(int af, bool add); /* the only one of SCOPE_TABLE */
int scope_last_route(int af, bool add);

struct scope_seen {
	bool ours;   /* our rule */
	bool others; /* a rule that neither is ours nor the kernel's own */
};
int scope_look_at_rules(int af, struct scope_seen *seen);
int scope_look_at_table_route(int af, bool *there);
int scope_look_at_last_route(int af, bool *there);

#endif
