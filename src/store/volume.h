/* Steps of opening a volume. Internal to the store. */
#ifndef AGENTFS_STORE_VOLUME_H
#define AGENTFS_STORE_VOLUME_H

struct db;
struct store;

/* The format, as SQL text (made from schema.sql by the build). */
extern const char schema_sql[];

/* ---- lockfile.c ---- */

/*
 * Opens the file as the lock and looks at its header: -EINVAL if it is no SQLite file,
 * -EUCLEAN if it is cut short. Nothing is written.
 */
int volume_open_file(const char *path, int *ret_fd);
/* flock(2); -EBUSY names the owner. */
int volume_lock(const char *path, int fd);

/* ---- adopt.c ---- */

/* -EINVAL, -EUCLEAN, -EPROTONOSUPPORT: see store_open. `*ret_foreign`: no additions
 * yet. */
int volume_check_schema(struct db *db, int *ret_foreign);
/* Adds to a SPEC 0.4 file of others what of schema.sql it lacks, in one transaction. */
int volume_adopt(struct db *db);

#endif
