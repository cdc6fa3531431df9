/* SPDX-License-Identifier: ISC */
/* `mysocket-api account ...`. */
#include "api/admin.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "api/check.h"
#include "api/schema.h"
#include "api/store.h"
#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/log.h"

enum { ADMIN_DONE, ADMIN_FAILED, ADMIN_USAGE };

/* ---- what is done to an account, within a transaction -------------------------------------------------- */

static int do_suspend(struct db *db, const struct store_account *account)
{
	return store_account_suspend(db, account->user_id, true);
}

static int do_unsuspend(struct db *db, const struct store_account *account)
{
	return store_account_suspend(db, account->user_id, false);
}

static int do_confirm(struct db *db, const struct store_account *account)
{
	return store_account_confirm(db, account->user_id);
}

struct socket_walk {
	struct db *db;
	char last[ID_UUID_SIZE];
};

/* A socket comes once per tunnel. */
static int tell_socket_deleted(const struct store_socket *socket, const struct store_tunnel *tunnel,
			       void *arg)
{
	struct socket_walk *walk = arg;

	if (strcmp(walk->last, socket->socket_id) == 0)
		return 0;
	memcpy(walk->last, socket->socket_id, sizeof(walk->last));
	return store_feed_add(walk->db, NODEAPI_SOCKET_DELETED, socket->user_id, socket->socket_id,
			      NULL, NULL);
}

static int do_delete(struct db *db, const struct store_account *account)
{
	struct socket_walk walk = { .db = db };
	int r = store_socket_each(db, account->user_id, NULL, tell_socket_deleted, &walk);

	return r < 0 ? r : store_account_delete(db, account->user_id);
}

/* NULL in `run`: lists. */
static const struct verb {
	const char *name;
	int (*run)(struct db *db, const struct store_account *account);
	const char *done;
	const char *args, *summary;
} verbs[] = {
	{ "ls", NULL, NULL, "[email]", "list all accounts, or one" },
	{ "suspend", do_suspend, "suspended", "email", "end its sessions and refuse its logins" },
	{ "unsuspend", do_unsuspend, "active again", "email", "let it log in again" },
	{ "confirm", do_confirm, "confirmed", "email", "take its e-mail address as confirmed" },
	{ "delete", do_delete, "deleted", "email", "delete it with all its sockets" },
};

void api_admin_usage(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  account %-9s %-8s %s\n", verbs[i].name, verbs[i].args,
			verbs[i].summary);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void print_account(const struct store_account *account, void *arg)
{
	const char *state = "active";
	time_t created = (time_t)(account->created_at / 1000);
	size_t *count = arg;
	struct tm tm;
	char day[32];

	if (account->suspended)
		state = "suspended";
	else if (!account->confirmed)
		state = "unconfirmed";
	gmtime_r(&created, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	printf("%-36s  %-11s  %s  %s\n", account->user_id, state, day, account->email);
	(*count)++;
}

static int list(struct db *db, const char *email)
{
	size_t count = 0;
	int r = store_account_each(db, email, print_account, &count);

	if (r == 0 && email && !count)
		return -ENOENT;
	return r;
}

static int change(struct db *db, const struct verb *verb, const char *email)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	struct store_account account;
	int r = db_begin(db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_account_by_email(db, email, &account);
	if (r == 0)
		r = verb->run(db, &account);
	if (r == 0)
		r = store_feed_add(db, NODEAPI_ACCOUNT_CHANGED, account.user_id, NULL, NULL, NULL);
	if (r == 0)
		r = db_commit(&tx);
	if (r == 0)
		printf("account %s is %s\n", account.email, verb->done);
	return r;
}

static int open_database(const char *conf_path, struct db **ret_db)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	auto_call(db_drop) struct db *db = NULL;
	char conf_why[CONF_ERROR_SIZE];
	char why[DB_ERROR_SIZE] = "out of memory";
	int r = conf_load(conf_path, &conf, conf_why);

	if (r < 0) {
		log_error("%s", conf_why);
		return r;
	}
	r = db_open(conf.database, DB_EXISTING, &db, why);
	if (r == 0)
		r = schema_migrate(db, why);
	if (r < 0) {
		log_error("%s", why);
		return r;
	}
	*ret_db = take_ptr(db);
	return 0;
}

static const struct verb *find_verb(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0)
			return argc == 3 || (argc == 2 && !verbs[i].run) ? &verbs[i] : NULL;
	return NULL;
}

int api_admin(const char *conf_path, int argc, char **argv)
{
	auto_call(db_drop) struct db *db = NULL;
	const struct verb *verb = find_verb(argc, argv);
	char email[STORE_EMAIL_SIZE] = "";
	const char *why;
	int r;

	if (!verb) {
		fprintf(stderr, "usage: mysocket-api [--config FILE]\n");
		api_admin_usage(stderr);
		return ADMIN_USAGE;
	}
	if (argc == 3 && api_check_email(argv[2], email, &why) < 0) {
		log_error("'%s' is not an e-mail address", argv[2]);
		return ADMIN_USAGE;
	}
	if (open_database(conf_path, &db) < 0)
		return ADMIN_FAILED;
	r = verb->run ? change(db, verb, email) : list(db, email[0] ? email : NULL);
	if (r == -ENOENT)
		log_error("find no account '%s', 'mysocket-api account ls' lists all", email);
	else if (r < 0)
		log_error_r(r, "cannot do 'account %s'", verb->name);
	return r < 0 ? ADMIN_FAILED : ADMIN_DONE;
}
