/* What the files of rows share. Internal to the store. */
#ifndef AGENTFS_STORE_ROWS_H
#define AGENTFS_STORE_ROWS_H

#include <sqlite3.h>

#include "store/statements.h"
#include "store/store.h"

/* The columns of INODE_COLUMNS, from the first on. Pointers live until the next step.
 */
void inode_from_columns(sqlite3_stmt *st, struct inode_row *ret_row);

/* Runs a statement whose only parameter is an inode number, in the transaction. */
int store_by_ino(struct store *s, enum statement which, int64_t ino);

#endif
