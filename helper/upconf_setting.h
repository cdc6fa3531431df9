/* SPDX-License-Identifier: ISC */
/* The settings of a socket in a file of `up`: one table, by which they are set, compared and freed. */
#ifndef HELPER_UPCONF_SETTING_H
#define HELPER_UPCONF_SETTING_H

#include <stdbool.h>
#include <stddef.h>

struct upconf_socket;

#define UPCONF_SETTING_COUNT 18
#define UPCONF_SETTING_WHY_SIZE 300

struct upconf_setting {
	const char *key;
	const char *preset; /* the default as text; NULL: none */
	bool for_all;	    /* may stand before the first section */
	bool is_list;	    /* may be given several times */
};

/* Setting `i` of UPCONF_SETTING_COUNT. */
struct upconf_setting upconf_setting_at(size_t i);
/* Its number; UPCONF_SETTING_COUNT if there is none of that key. */
size_t upconf_setting_find(const char *key);
/* The key nearest to a mistyped one; NULL if none is near. */
const char *upconf_setting_near(const char *key);

/* 0; -EINVAL with a sentence; -ENOMEM. */
int upconf_setting_set(size_t i, const char *value, struct upconf_socket *socket,
		       char ret_why[UPCONF_SETTING_WHY_SIZE]);
/* What `from` has of a list is added to `to`; what it has of another setting takes the place of what `to` has. As
 * upconf_setting_set(). *ret_done: there was something. */
int upconf_setting_inherit(size_t i, const struct upconf_socket *from, struct upconf_socket *to,
			   bool *ret_done, char ret_why[UPCONF_SETTING_WHY_SIZE]);

/* Would the service take what the edge is told, for a socket of this type (lib/socketconf.h)? Whether a subdomain is free, it
 * alone knows. As upconf_setting_set(). */
int upconf_setting_check(const struct upconf_socket *socket, char ret_why[UPCONF_SETTING_WHY_SIZE]);

/* True if all settings are the same; without those that only ssh goes by, if not `with_local`. */
bool upconf_setting_equal(const struct upconf_socket *a, const struct upconf_socket *b,
			  bool with_local);
/* Frees what they hold. */
void upconf_setting_clear(struct upconf_socket *socket);

#endif
