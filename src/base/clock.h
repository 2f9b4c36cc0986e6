/* Times are signed nanoseconds since 1970 (real) or since boot (monotonic). */
#ifndef AGENTFS_BASE_CLOCK_H
#define AGENTFS_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

/*
 * The wall clock for file times. Coarse like the kernel's own (one tick), so that
 * stamps made by us and by the host's filesystem compare as on one filesystem.
 */
int64_t clock_real_ns(void);

int64_t clock_monotonic_ns(void);

/* Split and join; nanoseconds are always 0..999999999, also before 1970. */
struct timespec clock_to_timespec(int64_t ns);
int64_t clock_from_timespec(struct timespec ts);

#endif
