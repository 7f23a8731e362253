/* SPDX-License-Identifier: Apache-2.0 */
/* http-frame.h - the frames that http-client sends, before what varies is put into them. */
#ifndef HTTP_FRAME_H
#define HTTP_FRAME_H

#include <linux/if_ether.h>

#include "http-client.h"

struct frame_ends {
	unsigned char from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	__be32 from, to;
};

/* REQUEST: what SEND_GET has behind its headers. */
void frame_build(struct client_frame *f, enum client_send kind, const struct frame_ends *e, const char *request);

#endif
