/* Chunks of content in memory, and sets of them in ascending order. */
#ifndef AGENTFS_VFS_CHUNK_H
#define AGENTFS_VFS_CHUNK_H

#include "vfs/content.h"

/* A chunk with room for `len` bytes, none of them used. */
int chunk_new(int64_t index, size_t len, struct chunk **ret_chunk);
/* NULL is fine. */
void chunk_free(struct chunk *chunk);
/* Makes room for `len` bytes, in powers of two up to `max`. */
int chunk_reserve(struct chunk *chunk, size_t len, size_t max);

/* NULL if it is not in the set. */
struct chunk *chunk_find(const struct chunk_set *set, int64_t index);
/* Takes the chunk, whose index is not in the set yet. */
int chunk_set_add(struct chunk_set *set, struct chunk *chunk);
/* Frees all from `index` on; returns their capacity in bytes. */
int64_t chunk_set_cut(struct chunk_set *set, int64_t index);
/* Frees all; returns their capacity in bytes. */
int64_t chunk_set_clear(struct chunk_set *set);

#endif
