/* The methods over store and vfs; what each does stands in docs/methods.json. */
#ifndef AGENTFS_CTL_METHODS_H
#define AGENTFS_CTL_METHODS_H

#include "ctl/service.h"

#define METHOD_READ_MAX (1u << 20) /* bytes of one read or write */

/* All of them, ended by a NULL name. */
extern const struct method methods[];

/* methods_volume.c */
int method_info(struct method_call *call);
int method_sync(struct method_call *call);
int method_check(struct method_call *call);

/* methods_files.c */
int method_stat(struct method_call *call);
int method_read(struct method_call *call);
int method_write(struct method_call *call);
int method_list(struct method_call *call);
int method_readlink(struct method_call *call);

/* methods_names.c */
int method_mkdir(struct method_call *call);
int method_remove(struct method_call *call);
int method_move(struct method_call *call);

/* methods_copy.c */
int method_copy(struct method_call *call);

/* methods_diff.c */
int method_diff(struct method_call *call);

/* ---- shared by them ---- */

struct attr;

/* An integer or boolean parameter, or what it is if absent. */
int64_t method_integer(const struct method_call *call, const char *key,
		       int64_t otherwise);
bool method_flag(const struct method_call *call, const char *key);

/* Adds the attributes to a JSON object; `*type` is the letter of the mode's type. */
int method_add_attr(json_t *object, const struct attr *attr);
char method_type_letter(uint32_t mode);

/* Copies the tree at `from` (an entry) to the name in `to`, which does not exist. */
struct place;
struct entry;
int copy_tree(struct view *v, const struct entry *from, struct place *to);
/* Removes the name and all below it. */
int remove_tree(struct view *v, uint64_t dir, const char *name, size_t len,
		const struct entry *entry);

#endif
