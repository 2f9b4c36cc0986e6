/*
 * Reading and changing file content; see content.h for the order in which a byte is
 * looked for and the invariants. The chunk sets are in chunk.c, cuts in content_cut.c.
 */
#include "vfs/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "vfs/chunk.h"
#include "vfs/view_state.h"

/* ---- the map of chunks that exist ---- */

static bool present_test(const struct content *c, int64_t index)
{
	return index / 64 < c->n_words && (c->present[index / 64] >> (index % 64) & 1);
}

static int present_grow(struct content *c, int64_t index)
{
	int64_t n = c->n_words ? c->n_words : 1;
	uint64_t *words;

	while (n * 64 <= index)
		n *= 2;
	if (n == c->n_words)
		return 0;
	words = realloc(c->present, (size_t)n * sizeof(*words));
	if (!words)
		return -ENOMEM;
	memset(words + c->n_words, 0, (size_t)(n - c->n_words) * sizeof(*words));
	c->present = words;
	c->n_words = n;
	return 0;
}

static int present_set(struct content *c, int64_t index)
{
	int r = present_grow(c, index);

	if (r == 0 && !present_test(c, index)) {
		c->present[index / 64] |= UINT64_C(1) << (index % 64);
		c->n_present++;
	}
	return r;
}

static void present_clear(struct content *c, int64_t index)
{
	if (!present_test(c, index))
		return;
	c->present[index / 64] &= ~(UINT64_C(1) << (index % 64));
	c->n_present--;
}

/* The first existing chunk at or behind `index`, INT64_MAX if there is none. */
static int64_t present_next(const struct content *c, int64_t index)
{
	for (int64_t w = index / 64; w < c->n_words; w++) {
		uint64_t word = c->present[w];

		if (w == index / 64)
			word &= ~UINT64_C(0) << (index % 64);
		if (word)
			return w * 64 + __builtin_ctzll(word);
	}
	return INT64_MAX;
}

static int note_stored(void *arg, int64_t index, const void *data, size_t len)
{
	(void)data;
	(void)len;
	return present_set(arg, index);
}

int content_open(struct view *v, struct node *n)
{
	struct content *c;
	int r = 0;

	lock_take(&n->lock);
	c = n->content;
	lock_drop(&n->lock);
	if (c)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->delete_from = c->flushing_delete_from = CONTENT_DELETE_NONE;
	if (n->flags & NODE_STORED)
		r = store_chunks_list(v->branch, n->row, note_stored, c);
	lock_take(&n->lock);
	if (r == 0 && !n->content) {
		n->content = c;
		c = NULL;
		v->cache_bytes += (int64_t)sizeof(*n->content);
	}
	lock_drop(&n->lock);
	if (c) {
		free(c->present);
		free(c);
	}
	return r;
}

void content_free(struct view *v, struct node *n)
{
	struct content *c = n->content;

	if (!c)
		return;
	v->dirty_bytes -= chunk_set_clear(&c->dirty) + chunk_set_clear(&c->flushing);
	v->cache_bytes -= (int64_t)sizeof(*c);
	free(c->present);
	free(c);
	n->content = NULL;
}

/* ---- reading ---- */

static void bit_set(uint64_t *bits, int64_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool bit_test(const uint64_t *bits, int64_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

struct gather {
	uint8_t *data;
	int64_t off; /* of data[0] in the file */
	size_t len;
	uint32_t chunk_size;
	int64_t first;
	/* Bit per chunk, from `first` on: is copied; is to be taken from the volume. */
	uint64_t *filled, *wanted;
};

/* Copies the overlap of one chunk (its data, then zeros) into the caller's buffer. */
static void gather_chunk(struct gather *g, int64_t index, const uint8_t *data,
			 size_t len)
{
	int64_t start = index * g->chunk_size, end = start + g->chunk_size;
	int64_t from = start > g->off ? start : g->off;
	int64_t to = end < g->off + (int64_t)g->len ? end : g->off + (int64_t)g->len;
	size_t skip = (size_t)(from - start), want = (size_t)(to - from);
	size_t have = len > skip ? len - skip : 0;

	if (have > want)
		have = want;
	if (have)
		memcpy(g->data + (from - g->off), data + skip, have);
	memset(g->data + (from - g->off) + have, 0, want - have);
	bit_set(g->filled, index - g->first);
}

static int gather_stored(void *arg, int64_t index, const void *data, size_t len)
{
	struct gather *g = arg;

	if (bit_test(g->wanted, index - g->first))
		gather_chunk(g, index, data, len);
	return 0;
}

/* What is in memory. Node lock held. True if stored chunks are needed too. */
static bool gather_memory(struct gather *g, struct node *n, int64_t last)
{
	const struct content *c = n->content;
	bool stored = false;

	for (int64_t i = g->first; i <= last; i++) {
		const struct chunk *chunk;

		if (!c && n->flags & NODE_STORED) {
			bit_set(g->wanted, i - g->first);
			stored = true;
		}
		if (!c || !present_test(c, i))
			continue;
		chunk = chunk_find(&c->dirty, i);
		if (!chunk)
			chunk = chunk_find(&c->flushing, i);
		if (chunk) {
			gather_chunk(g, i, chunk->data, chunk->len);
		} else {
			bit_set(g->wanted, i - g->first);
			stored = true;
		}
	}
	return stored;
}

static int read_base(struct view *v, struct node *n, int64_t base_len, int64_t off,
		     uint8_t *data, size_t len)
{
	size_t want = 0;
	int64_t got = 0;

	if (off < base_len)
		want = (int64_t)len < base_len - off ? len : (size_t)(base_len - off);
	if (want) {
		v->n_base_reads++;
		got = base_read(n->base_dir, n->base_name, n->base_name_len, &n->base,
				off, data, want);
		if (got == -ESTALE)
			return error_set(-EIO, "the base file of a partly copied file "
					       "was changed");
		if (got < 0)
			return (int)got;
	}
	memset(data + got, 0, len - (size_t)got);
	return 0;
}

/* The runs of chunks that neither memory nor the volume has: base, or zeros. */
static int gather_rest(struct view *v, struct node *n, struct gather *g, int64_t last,
		       int64_t base_len)
{
	int r = 0;

	for (int64_t i = g->first; r == 0 && i <= last;) {
		int64_t from = i * g->chunk_size, to;

		if (bit_test(g->filled, i - g->first)) {
			i++;
			continue;
		}
		while (i <= last && !bit_test(g->filled, i - g->first))
			i++;
		to = i * g->chunk_size;
		if (from < g->off)
			from = g->off;
		if (to > g->off + (int64_t)g->len)
			to = g->off + (int64_t)g->len;
		r = read_base(v, n, base_len, from, g->data + (from - g->off),
			      (size_t)(to - from));
	}
	return r;
}

static int64_t read_plain_base(struct view *v, struct node *n, int64_t off, void *data,
			       size_t len)
{
	v->n_base_reads++;
	return base_read(n->base_dir, n->base_name, n->base_name_len, NULL, off, data,
			 len);
}

#define READ_MAX   ((size_t)1024 * 1024)
#define READ_WORDS (READ_MAX / CHUNK_SIZE_LEAST / 64 + 2)

static int64_t read_merged(struct view *v, struct node *n, int64_t off, void *data,
			   size_t len)
{
	uint64_t filled[READ_WORDS] = {0}, wanted[READ_WORDS] = {0};
	struct gather g = {data, off, len, v->chunk_size, 0, filled, wanted};
	int64_t last, base_len;
	bool stored;
	int r = 0;

	lock_take(&n->lock);
	if (off >= n->attr.size)
		len = 0;
	else if ((int64_t)len > n->attr.size - off)
		len = (size_t)(n->attr.size - off);
	g.len = len;
	g.first = off / v->chunk_size;
	last = len ? (off + (int64_t)len - 1) / v->chunk_size : g.first;
	base_len = n->base_dir ? n->base_len : 0;
	stored = len && gather_memory(&g, n, last);
	lock_drop(&n->lock);
	if (len == 0)
		return 0;
	if (stored)
		r = store_chunks_read(v->branch, n->row, g.first, last - g.first + 1,
				      gather_stored, &g);
	if (r == 0)
		r = gather_rest(v, n, &g, last, base_len);
	return r < 0 ? r : (int64_t)len;
}

int64_t content_read(struct view *v, struct node *n, int64_t off, void *data,
		     size_t len)
{
	int64_t done = 0;

	if (n->row == 0)
		return read_plain_base(v, n, off, data, len);
	while (len > 0) {
		size_t part = len < READ_MAX ? len : READ_MAX;
		int64_t got =
			read_merged(v, n, off + done, (uint8_t *)data + done, part);

		if (got < 0)
			return got;
		done += got;
		len -= part;
		if ((size_t)got < part)
			break;
	}
	return done;
}

/* ---- changing ---- */

/* Blocks as stat shows them: what exists in chunks, and what the base still covers. */
static void update_blocks(struct view *v, struct node *n)
{
	const struct content *c = n->content;
	int64_t cs = v->chunk_size, size = n->attr.size, bytes = c->n_present * cs;
	int64_t last = size > 0 ? (size - 1) / cs : 0;

	if (size > 0 && present_test(c, last))
		bytes -= cs - (size - last * cs);
	if (n->base_len > 0) {
		int64_t n_base = (n->base_len + cs - 1) / cs, covered = 0;

		for (int64_t i = present_next(c, 0); i < n_base;
		     i = present_next(c, i + 1))
			covered++;
		bytes += n->base_len -
			 (covered * cs < n->base_len ? covered * cs : n->base_len);
	}
	n->attr.blocks = (bytes + 4095) / 4096 * 8;
}

/*
 * Makes sure that chunk `index`, if it exists in any older form, is a dirty chunk in
 * memory. On return the chunk is there, or has no older content at all.
 */
static int content_bring(struct view *v, struct node *n, int64_t index)
{
	int64_t off = index * v->chunk_size, len;
	struct chunk *chunk = NULL;
	int r = 0;

	lock_take(&n->lock);
	len = n->attr.size - off;
	if (len > v->chunk_size)
		len = v->chunk_size;
	if (chunk_find(&n->content->dirty, index) || len <= 0 ||
	    (!present_test(n->content, index) && off >= n->base_len)) {
		lock_drop(&n->lock);
		return 0;
	}
	lock_drop(&n->lock);
	r = chunk_new(index, (size_t)len, &chunk);
	if (r < 0)
		return r;
	len = read_merged(v, n, off, chunk->data, (size_t)len);
	if (len < 0) {
		chunk_free(chunk);
		return (int)len;
	}
	chunk->len = (uint32_t)len;
	lock_take(&n->lock);
	if (!chunk_find(&n->content->dirty, index)) {
		r = present_set(n->content, index);
		if (r == 0)
			r = chunk_set_add(&n->content->dirty, chunk);
		if (r == 0) {
			v->dirty_bytes += chunk->capacity;
			chunk = NULL;
		}
	}
	lock_drop(&n->lock);
	chunk_free(chunk);
	return r;
}

/* The dirty chunk to write into; a new one has no content. Node lock held. */
static int chunk_to_write(struct view *v, struct node *n, int64_t index, size_t len,
			  struct chunk **ret_chunk)
{
	struct chunk *chunk = chunk_find(&n->content->dirty, index);
	int r = 0;

	if (!chunk) {
		r = chunk_new(index, len, &chunk);
		if (r < 0)
			return r;
		r = chunk_set_add(&n->content->dirty, chunk);
		if (r < 0) {
			chunk_free(chunk);
			return r;
		}
		v->dirty_bytes += chunk->capacity;
	}
	if (len > chunk->capacity) {
		v->dirty_bytes -= chunk->capacity;
		r = chunk_reserve(chunk, len, v->chunk_size);
		v->dirty_bytes += chunk->capacity;
	}
	if (r == 0)
		r = present_set(n->content, index);
	chunk->hole = false;
	*ret_chunk = chunk;
	return r;
}

/* The first change makes this file wholly the delta's. Node lock held. */
static bool ends_copy_up(const struct node *n)
{
	return n->base_len > 0 && n->base_len < COPY_UP_WHOLE;
}

/*
 * Brings in what a change of [off, off + len) must keep: chunks that are changed in
 * part, and of a short base file all others, after which the base is no longer needed.
 */
static int prepare_change(struct view *v, struct node *n, int64_t off, int64_t len)
{
	int64_t cs = v->chunk_size, first = off / cs, last = (off + len - 1) / cs;
	int64_t base_len, size;
	bool whole;
	int r = 0;

	lock_take(&n->lock);
	base_len = n->base_len;
	size = n->attr.size;
	whole = ends_copy_up(n);
	lock_drop(&n->lock);
	for (int64_t i = 0; whole && r == 0 && i * cs < base_len; i++)
		if (i * cs < off || (off + len < (i + 1) * cs && off + len < base_len))
			r = content_bring(v, n, i);
	if (r == 0 && off % cs != 0)
		r = content_bring(v, n, first);
	if (r == 0 && (off + len) % cs != 0 && off + len < size)
		r = content_bring(v, n, last);
	return r;
}

static int write_chunks(struct view *v, struct node *n, int64_t off,
			const uint8_t *data, size_t len)
{
	int64_t cs = v->chunk_size;

	while (len > 0) {
		size_t skip = (size_t)(off % cs);
		size_t part = (size_t)cs - skip < len ? (size_t)cs - skip : len;
		struct chunk *chunk;
		int r = chunk_to_write(v, n, off / cs, skip + part, &chunk);

		if (r < 0)
			return r;
		if (chunk->len < skip)
			memset(chunk->data + chunk->len, 0, skip - chunk->len);
		memcpy(chunk->data + skip, data, part);
		if (chunk->len < skip + part)
			chunk->len = (uint32_t)(skip + part);
		off += (int64_t)part;
		data += part;
		len -= part;
	}
	return 0;
}

int content_write(struct view *v, struct node *n, int64_t off, const void *data,
		  size_t len)
{
	int r;

	if (len == 0)
		return 0;
	r = content_open(v, n);
	if (r == 0)
		r = prepare_change(v, n, off, (int64_t)len);
	if (r < 0)
		return r;
	lock_take(&n->lock);
	r = write_chunks(v, n, off, data, len);
	if (r == 0) {
		if (ends_copy_up(n))
			n->base_len = 0;
		if (off + (int64_t)len > n->attr.size)
			n->attr.size = off + (int64_t)len;
		update_blocks(v, n);
		node_touch(v, n);
	}
	lock_drop(&n->lock);
	return r;
}

/* Drops every chunk from `index` on. Node lock held. */
static void drop_chunks_from(struct view *v, struct content *c, int64_t index)
{
	v->dirty_bytes -= chunk_set_cut(&c->dirty, index);
	for (int64_t i = present_next(c, index); i != INT64_MAX;
	     i = present_next(c, i + 1))
		present_clear(c, i);
	if (index < c->delete_from)
		c->delete_from = index;
}

int content_truncate(struct view *v, struct node *n, int64_t size)
{
	int64_t cs = v->chunk_size, index = size / cs;
	uint32_t rest = (uint32_t)(size % cs);
	int r = content_open(v, n);

	/* A short base file is copied by what is kept of it, if anything is. */
	if (r == 0 && ends_copy_up(n) && size > 0)
		for (int64_t i = 0; r == 0 && i * cs < n->base_len && i * cs < size;
		     i++)
			r = content_bring(v, n, i);
	else if (r == 0 && rest && present_test(n->content, index))
		r = content_bring(v, n, index);
	if (r < 0)
		return r;
	lock_take(&n->lock);
	if (size < n->attr.size) {
		struct chunk *chunk = chunk_find(&n->content->dirty, index);

		if (rest && chunk && chunk->len > rest)
			chunk->len = rest;
		drop_chunks_from(v, n->content, rest ? index + 1 : index);
	}
	if (ends_copy_up(n))
		n->base_len = 0;
	if (n->base_len > size)
		n->base_len = size;
	n->attr.size = size;
	update_blocks(v, n);
	node_touch(v, n);
	lock_drop(&n->lock);
	return 0;
}

/* Makes a whole chunk a hole (or, over the base, a stored chunk of zeros). */
static int zero_chunk(struct view *v, struct node *n, int64_t index)
{
	struct content *c = n->content;
	bool covers_base = index * v->chunk_size < n->base_len;
	struct chunk *chunk;
	int r;

	if (!covers_base && !present_test(c, index))
		return 0;
	r = chunk_to_write(v, n, index, 1, &chunk);
	if (r < 0)
		return r;
	chunk->len = covers_base ? 1 : 0;
	chunk->data[0] = 0;
	chunk->hole = !covers_base;
	if (!covers_base)
		present_clear(c, index);
	return 0;
}

static void zero_part(struct view *v, struct node *n, int64_t off, int64_t end)
{
	int64_t start = off / v->chunk_size * v->chunk_size;
	struct chunk *chunk = chunk_find(&n->content->dirty, off / v->chunk_size);
	int64_t from = off - start, to = end - start;

	/* Not in memory after it was asked for: it has no content. */
	if (!chunk || chunk->hole || from >= chunk->len)
		return;
	if (to > chunk->len)
		to = chunk->len;
	memset(chunk->data + from, 0, (size_t)(to - from));
}

int content_zero(struct view *v, struct node *n, int64_t off, int64_t len)
{
	int64_t cs = v->chunk_size, end;
	int r = content_open(v, n);

	if (r < 0)
		return r;
	lock_take(&n->lock);
	end = off + len < n->attr.size ? off + len : n->attr.size;
	lock_drop(&n->lock);
	if (off >= end)
		return 0;
	r = prepare_change(v, n, off, end - off);
	if (r == 0 && end % cs != 0)
		r = content_bring(v, n, end / cs);
	if (r < 0)
		return r;
	lock_take(&n->lock);
	if (ends_copy_up(n))
		n->base_len = 0;
	while (r == 0 && off < end) {
		int64_t next = (off / cs + 1) * cs;
		bool whole = off % cs == 0 && (next <= end || end == n->attr.size);

		if (next > end)
			next = end;
		if (whole)
			r = zero_chunk(v, n, off / cs);
		else
			zero_part(v, n, off, next);
		off = next;
	}
	update_blocks(v, n);
	node_touch(v, n);
	lock_drop(&n->lock);
	return r;
}

/* ---- holes ---- */

/* lseek in what the base still covers; `base_len` where it has nothing more to find. */
static int64_t seek_base(const struct node *n, int64_t off, int whence)
{
	int64_t at;

	if (off >= n->base_len)
		return off;
	at = base_seek(n->base_dir, n->base_name, n->base_name_len, off, whence);
	return at < 0 || at > n->base_len ? n->base_len : at;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The first byte at or behind `off` that is data. INT64_MAX: none. Node lock held. */
static int64_t next_data(const struct node *n, int64_t off, int64_t cs)
{
	int64_t chunk, at;

	if (present_test(n->content, off / cs))
		return off;
	chunk = present_next(n->content, off / cs);
	at = chunk == INT64_MAX ? INT64_MAX : chunk * cs;
	if (off < n->base_len) {
		int64_t in_base = seek_base(n, off, SEEK_DATA);

		if (in_base < n->base_len)
			at = earlier(at, in_base);
	}
	return at;
}

/* The first byte at or behind `off` that is in a hole; the end of the file is one. */
static int64_t next_hole(const struct node *n, int64_t off, int64_t cs)
{
	while (off < n->attr.size) {
		int64_t chunk = off / cs, hole;

		if (present_test(n->content, chunk)) {
			off = (chunk + 1) * cs;
			continue;
		}
		hole = seek_base(n, off, SEEK_HOLE);
		if (hole <= off)
			return off;
		chunk = present_next(n->content, chunk);
		off = chunk == INT64_MAX ? hole : earlier(hole, chunk * cs);
	}
	return n->attr.size;
}

int64_t content_seek(struct view *v, struct node *n, int64_t off, int whence)
{
	int64_t cs = v->chunk_size;
	int r;

	lock_take(&n->lock);
	r = off < 0 || off >= n->attr.size ? -ENXIO : 0;
	lock_drop(&n->lock);
	if (r < 0)
		return r;
	if (n->row == 0)
		return base_seek(n->base_dir, n->base_name, n->base_name_len, off,
				 whence);
	r = content_open(v, n);
	if (r < 0)
		return r;
	lock_take(&n->lock);
	off = whence == SEEK_DATA ? next_data(n, off, cs) : next_hole(n, off, cs);
	if (off >= n->attr.size)
		off = whence == SEEK_DATA ? -ENXIO : n->attr.size;
	lock_drop(&n->lock);
	return off;
}

bool content_is_dirty(const struct content *c)
{
	return c->dirty.n > 0 || c->delete_from != CONTENT_DELETE_NONE;
}
