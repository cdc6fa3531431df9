/* SPDX-License-Identifier: ISC */
/* helper/settings.h, helper/token.h, helper/keeper.h, helper/ownkey.h: what lies in the user's home. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "helper/ctl.h"
#include "helper/keeper.h"
#include "helper/ownkey.h"
#include "helper/rest.h"
#include "helper/settings.h"
#include "helper/token.h"
#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define USER_ID "b2f1b59f-bcba-4286-9818-9f0b6e685e93"

static char home[64];
static char why[SETTINGS_WHY_SIZE];

static int set_up(void **state)
{
	unit_folder_make(home, sizeof(home));
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("MYSOCKET_API");
	unsetenv("MYSOCKET_CA_FILE");
	unsetenv("MYSOCKET_TOKEN_FILE");
	return 0;
}

static const char *in_home(const char *name)
{
	static char path[2][200];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", home, name);
	return path[turn];
}

static void write_text(const char *name, const char *text)
{
	assert_int_equal(file_write(in_home(name), text, strlen(text), 0600), 0);
}

static int tear_down(void **state)
{
	static const char *const folders[] = { ".config/mysocket", ".config", ".ssh" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders); i++)
		if (!access(in_home(folders[i]), F_OK))
			unit_folder_remove(in_home(folders[i]));
	unit_folder_remove(home);
	return 0;
}

static void only_plain_https_addresses_are_taken(void **state)
{
	static const char *const good[][2] = {
		{ "https://api.example.com", "https://api.example.com" },
		{ "https://api.example.com:8443//", "https://api.example.com:8443" },
		{ "https://api.example.com/api/v1/", "https://api.example.com/api/v1" },
		{ "http://127.0.0.1:7080", "http://127.0.0.1:7080" },
		{ "http://localhost:7080", "http://localhost:7080" },
		{ "http://api.mysocket.localhost:8080", "http://api.mysocket.localhost:8080" },
		{ "http://[::1]:7080", "http://[::1]:7080" },
	};
	static const char *const bad[] = { "http://api.example.com",
					   "http://localhost.example.com",
					   "http://127.example.com.",
					   "api.example.com",
					   "ftp://api.example.com",
					   "file:///etc/passwd",
					   "https://",
					   "https://me@api.example.com",
					   "https://me:pw@api.example.com",
					   "https://api.example.com/?x=1",
					   "https://api.example.com/#x",
					   "https://api example.com" };
	char *api;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(settings_api(good[i][0], &api, why), 0);
		assert_string_equal(api, good[i][1]);
		free(api);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (settings_api(bad[i], &api, why) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
}

static void nothing_set_is_no_error_and_no_service(void **state)
{
	struct settings s;

	assert_int_equal(settings_load(&s, why), 0);
	assert_null(s.api);
	assert_string_equal(s.token_file, in_home(".mysocketio_token"));
	settings_clear(&s);
}

static void what_login_saves_is_read_again(void **state)
{
	struct settings s;
	struct stat st;

	assert_int_equal(file_write(in_home("ca.crt"), "x", 1, 0600), 0);
	setenv("MYSOCKET_API", "https://api.example.com/", 1);
	setenv("MYSOCKET_CA_FILE", in_home("ca.crt"), 1);
	assert_int_equal(settings_load(&s, why), 0);
	assert_int_equal(settings_save(&s), 0);
	settings_clear(&s);
	unsetenv("MYSOCKET_API");
	unsetenv("MYSOCKET_CA_FILE");
	assert_int_equal(settings_load(&s, why), 0);
	assert_string_equal(s.api, "https://api.example.com");
	assert_string_equal(s.ca_file, in_home("ca.crt"));
	assert_int_equal(stat(s.config_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	settings_clear(&s);
}

static void the_environment_goes_first_and_keeps_the_saved_ca_out(void **state)
{
	struct settings s;

	assert_int_equal(mkdir(in_home(".config"), 0700), 0);
	assert_int_equal(mkdir(in_home(".config/mysocket"), 0700), 0);
	write_text(".config/mysocket/config",
		   "# x\n\n api = https://a.example \nca_file=/etc/passwd\n");
	assert_int_equal(settings_load(&s, why), 0);
	assert_string_equal(s.api, "https://a.example");
	assert_string_equal(s.ca_file, "/etc/passwd");
	settings_clear(&s);
	setenv("MYSOCKET_API", "https://b.example", 1);
	assert_int_equal(settings_load(&s, why), 0);
	assert_string_equal(s.api, "https://b.example");
	assert_null(s.ca_file);
	settings_clear(&s);
}

static void a_damaged_config_is_named_with_its_line(void **state)
{
	struct settings s;

	setenv("XDG_CONFIG_HOME", home, 1);
	assert_int_equal(mkdir(in_home("mysocket"), 0700), 0);
	write_text("mysocket/config", "api = https://a.b\nopi = x\n");
	assert_int_equal(settings_load(&s, why), -EINVAL);
	assert_non_null(strstr(why, "mysocket/config:2: unknown setting 'opi'"));
	unit_folder_remove(in_home("mysocket"));
}

static void a_missing_ca_file_is_named(void **state)
{
	struct settings s;

	setenv("MYSOCKET_API", "https://a.example", 1);
	setenv("MYSOCKET_CA_FILE", "/nonexistent/ca", 1);
	assert_int_equal(settings_load(&s, why), -ENOENT);
	assert_non_null(strstr(why, "'/nonexistent/ca'"));
}

/* header.payload.signature with this payload. */
static void make_token(const char *payload, char *buf, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	size_t i;

	base64_encode(&sb, payload, strlen(payload));
	for (i = 0; i < sb.len; i++)
		sb.buf[i] = (char)(sb.buf[i] == '+' ? '-' : sb.buf[i] == '/' ? '_' : sb.buf[i]);
	snprintf(buf, size, "eyJhbGciOiJIUzI1NiJ9.%.*s.c2ln", (int)strcspn(sb.buf, "="), sb.buf);
}

static void a_token_says_whose_it_is_and_until_when(void **state)
{
	struct token t;
	char text[1000];

	make_token("{\"user_id\":\"" USER_ID "\",\"exp\":1700000000,\"x\":\"?\?\?>>>\"}", text,
		   sizeof(text));
	assert_int_equal(token_parse(text, &t), 0);
	assert_string_equal(t.user_id, USER_ID);
	assert_int_equal(t.expires, 1700000000);
	token_clear(&t);
}

static void what_is_no_token_is_refused(void **state)
{
	static const char *const payloads[] = { "{}", "[]", "{\"user_id\":\"../x\"}",
						"{\"user_id\":1}", "not json" };
	static const char *const texts[] = { "",      "a",    "a.b",
					     "a.!.c", "a..c", "eyJ9.eyJ1c2VyX2lkIjoi.c\r\nX: y" };
	struct token t;
	char text[1000];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		make_token(payloads[i], text, sizeof(text));
		assert_int_equal(token_parse(text, &t), -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(token_parse(texts[i], &t), -EINVAL);
}

static void the_token_file_is_private_and_must_stay_so(void **state)
{
	struct token t;
	struct stat st;
	char text[1000];

	make_token("{\"user_id\":\"" USER_ID "\"}", text, sizeof(text));
	assert_int_equal(token_load(in_home("t"), &t), -ENOENT);
	assert_int_equal(token_save(in_home("t"), text), 0);
	assert_int_equal(stat(in_home("t"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(token_load(in_home("t"), &t), 0);
	assert_string_equal(t.text, text);
	token_clear(&t);
	assert_int_equal(chmod(in_home("t"), 0644), 0);
	assert_int_equal(token_load(in_home("t"), &t), -EACCES);
}

static void a_token_is_refreshed_well_before_it_expires(void **state)
{
	assert_int_equal(keeper_due(1000, 1000 + 18000), 1000 + 18000 - 1800);
	assert_int_equal(keeper_due(1000, 1000 + 600), 1000 + 300);
	assert_int_equal(keeper_due(1000, 900), 1000);
}

/* A run with a token that expired long ago; nobody answers at its API. */
static void expired_run(struct ctl *ctl, struct keeper *k)
{
	static const struct rest_config config = { .api = "http://127.0.0.1:1" };
	char text[1000];

	*ctl = (struct ctl){ .json = false };
	make_token("{\"user_id\":\"" USER_ID "\",\"exp\":1000}", text, sizeof(text));
	assert_int_equal(token_parse(text, &ctl->token), 0);
	ctl->settings.token_file = strdup(in_home("token"));
	assert_int_equal(rest_new(&config, &ctl->rest), 0);
	keeper_init(k, ctl);
}

static void a_new_login_helps_a_run_whose_token_is_not_taken_any_more(void **state)
{
	char text[1000];
	struct keeper k;
	struct ctl ctl;

	expired_run(&ctl, &k);
	k.refused = true;
	assert_true(keeper_tick(&k) > 0);
	assert_int_equal(ctl.token.expires, 1000);
	make_token("{\"user_id\":\"" USER_ID "\",\"exp\":4000000000}", text, sizeof(text));
	write_text("token", text);
	k.due = 0;
	assert_true(keeper_tick(&k) > 0);
	assert_int_equal(ctl.token.expires, 4000000000);
	assert_false(k.refused || k.running);
	ctl_clear(&ctl);
}

static void a_refresh_waits_while_somebody_else_asks_the_api(void **state)
{
	struct keeper k;
	struct ctl ctl;

	expired_run(&ctl, &k);
	assert_int_equal(rest_begin(ctl.rest, "GET", "/socket", NULL), 0);
	assert_true(keeper_tick(&k) > 0);
	assert_false(k.running);
	rest_cancel(ctl.rest);
	assert_int_equal(keeper_tick(&k), 0);
	assert_true(k.running);
	ctl_clear(&ctl);
}

static void own_keys_are_found_in_order_of_preference(void **state)
{
	char own_why[OWNKEY_WHY_SIZE], *key, *from;

	assert_int_equal(ownkey_get(NULL, &key, &from, own_why), -ENOENT);
	assert_non_null(strstr(own_why, "ssh-keygen -t ed25519"));
	assert_int_equal(mkdir(in_home(".ssh"), 0700), 0);
	assert_int_equal(file_write(in_home(".ssh/id_rsa.pub"), "x", 1, 0600), 0);
	assert_int_equal(file_write(in_home(".ssh/id_ed25519.pub"), KEY " me\n", strlen(KEY) + 4,
				    0600),
			 0);
	assert_int_equal(ownkey_get(NULL, &key, &from, own_why), 0);
	assert_string_equal(key, KEY " me");
	assert_string_equal(from, in_home(".ssh/id_ed25519.pub"));
	free(key);
	free(from);
}

static void a_key_may_be_given_as_text_or_as_a_path(void **state)
{
	char own_why[OWNKEY_WHY_SIZE], *key, *from;

	assert_int_equal(ownkey_get(KEY " me@laptop\n", &key, &from, own_why), 0);
	assert_string_equal(key, KEY " me@laptop");
	assert_null(from);
	free(key);
	assert_int_equal(file_write(in_home("k.pub"), KEY "\n", strlen(KEY) + 1, 0600), 0);
	assert_int_equal(ownkey_get("~/k.pub", &key, &from, own_why), 0);
	assert_string_equal(from, in_home("k.pub"));
	free(key);
	free(from);
}

static void a_private_or_damaged_key_is_refused_here(void **state)
{
	static const char *const bad[] = {
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"
		"-----END OPENSSH PRIVATE KEY-----\n",
		"ssh-ed25519 AAAA",
		KEY "\n" KEY,
		"restrict,command=\"x\" " KEY "\n",
		"/nonexistent/id.pub",
		"/",
	};
	char own_why[OWNKEY_WHY_SIZE], *key, *from;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(ownkey_get(bad[i], &key, &from, own_why) < 0);
		assert_null(strstr(own_why, "b3BlbnNz"));
	}
}

static void identities_are_the_private_halves(void **state)
{
	static char paths[OWNKEY_MAX][PATH_MAX];

	assert_int_equal(ownkey_identities(paths), 0);
	assert_int_equal(mkdir(in_home(".ssh"), 0700), 0);
	assert_int_equal(file_write(in_home(".ssh/id_rsa.pub"), "x", 1, 0600), 0);
	assert_int_equal(file_write(in_home(".ssh/id_ed25519"), "x", 1, 0600), 0);
	assert_int_equal(ownkey_identities(paths), 2);
	assert_string_equal(paths[0], in_home(".ssh/id_ed25519"));
	assert_string_equal(paths[1], in_home(".ssh/id_rsa"));
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_plain_https_addresses_are_taken),
		AT_HOME(nothing_set_is_no_error_and_no_service),
		AT_HOME(what_login_saves_is_read_again),
		AT_HOME(the_environment_goes_first_and_keeps_the_saved_ca_out),
		AT_HOME(a_damaged_config_is_named_with_its_line),
		AT_HOME(a_missing_ca_file_is_named),
		cmocka_unit_test(a_token_says_whose_it_is_and_until_when),
		cmocka_unit_test(what_is_no_token_is_refused),
		AT_HOME(the_token_file_is_private_and_must_stay_so),
		cmocka_unit_test(a_token_is_refreshed_well_before_it_expires),
		AT_HOME(a_new_login_helps_a_run_whose_token_is_not_taken_any_more),
		AT_HOME(a_refresh_waits_while_somebody_else_asks_the_api),
		AT_HOME(own_keys_are_found_in_order_of_preference),
		AT_HOME(a_key_may_be_given_as_text_or_as_a_path),
		AT_HOME(a_private_or_damaged_key_is_refused_here),
		AT_HOME(identities_are_the_private_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
