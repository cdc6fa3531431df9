/* SPDX-License-Identifier: ISC */
/* lib/sshkey.c: what passes is one clean line that parses to itself; what does not has a clean reason.
 * The first byte chooses: the rest is the text itself, or the blob behind a type of the allow-list. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

static const char *const types[] = {
	"ssh-ed25519",
	"ssh-rsa",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
};

/* Type, its own name as the blob's first field, then the fuzzer's bytes. */
static void build_line(struct strbuf *line, const char *type, const uint8_t *data, size_t size)
{
	const char len[4] = { 0, 0, 0, (char)strlen(type) };
	auto_call(strbuf_clear) struct strbuf blob = STRBUF_INIT(65536);

	strbuf_add(&blob, len, sizeof(len));
	strbuf_adds(&blob, type);
	strbuf_add(&blob, data, size);
	strbuf_addf(line, "%s ", type);
	base64_encode(line, blob.buf, blob.len);
}

static void check_accepted(struct sshkey *key)
{
	auto_call(strbuf_clear) struct strbuf printed = STRBUF_INIT(SSHKEY_TEXT_MAX);
	struct sshkey again;
	const char *why;

	sshkey_print(key, &printed);
	MUST(strbuf_error(&printed) == 0);
	MUST(!strpbrk(strchr(printed.buf, ' ') + 1, " \t\r\n\"\\"));
	MUST(escape_is_clean(key->comment, strlen(key->comment)));
	MUST(sshkey_parse(printed.buf, printed.len, &again, &why) == 0);
	MUST(sshkey_equal(key, &again));
	MUST(again.comment[0] == '\0');
	sshkey_clear(&again);
	sshkey_clear(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(200000);
	struct sshkey key;
	const char *why = NULL;
	int r;

	if (!size)
		return 0;
	if (data[0] < ARRAY_SIZE(types))
		build_line(&line, types[data[0]], data + 1, size - 1);
	else
		strbuf_add(&line, data + 1, size - 1);
	r = sshkey_parse(line.buf, line.len, &key, &why);
	if (r == 0)
		check_accepted(&key);
	else
		MUST(r == -EINVAL && why && escape_is_clean(why, strlen(why)));
	return 0;
}
