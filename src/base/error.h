/*
 * Errors: every function returns 0 (or a count) or a negative errno. Where an error is
 * born, its text is recorded together with its code in the calling thread; the text is
 * handed out only for that same code, so a stale text can never appear.
 */
#ifndef AGENTFS_BASE_ERROR_H
#define AGENTFS_BASE_ERROR_H

#include <errno.h>

/*
 * Records a text for the negative errno `code` and returns `code`. The text names what
 * failed, on which path, and what to do next; it has no trailing newline and is cut at
 * 1023 bytes.
 */
int error_set(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Puts a prefix ("opening /x: ") in front of the recorded text of `code`, or of its
 * strerror if none is recorded, and returns `code`.
 */
int error_prefix(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The text that belongs to the negative errno `code` in this thread; strerror(-code) if
 * none was recorded. Borrowed until the next call of this module in the thread.
 */
const char *error_text(int code);

/*
 * Keeps the recorded text aside while something else is called whose errors do not
 * matter (closing, cleaning up), and brings it back.
 */
struct error_record {
	int code;
	char text[1024];
};
void error_save(struct error_record *ret);
void error_restore(const struct error_record *record);

/* Forgets the recorded text (at the start of a request). */
void error_clear(void);

/*
 * Stops the process with a message if a condition that the code relies on does not
 * hold. Active in release builds too: a broken invariant must never reach the user's
 * data.
 */
#define invariant(condition)                                                           \
	((condition) ? (void)0 : invariant_broken(#condition, __FILE__, __LINE__))

_Noreturn void invariant_broken(const char *condition, const char *file, int line);

#endif
