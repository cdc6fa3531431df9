/* SPDX-License-Identifier: ISC */
/* authkeys/session_command.h: whatever a client asks to run. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "authkeys/session_command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_command command;
	char text[256];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (session_command_parse(text, &command) == 0) {
		MUST(command.name);
		MUST(strspn(command.argument, "0123456789") == strlen(command.argument));
	}
	return 0;
}
