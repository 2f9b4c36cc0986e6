/*
 * What lives on this machine: one small JSON file PID.json per server in
 * $XDG_RUNTIME_DIR/agentfs or /tmp/agentfs-UID (0700, checked to be ours). It names the
 * server by pid, start time and boot, its volume, and the mounts that somebody has to
 * remove if the server died. The server removes its own file at its end; that of a dead
 * one is removed by whoever meets it.
 */
#ifndef AGENTFS_API_REGISTRY_H
#define AGENTFS_API_REGISTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Writes the entry of this process: {"volume", "id", "mounts": [{"mountpoint": ...}]};
 * takes the object and adds what names the process. Replaces an earlier one.
 */
int registry_write(json_t *entry);
void registry_remove_own(void);

/* Calls `each` for every entry; a negative return ends the walk and is passed on. */
typedef int (*registry_fn)(void *arg, const char *file, const json_t *entry,
			   bool alive);
int registry_walk(registry_fn each, void *arg);

/*
 * Unmounts what dead servers left mounted, and removes their entries: those of one
 * volume, or all (NULL). `done` (NULL: nobody) is told a line for each.
 */
int registry_clean(const char *volume, void (*done)(void *arg, const char *line),
		   void *arg);

/*
 * The registry's directory that new entries go to (free()); made if it is not there.
 */
int registry_directory(char **ret_path);

#endif
