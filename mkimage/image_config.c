// SPDX-License-Identifier: Apache-2.0
#include "mkimage/image_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fileio.h"

#define NAME "config.json"

int image_config_read(int dirfd, struct bytes *ret)
{
	return fileio_read_file(dirfd, NAME, IMAGE_CONFIG_MAX, ret);
}

int image_config_write(int dirfd, const void *data, size_t len)
{
	return fileio_write_file(dirfd, NAME, data, len, 0644);
}

int image_config_move(int fromfd, int tofd)
{
	if (renameat(fromfd, NAME, tofd, NAME))
		return errno == ENOENT ? 0 : -errno;
	return fsync(tofd) ? -errno : 0;
}

int image_config_parse(const struct bytes *text, json_t **ret)
{
	json_t *json = json_loadb(text->data, text->len,
				  JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		return -EBADMSG;
	}
	*ret = json;
	return 0;
}

json_t *image_config_process(const json_t *config)
{
	static const char *const keys[] = { "Cmd",  "Entrypoint", "Env",
					    "User", "WorkingDir", "Labels" };
	const json_t *process = json_object_get(config, "config");
	json_t *ret = json_object();

	for (size_t i = 0; ret && i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(process, keys[i]);

		if (!value || json_is_null(value))
			continue;
		if (json_object_set(ret, keys[i], value)) {
			json_decref(ret);
			ret = NULL;
		}
	}
	return ret;
}
