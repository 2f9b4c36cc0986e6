/* Byte strings in JSON, the schema file, and its agreement with the tables. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"
#include "ctl/schema.h"

static void round_trip(const void *data, size_t len, bool plain)
{
	json_t *value = bytes_to_json(data, len);
	struct buf back = BUF_INIT;

	assert_non_null(value);
	assert_int_equal(json_is_string(value), plain);
	assert_int_equal(bytes_from_json(value, &back), 0);
	assert_int_equal(back.len, len);
	if (len)
		assert_memory_equal(back.data, data, len);
	json_decref(value);
	buf_release(&back);
}

static void test_bytes(void **state)
{
	char all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	round_trip("", 0, true);
	round_trip("plain", 5, true);
	round_trip("na\xc3\xafve\n\"\\", 9, true);
	round_trip("a\0b", 3, false);
	round_trip("\xff", 1, false);
	round_trip("\xff\xfe", 2, false);
	for (size_t n = 129; n <= 256; n++)
		round_trip(all, n, false);
}

static void refuse_bytes(json_t *value)
{
	struct buf back = BUF_INIT;

	assert_int_equal(bytes_from_json(value, &back), -EINVAL);
	assert_int_equal(back.len, 0);
	json_decref(value);
	buf_release(&back);
}

static void test_bad_bytes(void **state)
{
	(void)state;
	refuse_bytes(json_integer(3));
	refuse_bytes(json_object());
	refuse_bytes(json_pack("{s:i}", "base64", 1));
	refuse_bytes(json_pack("{s:s}", "base64", "abc"));
	refuse_bytes(json_pack("{s:s}", "base64", "ab=c"));
	refuse_bytes(json_pack("{s:s}", "base64", "a*cd"));
	assert_int_equal(bytes_from_json(NULL, &(struct buf)BUF_INIT), -EINVAL);
}

/* ---- the file ---- */

static void test_document(void **state)
{
	const json_t *method, *defs = json_object_get(schema_document(), "$defs");
	const char *name;

	(void)state;
	assert_non_null(schema_document());
	json_object_foreach((json_t *)defs, name,
			    method) if (schema_check_keywords(method) < 0)
		fail_msg("%s: %s", name, error_text(-EINVAL));
	json_object_foreach(json_object_get(schema_document(), "methods"), name, method)
	{
		const char *where = json_string_value(json_object_get(method, "where"));

		assert_true(json_is_string(json_object_get(method, "description")));
		assert_non_null(where);
		assert_true(strcmp(where, "any") == 0 || strcmp(where, "server") == 0);
		if (schema_check_keywords(json_object_get(method, "params")) < 0 ||
		    schema_check_keywords(json_object_get(method, "result")) < 0)
			fail_msg("%s: %s", name, error_text(-EINVAL));
	}
}

/* Every method of the table is in the file, and every one "any" has in the table. */
static void test_table_agrees(void **state)
{
	const json_t *method;
	const char *name;
	size_t n_table = 0, n_file = 0;

	(void)state;
	for (const struct method *m = methods; m->name; m++) {
		const json_t *d = schema_method(m->name);

		assert_non_null(d);
		assert_string_equal(json_string_value(json_object_get(d, "where")),
				    "any");
		n_table++;
	}
	json_object_foreach(json_object_get(schema_document(), "methods"), name, method)
		n_file +=
		strcmp(json_string_value(json_object_get(method, "where")), "any") == 0;
	assert_int_equal(n_table, n_file);
}

/* ---- the validator ---- */

static int check(const char *schema, const char *value)
{
	json_t *s = json_loads(schema, 0, NULL);
	json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
	int r;

	assert_non_null(s);
	assert_non_null(v);
	assert_int_equal(schema_check_keywords(s), 0);
	r = schema_check(s, v, "x");
	json_decref(s);
	json_decref(v);
	return r;
}

static void test_validator(void **state)
{
	static const struct {
		const char *schema, *value;
		int result;
	} cases[] = {
		{"{\"type\":\"string\"}", "\"a\"", 0},
		{"{\"type\":\"string\"}", "1", -EINVAL},
		{"{\"type\":\"integer\"}", "1.5", -EINVAL},
		{"{\"type\":\"number\"}", "1.5", 0},
		{"{\"type\":\"boolean\"}", "true", 0},
		{"{\"type\":\"null\"}", "null", 0},
		{"{\"type\":\"object\"}", "[]", -EINVAL},
		{"{\"minimum\":0,\"maximum\":9}", "9", 0},
		{"{\"minimum\":0,\"maximum\":9}", "10", -EINVAL},
		{"{\"minimum\":0,\"maximum\":9}", "-1", -EINVAL},
		{"{\"minLength\":1,\"maxLength\":2}", "\"ab\"", 0},
		{"{\"minLength\":1,\"maxLength\":2}", "\"abc\"", -EINVAL},
		{"{\"minLength\":1,\"maxLength\":2}", "\"\"", -EINVAL},
		{"{\"maxItems\":1}", "[1]", 0},
		{"{\"maxItems\":1}", "[1,2]", -EINVAL},
		{"{\"minItems\":1}", "[]", -EINVAL},
		{"{\"items\":{\"type\":\"integer\"}}", "[1,2]", 0},
		{"{\"items\":{\"type\":\"integer\"}}", "[1,\"a\"]", -EINVAL},
		{"{\"enum\":[\"a\",\"b\"]}", "\"b\"", 0},
		{"{\"enum\":[\"a\",\"b\"]}", "\"c\"", -EINVAL},
		{"{\"required\":[\"a\"]}", "{}", -EINVAL},
		{"{\"required\":[\"a\"]}", "{\"a\":1}", 0},
		{"{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
		 "{\"b\":1}", -EINVAL},
		{"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}",
		 -EINVAL},
		{"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "null", 0},
		{"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
		 -EINVAL},
		{"{\"$ref\":\"#/$defs/bytes\"}", "{\"base64\":\"\"}", 0},
		{"{\"$ref\":\"#/$defs/bytes\"}", "{\"base64\":\"\",\"x\":1}", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (check(cases[i].schema, cases[i].value) != cases[i].result)
			fail_msg("%s on %s", cases[i].schema, cases[i].value);
}

static void test_bad_schemas(void **state)
{
	json_t *unknown = json_pack("{s:i}", "pattern", 1);
	json_t *nowhere = json_pack("{s:s}", "$ref", "#/$defs/none");

	(void)state;
	assert_int_equal(schema_check_keywords(unknown), -EINVAL);
	assert_int_equal(schema_check_keywords(nowhere), -EINVAL);
	assert_int_equal(schema_check(nowhere, unknown, "x"), -EINVAL);
	json_decref(unknown);
	json_decref(nowhere);
}

static void test_place_in_text(void **state)
{
	const json_t *params = json_object_get(schema_method("read"), "params");
	json_t *value = json_pack("{s:s, s:i}", "path", "/a", "len", 1048577);

	(void)state;
	assert_int_equal(schema_check(params, value, "params"), -EINVAL);
	assert_string_equal(error_text(-EINVAL), "params.len: is too large");
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_table_agrees),
		cmocka_unit_test(test_validator),
		cmocka_unit_test(test_bad_schemas),
		cmocka_unit_test(test_place_in_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
