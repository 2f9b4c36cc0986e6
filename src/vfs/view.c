/* Opening and closing a view, and what concerns it as a whole. */
#include "vfs/view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "port/disk.h"
#include "port/process.h"
#include "vfs/content.h"
#include "vfs/dir.h"
#include "vfs/view_state.h"
#include "vfs/xattr.h"

#define DIRTY_BYTES_MAX	  (64 * 1024 * 1024)
#define CACHE_BYTES_MAX	  (512 * 1024 * 1024)
#define FLUSH_INTERVAL_NS (NS_PER_S / 10)
#define BLOCK		  4096
#define FILES_MAX	  ((uint64_t)INT64_MAX / 2)
#define BOOT_KEY	  "agentfs.boot"

/* ---- holding nodes ---- */

struct node *view_hold(struct view *v, uint64_t id)
{
	struct node *n;

	rwlock_take_shared(&v->lock);
	n = node_find(v, id);
	if (!n)
		rwlock_drop(&v->lock);
	return n;
}

struct node *view_hold_all(struct view *v, uint64_t id)
{
	struct node *n;

	rwlock_take_exclusive(&v->lock);
	n = node_find(v, id);
	if (!n)
		rwlock_drop(&v->lock);
	return n;
}

int view_hold_to_change(struct view *v, uint64_t id, struct node **ret_node)
{
	struct node *n;
	int r;

	if (v->read_only)
		return -EROFS;
	for (;;) {
		n = view_hold(v, id);
		if (!n)
			return -ESTALE;
		if (n->row) {
			*ret_node = n;
			return 0;
		}
		view_drop(v);
		n = view_hold_all(v, id);
		if (!n)
			return -ESTALE;
		r = node_ensure_row(v, n);
		view_drop(v);
		if (r < 0)
			return r;
	}
}

void view_drop(struct view *v)
{
	rwlock_drop(&v->lock);
}

int view_new_row(struct view *v, int64_t *ret_row)
{
	int64_t first;
	int r;

	if (v->next_row == v->last_row) {
		/* The flusher replenishes in time; this waits for its transaction. */
		r = store_reserve_inos(v->store, 1024, &first);
		if (r < 0)
			return r;
		v->next_row = first;
		v->last_row = first + 1024;
	}
	*ret_row = v->next_row++;
	return 0;
}

/* ---- opening ---- */

static int open_base(struct view *v, const struct view_options *options)
{
	struct base_options base = {
		.root_fd = options->base_fd,
		.hidden_name = options->hidden_name,
		.watch = true,
	};

	return options->base_fd < 0 ? 0 : base_open(&base, &v->base);
}

/*
 * The root is always a row. Over a base it shows the base root's attributes until it is
 * changed for the first time.
 */
static int open_root(struct view *v)
{
	struct inode_row row;
	struct buf path = BUF_INIT;
	struct base_stat st;
	int r = store_inode_get(v->branch, STORE_ROOT_INO, &row, &path);

	if (r == 0 && v->base && !row.base_path && !(row.flags & INODE_OPAQUE)) {
		row.base_path = "/";
		row.base_path_len = 1;
	}
	if (r == 0)
		r = node_from_row(v, &row, &v->root);
	buf_release(&path);
	if (r < 0)
		return error_prefix(r, "reading the root directory: ");
	invariant(v->root->id == VIEW_ROOT);
	v->root->n_refs = 1;
	if (!v->root->base_dir || row.flags & INODE_ROOT_OWN)
		return 0;
	r = base_stat(v->root->base_dir, "", 0, &st);
	if (r < 0)
		return error_prefix(r, "looking at the base directory: ");
	v->root->flags |= NODE_FOLLOWS_BASE;
	node_refresh(v, v->root, &st);
	return 0;
}

/* Device and inode numbers in rows mean something only within one boot. */
static int note_boot(struct view *v)
{
	struct buf stored = BUF_INIT;
	char boot[64];
	int r = port_boot_id(boot, sizeof(boot));

	if (r < 0)
		return r;
	r = store_config_get(v->store, BOOT_KEY, &stored);
	v->same_boot = r == -ENOENT || (r == 0 && strcmp(stored.data, boot) == 0);
	buf_release(&stored);
	if (r < 0 && r != -ENOENT)
		return r;
	if (v->read_only || (r == 0 && v->same_boot))
		return 0;
	r = store_begin(v->store);
	if (r < 0)
		return r;
	r = store_config_set(v->store, BOOT_KEY, boot);
	if (r < 0) {
		store_rollback(v->store);
		return r;
	}
	return store_commit(v->store, false);
}

static int open_parts(struct view *v, const struct view_options *options)
{
	struct store_stats stats;
	int r = store_branch_open(v->store, options->branch, options->snapshot,
				  &v->branch);

	if (r == 0)
		r = store_stats(v->store, &stats);
	if (r < 0)
		return r;
	v->has_whiteouts =
		stats.n_whiteouts > 0 || stats.n_branches > 1 || stats.n_snapshots > 0;
	v->has_linked = stats.n_inodes > 1;
	v->chunk_size = store_chunk_size(v->store);
	if (v->chunk_size < CHUNK_SIZE_LEAST)
		return error_set(-EINVAL, "the volume's chunk size %u is below %d",
				 v->chunk_size, CHUNK_SIZE_LEAST);
	r = node_table_init(&v->nodes);
	if (r == 0)
		r = note_boot(v);
	if (r == 0)
		r = open_base(v, options);
	if (r == 0)
		r = flush_start(v);
	if (r == 0)
		r = open_root(v);
	if (r == 0)
		r = house_start(v);
	return r;
}

static int64_t or_default(int64_t value, int64_t standard)
{
	return value ? value : standard;
}

int view_open(struct store *store, const struct view_options *options,
	      struct view **ret_view)
{
	struct view *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	v->store = store;
	v->read_only = options->read_only || options->snapshot;
	v->dirty_bytes_max = or_default(options->dirty_bytes_max, DIRTY_BYTES_MAX);
	v->cache_bytes_max = or_default(options->cache_bytes_max, CACHE_BYTES_MAX);
	v->flush_interval_ns =
		or_default(options->flush_interval_ns, FLUSH_INTERVAL_NS);
	v->flush.wake_fd = v->house.wake_fd = -1;
	v->dirty.dirty_next = v->dirty.dirty_prev = &v->dirty;
	rwlock_init(&v->lock, LOCK_VIEW);
	lock_init(&v->changes_lock, LOCK_CACHE);
	r = open_parts(v, options);
	if (r < 0) {
		view_close(v);
		return r;
	}
	*ret_view = v;
	return 0;
}

/* ---- closing ---- */

static void free_nodes(struct view *v)
{
	rwlock_take_exclusive(&v->lock);
	for (uint64_t id = 1; v->nodes.pages && id < v->nodes.n_slots; id++) {
		struct node *n = node_find(v, id);

		if (!n)
			continue;
		while (n->names)
			name_set_node(n->names, NULL);
	}
	for (uint64_t id = 1; v->nodes.pages && id < v->nodes.n_slots; id++) {
		struct node *n = node_find(v, id);

		if (!n)
			continue;
		n->n_refs = 0;
		n->n_pins = 0;
		n->flags &= ~(uint32_t)NODE_DIRTY;
		node_free(v, n);
	}
	rwlock_drop(&v->lock);
}

/* Orphans that clients still held are of no use to anybody now. */
static void remove_orphans(struct view *v)
{
	rwlock_take_exclusive(&v->lock);
	for (uint64_t id = 2; v->nodes.pages && id < v->nodes.n_slots; id++) {
		struct node *n = node_find(v, id);

		if (!n || !(n->flags & NODE_ORPHAN))
			continue;
		n->n_refs = 0;
		node_reap(v, n);
	}
	rwlock_drop(&v->lock);
}

int view_close(struct view *v)
{
	int r;

	if (!v)
		return 0;
	house_stop(v);
	if (v->flush.running)
		remove_orphans(v);
	r = flush_stop(v);
	free_nodes(v);
	changes_release(&v->changes);
	node_table_release(&v->nodes);
	base_close(v->base);
	store_branch_close(v->branch);
	lock_release(&v->changes_lock);
	rwlock_release(&v->lock);
	free(v);
	return r;
}

/* ---- the whole ---- */

int view_flush(struct view *v, bool durable)
{
	return flush_wait(v, durable);
}

int view_fsync(struct view *v, uint64_t id, bool data_only)
{
	struct node *n = view_hold(v, id);

	(void)data_only;
	if (!n)
		return -ESTALE;
	view_drop(v);
	return flush_wait(v, true);
}

static uint64_t free_blocks(int64_t bytes, int64_t reserved)
{
	return bytes > reserved ? (uint64_t)(bytes - reserved) / BLOCK : 0;
}

int view_statfs(struct view *v, struct view_space *ret)
{
	struct port_space space;
	int64_t reserved = 2 * v->dirty_bytes, n_nodes;
	int r = port_disk_space(store_path(v->store), &space);

	if (r < 0)
		return r;
	rwlock_take_shared(&v->lock);
	n_nodes = v->nodes.n_nodes;
	rwlock_drop(&v->lock);
	*ret = (struct view_space){
		.block_size = BLOCK,
		.blocks = (uint64_t)space.total_bytes / BLOCK,
		.free = free_blocks(space.free_bytes, reserved),
		.available = free_blocks(space.available_bytes, reserved),
		.files = FILES_MAX,
		.files_free = FILES_MAX - (uint64_t)n_nodes,
	};
	return 0;
}

void view_counters(struct view *v, struct view_counters *ret)
{
	rwlock_take_shared(&v->lock);
	*ret = (struct view_counters){
		.n_nodes = v->nodes.n_nodes,
		.cache_bytes = v->cache_bytes,
		.dirty_bytes = v->dirty_bytes,
		.n_dirty = v->n_dirty,
		.n_flushes = v->n_flushes,
		.n_base_reads = v->n_base_reads,
		.n_base_lookups = v->n_base_lookups,
		.n_store_loads = v->n_store_loads,
	};
	rwlock_drop(&v->lock);
}
