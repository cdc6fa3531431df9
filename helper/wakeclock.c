/* SPDX-License-Identifier: ISC */
/* CLOCK_BOOTTIME against CLOCK_MONOTONIC on Linux, CLOCK_MONOTONIC against CLOCK_UPTIME_RAW on macOS. A timer that is cancelled
 * when the real-time clock is set, as it is on waking, ends poll(2) at once: poll's own time-out does not count sleep. */
#include "helper/wakeclock.h"

#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/timerfd.h>
#endif

#include "lib/cleanup.h"

#if defined(CLOCK_BOOTTIME)
#define WITH_SLEEP CLOCK_BOOTTIME
#define WITHOUT_SLEEP CLOCK_MONOTONIC
#elif defined(CLOCK_UPTIME_RAW)
#define WITH_SLEEP CLOCK_MONOTONIC
#define WITHOUT_SLEEP CLOCK_UPTIME_RAW
#else
#define WITH_SLEEP CLOCK_MONOTONIC
#define WITHOUT_SLEEP CLOCK_MONOTONIC
#endif

static int64_t read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef __linux__
/* It never expires: it is for its cancellation. */
static void arm(int fd)
{
	struct itimerspec never = { .it_value.tv_sec = (time_t)1 << 33 };

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static int open_timer(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0)
		arm(fd);
	return fd;
}

static void drain_timer(int fd)
{
	uint64_t ignored;

	if (fd >= 0 && read(fd, &ignored, sizeof(ignored)) < 0 && errno == ECANCELED)
		arm(fd);
}
#else
static int open_timer(void)
{
	return -1;
}

static void drain_timer(int fd)
{
}
#endif

void wakeclock_open(struct wakeclock *w)
{
	w->fd = open_timer();
	w->slept_ms = read_clock(WITH_SLEEP) - read_clock(WITHOUT_SLEEP);
}

void wakeclock_close(struct wakeclock *w)
{
	if (w->fd >= 0)
		close(take_fd(&w->fd));
}

bool wakeclock_compare(struct wakeclock *w, int64_t with_sleep_ms, int64_t without_ms)
{
	int64_t slept_ms = with_sleep_ms - without_ms, before = w->slept_ms;

	w->slept_ms = slept_ms;
	return slept_ms - before >= WAKECLOCK_MIN_MS;
}

bool wakeclock_has_slept(struct wakeclock *w)
{
	drain_timer(w->fd);
	return wakeclock_compare(w, read_clock(WITH_SLEEP), read_clock(WITHOUT_SLEEP));
}
