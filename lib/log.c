/* SPDX-License-Identifier: ISC */
/* Log lines on standard error: one write(2) per line, so that lines of several processes do not mix. */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define TEXT_SIZE 2048 /* longer texts are cut, with "..." as the last three bytes */
#define LINE_MAX_LEN (4 * TEXT_SIZE + 256) /* four bytes per escaped byte, and the prefix */

static const char *log_program = "mysocket";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static int log_stamps, log_journal;

/* sd-daemon(3) priorities. */
static const char *const priorities[] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARN] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>",
};

void log_init(const char *program, enum log_level level, int stamps)
{
	log_program = program;
	log_threshold = level;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
	log_stamps = stamps && !log_journal;
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

static void add_stamp(struct strbuf *sb)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	strbuf_addf(sb, "%s.%03dZ ", text, (int)(now.tv_nsec / 1000000));
}

static void write_text(enum log_level level, const char *text, size_t len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(LINE_MAX_LEN);
	size_t done = 0;

	if (log_journal)
		strbuf_adds(&sb, priorities[level]);
	if (log_stamps)
		add_stamp(&sb);
	strbuf_addf(&sb, "%s: ", log_program);
	escape_add(&sb, text, len);
	strbuf_addch(&sb, '\n');
	while (done < sb.len) {
		ssize_t n = write(STDERR_FILENO, sb.buf + done, sb.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nowhere to complain */
		done += (size_t)n;
	}
}

/* `cause`: a negative errno whose text is appended, or 0. */
static __attribute__((format(printf, 3, 0))) void log_vline(enum log_level level, int cause,
							    const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];
	int saved = errno, n, more = 0;
	size_t len;

	if (level > log_threshold)
		return;
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(text) && cause)
		more = snprintf(text + n, sizeof(text) - (size_t)n, ": %s", strerror(-cause));
	len = n < 0 ? 0 : (size_t)n + (size_t)more;
	if (len >= sizeof(text)) {
		len = sizeof(text) - 1;
		memcpy(text + sizeof(text) - sizeof("..."), "...", sizeof("..."));
	}
	write_text(level, text, len);
	errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(level, 0, fmt, ap);
	va_end(ap);
}

int log_error_r(int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(LOG_LEVEL_ERROR, r, fmt, ap);
	va_end(ap);
	return r;
}
