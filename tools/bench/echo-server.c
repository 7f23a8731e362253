// SPDX-License-Identifier: Apache-2.0
/* echo-server.c - the user-space echo that ours is compared with: recvmmsg and sendmmsg, a socket of its own for each
 * thread (SO_REUSEPORT), each pinned to a CPU, busy polling where the kernel has it. Says "ready" and serves until
 * killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define BYTES 2048

struct worker {
	pthread_t thread;
	int cpu, fd;
};

struct batch {
	struct mmsghdr message[BATCH];
	struct iovec part[BATCH];
	struct sockaddr_in from[BATCH];
	char data[BATCH][BYTES];
};

static void die(const char *what)
{
	fprintf(stderr, "echo-server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_on(int port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1, poll_us = 50, buffer = 4 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		die("SO_REUSEPORT");
	/* Good to have, no more: without them it is a little slower. */
	(void)setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &poll_us, sizeof(poll_us));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("bind");
	return fd;
}

static void answer(int fd, struct batch *b, int n)
{
	for (int i = 0; i < n; i++)
		b->part[i].iov_len = b->message[i].msg_len;
	for (int done = 0; done < n;) {
		int sent = sendmmsg(fd, b->message + done, n - done, 0);

		/* One that cannot be sent is skipped: its client sees it as lost. */
		done += sent > 0 ? sent : 1;
	}
	for (int i = 0; i < n; i++) {
		b->part[i].iov_len = BYTES;
		b->message[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
	}
}

static void *serve(void *arg)
{
	struct worker *w = arg;
	struct batch *b = calloc(1, sizeof(*b));
	cpu_set_t set;

	if (!b)
		die("memory");
	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	for (int i = 0; i < BATCH; i++) {
		b->part[i] = (struct iovec){b->data[i], BYTES};
		b->message[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							.msg_namelen = sizeof(b->from[i]),
							.msg_iov = &b->part[i],
							.msg_iovlen = 1};
	}
	for (int n; (n = recvmmsg(w->fd, b->message, BATCH, MSG_WAITFORONE, NULL)) > 0 || errno == EINTR;)
		if (n > 0)
			answer(w->fd, b, n);
	die("recvmmsg");
	return NULL;
}

int main(int argc, char **argv)
{
	int port = argc == 3 ? atoi(argv[1]) : 0, threads = argc == 3 ? atoi(argv[2]) : 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct worker worker[64];

	if (port < 1 || port > 65535 || threads < 1 || threads > 64) {
		fputs("usage: echo-server PORT THREADS\n", stderr);
		return 2;
	}
	for (int i = 0; i < threads; i++) {
		/* From the last CPU down: the first is the generator's. */
		worker[i] = (struct worker){.cpu = (cpus - 1 - i % cpus), .fd = listen_on(port)};
		if (pthread_create(&worker[i].thread, NULL, serve, &worker[i]))
			die("pthread_create");
	}
	puts("ready");
	fflush(stdout);
	pthread_join(worker[0].thread, NULL);
	return 1;
}
