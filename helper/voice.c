/* SPDX-License-Identifier: ISC */
/* Bytes to lines to outlets. */
#include "helper/voice.h"

#include <string.h>

#include "helper/sshline.h"
#include "lib/strbuf.h"

/* A service whose welcome has no end in sight is shown. */
#define WELCOME_LINES_MAX 30
#define SAFE_MAX ((size_t)LINEBUF_MAX * 4)

void voice_init(struct voice *v, struct report *report, const struct report_name *name, bool colors,
		bool quiet, struct sshline *learn)
{
	memset(v, 0, sizeof(*v));
	v->report = report;
	v->name = name;
	v->colors = colors;
	v->quiet = quiet;
	v->learn = learn;
	termfilter_init(&v->filter, colors);
}

static bool is_alone(const struct voice *v)
{
	return !v->name->label && !v->quiet;
}

static void safe_line(const char *line, bool colors, struct strbuf *sb)
{
	struct termfilter f;

	termfilter_init(&f, colors);
	termfilter_add(&f, line, strlen(line), sb);
	termfilter_end(&f, sb);
}

/* True if the line, without colours, is part of the welcome. */
static bool is_welcome(struct voice *v, const char *line)
{
	if (v->welcome == VOICE_REQUESTS || ++v->welcome_lines > WELCOME_LINES_MAX) {
		v->welcome = VOICE_REQUESTS;
		return false;
	}
	if (v->welcome == VOICE_GREETING && !strcmp(line, "Logs"))
		v->welcome = VOICE_LOGS;
	else if (v->welcome == VOICE_LOGS)
		v->welcome = VOICE_HEADING;
	else if (v->welcome == VOICE_HEADING) {
		v->welcome = VOICE_REQUESTS;
		return !strncmp(line, "UTC ", 4);
	}
	return true;
}

/* One line among those of others. */
static void show_line(struct voice *v, const char *line, const char *plain)
{
	struct strbuf *out = &v->report->out.pending;

	if (!is_welcome(v, plain))
		report_label(v->name, out);
	else if (v->quiet)
		return;
	safe_line(line, v->colors, out);
	strbuf_addch(out, '\n');
}

static void on_session_line(void *context, const char *line)
{
	struct voice *v = context;
	struct strbuf sb;

	strbuf_init(&sb, SAFE_MAX);
	safe_line(line, false, &sb);
	sshline_from_session(v->learn, sb.buf);
	if (v->report->json && sb.len)
		report_line(v->report, v->name, "log", sb.buf);
	else if (!v->report->json && !is_alone(v))
		show_line(v, line, sb.buf);
	strbuf_clear(&sb);
}

static void on_ssh_line(void *context, const char *line)
{
	struct voice *v = context;
	struct strbuf *err = &v->report->err.pending, sb;

	strbuf_init(&sb, SAFE_MAX);
	safe_line(line, false, &sb);
	sshline_from_ssh(v->learn, sb.buf);
	if (sb.len && !sshline_is_noise(sb.buf)) {
		if (v->report->json) {
			report_line(v->report, v->name, "ssh", sb.buf);
		} else {
			report_label(v->name, err);
			strbuf_addf(err, "%s\n", sb.buf);
		}
	}
	strbuf_clear(&sb);
}

void voice_session(struct voice *v, const char *data, size_t len)
{
	if (!v->report->json && is_alone(v))
		termfilter_add(&v->filter, data, len, &v->report->out.pending);
	linebuf_add(&v->session_line, data, len, on_session_line, v);
}

void voice_ssh(struct voice *v, const char *data, size_t len)
{
	linebuf_add(&v->ssh_line, data, len, on_ssh_line, v);
}

void voice_end(struct voice *v)
{
	if (!v->report->json && is_alone(v))
		termfilter_end(&v->filter, &v->report->out.pending);
	linebuf_end(&v->session_line, on_session_line, v);
	linebuf_end(&v->ssh_line, on_ssh_line, v);
}
