/* Hash tables (uthash), with a hash function that is fast and clean on all compilers.
 */
#ifndef AGENTFS_BASE_HASH_H
#define AGENTFS_BASE_HASH_H

#include <xxhash.h>

#define HASH_FUNCTION(key, len, hash) ((hash) = (unsigned)XXH3_64bits((key), (len)))

#include <uthash.h>

#endif
