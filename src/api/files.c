/* Files of the merged view, as functions over the methods. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/volume.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"

static int64_t member(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void stat_from(const json_t *o, struct agentfs_stat *ret)
{
	*ret = (struct agentfs_stat){
		.ino = (uint64_t)member(o, "ino"),
		.mode = (uint32_t)member(o, "mode"),
		.nlink = (uint32_t)member(o, "nlink"),
		.uid = (uint32_t)member(o, "uid"),
		.gid = (uint32_t)member(o, "gid"),
		.rdev = (uint64_t)member(o, "rdev"),
		.size = member(o, "size"),
		.blocks = member(o, "blocks"),
		.atime_ns = member(o, "atime_ns"),
		.mtime_ns = member(o, "mtime_ns"),
		.ctime_ns = member(o, "ctime_ns"),
		.btime_ns = member(o, "btime_ns"),
	};
}

int agentfs_stat(struct agentfs_volume *v, const char *path,
		 struct agentfs_stat *ret_stat)
{
	json_t *result;
	int r = volume_call(v, "stat", volume_path_params(path), &result);

	if (r < 0)
		return r;
	stat_from(result, ret_stat);
	json_decref(result);
	return 0;
}

int64_t agentfs_read(struct agentfs_volume *v, const char *path, int64_t off,
		     void *data, size_t len)
{
	json_t *params = volume_path_params(path), *result;
	struct buf bytes = BUF_INIT;
	int r;

	if (len > METHOD_READ_MAX)
		len = METHOD_READ_MAX;
	json_object_set_new(params, "off", json_integer(off));
	json_object_set_new(params, "len", json_integer((json_int_t)len));
	r = volume_call(v, "read", params, &result);
	if (r < 0)
		return r;
	r = bytes_from_json(json_object_get(result, "data"), &bytes);
	json_decref(result);
	if (r == 0 && bytes.len > len)
		r = -EPROTO;
	if (r == 0 && bytes.len > 0)
		memcpy(data, bytes.data, bytes.len);
	len = bytes.len;
	buf_release(&bytes);
	return r < 0 ? r : (int64_t)len;
}

static int write_part(struct agentfs_volume *v, const char *path, int64_t off,
		      const void *data, size_t len, bool truncate)
{
	json_t *params = volume_path_params(path);

	json_object_set_new(params, "off", json_integer(off));
	json_object_set_new(params, "data", bytes_to_json(data, len));
	json_object_set_new(params, "truncate", json_boolean(truncate));
	return volume_call(v, "write", params, NULL);
}

int agentfs_write(struct agentfs_volume *v, const char *path, int64_t off,
		  const void *data, size_t len, bool truncate)
{
	const char *p = data;
	int r;

	do {
		size_t n = len < METHOD_READ_MAX ? len : METHOD_READ_MAX;

		r = write_part(v, path, off, p, n, truncate && n == len);
		p += n;
		off += (int64_t)n;
		len -= n;
	} while (r == 0 && len > 0);
	return r;
}

static int each_entry(const json_t *entries, agentfs_dir_fn each, void *arg)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		struct buf name = BUF_INIT;
		struct agentfs_stat st;
		int r = bytes_from_json(json_object_get(entry, "name"), &name);

		stat_from(entry, &st);
		if (r == 0)
			r = each(arg, name.data ? name.data : "", name.len, &st);
		buf_release(&name);
		if (r < 0)
			return r;
	}
	return 0;
}

int agentfs_list(struct agentfs_volume *v, const char *path, agentfs_dir_fn each,
		 void *arg)
{
	json_t *next = NULL, *params, *result;
	int r;

	do {
		params = volume_path_params(path);
		if (next)
			json_object_set_new(params, "after", next);
		next = NULL;
		r = volume_call(v, "list", params, &result);
		if (r < 0)
			return r;
		next = json_incref(json_object_get(result, "next"));
		r = each_entry(json_object_get(result, "entries"), each, arg);
		json_decref(result);
	} while (r == 0 && next);
	json_decref(next);
	return r;
}

int agentfs_readlink(struct agentfs_volume *v, const char *path, char **ret_target)
{
	struct buf target = BUF_INIT;
	json_t *result;
	int r = volume_call(v, "readlink", volume_path_params(path), &result);

	if (r < 0)
		return r;
	r = bytes_from_json(json_object_get(result, "target"), &target);
	json_decref(result);
	if (r == 0)
		*ret_target = buf_take(&target);
	return r;
}
