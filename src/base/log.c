#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool enabled;

static void read_environment(void)
{
	enabled = getenv("AGENTFS_DEBUG") != NULL;
}

void log_debug(const char *format, ...)
{
	char line[512];
	va_list args;

	pthread_once(&once, read_environment);
	if (!enabled)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "agentfs: %lld.%06lld: %s\n",
		(long long)(clock_monotonic_ns() / NS_PER_S),
		(long long)(clock_monotonic_ns() % NS_PER_S / 1000), line);
}
