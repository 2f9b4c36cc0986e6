#include "ctl/methods.h"

#include <errno.h>
#include <sys/stat.h>

#include "vfs/view.h"

const struct method methods[] = {
	{"info", method_info},	 {"sync", method_sync},
	{"check", method_check}, {"stat", method_stat},
	{"read", method_read},	 {"write", method_write},
	{"list", method_list},	 {"readlink", method_readlink},
	{"mkdir", method_mkdir}, {"remove", method_remove},
	{"move", method_move},	 {"copy", method_copy},
	{"diff", method_diff},	 {NULL, NULL},
};

int64_t method_integer(const struct method_call *call, const char *key,
		       int64_t otherwise)
{
	const json_t *value = json_object_get(call->params, key);

	return value ? json_integer_value(value) : otherwise;
}

bool method_flag(const struct method_call *call, const char *key)
{
	return json_is_true(json_object_get(call->params, key));
}

char method_type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFSOCK:
		return 's';
	default:
		return 'f';
	}
}

static int add(json_t *object, const char *key, int64_t value)
{
	return json_object_set_new(object, key, json_integer(value));
}

int method_add_attr(json_t *object, const struct attr *a)
{
	char type[2] = {method_type_letter(a->mode), '\0'};
	int r = json_object_set_new(object, "type", json_string(type));

	r |= add(object, "ino", (int64_t)a->ino);
	r |= add(object, "mode", a->mode);
	r |= add(object, "nlink", a->nlink);
	r |= add(object, "uid", a->uid);
	r |= add(object, "gid", a->gid);
	r |= add(object, "rdev", (int64_t)a->rdev);
	r |= add(object, "size", a->size);
	r |= add(object, "blocks", a->blocks);
	r |= add(object, "atime_ns", a->atime_ns);
	r |= add(object, "mtime_ns", a->mtime_ns);
	r |= add(object, "ctime_ns", a->ctime_ns);
	r |= add(object, "btime_ns", a->btime_ns);
	return r < 0 ? -ENOMEM : 0;
}
