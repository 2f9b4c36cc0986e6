/*
 * The content of regular files: what was written and is not stored yet, in chunks of
 * the volume's size, over what is stored, over the base.
 *
 *   byte at `off` of chunk i:  dirty chunk i      written since the last cut
 *                              flushing chunk i   in the cut under way, immutable
 *                              stored chunk i     if `present` has it
 *                              base               if off < base_len
 *                              zero
 *
 * A file of the base that is shorter than COPY_UP_WHOLE is copied as a whole at its
 * first write; of a longer one only the chunks that are written.
 *
 * Invariants:
 *   CONTENT-1  a chunk in memory or stored whose bit in `present` is clear is invisible
 *   CONTENT-2  flushing chunks do not change; a write to one makes a dirty copy
 *   CONTENT-3  no chunk holds bytes behind the end of the file
 *   CONTENT-4  SQL never runs under a node lock: what a write needs of older content is
 *              brought in before (content_bring), and cannot leave memory meanwhile, as
 *              the caller holds the view's lock
 */
#ifndef AGENTFS_VFS_CONTENT_H
#define AGENTFS_VFS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct store_branch;
struct view;

#define COPY_UP_WHOLE	 (1024 * 1024)
#define FILE_SIZE_MAX	 (INT64_C(1) << 44)
#define CHUNK_SIZE_LEAST 512 /* volumes with smaller chunks are refused */

struct chunk {
	int64_t index;
	uint8_t *data;
	uint32_t len; /* bytes of data; what follows is zeros */
	uint32_t capacity;
	bool hole; /* stored chunk to be deleted */
};

/* Ascending by index. */
struct chunk_set {
	struct chunk **chunks;
	size_t n, capacity;
};

struct content {
	struct chunk_set dirty, flushing;
	int64_t delete_from; /* stored chunks from here on go before the dirty ones come
			      */
	int64_t flushing_delete_from;
	uint64_t *present; /* bit per chunk that exists, stored or in memory */
	int64_t n_words, n_present;
};

#define CONTENT_DELETE_NONE INT64_MAX

/* All want the view's lock (any) and no node lock, unless said otherwise. */

/* Makes n->content, with the map of stored chunks. The node has a row. */
int content_open(struct view *v, struct node *n);
void content_free(struct view *v, struct node *n); /* exclusive lock */

int64_t content_read(struct view *v, struct node *n, int64_t off, void *data,
		     size_t len);

/* Prepares, then (the node lock taken inside) writes; sets size and blocks, not times.
 */
int content_write(struct view *v, struct node *n, int64_t off, const void *data,
		  size_t len);
int content_truncate(struct view *v, struct node *n, int64_t size);
/* Makes [off, off + len) zeros, deleting whole chunks; the size stays. */
int content_zero(struct view *v, struct node *n, int64_t off, int64_t len);
/* SEEK_DATA or SEEK_HOLE by chunks. */
int64_t content_seek(struct view *v, struct node *n, int64_t off, int whence);

bool content_is_dirty(const struct content *c);

/* A cut: what is dirty becomes flushing. Exclusive lock. */
void content_cut(struct content *c);
/* Writes the flushing chunks. Called by the flusher, no lock held. */
int content_store(struct store_branch *b, int64_t row, const struct content *c);
/* The cut is stored: its chunks go. Exclusive lock. */
void content_cut_done(struct view *v, struct content *c);

#endif
