/*
 * docs/methods.json, which is built into the library: the one description of all
 * methods. Parameters are checked against it before a method sees them. The subset of
 * JSON Schema that is understood: type, properties, required, additionalProperties
 * (false), items, enum, anyOf, $ref ("#/$defs/NAME"), minLength, maxLength, minItems,
 * maxItems, minimum, maximum. A keyword that is not understood is an error of the
 * file, found by a test.
 */
#ifndef AGENTFS_CTL_SCHEMA_H
#define AGENTFS_CTL_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* The text of the file. */
extern const char methods_json[];

/* The whole file, parsed once; borrowed for the process's life. NULL without memory. */
const json_t *schema_document(void);

/* The description of a method ("params", "result", ...); NULL if there is none. */
const json_t *schema_method(const char *name);

/*
 * 0, or -EINVAL with a text that names the place ("params.path: too long") and what was
 * expected. `what` begins the name of the place.
 */
int schema_check(const json_t *schema, const json_t *value, const char *what);

/* 0 if every keyword below `schema` is one that schema_check knows. */
int schema_check_keywords(const json_t *schema);

#endif
