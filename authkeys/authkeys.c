/* SPDX-License-Identifier: ISC */
/* mysocket-authkeys, sshd's AuthorizedKeysCommand: asks the node whether a key is one of the user's, and prints
 * the line that lets it in. sshd discards standard error: what goes wrong is said in the system's log too.
 * Exit status: 0 the answer is printed, and no line means "not this key"; else sshd discards what was printed,
 * logs the status and refuses the key as well. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "authkeys/authkeys_line.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/nodewire.h"
#include "lib/pamconf.h"
#include "lib/paths.h"
#include "lib/sshkey.h"
#include "lib/wire.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

static const char usage[] =
	"Usage: mysocket-authkeys [--pam-service NAME] USER KEYTYPE KEY\n"
	"Prints the authorized_keys line of a tunnel's login. sshd starts it:\n"
	"AuthorizedKeysCommand " PATHS_LIBEXEC "/mysocket-authkeys --pam-service sshd %u %t %k\n"
	"      --pam-service NAME  the asking sshd's; allow no forwarding unless pam_mysocket.so is in it\n"
	"      --help              this text\n"
	"      --version           the version\n";

/* The node's answer to `keys`: 1 with *ret_ports, 0 if the key is not the user's, or a negative errno. */
static int ask_node(const char *user, const struct sshkey *key, uint16_t *ret_ports,
		    size_t *ret_count)
{
	auto_call(strbuf_clear) struct strbuf request = STRBUF_INIT(WIRE_MAX);
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(SSHKEY_TEXT_MAX);
	auto_free char *buf = malloc(WIRE_MAX + 1);
	const char *ports, *base64;
	struct wire_msg answer;
	int r;

	sshkey_print(key, &text);
	if (!buf || strbuf_error(&text) < 0)
		return -ENOMEM;
	base64 = strchr(text.buf, ' ') + 1;

	wire_begin(&request, NODEWIRE_KEYS);
	wire_add(&request, "user", user);
	wire_add(&request, "type", key->type);
	wire_add(&request, "blob", base64);
	r = wire_call(PATHS_NODE_SOCKET, &request, -1, buf, WIRE_MAX + 1, &answer,
		      NODEWIRE_TIMEOUT_MS);
	if (r < 0)
		return r;
	if (!strcmp(answer.verb, NODEWIRE_NO))
		return 0;
	if (!strcmp(answer.verb, NODEWIRE_ERROR))
		return -EHOSTDOWN;
	if (strcmp(answer.verb, NODEWIRE_OK) != 0)
		return -EPROTO;
	ports = wire_get(&answer, "ports");
	*ret_count = 0;
	r = ports ? authkeys_ports_parse(ports, ret_ports, ret_count) : 0;
	return r < 0 ? r : 1;
}

/* 1 with *ret_key if sshd's %t and %k are a key that we take, 0 if they are another kind (a certificate). */
static int parse_offer(const char *type, const char *base64, struct sshkey *ret_key)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(SSHKEY_TEXT_MAX);
	const char *why;
	int r;

	strbuf_addf(&text, "%s %s", type, base64);
	r = strbuf_error(&text);
	if (r < 0)
		return r == -EMSGSIZE ? 0 : r;
	r = sshkey_parse(text.buf, text.len, ret_key, &why);
	return r < 0 ? (r == -EINVAL ? 0 : r) : 1;
}

static const char *reason(int r)
{
	switch (r) {
	case -EHOSTDOWN:
		return "mysocket-node cannot tell now, is mysocket-api running?";
	case -ENOENT:
	case -ECONNREFUSED:
		return "mysocket-node is not running";
	case -ETIMEDOUT:
		return "mysocket-node does not answer";
	default:
		return strerror(-r);
	}
}

/* Without our module in its PAM service sshd would bind the ports by itself: then the login may have none. Its session
 * tells the user, and the log the operator. */
static bool may_listen(const char *service)
{
	auto_call(strbuf_clear) struct strbuf why = STRBUF_INIT(PATH_MAX + 512);

	if (!service || !pamconf_check(&pamconf_system, service, &why))
		return true;
	syslog(LOG_ERR, "allowing no forwarding, sshd would bind relay ports by itself: %s",
	       why.buf);
	return false;
}

static int answer(const char *service, const char *user, const char *type, const char *base64)
{
	static uint16_t ports[AUTHKEYS_PORTS_MAX];
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(AUTHKEYS_LINE_MAX);
	size_t count = 0;
	int r;

	r = parse_offer(type, base64, &key);
	if (r > 0)
		r = ask_node(user, &key, ports, &count);
	if (r > 0) {
		if (count && !may_listen(service))
			count = 0;
		r = authkeys_line(&key, ports, count, &line);
		if (!r)
			r = file_write_all(STDOUT_FILENO, line.buf, line.len);
	}
	if (r < 0)
		syslog(LOG_ERR, "cannot tell the keys of user '%s', refusing: %s", user, reason(r));
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	const char *service = NULL;

	openlog("mysocket-authkeys", LOG_PID | LOG_PERROR, LOG_AUTH);
	if (argc == 2 && !strcmp(argv[1], "--help"))
		return file_write_all(STDOUT_FILENO, usage, sizeof(usage) - 1) < 0;
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return file_write_all(STDOUT_FILENO, "mysocket-authkeys " MYSOCKET_VERSION "\n",
				      sizeof("mysocket-authkeys " MYSOCKET_VERSION "\n") - 1) < 0;
	if (argc > 2 && !strcmp(argv[1], "--pam-service")) {
		service = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 4) {
		file_write_all(STDERR_FILENO, usage, sizeof(usage) - 1);
		syslog(LOG_ERR,
		       "called with %d arguments instead of 3, check AuthorizedKeysCommand",
		       argc - 1);
		return EXIT_USAGE;
	}
	if (!id_is_user(argv[1])) {
		syslog(LOG_ERR,
		       "asked for a user that is not ours, check the Match block in sshd_config");
		return EXIT_USAGE;
	}
	return answer(service, argv[1], argv[2], argv[3]);
}
