#include "vfs/chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CHUNK_LEAST 256

int chunk_new(int64_t index, size_t len, struct chunk **ret_chunk)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));
	size_t capacity = len < CHUNK_LEAST ? CHUNK_LEAST : len;

	if (!chunk)
		return -ENOMEM;
	chunk->data = malloc(capacity);
	if (!chunk->data) {
		free(chunk);
		return -ENOMEM;
	}
	chunk->index = index;
	chunk->capacity = (uint32_t)capacity;
	*ret_chunk = chunk;
	return 0;
}

void chunk_free(struct chunk *chunk)
{
	if (!chunk)
		return;
	free(chunk->data);
	free(chunk);
}

int chunk_reserve(struct chunk *chunk, size_t len, size_t max)
{
	size_t capacity = chunk->capacity;
	uint8_t *data;

	invariant(len <= max);
	while (capacity < len)
		capacity *= 2;
	if (capacity > max)
		capacity = max;
	if (capacity <= chunk->capacity)
		return 0;
	data = realloc(chunk->data, capacity);
	if (!data)
		return -ENOMEM;
	chunk->data = data;
	chunk->capacity = (uint32_t)capacity;
	return 0;
}

/* The place of the first chunk with an index of at least `index`. */
static size_t lower_bound(const struct chunk_set *set, int64_t index)
{
	size_t low = 0, high = set->n;

	/* Files are mostly written from front to back. */
	if (set->n && set->chunks[set->n - 1]->index < index)
		return set->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (set->chunks[mid]->index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct chunk *chunk_find(const struct chunk_set *set, int64_t index)
{
	size_t i = lower_bound(set, index);

	return i < set->n && set->chunks[i]->index == index ? set->chunks[i] : NULL;
}

int chunk_set_add(struct chunk_set *set, struct chunk *chunk)
{
	size_t i = lower_bound(set, chunk->index);

	if (set->n == set->capacity) {
		size_t capacity = set->capacity ? set->capacity * 2 : 1;
		struct chunk **chunks;

		chunks = realloc(set->chunks, capacity * sizeof(struct chunk *));
		if (!chunks)
			return -ENOMEM;
		set->chunks = chunks;
		set->capacity = capacity;
	}
	memmove(set->chunks + i + 1, set->chunks + i,
		(set->n - i) * sizeof(struct chunk *));
	set->chunks[i] = chunk;
	set->n++;
	return 0;
}

int64_t chunk_set_cut(struct chunk_set *set, int64_t index)
{
	size_t from = lower_bound(set, index);
	int64_t bytes = 0;

	for (size_t i = from; i < set->n; i++) {
		bytes += set->chunks[i]->capacity;
		chunk_free(set->chunks[i]);
	}
	set->n = from;
	return bytes;
}

int64_t chunk_set_clear(struct chunk_set *set)
{
	int64_t bytes = chunk_set_cut(set, INT64_MIN);

	free(set->chunks);
	*set = (struct chunk_set){0};
	return bytes;
}
