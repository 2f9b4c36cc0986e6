/* Methods about the volume as a whole. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"

static json_t *text(const char *s)
{
	return s ? bytes_to_json(s, strlen(s)) : json_null();
}

static int add_stats(struct service *s, json_t *info)
{
	struct store_stats st;
	json_t *stats;
	int r = store_stats(s->store, &st);

	if (r < 0)
		return r;
	stats = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "inodes",
		(json_int_t)st.n_inodes, "names", (json_int_t)st.n_dentries, "chunks",
		(json_int_t)st.n_chunks, "whiteouts", (json_int_t)st.n_whiteouts,
		"data_bytes", (json_int_t)st.data_bytes, "file_bytes",
		(json_int_t)st.file_bytes, "branches", (json_int_t)st.n_branches,
		"snapshots", (json_int_t)st.n_snapshots);
	if (!stats)
		return -ENOMEM;
	json_object_set_new(info, "plain", json_boolean(st.plain));
	return json_object_set_new(info, "stats", stats) < 0 ? -ENOMEM : 0;
}

static void add_view(void *arg, struct service_view *slot)
{
	struct view_counters c;

	view_counters(slot->view, &c);
	json_array_append_new(
		arg,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "branch",
			  slot->name, "nodes", (json_int_t)c.n_nodes, "cache_bytes",
			  (json_int_t)c.cache_bytes, "dirty_bytes",
			  (json_int_t)c.dirty_bytes, "dirty", (json_int_t)c.n_dirty,
			  "flushes", (json_int_t)c.n_flushes, "base_reads",
			  (json_int_t)c.n_base_reads, "base_lookups",
			  (json_int_t)c.n_base_lookups, "store_loads",
			  (json_int_t)c.n_store_loads));
}

int method_info(struct method_call *call)
{
	struct service *s = call->service;
	json_t *views = json_array(), *info;
	int r;

	service_views_walk(s, add_view, views);
	info = json_pack("{s:s, s:o, s:o, s:b, s:i, s:I, s:{}, s:[], s:[], s:o}", "id",
			 s->id, "path", text(store_path(s->store)), "base",
			 text(store_base_path(s->store)), "live", s->live, "format",
			 STORE_FORMAT, "chunk_size",
			 (json_int_t)store_chunk_size(s->store), "requests", "mounts",
			 "leases", "views", views);
	if (!info)
		return -ENOMEM;
	call->result = info;
	r = add_stats(s, info);
	if (r == 0 && s->add_info)
		r = s->add_info(s, info);
	return r;
}

struct flushing {
	bool durable;
	int error;
};

static void flush_view(void *arg, struct service_view *slot)
{
	struct flushing *f = arg;
	int r = view_flush(slot->view, f->durable);

	if (f->error == 0)
		f->error = r;
}

int method_sync(struct method_call *call)
{
	struct flushing f = {.durable = true};

	service_views_walk(call->service, flush_view, &f);
	if (f.error == 0 && !call->service->read_only)
		f.error = store_sync(call->service->store);
	return f.error;
}

#define PROBLEMS_MAX 1000

static void add_problem(void *arg, const char *line)
{
	if (json_array_size(arg) < PROBLEMS_MAX)
		json_array_append_new(arg, bytes_to_json(line, strlen(line)));
}

int method_check(struct method_call *call)
{
	json_t *problems = json_array();
	struct flushing f = {.durable = false};
	int64_t n;

	service_views_walk(call->service, flush_view, &f);
	n = f.error ? f.error
		    : store_check(call->service->store, add_problem, problems);
	if (n < 0) {
		json_decref(problems);
		return (int)n;
	}
	call->result = json_pack("{s:I, s:o}", "n_problems", (json_int_t)n, "problems",
				 problems);
	return 0;
}
