/* SPDX-License-Identifier: ISC */
/* Asks the node on behalf of PAM. Denies when in doubt. */
#include "authkeys/pam_node.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/paths.h"
#include "lib/sshkey.h"
#include "lib/wire.h"

static void deny(struct pam_node_answer *answer, enum denial denial, const char *message)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(PAM_NODE_TEXT_SIZE - 1);

	*answer = (struct pam_node_answer){ .denial = denial };
	if (!message || !*message || strlen(message) > PAM_NODE_TEXT_SIZE / 2 ||
	    !escape_is_clean(message, strlen(message)))
		message = denial_message(denial);
	strbuf_addf(&text, "mysocket: %s [%s]", message, denial_code(denial));
	if (strbuf_error(&text) == 0)
		memcpy(answer->text, text.buf, text.len + 1);
}

static bool is_token(const char *s)
{
	return s && strlen(s) == NODEWIRE_TOKEN_LEN &&
	       strspn(s, "0123456789abcdef") == NODEWIRE_TOKEN_LEN;
}

static void understand(const struct wire_msg *msg, bool want_token,
		       struct pam_node_answer *ret_answer)
{
	const char *token = wire_get(msg, "token"), *code = wire_get(msg, "code");
	enum denial denial = code ? denial_from_code(code) : DENIAL_NONE;

	if (!strcmp(msg->verb, NODEWIRE_OK) && (!want_token || is_token(token))) {
		*ret_answer = (struct pam_node_answer){ .denial = DENIAL_NONE };
		if (want_token)
			memcpy(ret_answer->token, token, NODEWIRE_TOKEN_LEN + 1);
	} else if (!strcmp(msg->verb, NODEWIRE_DENIED) && denial != DENIAL_NONE) {
		deny(ret_answer, denial, wire_get(msg, "message"));
	} else {
		deny(ret_answer, DENIAL_UNAVAILABLE, NULL);
	}
}

int pam_node_key(const char *auth_info, struct strbuf *sb)
{
	static const char method[] = "publickey ";
	const char *line, *why;
	struct sshkey key;
	size_t len;

	for (line = auth_info; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (strncmp(line, method, sizeof(method) - 1) != 0)
			continue;
		if (sshkey_parse(line + sizeof(method) - 1, len - (sizeof(method) - 1), &key,
				 &why) < 0)
			continue;
		sshkey_print(&key, sb);
		sshkey_clear(&key);
		return strbuf_error(sb);
	}
	return -ENOENT;
}

/* `notify_fd`: -1, or what the answer's token is for. */
static void ask(struct strbuf *request, int notify_fd, struct pam_node_answer *ret_answer)
{
	char buf[4096];
	struct wire_msg msg;
	int r;

	r = wire_call(PATHS_NODE_SOCKET, request, notify_fd, buf, sizeof(buf), &msg,
		      NODEWIRE_TIMEOUT_MS);
	if (r < 0)
		deny(ret_answer, DENIAL_UNAVAILABLE, NULL);
	else
		understand(&msg, notify_fd >= 0, ret_answer);
	explicit_bzero(buf, sizeof(buf));
}

static void begin(struct strbuf *request, const char *verb, const char *user, const char *client)
{
	wire_begin(request, verb);
	wire_add(request, "user", user);
	wire_add(request, "client", client);
}

void pam_node_account(const char *user, const char *client, struct pam_node_answer *ret_answer)
{
	auto_call(strbuf_clear) struct strbuf request = STRBUF_INIT(WIRE_MAX);

	begin(&request, NODEWIRE_ACCOUNT, user, client);
	ask(&request, -1, ret_answer);
}

void pam_node_open(const char *user, const char *client, const char *auth_info, int notify_fd,
		   struct pam_node_answer *ret_answer)
{
	auto_call(strbuf_clear) struct strbuf request = STRBUF_INIT(WIRE_MAX);
	auto_call(strbuf_clear) struct strbuf key = STRBUF_INIT(SSHKEY_TEXT_MAX);

	begin(&request, NODEWIRE_OPEN, user, client);
	if (auth_info && !pam_node_key(auth_info, &key))
		wire_add(&request, "key", key.buf);
	ask(&request, notify_fd, ret_answer);
}
