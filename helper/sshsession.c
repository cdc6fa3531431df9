/* SPDX-License-Identifier: ISC */
/* Joins a process of ssh to its voice. */
#include "helper/sshsession.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/guard.h"
#include "helper/supervisor.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define CHUNK 8192
#define CHUNKS_LEFT_MAX 32 /* more than a pipe holds */

int sshsession_start(const struct sshsession_params *params, const struct voice *voice,
		     struct sshsession **ret_s, struct sshline *ret_why)
{
	struct sshsession *s = calloc(1, sizeof(*s));
	int r = s ? 0 : -ENOMEM;

	*ret_why = (struct sshline){ SSH_REASON_NONE };
	if (r == 0) {
		sshproc_init(&s->proc);
		s->proc.indent = params->indent;
		r = sshproc_start(params->argv, params->pty, &s->proc);
	}
	if (r < 0) {
		if (r == -ENOENT)
			ret_why->reason = SSH_REASON_NO_SSH;
		free(s);
		return r;
	}
	s->guard = params->guard;
	guard_add(s->guard, s->proc.pid);
	voice_init(&s->voice, voice->report, voice->name, voice->colors, voice->quiet, &s->why);
	*ret_s = s;
	return 0;
}

/* True if there was something. */
static bool read_some(int *fd, void (*take)(struct voice *v, const char *data, size_t len),
		      struct voice *voice)
{
	char chunk[CHUNK];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close(take_fd(fd));
		return false;
	}
	take(voice, chunk, (size_t)n);
	return true;
}

void sshsession_read_messages(struct sshsession *s)
{
	(void)read_some(&s->proc.err_fd, voice_ssh, &s->voice);
}

/* The first output of the session is the proof that the relay port was granted: the client asks for the port first, and
 * ssh ends if it is refused. */
void sshsession_read_output(struct sshsession *s)
{
	if (read_some(&s->proc.out_fd, voice_session, &s->voice))
		s->spoke = true;
}

bool sshsession_reap(struct sshsession *s)
{
	pid_t pid = s->proc.pid;
	int i;

	if (!sshproc_reap(&s->proc))
		return false;
	guard_remove(s->guard, pid);
	for (i = 0; i < CHUNKS_LEFT_MAX; i++) {
		sshsession_read_messages(s);
		sshsession_read_output(s);
	}
	voice_end(&s->voice);
	sshproc_close(&s->proc);
	return true;
}

void sshsession_stop(struct sshsession *s)
{
	sshproc_signal(&s->proc, s->asked ? SIGKILL : SIGTERM);
	s->asked = true;
	s->end_ms = 0;
}

void sshsession_give_up(struct sshsession *s)
{
	bool again = s->asked;

	if (s->why.reason < SSH_REASON_SILENT)
		s->why.reason = SSH_REASON_SILENT;
	sshsession_stop(s);
	s->end_ms = again ? 0 : clock_mono_ms() + SUPERVISOR_STOP_MS;
}

int64_t sshsession_deadline(const struct sshsession *s)
{
	return s->end_ms ? s->end_ms : -1;
}

void sshsession_timer(struct sshsession *s, int64_t now_ms)
{
	bool again = s->asked;

	if (!s->end_ms || now_ms < s->end_ms)
		return;
	sshsession_stop(s);
	s->end_ms = again ? 0 : now_ms + SUPERVISOR_STOP_MS;
}

void sshsession_free(struct sshsession *s)
{
	if (!s)
		return;
	sshproc_close(&s->proc);
	free(s->given);
	free(s->origin);
	free(s);
}
