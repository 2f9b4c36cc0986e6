#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"

#define LIST_MAX 256

struct parser {
	struct cli *cli;
	const struct option *options;
	struct option common[6];
	int argc, next;
	char **argv;
};

static const struct option *find(const struct option *options, const char *name,
				 size_t len, char letter)
{
	for (const struct option *o = options; o && o->name; o++)
		if (letter ? o->letter == letter
			   : strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct option *find_any(const struct parser *p, const char *name,
				     size_t len, char letter)
{
	const struct option *o = find(p->options, name, len, letter);

	return o ? o : find(p->common, name, len, letter);
}

static int add_to_list(struct option_list *list, const char *value)
{
	const char **items;

	if (list->n == LIST_MAX)
		return -E2BIG;
	items = realloc(list->items, (size_t)(list->n + 2) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	items[list->n++] = value;
	items[list->n] = NULL;
	list->items = items;
	return 0;
}

static int set_value(const struct parser *p, const struct option *o, const char *value)
{
	char *end;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->value = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)o->value = value;
		return 0;
	case OPTION_LIST:
		return add_to_list(o->value, value) < 0
			       ? usage(p->cli, "too many --%s", o->name)
			       : 0;
	default:
		errno = 0;
		*(int64_t *)o->value = strtoll(value, &end, 10);
		if (errno || end == value || *end)
			return usage(p->cli, "--%s takes a number, not '%s'", o->name,
				     value);
		return 0;
	}
}

/* The value of an option: behind its '=' or the next word. */
static int with_value(struct parser *p, const struct option *o, const char *attached)
{
	if (o->kind == OPTION_FLAG)
		return attached ? usage(p->cli, "--%s takes no value", o->name)
				: set_value(p, o, NULL);
	if (!attached && p->next == p->argc)
		return usage(p->cli, "--%s needs a value", o->name);
	return set_value(p, o, attached ? attached : p->argv[p->next++]);
}

static int long_option(struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *o = find_any(p, word, len, 0);

	if (!o)
		return usage(p->cli, "unknown option --%.*s", (int)len, word);
	return with_value(p, o, equals ? equals + 1 : NULL);
}

static int short_options(struct parser *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option *o = find_any(p, NULL, 0, *letters);
		int r;

		if (!o)
			return usage(p->cli, "unknown option -%c", *letters);
		if (o->kind != OPTION_FLAG)
			return with_value(p, o, letters[1] ? letters + 1 : NULL);
		r = set_value(p, o, NULL);
		if (r)
			return r;
	}
	return 0;
}

static int one_word(struct parser *p, const char *word)
{
	return word[1] == '-' ? long_option(p, word + 2) : short_options(p, word + 1);
}

int options_parse(struct cli *cli, const struct option *options, bool to_command,
		  int *argc, char **argv)
{
	bool help = false;
	struct parser p = {
		.cli = cli,
		.options = options,
		.common = {{"help", 'h', OPTION_FLAG, &help},
			   {"json", 0, OPTION_FLAG, &cli->json},
			   {"quiet", 'q', OPTION_FLAG, &cli->quiet},
			   {"verbose", 'v', OPTION_FLAG, &cli->verbose},
			   {"yes", 'y', OPTION_FLAG, &cli->yes},
			   {NULL, 0, OPTION_FLAG, NULL}},
		.argc = *argc,
		.argv = argv,
	};
	int kept = 0, r = 0;

	while (r == 0 && p.next < p.argc) {
		char *word = argv[p.next++];

		if (strcmp(word, "--") == 0) {
			break;
		} else if (word[0] == '-' && word[1] != '\0') {
			r = one_word(&p, word);
		} else {
			argv[kept++] = word;
			if (to_command)
				break;
		}
	}
	while (p.next < p.argc)
		argv[kept++] = argv[p.next++];
	*argc = kept;
	if (r == 0 && help) {
		help_print(cli->command);
		return -1;
	}
	return r;
}

int expect_arguments(const struct cli *cli, int argc, int least, int most)
{
	if (argc < least)
		return usage(cli, "an argument is missing");
	if (argc > most)
		return usage(cli, "too many arguments");
	return 0;
}
