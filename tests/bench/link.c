/* SPDX-License-Identifier: ISC */
/* A slow line between two network namespaces: packets of one tun(4) device come out of the other some time later, or never. What
 * tc-netem(8) does, without that module.
 *
 *	link OTHER-NAMESPACE <commands	devices "line" here and there, until the end of its input
 *	delay MILLISECONDS		one way; at first 0
 *	drop | pass			all packets */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define PACKET_MAX 65535
#define QUEUE_MAX 8192 /* packets on their way; what comes then is lost */
#define BURST 64

struct packet {
	int64_t due_us;
	size_t len;
	char bytes[];
};

/* One direction. */
struct way {
	int from, to;
	struct packet *queue[QUEUE_MAX];
	size_t first, count;
};

static int64_t delay_us;
static bool drops;

static int open_tun(void)
{
	struct ifreq request = { .ifr_name = "line", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A device belongs to the namespace that its process was in when it was made. */
static int open_tun_in(const char *namespace)
{
	auto_close int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	auto_close int there = open(namespace, O_RDONLY | O_CLOEXEC);
	int fd;

	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		return -1;
	fd = open_tun();
	if (setns(here, CLONE_NEWNET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void take(struct way *w, int64_t now)
{
	static char bytes[PACKET_MAX];
	ssize_t n;
	int i;

	for (i = 0; i < BURST && (n = read(w->from, bytes, sizeof(bytes))) > 0; i++) {
		struct packet *p;

		if (drops || w->count == QUEUE_MAX)
			continue;
		p = malloc(sizeof(*p) + (size_t)n);
		if (!p)
			continue;
		p->due_us = now + delay_us;
		p->len = (size_t)n;
		memcpy(p->bytes, bytes, p->len);
		w->queue[(w->first + w->count++) % QUEUE_MAX] = p;
	}
}

static void give(struct way *w, int64_t now)
{
	while (w->count && w->queue[w->first]->due_us <= now) {
		struct packet *p = w->queue[w->first];

		if (write(w->to, p->bytes, p->len) < 0 && errno == EAGAIN)
			return;
		free(p);
		w->first = (w->first + 1) % QUEUE_MAX;
		w->count--;
	}
}

static void obey(const char *line)
{
	if (!strncmp(line, "delay ", 6))
		delay_us = (int64_t)(strtod(line + 6, NULL) * 1000);
	else
		drops = !strncmp(line, "drop", 4);
}

/* False at the end of input. */
static bool read_commands(void)
{
	char text[256], *line, *next;
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	text[n] = '\0';
	for (next = text; (line = strsep(&next, "\n"));)
		if (*line)
			obey(line);
	return true;
}

static void wait_for_packets(const struct way *ways, struct pollfd fds[3])
{
	int64_t now = clock_mono_us(), due = now + 1000000;
	struct timespec left;
	size_t i;

	for (i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ ways[i].from, POLLIN, 0 };
		if (ways[i].count && ways[i].queue[ways[i].first]->due_us < due)
			due = ways[i].queue[ways[i].first]->due_us;
	}
	fds[2] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	left.tv_sec = due > now ? (due - now) / 1000000 : 0;
	left.tv_nsec = due > now ? (due - now) % 1000000 * 1000 : 0;
	(void)ppoll(fds, 3, &left, NULL);
}

int main(int argc, char **argv)
{
	static struct way ways[2];
	struct pollfd fds[3];
	int here, there;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: link OTHER-NAMESPACE <commands\n");
		return 2;
	}
	here = open_tun();
	there = open_tun_in(argv[1]);
	if (here < 0 || there < 0) {
		perror("link: cannot make tun devices");
		return 1;
	}
	ways[0] = (struct way){ .from = here, .to = there };
	ways[1] = (struct way){ .from = there, .to = here };
	do {
		int64_t now;

		wait_for_packets(ways, fds);
		now = clock_mono_us();
		for (i = 0; i < 2; i++) {
			take(&ways[i], now);
			give(&ways[i], now);
		}
	} while (!fds[2].revents || read_commands());
	return 0;
}
