#include "ctl/schema.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define DEPTH_MAX 16
#define PLACE_MAX 256

static pthread_once_t once = PTHREAD_ONCE_INIT;
static json_t *document;

static void parse(void)
{
	json_error_t error;

	document = json_loads(methods_json, 0, &error);
}

const json_t *schema_document(void)
{
	pthread_once(&once, parse);
	return document;
}

const json_t *schema_method(const char *name)
{
	return json_object_get(json_object_get(schema_document(), "methods"), name);
}

struct place {
	char text[PLACE_MAX];
	int depth;
};

static int check(const json_t *schema, const json_t *value, const struct place *at);

static int bad(const struct place *at, const char *what)
{
	return error_set(-EINVAL, "%s: %s", at->text, what);
}

static bool has_type(const json_t *value, const char *type)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	return strcmp(type, "null") == 0 && json_is_null(value);
}

static int check_type(const json_t *schema, const json_t *value, const struct place *at)
{
	const json_t *type = json_object_get(schema, "type");
	char text[64];

	if (!type || has_type(value, json_string_value(type)))
		return 0;
	snprintf(text, sizeof(text), "must be of type %s", json_string_value(type));
	return bad(at, text);
}

static int check_enum(const json_t *schema, const json_t *value, const struct place *at)
{
	const json_t *values = json_object_get(schema, "enum"), *one;
	size_t i;

	if (!values)
		return 0;
	json_array_foreach(values, i, one)
	{
		if (json_equal(one, value))
			return 0;
	}
	return bad(at, "is none of the known values");
}

/* A limit of the schema, or `otherwise` if it has none. */
static json_int_t limit(const json_t *schema, const char *key, json_int_t otherwise)
{
	const json_t *value = json_object_get(schema, key);

	return value ? json_integer_value(value) : otherwise;
}

static int check_size(const json_t *schema, const json_t *value, const struct place *at)
{
	const json_int_t max = INT64_MAX;

	if (json_is_string(value)) {
		json_int_t len = (json_int_t)json_string_length(value);

		if (len > limit(schema, "maxLength", max))
			return bad(at, "is too long");
		if (len < limit(schema, "minLength", 0))
			return bad(at, "is too short");
	}
	if (json_is_array(value)) {
		json_int_t n = (json_int_t)json_array_size(value);

		if (n > limit(schema, "maxItems", max))
			return bad(at, "has too many members");
		if (n < limit(schema, "minItems", 0))
			return bad(at, "has too few members");
	}
	if (json_is_integer(value)) {
		json_int_t n = json_integer_value(value);

		if (n > limit(schema, "maximum", max))
			return bad(at, "is too large");
		if (n < limit(schema, "minimum", INT64_MIN))
			return bad(at, "is too small");
	}
	return 0;
}

static void place_member(const struct place *at, const char *name, struct place *ret)
{
	ret->depth = at->depth + 1;
	snprintf(ret->text, sizeof(ret->text), "%.120s.%.100s", at->text, name);
}

static int check_members(const json_t *schema, const json_t *value,
			 const struct place *at)
{
	const json_t *properties = json_object_get(schema, "properties"), *name,
		     *member;
	const json_t *required = json_object_get(schema, "required");
	bool closed = json_is_false(json_object_get(schema, "additionalProperties"));
	struct place inner;
	const char *key;
	size_t i;

	json_array_foreach(required, i, name)
	{
		place_member(at, json_string_value(name), &inner);
		if (!json_object_get(value, json_string_value(name)))
			return bad(&inner, "is missing");
	}
	json_object_foreach((json_t *)value, key, member)
	{
		const json_t *known = json_object_get(properties, key);
		int r = 0;

		place_member(at, key, &inner);
		if (known)
			r = check(known, member, &inner);
		else if (closed)
			r = bad(&inner, "is not known");
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_items(const json_t *schema, const json_t *value,
		       const struct place *at)
{
	const json_t *items = json_object_get(schema, "items"), *item;
	struct place inner;
	size_t i;

	if (!items)
		return 0;
	json_array_foreach(value, i, item)
	{
		char name[32];
		int r;

		snprintf(name, sizeof(name), "%zu", i);
		place_member(at, name, &inner);
		r = check(items, item, &inner);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_any(const json_t *schema, const json_t *value, const struct place *at)
{
	const json_t *any = json_object_get(schema, "anyOf"), *one;
	struct place inner = *at;
	size_t i;
	int r = 0;

	inner.depth++;
	json_array_foreach(any, i, one)
	{
		r = check(one, value, &inner);
		if (r == 0)
			return 0;
	}
	return r;
}

static const json_t *resolve(const json_t *schema)
{
	static const char prefix[] = "#/$defs/";
	const char *ref = json_string_value(json_object_get(schema, "$ref"));

	if (!ref)
		return schema;
	if (strncmp(ref, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	return json_object_get(json_object_get(schema_document(), "$defs"),
			       ref + sizeof(prefix) - 1);
}

/* Depth is bounded: the schema's own, never the value's. */
static int check(const json_t *schema, const json_t *value, const struct place *at)
{
	int r;

	schema = resolve(schema);
	if (!schema || at->depth > DEPTH_MAX)
		return bad(at, "has no usable schema");
	r = check_type(schema, value, at);
	if (r == 0)
		r = check_enum(schema, value, at);
	if (r == 0)
		r = check_size(schema, value, at);
	if (r == 0)
		r = check_any(schema, value, at);
	if (r == 0 && json_is_object(value))
		r = check_members(schema, value, at);
	if (r == 0 && json_is_array(value))
		r = check_items(schema, value, at);
	return r;
}

int schema_check(const json_t *schema, const json_t *value, const char *what)
{
	struct place at = {.depth = 0};

	snprintf(at.text, sizeof(at.text), "%s", what);
	return check(schema, value, &at);
}

static bool known_keyword(const char *key)
{
	static const char *const known[] = {
		"type",	     "properties", "required",	  "additionalProperties",
		"items",     "enum",	   "anyOf",	  "$ref",
		"minLength", "maxLength",  "minItems",	  "maxItems",
		"minimum",   "maximum",	   "description",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i], key) == 0)
			return true;
	}
	return false;
}

static int check_keywords(const json_t *schema, int depth)
{
	const json_t *member, *inner;
	const char *key, *name;
	size_t i;

	if (depth > DEPTH_MAX || !json_is_object(schema))
		return error_set(-EINVAL, "a schema is no object, or too deep");
	json_object_foreach((json_t *)schema, key, member)
	{
		if (!known_keyword(key))
			return error_set(-EINVAL, "unknown keyword %s", key);
	}
	if (!resolve(schema))
		return error_set(-EINVAL, "a $ref leads nowhere");
	inner = json_object_get(schema, "items");
	if (inner && check_keywords(inner, depth + 1) < 0)
		return -EINVAL;
	json_array_foreach(json_object_get(schema, "anyOf"), i, inner)
	{
		if (check_keywords(inner, depth + 1) < 0)
			return -EINVAL;
	}
	json_object_foreach(json_object_get(schema, "properties"), name, member)
	{
		if (check_keywords(member, depth + 1) < 0)
			return error_prefix(-EINVAL, "%s: ", name);
	}
	return 0;
}

int schema_check_keywords(const json_t *schema)
{
	return check_keywords(schema, 0);
}
