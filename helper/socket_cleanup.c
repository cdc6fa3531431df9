/* SPDX-License-Identifier: ISC */
/* The last call to the API, with retries. */
#include "helper/socket_cleanup.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>

#include "helper/ctl.h"
#include "helper/rest.h"
#include "helper/signals.h"

#include "lib/clock.h"

#define LIMIT_MS 10000
#define PAUSE_MS 500

static int try_once(struct ctl *ctl, const char *path, int64_t left_ms)
{
	struct json_object *answer = NULL;
	int r;

	rest_set_timeout(ctl->rest, (int)left_ms);
	r = rest_call(ctl->rest, "DELETE", path, NULL, &answer);
	json_object_put(answer);
	return r == -ENOENT ? 0 : r;
}

static int try_until(struct ctl *ctl, const char *path, int64_t end_ms)
{
	for (;;) {
		int64_t left = end_ms - clock_mono_ms();
		int r = left > 0 ? try_once(ctl, path, left) : -ETIMEDOUT;
		struct pollfd signal = { .fd = signals_fd(), .events = POLLIN };

		if (!rest_is_temporary(r) || end_ms - clock_mono_ms() < PAUSE_MS)
			return r;
		if (poll(&signal, 1, PAUSE_MS) != 0)
			return -EINTR;
	}
}

int socket_cleanup(struct ctl *ctl, const char *socket_id)
{
	struct signals ignored;
	char path[64];
	int r;

	/* The Ctrl-C that led here is not one against this. */
	signals_take(&ignored);
	ctl->patience = 1;
	snprintf(path, sizeof(path), "/socket/%s", socket_id);
	r = try_until(ctl, path, clock_mono_ms() + LIMIT_MS);
	if (r == 0)
		return 0;
	if (r == -EINTR)
		ctl_fail(ctl, r, "interrupted");
	else
		ctl_say_rest(ctl, r);
	return ctl_fail(ctl, r,
			"the socket is still there; delete it with: mysocketctl socket delete "
			"--socket_id %s",
			socket_id);
}
