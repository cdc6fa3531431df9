/* SPDX-License-Identifier: ISC */
/* helper/refusal.h, helper/offered.h, helper/agent.h: when a refusal is final, and which keys ssh may offer. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <json-c/json.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "helper/agent.h"
#include "helper/offered.h"
#include "helper/options.h"
#include "helper/refusal.h"
#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

#define TUNNEL "dc620ec5-76d6-455e-865c-eac238472bee"
#define OTHER "334c2e48-8324-47c0-9b03-c0a69c2c7833"
/* Not keys, but what is told of keys: text in base64. */
#define KEY_A "QUFBQUFBQUFB"
#define KEY_B "QkJCQkJCQkJC"

/* ---- the judgement ---- */
#define THERE "[{\"tunnels\":[{\"tunnel_id\":\"" OTHER "\"},{\"tunnel_id\":\"" TUNNEL "\"}]}]"
#define ELSEWHERE "[{\"tunnels\":[{\"tunnel_id\":\"" OTHER "\"}]},{\"tunnels\":[]}]"
#define HAS_A "[{\"sshkey\":\"ssh-ed25519 " KEY_A " me@home\"}]"
#define HAS_B "[{\"sshkey\":\"ssh-ed25519 " KEY_B "\"}]"

struct trial {
	const char *sockets, *keys; /* of the API; NULL: no answer */
	enum ssh_reason reason;
	bool was_up, unsure, agent, agent_unsure;
	int is_final;
	enum denial denial; /* DENIAL_NONE: sshd's own reason */
};

static struct json_object *parse(const char *text)
{
	return text ? json_tokener_parse(text) : NULL;
}

/* ssh may offer key A, and an agent had key B. */
static int judge(const struct trial *t, enum denial account, struct sshline *why)
{
	struct refusal_facts facts = { .account = account,
				       .sockets = parse(t->sockets),
				       .keys = parse(t->keys) };
	struct supervise_refusal refused = { .was_up = t->was_up, .why.reason = t->reason };
	struct refusal_keys keys = { .agent = t->agent };
	struct offered agent;
	int r;

	offered_init(&keys.offered);
	offered_init(&agent);
	strbuf_adds(&keys.offered.keys, KEY_A "\n");
	strbuf_adds(&agent.keys, KEY_B "\n");
	keys.offered.unsure = t->unsure;
	agent.unsure = t->agent_unsure;
	r = refusal_judge(&facts, TUNNEL, &keys, &agent, &refused, why);
	json_object_put(facts.sockets);
	json_object_put(facts.keys);
	offered_clear(&keys.offered);
	offered_clear(&agent);
	return r;
}

static void run_trials(const struct trial *trials, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct sshline why = { SSH_REASON_NONE };
		int r = judge(&trials[i], DENIAL_NONE, &why);

		if (r != trials[i].is_final)
			fail_msg("trial %zu is %sfinal", i, r ? "" : "not ");
		if (r && trials[i].denial != DENIAL_NONE)
			assert_int_equal(why.reason, SSH_REASON_DENIED);
		if (r && trials[i].denial == DENIAL_NONE)
			assert_int_equal(why.reason, trials[i].reason);
		if (r)
			assert_int_equal(why.denial, trials[i].denial);
	}
}

static void a_refusal_is_final_only_for_what_the_api_said(void **state)
{
	static const struct trial trials[] = {
		/* What is deleted shows as a refused port, or as a refused key if it was the last. */
		{ ELSEWHERE, HAS_A, SSH_REASON_FORWARD, true, .is_final = 1,
		  .denial = DENIAL_DELETED },
		{ ELSEWHERE, NULL, SSH_REASON_KEY, true, .is_final = 1, .denial = DENIAL_DELETED },
		{ "[]", NULL, SSH_REASON_KEYS, false, .is_final = 1, .denial = DENIAL_DELETED },
		{ THERE, HAS_B, SSH_REASON_FORWARD, true },
		{ THERE, HAS_B, SSH_REASON_FORWARD, false },
		{ NULL, NULL, SSH_REASON_FORWARD, true },
		/* A key that was taken, and is on the account no more. */
		{ THERE, HAS_B, SSH_REASON_KEY, true, .is_final = 1, .denial = DENIAL_KEY },
		{ THERE, "[]", SSH_REASON_KEY, true, .is_final = 1, .denial = DENIAL_KEY },
		{ THERE, HAS_B, SSH_REASON_KEYS, true, .is_final = 1, .denial = DENIAL_KEY },
		{ THERE, HAS_A, SSH_REASON_KEY, true },
		{ THERE, NULL, SSH_REASON_KEY, true },
		{ THERE, HAS_B, SSH_REASON_KEY, true, .unsure = true },
		/* One that the agent had. */
		{ THERE, HAS_B, SSH_REASON_KEY, true, .agent = true },
		{ THERE, "[]", SSH_REASON_KEY, true, .agent = true, .is_final = 1,
		  .denial = DENIAL_KEY },
		{ THERE, "[]", SSH_REASON_KEY, true, .agent = true, .agent_unsure = true },
		/* None was ever taken: sshd's own words say what to do. */
		{ THERE, HAS_B, SSH_REASON_KEY, false, .is_final = 1 },
		{ THERE, HAS_A, SSH_REASON_KEYS, false, .is_final = 1 },
		{ THERE, HAS_B, SSH_REASON_KEYS, false, .is_final = 1 },
		/* But what the account has, the tunnel server will take once it can check it. */
		{ THERE, HAS_A, SSH_REASON_KEY, false },
		{ THERE, HAS_A, SSH_REASON_KEY_FILE, false },
		{ THERE, HAS_B, SSH_REASON_KEY_FILE, false, .is_final = 1 },
		{ THERE, HAS_A, SSH_REASON_KEY, false, .unsure = true },
		{ THERE, HAS_B, SSH_REASON_KEY, false, .agent = true },
		/* The sockets, but not the keys: the login may have expired in between. */
		{ THERE, NULL, SSH_REASON_KEY, false },
		{ THERE, NULL, SSH_REASON_KEYS, false },
		{ THERE, HAS_B, SSH_REASON_KEY, false, .unsure = true },
		/* What cannot be read says nothing. */
		{ "{}", "{}", SSH_REASON_KEY, true },
		{ "[{}]", "[{}]", SSH_REASON_KEY, true },
		{ "[{\"tunnels\":[{}]}]", "[7]", SSH_REASON_KEY, true },
		{ "[{\"tunnels\":{}}]", "[{\"sshkey\":null}]", SSH_REASON_FORWARD, true },
		{ "[null]", "[null]", SSH_REASON_KEY, true },
	};

	run_trials(trials, ARRAY_SIZE(trials));
}

/* An API that cannot be reached; one that takes the token no more. */
static void an_api_that_does_not_answer_makes_nothing_final(void **state)
{
	static const enum ssh_reason reasons[] = { SSH_REASON_FORWARD, SSH_REASON_KEY,
						   SSH_REASON_KEYS };
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(reasons); i++) {
		struct trial t = { .reason = reasons[i / 2], .was_up = i % 2 };
		struct sshline why;

		assert_int_equal(judge(&t, DENIAL_NONE, &why), 0);
	}
}

static void what_the_api_says_of_the_account_is_final(void **state)
{
	static const struct {
		enum denial account;
		int is_final;
	} cases[] = { { DENIAL_SUSPENDED, 1 },
		      { DENIAL_UNKNOWN, 1 },
		      { DENIAL_UNCONFIRMED, 1 },
		      { DENIAL_UNAVAILABLE, 0 },
		      { DENIAL_NONE, 0 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial t = { .reason = SSH_REASON_KEY, .was_up = true };
		struct sshline why;

		assert_int_equal(judge(&t, cases[i].account, &why), cases[i].is_final);
		if (cases[i].is_final)
			assert_int_equal(why.denial, cases[i].account);
	}
}

/* A tunnel is refused each 100 ms, and each question answered before the next: how many are asked? */
static unsigned questions(struct refusal *r, int64_t from_ms, int64_t to_ms)
{
	unsigned count = 0;
	int64_t now;

	for (now = from_ms; now < to_ms; now += 100) {
		refusal_ask(r, now);
		count += r->stage == REFUSAL_SOCKETS;
		r->stage = REFUSAL_IDLE;
	}
	return count;
}

static void the_api_is_asked_soon_at_first_and_then_each_half_a_minute(void **state)
{
	struct refusal r;

	refusal_init(&r, NULL);
	assert_int_equal(questions(&r, 1000, 1100), 1);
	assert_int_equal(questions(&r, 1100, 32000), 5 - 1); /* 1, 2, 4, 8 and 16 s apart */
	assert_in_range(questions(&r, 32000, 632000), 20, 21);
	/* After a calm it begins again. */
	assert_int_equal(questions(&r, 800000, 801000), 1);
	assert_int_equal(questions(&r, 801000, 801100), 1);
	refusal_clear(&r);
}

static void refusals_while_it_is_asked_share_the_question(void **state)
{
	struct supervise_refusal refused = { .why.reason = SSH_REASON_FORWARD, .was_up = true };
	struct refusal_keys keys = { .agent = false };
	struct sshline why;
	struct refusal r;

	unsetenv("SSH_AUTH_SOCK");
	refusal_init(&r, NULL);
	refusal_ask(&r, 1000);
	r.stage = REFUSAL_KEYS;
	refusal_ask(&r, 1100);
	assert_int_equal(r.stage, REFUSAL_KEYS);
	assert_int_equal(refusal_answer(&r, TUNNEL, &keys, &refused, &why), -EINPROGRESS);
	r.stage = REFUSAL_IDLE;
	r.facts.sockets = parse("[]");
	/* Too soon for another question: what is known is all there is. */
	refusal_ask(&r, 1200);
	assert_int_equal(refusal_answer(&r, TUNNEL, &keys, &refused, &why), 1);
	assert_int_equal(why.denial, DENIAL_DELETED);
	refusal_clear(&r);
}

/* ---- files ---- */
static char folder[] = "/tmp/mysocket-unit-XXXXXX";
static char identity[sizeof(folder) + 10], identity_pub[sizeof(folder) + 10];

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(identity, sizeof(identity), "%s/id", folder);
	snprintf(identity_pub, sizeof(identity_pub), "%s/id.pub", folder);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

static void write_file(const char *path, const char *text)
{
	assert_int_equal(file_write(path, text, strlen(text), 0600), 0);
}

static int remove_files(void **state)
{
	unlink(identity);
	unlink(identity_pub);
	return 0;
}

static void add_string(struct strbuf *sb, const char *text, size_t len)
{
	const char head[] = { 0, 0, (char)(len >> 8), (char)len };

	strbuf_add(sb, head, sizeof(head));
	strbuf_add(sb, text, len);
}

#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END "-----END OPENSSH PRIVATE KEY-----\n"

/* A private key's file of `count` keys, whose public part is `key`. */
static void write_key(const char *path, const char *cipher, char count, const char *key,
		      size_t key_len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(4096), text = STRBUF_INIT(8192);
	const char number[] = { 0, 0, 0, count };

	strbuf_add(&sb, "openssh-key-v1", sizeof("openssh-key-v1"));
	add_string(&sb, cipher, strlen(cipher));
	add_string(&sb, "bcrypt", 6);
	add_string(&sb, "salt and rounds", 15);
	strbuf_add(&sb, number, sizeof(number));
	add_string(&sb, key, key_len);
	add_string(&sb, "what nobody may see", 19);
	strbuf_adds(&text, BEGIN);
	base64_encode(&text, sb.buf, 30);
	strbuf_adds(&text, "\n");
	base64_encode(&text, sb.buf + 30, sb.len - 30);
	strbuf_adds(&text, "\n" END);
	assert_int_equal(strbuf_error(&text), 0);
	write_file(path, text.buf);
}

static void write_private(const char *path, char count)
{
	write_key(path, "aes256-ctr", count, "AAAAAAAAA", 9);
}

static void the_public_file_beside_an_identity_tells_what_ssh_offers(void **state)
{
	struct offered o;

	offered_init(&o);
	write_private(identity, 1);
	write_file(identity_pub, "# mine\nssh-ed25519 " KEY_B " me@home\n");
	offered_add_file(&o, identity);
	assert_true(offered_is_sure(&o));
	assert_true(offered_has(&o, "ssh-ed25519 " KEY_B));
	assert_true(offered_has(&o, "ssh-ed25519 " KEY_B " another comment"));
	assert_false(offered_has(&o, "ssh-ed25519 " KEY_A));
	assert_false(offered_has(&o, "ssh-ed25519 QkJC"));
	assert_false(offered_has(&o, "ssh-ed25519"));
	offered_clear(&o);
}

static void without_it_the_private_file_does_and_no_more_than_its_public_part_is_kept(void **state)
{
	struct offered o;

	offered_init(&o);
	write_private(identity, 1);
	offered_add_file(&o, identity);
	offered_add_file(&o, identity);
	assert_true(offered_is_sure(&o));
	assert_string_equal(o.keys.buf, "\n" KEY_A "\n");
	offered_clear(&o);
}

static void an_identity_may_be_a_public_file_itself(void **state)
{
	struct offered o;

	offered_init(&o);
	write_file(identity, "ssh-ed25519 " KEY_A "\n");
	offered_add_file(&o, identity);
	assert_true(offered_is_sure(&o));
	assert_true(offered_has(&o, "ssh-ed25519 " KEY_A));
	offered_clear(&o);
}

static void an_identity_that_does_not_tell_leaves_it_unsure(void **state)
{
	static const char *const texts[] = {
		"",
		"-----BEGIN RSA PRIVATE KEY-----\nQUFB\n-----END RSA PRIVATE KEY-----\n",
		BEGIN "b3BlbnNzaC1rZXktdjEA\n",
		BEGIN "b3BlbnNzaC1rZXktdjEA\n" END,
		BEGIN "*\n" END,
		"ssh-ed25519 not*base64\n",
	};
	struct offered o;
	size_t i;

	for (i = 0; i <= ARRAY_SIZE(texts); i++) {
		offered_init(&o);
		if (i < ARRAY_SIZE(texts))
			write_file(identity, texts[i]);
		else
			write_private(identity, 2);
		offered_add_file(&o, identity);
		if (offered_is_sure(&o))
			fail_msg("text %zu tells", i);
		offered_clear(&o);
	}
}

static bool is_locked(const char *key)
{
	struct offered o;
	bool locked;

	offered_init(&o);
	write_file(identity_pub, "ssh-ed25519 " KEY_A "\n");
	offered_add_file(&o, identity);
	assert_true(offered_has(&o, key));
	locked = offered_may_ask(&o);
	offered_clear(&o);
	return locked;
}

static void a_key_is_locked_if_it_is_encrypted_or_does_not_tell(void **state)
{
	static const struct {
		const char *text;
		bool locked;
	} cases[] = {
		{ BEGIN "b3BlbnNzaC1rZXktdjEA\n" END, true },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nQUFB\n", true },
		{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nQUFB\n", true },
		{ "-----BEGIN RSA PRIVATE KEY-----\nQUFB\n", false },
		{ "-----BEGIN PRIVATE KEY-----\nQUFB\n", false },
		{ "PuTTY-User-Key-File-2: ssh-rsa\n", true },
		{ "", true },
	};
	static const char token[] = "\0\0\0\x1ask-ssh-ed25519@openssh.com";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file(identity, cases[i].text);
		if (is_locked("x " KEY_A) != cases[i].locked)
			fail_msg("'%s'", cases[i].text);
	}
	write_private(identity, 1);
	assert_true(is_locked("x " KEY_A));
	write_key(identity, "none", 1, "\0\0\0\1xAAAA", 9);
	assert_false(is_locked("x " KEY_A));
	write_key(identity, "none", 1, token, sizeof(token) - 1);
	assert_true(is_locked("x " KEY_A));
	/* The private part is the agent's. */
	write_file(identity, "ssh-ed25519 " KEY_A "\n");
	assert_false(is_locked("x " KEY_A));
	unlink(identity);
	assert_false(is_locked("x " KEY_A));
}

static void a_file_that_is_gone_takes_nothing_away(void **state)
{
	struct offered o;

	offered_init(&o);
	write_file(identity_pub, "ssh-ed25519 " KEY_A "\n");
	offered_add_file(&o, identity);
	unlink(identity_pub);
	offered_add_file(&o, identity);
	assert_true(offered_is_sure(&o));
	assert_true(offered_has(&o, "ssh-ed25519 " KEY_A));
	offered_clear(&o);
}

static void an_option_that_may_name_other_keys_leaves_it_unsure(void **state)
{
	static const struct {
		const char *option;
		bool sure;
	} cases[] = {
		{ "ProxyJump=gateway", true },	   { "Compression yes", true },
		{ "IdentityFile=/root/x", false }, { " identitiesonly no", false },
		{ "IdentityAgent=/x", false },	   { "PKCS11Provider=/x.so", false },
		{ "CertificateFile=/x", false },   { "Include /etc/x", false },
		{ "User=somebody", false },	   { "PubkeyAuthentication=no", false },
		{ "ServerAliveInterval=5", true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ctl_list options = { .count = 1 };
		struct refusal_keys keys;

		options.items[0] = cases[i].option;
		refusal_keys_init(&keys, NULL, 0, false, &options);
		if (offered_is_sure(&keys.offered) != cases[i].sure)
			fail_msg("'%s'", cases[i].option);
		refusal_keys_clear(&keys);
	}
}

/* ---- the agent ---- */
/* Two keys with their comments, "home" and none. */
static const unsigned char two_keys[] =
	"\f\0\0\0\2\0\0\0\tAAAAAAAAA\0\0\0\4home\0\0\0\tBBBBBBBBB\0\0\0\0";
#define TWO_KEYS_LEN (sizeof(two_keys) - 1)

static void the_keys_of_an_agents_answer_are_taken(void **state)
{
	struct offered o;
	size_t len;

	offered_init(&o);
	assert_int_equal(offered_add_agent(&o, two_keys, TWO_KEYS_LEN), 0);
	assert_true(offered_has(&o, "x " KEY_A) && offered_has(&o, "x " KEY_B));
	assert_int_equal(offered_add_agent(&o, (const unsigned char *)"\x0c\0\0\0\0", 5), 0);
	assert_int_equal(offered_add_agent(&o, (const unsigned char *)"\x05", 1), -EINVAL);
	for (len = 0; len < TWO_KEYS_LEN; len++)
		assert_int_equal(offered_add_agent(&o, two_keys, len), -EINVAL);
	offered_clear(&o);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void an_agent_is_asked_without_waiting_for_it(void **state)
{
	auto_close int listener = listen_at(identity), fd = -1;
	const unsigned char head[] = { 0, 0, 0, TWO_KEYS_LEN };
	unsigned char request[16];
	struct offered o;
	struct agent a;

	offered_init(&o);
	agent_init(&a);
	assert_int_equal(agent_ask(&a, identity, 1000), 0);
	assert_int_equal(agent_step(&a, &o, 1000), -EINPROGRESS);
	fd = accept(listener, NULL, NULL);
	assert_int_equal(read(fd, request, sizeof(request)), 5);
	assert_memory_equal(request, "\0\0\0\1\x0b", 5);
	assert_int_equal(write(fd, head, 4), 4);
	assert_int_equal(write(fd, two_keys, 10), 10);
	assert_int_equal(agent_step(&a, &o, 1100), -EINPROGRESS);
	assert_int_equal(write(fd, two_keys + 10, TWO_KEYS_LEN - 10), TWO_KEYS_LEN - 10);
	assert_int_equal(agent_step(&a, &o, 1200), 0);
	assert_false(agent_is_asked(&a));
	assert_true(offered_has(&o, "x " KEY_A) && offered_has(&o, "x " KEY_B));
	agent_clear(&a);
	offered_clear(&o);
}

static void an_agent_that_does_not_tell_is_given_up(void **state)
{
	auto_close int listener = listen_at(identity);
	struct offered o;
	struct agent a;
	int fd;

	offered_init(&o);
	agent_init(&a);
	assert_int_equal(agent_ask(&a, identity, 1000), 0);
	assert_int_equal(agent_step(&a, &o, 1000 + AGENT_MS), -ETIMEDOUT);
	assert_int_equal(agent_ask(&a, identity, 1000), 0);
	close(accept(listener, NULL, NULL)); /* the one that was given up */
	fd = accept(listener, NULL, NULL);
	assert_int_equal(write(fd, "\xff\xff\xff\xff", 4), 4);
	assert_int_equal(agent_step(&a, &o, 1000), -EMSGSIZE);
	close(fd);
	assert_int_equal(agent_ask(&a, identity_pub, 1000), -ENOENT);
	assert_false(agent_is_asked(&a));
	agent_clear(&a);
	offered_clear(&o);
}

#define WITH_FILES(test) cmocka_unit_test_teardown(test, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_final_only_for_what_the_api_said),
		cmocka_unit_test(an_api_that_does_not_answer_makes_nothing_final),
		cmocka_unit_test(what_the_api_says_of_the_account_is_final),
		cmocka_unit_test(the_api_is_asked_soon_at_first_and_then_each_half_a_minute),
		cmocka_unit_test(refusals_while_it_is_asked_share_the_question),
		WITH_FILES(the_public_file_beside_an_identity_tells_what_ssh_offers),
		WITH_FILES(
			without_it_the_private_file_does_and_no_more_than_its_public_part_is_kept),
		WITH_FILES(an_identity_may_be_a_public_file_itself),
		WITH_FILES(an_identity_that_does_not_tell_leaves_it_unsure),
		WITH_FILES(a_key_is_locked_if_it_is_encrypted_or_does_not_tell),
		WITH_FILES(a_file_that_is_gone_takes_nothing_away),
		cmocka_unit_test(an_option_that_may_name_other_keys_leaves_it_unsure),
		cmocka_unit_test(the_keys_of_an_agents_answer_are_taken),
		WITH_FILES(an_agent_is_asked_without_waiting_for_it),
		WITH_FILES(an_agent_that_does_not_tell_is_given_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
