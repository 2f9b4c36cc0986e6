/*
 * Content on its way to the volume: a cut turns what is dirty into an immutable set,
 * which the flusher writes while new writes gather beside it.
 */
#include "base/error.h"
#include "vfs/chunk.h"
#include "vfs/view_state.h"

void content_cut(struct content *c)
{
	invariant(c->flushing.n == 0);
	c->flushing = c->dirty;
	c->flushing_delete_from = c->delete_from;
	c->dirty = (struct chunk_set){0};
	c->delete_from = CONTENT_DELETE_NONE;
}

static int store_one(struct store_branch *b, int64_t row, const struct chunk *chunk)
{
	if (chunk->hole)
		return store_chunks_delete(b, row, chunk->index, chunk->index);
	if (chunk->len == 0) /* exists, all zeros */
		return store_chunk_put(b, row, chunk->index, "", 1);
	return store_chunk_put(b, row, chunk->index, chunk->data, chunk->len);
}

int content_store(struct store_branch *b, int64_t row, const struct content *c)
{
	int r = 0;

	if (c->flushing_delete_from != CONTENT_DELETE_NONE)
		r = store_chunks_delete(b, row, c->flushing_delete_from, INT64_MAX);
	for (size_t i = 0; r == 0 && i < c->flushing.n; i++)
		r = store_one(b, row, c->flushing.chunks[i]);
	return r;
}

void content_cut_done(struct view *v, struct content *c)
{
	v->dirty_bytes -= chunk_set_clear(&c->flushing);
	c->flushing_delete_from = CONTENT_DELETE_NONE;
}
