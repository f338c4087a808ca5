// SPDX-License-Identifier: Apache-2.0
/* manifest.json of docker save. */
#include "mkimage/image_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

static void free_strings(char **v)
{
	for (char **s = v; s && *s; s++)
		free(*s);
	free(v);
}

static void release_saved(struct image_saved *i)
{
	free(i->config);
	free_strings(i->tags);
	free_strings(i->layers);
}

void image_saved_list_release(struct image_saved_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		release_saved(&l->at[i]);
	free(l->at);
	l->at = NULL;
	l->n = 0;
}

/* A list of at most `max` strings; null, or none, is an empty one. */
static int read_strings(const json_t *list, size_t max, char ***ret)
{
	size_t n = json_array_size(list), i;
	const json_t *s;
	char **v;

	if ((list && !json_is_array(list) && !json_is_null(list)) || n > max)
		return -EBADMSG;
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	json_array_foreach(list, i, s) {
		v[i] = json_is_string(s) ? strdup(json_string_value(s)) : NULL;
		if (!v[i]) {
			free_strings(v);
			return json_is_string(s) ? -ENOMEM : -EBADMSG;
		}
	}
	*ret = v;
	return 0;
}

static int read_saved(const json_t *json, struct image_saved *i)
{
	const char *config = json_string_value(json_object_get(json, "Config"));
	int r;

	if (!config)
		return -EBADMSG;
	i->config = strdup(config);
	if (!i->config)
		return -ENOMEM;
	r = read_strings(json_object_get(json, "RepoTags"), IMAGE_LIST_MAX,
			 &i->tags);
	return r ? r
		 : read_strings(json_object_get(json, "Layers"),
				IMAGE_LAYERS_MAX, &i->layers);
}

static int read_all(const json_t *json, struct image_saved_list *ret)
{
	size_t n = json_array_size(json);
	struct image_saved_list l = { NULL, 0 };
	int r = 0;

	if (!json_is_array(json) || n > IMAGE_LIST_MAX)
		return -EBADMSG;
	l.at = calloc(n + 1, sizeof(*l.at));
	if (!l.at)
		return -ENOMEM;
	while (l.n < n && !r) {
		r = read_saved(json_array_get(json, l.n), &l.at[l.n]);
		l.n++;
	}
	if (r)
		image_saved_list_release(&l);
	else
		*ret = l;
	return r;
}

int image_json_saved(const struct bytes *text, const char *name,
		     struct image_saved_list *ret)
{
	json_t *json = json_loadb(text->data ? text->data : "", text->len,
				  JSON_REJECT_DUPLICATES, NULL);
	int r = json ? read_all(json, ret) : -EBADMSG;

	json_decref(json);
	if (r == -EBADMSG)
		log_error(0, "%s: is not a list of images as docker save writes it",
			  name);
	else if (r)
		log_error(r, "%s", name);
	return r;
}
