/*
 * The per-thread record of the last error's text. One slot is enough: an error is shown
 * by the caller that receives it, before anything else is tried.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024

static _Thread_local int recorded_code;
static _Thread_local char recorded_text[TEXT_MAX];
static _Thread_local char plain_text[128];

int error_set(int code, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	/* Formatted aside first: an argument may be the recorded text itself. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(recorded_text, text, sizeof(text));
	recorded_code = code;
	return code;
}

int error_prefix(int code, const char *format, ...)
{
	char prefix[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	return error_set(code, "%s%s", prefix, error_text(code));
}

const char *error_text(int code)
{
	if (code != 0 && code == recorded_code)
		return recorded_text;
	/* GNU strerror_r: returns the text, perhaps without touching the buffer. */
	return strerror_r(code < 0 ? -code : code, plain_text, sizeof(plain_text));
}

void error_save(struct error_record *ret)
{
	ret->code = recorded_code;
	memcpy(ret->text, recorded_text, sizeof(ret->text));
}

void error_restore(const struct error_record *record)
{
	recorded_code = record->code;
	memcpy(recorded_text, record->text, sizeof(recorded_text));
}

void error_clear(void)
{
	recorded_code = 0;
}

void invariant_broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "agentfs: broken invariant at %s:%d: %s\n", file, line,
		condition);
	abort();
}
