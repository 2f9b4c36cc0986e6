#include "port/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/error.h"

int port_disk_space(const char *path, struct port_space *ret_space)
{
	struct statvfs s;

	if (statvfs(path, &s) < 0)
		return error_set(-errno, "asking for the free space at %s: %s", path,
				 strerror(errno));
	*ret_space = (struct port_space){
		.total_bytes = (int64_t)(s.f_blocks * s.f_frsize),
		.free_bytes = (int64_t)(s.f_bfree * s.f_frsize),
		.available_bytes = (int64_t)(s.f_bavail * s.f_frsize),
	};
	return 0;
}
