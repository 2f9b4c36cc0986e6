/*
 * Trees as the harness needs them: removal without recursion, and manifests, by which
 * the overlay programs prove that a base is as it was.
 */
#ifndef FSTEST_TREE_H
#define FSTEST_TREE_H

#include <stdbool.h>

/* Adds a line ("# ...\n") to the report of the test that runs. */
void fs_say(const char *text);
/* Notes where a test stands, for the report of a hang or a signal. */
void fs_passed(const char *file, int line);

/*
 * Removes a tree of any depth; ends the process with a report where that fails. To be
 * called in a process of its own: it changes the working directory.
 */
void tree_remove(const char *path);

/* A line per node below dir (all but the time of access) to a file, false on error. */
bool tree_manifest_write(const char *dir, const char *file);
/* Whether dir is as it was; each difference is added to the report. */
bool tree_manifest_compare(const char *dir, const char *file);

#endif
