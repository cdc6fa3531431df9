/* SPDX-License-Identifier: ISC */
/* The certificates that HAProxy has from its command line (edge_certs.h) once more, as files of a folder in memory, which
 * it reads when it is reloaded: a new process shows them from its first connection on.
 *
 *	list			its crt-list: "<path of the file> <host name>"
 *	map			which ones these are: "<host name> <name>/<version>", as in the map of edge_settings.h
 *	<host name>.pem		certificate, chain and key
 *
 * Whoever starts HAProxy empties list and map before: a start waits for no certificate, and none can prevent it. HAProxy
 * reads the map first, then the list, then what that names.
 *
 * MUST 1: what HAProxy has not accepted is in no list: it would refuse each reload.
 * MUST 2: host names are names of files here: whatever they come from, they are checked.
 * MUST 3: keys are for their owner's eyes: files are 0600.
 * MUST 4: a file is there before its line in the list, and that before its line in the map; it goes long after them: a
 *         process that is starting may be reading. */
#ifndef NODE_EDGE_CERT_FILES_H
#define NODE_EDGE_CERT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "node/strmap.h"

/* How long changes wait for others, so that 10,000 of them are not as many lists. */
#define EDGE_CERT_FILES_WRITE_MS 200
/* Files of certificates that are gone stay so long: longer than HAProxy reads (10 s for 10,000). Up to twice that. */
#define EDGE_CERT_FILES_KEEP_MS 60000
#define EDGE_CERT_PATH_SIZE 512

struct event;
struct event_base;

struct edge_cert_files {
	const char *folder;
	struct strmap entries; /* of struct cert_file, by host name */
	struct event *write, *sweep;
	bool is_dirty; /* list and map are not what they are to be */
	bool is_held;  /* nor are they written: HAProxy may be about to start */
};

/* Reads what an earlier run left; `folder` is kept. 0 or -ENOMEM. */
int edge_cert_files_init(struct edge_cert_files *files, struct event_base *base,
			 const char *folder);
/* Writes what waits. */
void edge_cert_files_clear(struct edge_cert_files *files);

/* The name's file, which is also what HAProxy calls the certificate. */
void edge_cert_files_path(const struct edge_cert_files *files, const char *domain,
			  char ret_path[EDGE_CERT_PATH_SIZE]);

/* HAProxy has it. 0; or a negative errno: then it is in no file, or what was there before is. */
int edge_cert_files_put(struct edge_cert_files *files, const char *domain, const char *value,
			const char *pem);
/* It is to have none. */
void edge_cert_files_remove(struct edge_cert_files *files, const char *domain);

/* Compares with what a process of HAProxy has: hold; listed for each line of its list; for each line of its map lacks (the
 * list has no line of what the files have) and saw (that is what the files say); go, which drops what the map has not.
 * Files are only listed after that. */
void edge_cert_files_hold(struct edge_cert_files *files);
void edge_cert_files_listed(struct edge_cert_files *files, const char *domain);
bool edge_cert_files_lacks(const struct edge_cert_files *files, const char *domain);
bool edge_cert_files_saw(struct edge_cert_files *files, const char *domain, const char *value);
void edge_cert_files_go(struct edge_cert_files *files);

/* ---- for tests ---- */
/* Removes files that nothing wants since EDGE_CERT_FILES_KEEP_MS, or that nobody knows. */
void edge_cert_files_sweep(struct edge_cert_files *files, int64_t now_ms);

#endif
