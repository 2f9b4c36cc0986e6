#include "port/title.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "port/process.h"

/* Fields 48 and 49 of /proc/self/stat: where the arguments begin and end. */
static int argument_area(char **ret_start, char **ret_end)
{
	char text[2048], *p;
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n;

	if (!f)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	for (int field = 2; p && field < 48; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -1;
	*ret_start = (char *)(uintptr_t)strtoull(p, &p, 10);
	*ret_end = (char *)(uintptr_t)strtoull(p, NULL, 10);
	return *ret_start && *ret_end > *ret_start ? 0 : -1;
}

void port_set_title(const char *name, const char *command_line)
{
	char *start, *end;
	size_t len = strlen(command_line), room;

	prctl(PR_SET_NAME, name);
	if (argument_area(&start, &end) < 0)
		return;
	room = (size_t)(end - start);
	if (len > room - 1)
		len = room - 1;
	memcpy(start, command_line, len);
	memset(start + len, 0, room - len);
}
