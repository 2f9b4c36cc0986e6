/* Calling methods, over the control socket or in this process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/volume.h"
#include "base/error.h"
#include "ctl/bytes.h"

static int call_idle(struct agentfs_volume *v, const char *method, const json_t *params,
		     json_t **ret_result)
{
	struct method_call call = {.service = &v->service,
				   .method = method,
				   .params = params,
				   .pid = getpid(),
				   .uid = geteuid(),
				   .gid = getegid()};
	int r = service_call(&call);

	if (r == 0 && ret_result) {
		*ret_result = call.result;
		call.result = NULL;
	}
	method_call_release(&call);
	return r;
}

int volume_call(struct agentfs_volume *v, const char *method, json_t *params,
		json_t **ret_result)
{
	int r;

	if (!params)
		params = json_object();
	if (!params)
		return -ENOMEM;
	if (v->server)
		return rpc_client_call(&v->server->client, method, params, NULL, -1,
				       ret_result, NULL);
	r = call_idle(v, method, params, ret_result);
	json_decref(params);
	return r;
}

json_t *volume_path_params(const char *path)
{
	return json_pack("{s:o}", "path", bytes_to_json(path, strlen(path)));
}

int volume_params_parse(const char *text, json_t **ret_params)
{
	json_error_t error;

	*ret_params = json_loads(text ? text : "{}", JSON_REJECT_DUPLICATES, &error);
	return *ret_params ? 0
			   : error_set(-EINVAL, "the parameters are no JSON object: %s",
				       error.text);
}

int volume_result_text(json_t *result, char **ret_text)
{
	char *text = json_dumps(result, JSON_COMPACT);

	json_decref(result);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int agentfs_call(struct agentfs_volume *v, const char *method, const char *params,
		 char **ret_result)
{
	json_t *object, *result;
	int r = volume_params_parse(params, &object);

	if (r == 0)
		r = volume_call(v, method, object, &result);
	return r < 0 ? r : volume_result_text(result, ret_result);
}
