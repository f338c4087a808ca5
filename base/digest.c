// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct digest_ctx {
	EVP_MD_CTX *evp;
};

/* EVP_sha1() and EVP_sha256() look the algorithm up, under a lock common to
 * all threads, whenever a context starts.  Looked up once, they do not. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *algorithms[3];

static void fetch_algorithms(void)
{
	algorithms[DIGEST_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
	algorithms[DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	algorithms[DIGEST_SHA512] = EVP_MD_fetch(NULL, "SHA512", NULL);
}

static const EVP_MD *algorithm(enum digest_kind kind)
{
	return pthread_once(&once, fetch_algorithms) ? NULL : algorithms[kind];
}

int digest_new(struct digest_ctx **ret, enum digest_kind kind)
{
	const EVP_MD *md = algorithm(kind);
	struct digest_ctx *c;

	if (!md)
		return -EIO;
	c = malloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->evp = EVP_MD_CTX_new();
	if (!c->evp) {
		free(c);
		return -ENOMEM;
	}
	if (EVP_DigestInit_ex(c->evp, md, NULL) != 1) {
		digest_free(c);
		return -EIO;
	}
	*ret = c;
	return 0;
}

int digest_update(struct digest_ctx *c, const void *data, size_t len)
{
	return EVP_DigestUpdate(c->evp, data, len) == 1 ? 0 : -EIO;
}

int digest_final(struct digest_ctx *c, void *out)
{
	return EVP_DigestFinal_ex(c->evp, out, NULL) == 1 ? 0 : -EIO;
}

void digest_free(struct digest_ctx *c)
{
	if (!c)
		return;
	EVP_MD_CTX_free(c->evp);
	free(c);
}

static int digest_of(enum digest_kind kind, const void *data, size_t len,
		     void *out)
{
	const EVP_MD *md = algorithm(kind);

	if (!md || EVP_Digest(data, len, out, NULL, md, NULL) != 1)
		return -EIO;
	return 0;
}

int sha1_of(const void *data, size_t len, struct sha1 *ret)
{
	return digest_of(DIGEST_SHA1, data, len, ret->bytes);
}

int sha256_of(const void *data, size_t len, struct sha256 *ret)
{
	return digest_of(DIGEST_SHA256, data, len, ret->bytes);
}
