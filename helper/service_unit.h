/* SPDX-License-Identifier: ISC */
/* The systemd user unit that keeps `mysocketctl up` running: its text, where it lies, and the user's service manager. */
#ifndef HELPER_SERVICE_UNIT_H
#define HELPER_SERVICE_UNIT_H

#include <stdbool.h>

struct ctl;
struct strbuf;

struct service_unit {
	char *name;   /* "mysocket@up.service" */
	char *config; /* ~/.config/mysocket/up.conf, absolute */
	char *file;   /* ~/.config/systemd/user/mysocket@up.service */
	char *link; /* the same below default.target.wants: what `systemctl --user enable` makes */
};

/* Of the configuration `name` ("up"). 0; -EINVAL for a name that upconf_path() does not take; -ENOENT without a home;
 * -ENAMETOOLONG, -ENOMEM. */
int service_unit_find(const char *name, struct service_unit *ret_unit);
void service_unit_clear(struct service_unit *unit);
/* Of the NAME in the arguments of a command, UPCONF_DEFAULT if there is none. 0, or a negative errno, said. */
int service_unit_of_args(struct ctl *ctl, struct service_unit *ret_unit);

/* Appends the unit's text, which runs `program` up `config`, both as they are to stand in the unit (service_unit_quote());
 * `environment` may be NULL, else ends with NULL: "NAME=value" each, quoted here. */
void service_unit_text(const char *program, const char *config, const char *const *environment,
		       struct strbuf *sb);
/* Appends a word that systemd takes as it is (systemd.syntax(7)). -EINVAL if it holds a control character. */
int service_unit_quote(const char *word, struct strbuf *sb);

/* Writes file and link, making their folders. 0 with *ret_changed: the file is new or another than before; or a negative
 * errno. */
int service_unit_write(const struct service_unit *unit, const char *text, bool *ret_changed);
/* Removes both. 0 with *ret_changed: there was something; or a negative errno. */
int service_unit_remove(const struct service_unit *unit, bool *ret_changed);

/* True if `systemctl --user` reaches a service manager of this user. */
bool service_manager_is_there(void);
/* Runs `systemctl --user` with these words, NULL at the end; what it has to say goes to our standard error. 0; -EIO if it
 * failed, or a negative errno if it could not be run. */
int service_manager_call(const char *const *words);
/* True if the user's services go on after the last logout (loginctl enable-linger). */
bool service_manager_lingers(void);

#endif
