/* SPDX-License-Identifier: Apache-2.0 */
/* json_conf.h - a function's config as members of a JSON object: the same keys in every command. */
#ifndef KF_JSON_CONF_H
#define KF_JSON_CONF_H

#include "conf.h"
#include "out.h"

void json_function_conf(struct json_object *o, const struct function_conf *c);

#endif
