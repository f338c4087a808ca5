// SPDX-License-Identifier: Apache-2.0
#include "mkimage/findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/escape.h"

void findings_clear(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->at[i].path);
		free(f->at[i].what);
	}
	f->n = 0;
}

void findings_release(struct findings *f)
{
	findings_clear(f);
	free(f->at);
	f->at = NULL;
	f->size = 0;
}

static int append(struct findings *f, char *path, char *what)
{
	if (f->n == f->size) {
		size_t size = f->size ? 2 * f->size : 64;
		struct finding *grown = reallocarray(f->at, size,
						     sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->at = grown;
		f->size = size;
	}
	f->at[f->n++] = (struct finding){ path, what };
	return 0;
}

void findings_add(struct findings *f, const char *path, int err,
		  const char *what)
{
	char *p = strdup(path), *w;
	int r;

	if (!err)
		w = strdup(what);
	else if (asprintf(&w, "%s: %s", what, strerrordesc_np(-err)) < 0)
		w = NULL;
	pthread_mutex_lock(&f->lock);
	r = p && w ? append(f, p, w) : -ENOMEM;
	if (r)
		f->error = r;
	pthread_mutex_unlock(&f->lock);
	if (r) {
		free(p);
		free(w);
	}
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	return c ? c : strcmp(x->what, y->what);
}

static int print_one(const struct finding *f, const char *template,
		     json_t *array)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	json_t *json;
	int r;

	if (!array) {
		r = escape_name(f->path, &path);
		if (!r)
			printf("%s: %s: %s\n", template ? template : "pool",
			       path.data, f->what);
		return r;
	}
	json = json_pack("{s:s?, s:s}", "template", template, "what", f->what);
	if (json_array_append_new(array, json))
		return -ENOMEM;
	return escape_json_name(json, "path", f->path);
}

int findings_print(struct findings *f, const char *template, json_t *array)
{
	int r = f->error;

	if (f->n)
		qsort(f->at, f->n, sizeof(*f->at), compare);
	for (size_t i = 0; i < f->n && !r; i++)
		r = print_one(&f->at[i], template, array);
	findings_clear(f);
	return r;
}
