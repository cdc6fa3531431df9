/* SPDX-License-Identifier: ISC */
#include "helper/retired.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "helper/sshsession.h"
#include "helper/supervisor.h"
#include "lib/clock.h"

#define CLEAR_STEP_MS 5

void retired_add(struct retired *list, struct sshsession *s)
{
	if (!s)
		return;
	s->next = list->first;
	list->first = s;
}

void retired_hurry(struct retired *list, int64_t end_ms)
{
	struct sshsession *s;

	for (s = list->first; s; s = s->next)
		if (s->end_ms > end_ms && !s->asked)
			s->end_ms = end_ms;
}

int64_t retired_deadline(const struct retired *list)
{
	const struct sshsession *s;
	int64_t deadline = -1;

	for (s = list->first; s; s = s->next)
		deadline = clock_sooner(deadline, sshsession_deadline(s));
	return deadline;
}

void retired_timers(struct retired *list, int64_t now_ms)
{
	struct sshsession *s;

	for (s = list->first; s; s = s->next)
		sshsession_timer(s, now_ms);
}

void retired_reap(struct retired *list)
{
	struct sshsession **at = &list->first, *s;

	while ((s = *at)) {
		if (!sshsession_reap(s)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		sshsession_free(s);
	}
}

void retired_clear(struct retired *list)
{
	int64_t end = clock_mono_ms() + SUPERVISOR_STOP_MS;
	struct sshsession *s;

	for (s = list->first; s; s = s->next)
		sshproc_signal(&s->proc, SIGKILL);
	for (retired_reap(list); list->first && clock_mono_ms() < end; retired_reap(list))
		(void)poll(NULL, 0, CLEAR_STEP_MS);
	/* One that even this does not end is the guard's. */
	while ((s = list->first)) {
		list->first = s->next;
		sshsession_free(s);
	}
}
