/* SPDX-License-Identifier: ISC */
/* Edits text by lines, and the file around it. */
#include "helper/sshinclude.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

#define CONFIG_MAX ((size_t)1 << 20)

/* Bytes of the line at `text`, its end included. */
static size_t line_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end ? (size_t)(end - text) + 1 : len;
}

static bool is_ours(const char *line, size_t len)
{
	if (len && line[len - 1] == '\n')
		len--;
	if (len && line[len - 1] == '\r')
		len--;
	return len == strlen(SSHINCLUDE_LINE) && !memcmp(line, SSHINCLUDE_LINE, len);
}

/* ssh_config's grammar: white space, the keyword in any case, then white space, '=' or '"'. */
static bool has_keyword(const char *line, size_t len, const char *keyword)
{
	size_t n = strlen(keyword);

	while (len && strchr(" \t\f\r", *line) && *line) {
		line++;
		len--;
	}
	return len > n && !strncasecmp(line, keyword, n) && line[n] &&
	       strchr(" \t\f\r\n=\"", line[n]);
}

/* Where our line begins, and its length; false if it is not in front of the first Host or Match. */
static bool find(const char *text, size_t len, size_t *ret_at, size_t *ret_len)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = line_len(text + at, len - at);
		if (is_ours(text + at, n)) {
			*ret_at = at;
			*ret_len = n;
			return true;
		}
		if (has_keyword(text + at, n, "Host") || has_keyword(text + at, n, "Match"))
			return false;
	}
	return false;
}

int sshinclude_add(const char *text, size_t len, struct strbuf *sb)
{
	size_t at, n = line_len(text, len);
	bool crlf = n >= 2 && text[n - 1] == '\n' && text[n - 2] == '\r';
	int r;

	if (find(text, len, &at, &n))
		return 0;
	strbuf_adds(sb, SSHINCLUDE_LINE);
	strbuf_adds(sb, crlf ? "\r\n" : "\n");
	strbuf_add(sb, text, len);
	r = strbuf_error(sb);
	return r < 0 ? r : 1;
}

int sshinclude_remove(const char *text, size_t len, struct strbuf *sb)
{
	size_t at, n;
	int r;

	if (!find(text, len, &at, &n))
		return 0;
	strbuf_add(sb, text, at);
	strbuf_add(sb, text + at + n, len - at - n);
	r = strbuf_error(sb);
	return r < 0 ? r : 1;
}

/* -ENOENT if there is no file, with *ret_text empty and *ret_mode what a new one gets. */
static int read_config(const char *path, char **ret_text, size_t *ret_len, mode_t *ret_mode)
{
	struct stat st;

	*ret_mode = 0600;
	*ret_len = 0;
	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	*ret_mode = st.st_mode & 07777;
	return file_read(path, CONFIG_MAX, ret_text, ret_len);
}

int sshinclude_install(const char *path, bool *ret_made)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(CONFIG_MAX + 100);
	auto_free char *text = NULL;
	bool made;
	size_t len;
	mode_t mode;
	int r = read_config(path, &text, &len, &mode);

	made = r == -ENOENT;
	if (r < 0 && !made)
		return r;
	r = sshinclude_add(text ? text : "", len, &sb);
	if (r == 1)
		r = file_write(path, sb.buf, sb.len, mode);
	if (r == 0 && made)
		*ret_made = true;
	return r;
}

/* The file itself: a symlink that leads there was the user's. */
static int remove_made(const char *path)
{
	auto_free char *target = realpath(path, NULL);

	return !target || unlink(target) < 0 ? -errno : 0;
}

int sshinclude_uninstall(const char *path, bool made)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(CONFIG_MAX + 100);
	auto_free char *text = NULL;
	size_t len;
	mode_t mode;
	int r = read_config(path, &text, &len, &mode);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sshinclude_remove(text, len, &sb);
	if (r < 1)
		return r;
	if (made && !sb.len)
		r = remove_made(path);
	else
		r = file_write(path, sb.buf, sb.len, mode);
	return r < 0 ? r : 1;
}
