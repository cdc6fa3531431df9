/* SPDX-License-Identifier: ISC */
/* One line per event on standard error, for daemons and for the outermost function of a command.
 * Under systemd (JOURNAL_STREAM set) each line gets its "<n>" priority prefix and no timestamp.
 * Form of a line: lower case, verb first, values quoted, the consequence last. Control bytes in the
 * formatted text are escaped (lib/escape.h). The one module of lib/ that writes. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* `program`: the prefix of each line; kept by reference. Timestamps (UTC, ms) when `stamps` is not 0. */
void log_init(const char *program, enum log_level level, int stamps);
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Logs "<text>: <strerror(-r)>" as an error and returns r (a negative errno), so that
 * `return log_error_r(r, "cannot read token '%s'", path);` is the whole error path. */
int log_error_r(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
