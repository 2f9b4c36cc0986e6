/* The method `diff`: what a branch changed of its base, a bounded part at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"
#include "store/store.h"
#include "vfs/base.h"
#include "vfs/diff.h"

struct part {
	json_t *changes;
	struct buf after; /* only what comes behind this path */
	bool bounded;
	int64_t limit;
	size_t bytes;
	struct buf last; /* the last path that was added */
	bool more;
};

static bool is_behind(const struct diff_entry *e, const struct buf *after)
{
	size_t n = e->path_len < after->len ? e->path_len : after->len;
	int order = after->data ? memcmp(e->path, after->data, n) : 1;

	return order > 0 || (order == 0 && e->path_len > after->len);
}

static json_t *what_json(uint32_t what)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{DIFF_TYPE, "type"},	 {DIFF_MODE, "mode"},
		{DIFF_OWNER, "owner"},	 {DIFF_CONTENT, "content"},
		{DIFF_TARGET, "target"}, {DIFF_XATTRS, "xattrs"},
		{DIFF_TIMES, "times"},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (what & names[i].flag)
			json_array_append_new(list, json_string(names[i].name));
	}
	return list;
}

static json_t *change_json(const struct diff_entry *e)
{
	char kind[2] = {e->kind, '\0'}, type[2] = {e->type, '\0'};
	char old[2] = {e->old_type, '\0'};
	json_t *change;

	if (!e->type)
		type[0] = e->old_type;
	change = json_pack("{s:s, s:s, s:o, s:I, s:o, s:b}", "kind", kind, "type", type,
			   "path", bytes_to_json(e->path, e->path_len), "size",
			   (json_int_t)e->size, "what", what_json(e->what), "conflict",
			   e->conflict);
	if (change && e->old_type)
		json_object_set_new(change, "old_type", json_string(old));
	if (change && e->from)
		json_object_set_new(change, "from",
				    bytes_to_json(e->from, e->from_len));
	return change;
}

static int add_change(void *arg, const struct diff_entry *e)
{
	struct part *p = arg;

	if (!is_behind(e, &p->after))
		return 0;
	if (p->limit == 0 || (p->bounded && p->bytes > SERVICE_RESULT_MAX)) {
		p->more = true;
		return -ECANCELED;
	}
	p->limit--;
	p->bytes += e->path_len * 4 / 3 + 150;
	buf_clear(&p->last);
	if (buf_add(&p->last, e->path, e->path_len) < 0)
		return -ENOMEM;
	return json_array_append_new(p->changes, change_json(e)) < 0 ? -ENOMEM : 0;
}

static int walk(struct method_call *call, struct part *p)
{
	struct service *s = call->service;
	const char *branch = json_string_value(json_object_get(call->params, "branch"));
	struct base_options options = {.root_fd = s->base_fd,
				       .hidden_name = ".agentfs"};
	struct store_branch *b;
	struct base *base;
	int r = store_branch_open(s->store, branch, false, &b);

	if (r < 0)
		return r;
	r = base_open(&options, &base);
	if (r == 0) {
		r = diff_walk(b, base, method_flag(call, "times"), add_change, p);
		base_close(base);
	}
	store_branch_close(b);
	return r == -ECANCELED && p->more ? 0 : r;
}

/* What is in memory only has to be in the volume first. */
static int flush_branch(struct method_call *call)
{
	const char *branch = json_string_value(json_object_get(call->params, "branch"));
	struct service_view *slot;
	int r;

	if (call->service->read_only)
		return 0;
	r = service_view_get(call->service, branch, &slot);
	if (r < 0)
		return r;
	r = view_flush(slot->view, false);
	service_view_put(call->service, slot);
	return r;
}

int method_diff(struct method_call *call)
{
	const json_t *after = json_object_get(call->params, "after");
	struct part p = {.changes = json_array(),
			 .bounded = call->service->live,
			 .limit = method_integer(call, "limit", INT64_MAX)};
	int r = 0;

	if (!store_base_path(call->service->store))
		r = error_set(-EOPNOTSUPP,
			      "the volume has no base directory to compare "
			      "with");
	if (r == 0)
		r = service_open_base(call->service);
	if (r == 0 && after)
		r = bytes_from_json(after, &p.after);
	if (r == 0)
		r = flush_branch(call);
	if (r == 0)
		r = walk(call, &p);
	if (r == 0) {
		call->result = json_pack("{s:O}", "changes", p.changes);
		if (call->result && p.more)
			json_object_set_new(call->result, "next",
					    bytes_to_json(p.last.data, p.last.len));
	}
	json_decref(p.changes);
	buf_release(&p.after);
	buf_release(&p.last);
	return r;
}
