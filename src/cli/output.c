#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/path.h"
#include "cli/cli.h"

void complain(const char *format, ...)
{
	va_list args;

	fputs("agentfs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int fail(int error)
{
	complain("%s", agentfs_error_text(error));
	return EXIT_FAILED;
}

int usage(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fputs("agentfs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nusage: agentfs %s %s\nSee `agentfs help %s`.\n",
		cli->command->name, cli->command->arguments, cli->command->name);
	return EXIT_USAGE;
}

void say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void print_name(const struct cli *cli, const char *name, size_t len, char end)
{
	struct buf quoted = BUF_INIT;

	if (!cli->zero && isatty(STDOUT_FILENO) &&
	    path_add_quoted(&quoted, name, len) == 0)
		fwrite(quoted.data, 1, quoted.len, stdout);
	else
		fwrite(name, 1, len, stdout);
	putchar(cli->zero ? '\0' : end);
	buf_release(&quoted);
}

void print_json(const json_t *value)
{
	json_dumpf(value, stdout,
		   JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	putchar('\n');
}

char *json_bytes(const json_t *value, size_t *ret_len)
{
	struct buf bytes = BUF_INIT;
	const json_t *text =
		json_is_object(value) ? json_object_get(value, "base64") : NULL;

	if (json_is_string(value)) {
		if (buf_add(&bytes, json_string_value(value),
			    json_string_length(value)) < 0)
			return NULL;
	} else if (!json_is_string(text) ||
		   base64_decode(json_string_value(text), json_string_length(text),
				 &bytes) < 0) {
		buf_release(&bytes);
		return NULL;
	}
	*ret_len = bytes.len;
	return buf_take(&bytes);
}

json_t *json_from_bytes(const char *bytes, size_t len)
{
	struct buf text = BUF_INIT;
	json_t *value = NULL;

	if (path_is_utf8(bytes, len))
		return json_stringn(bytes, len);
	if (base64_encode(bytes, len, &text) == 0)
		value = json_pack("{s:s#}", "base64", text.data, (int)text.len);
	buf_release(&text);
	return value;
}

bool confirm(const struct cli *cli, const char *format, ...)
{
	char answer[16];
	va_list args;

	if (cli->yes)
		return true;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "\n");
		complain("nobody is there to ask; say --yes to go on");
		return false;
	}
	fprintf(stderr, " Go on? [y/N] ");
	return fgets(answer, sizeof(answer), stdin) &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}
