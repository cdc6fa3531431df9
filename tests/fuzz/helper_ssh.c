/* SPDX-License-Identifier: ISC */
/* What ssh-config reads and writes: our line goes into any ~/.ssh/config and out again without a trace; a socket's name is
 * no more than a slug; what an earlier run has kept gives ports and nothing else. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "helper/resource.h"
#include "helper/sshhosts.h"
#include "helper/sshinclude.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define TEXT_MAX 1000000

static void check_include(const char *text, size_t len)
{
	auto_call(strbuf_clear) struct strbuf added = STRBUF_INIT(TEXT_MAX),
					      again = STRBUF_INIT(TEXT_MAX),
					      removed = STRBUF_INIT(TEXT_MAX);
	int r = sshinclude_add(text, len, &added);

	MUST(r == 0 || r == 1);
	if (r == 0) {
		MUST(!added.len && sshinclude_remove(text, len, &removed) == 1);
		MUST(removed.len < len);
		return;
	}
	MUST(sshinclude_add(added.buf, added.len, &again) == 0 && !again.len);
	MUST(sshinclude_remove(added.buf, added.len, &removed) == 1);
	MUST(removed.len == len && !memcmp(removed.buf ? removed.buf : "", text, len));
}

static void check_name(const char *name)
{
	char slug[SSHHOSTS_SLUG_SIZE], again[SSHHOSTS_SLUG_SIZE];

	sshhosts_slug(name, slug);
	MUST(*slug && strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(slug));
	MUST(slug[0] != '-' && slug[strlen(slug) - 1] != '-' && !strstr(slug, "--"));
	sshhosts_slug(slug, again);
	MUST(!strcmp(slug, again));
}

static void check_kept(const char *text)
{
	struct tunnel_info tunnel = { .tunnel_id = (char *)"dc620ec5-76d6-455e-865c-eac238472bee",
				      .local_port = 6054 };
	struct socket_info s = { .socket_id = (char *)"334c2e48-8324-47c0-9b03-c0a69c2c7833",
				 .name = (char *)text,
				 .tunnels = &tunnel,
				 .tunnel_count = 1 };
	char why[SSHCONF_WHY_SIZE];
	struct ssh_hosts hosts;

	if (sshhosts_make(&s, 1, &hosts) < 0)
		return;
	sshhosts_recall(&hosts, text);
	MUST(hosts.items[0].port >= 0 && hosts.items[0].port <= 65535);
	(void)sshhosts_set_port(&hosts, text, why);
	MUST(hosts.items[0].port >= 0 && hosts.items[0].port <= 65535);
	sshhosts_clear(&hosts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_include(text, size);
	check_name(text);
	check_kept(text);
	return 0;
}
