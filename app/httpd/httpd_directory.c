/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk.  Directories are opened relative to their parents and never through links, so that the tree cannot lead
 * out of the root while it is read.
 */
#include "app/httpd/httpd_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/httpd/http_target.h"
#include "app/httpd/httpd_content.h"

#define DEPTH_MAX 32

struct walk {
	struct httpd_content *content;
	char real_root[PATH_MAX];
	uint64_t left_bytes; /* that may still be loaded */
	uint64_t now_s;
	char path[HTTP_PATH_MAX_BYTES + 1]; /* of what is looked at, from the root */
	uint32_t path_bytes;
	uint32_t depth;
};

static int complain(const struct walk *walk, const char *what, int result)
{
	fprintf(stderr, "sluice-httpd: %s%s: %s%s%s\n", walk->real_root, walk->path, what, result ? ": " : "",
		result ? strerror(-result) : "");
	return result;
}

static int read_whole(int file, uint8_t *data, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes;) {
		ssize_t got = read(file, data + at, bytes - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO; /* it shrank while it was read */
		at += (uint64_t)got;
	}
	return 0;
}

static int add_file(struct walk *walk, const uint8_t *data, void *owned, const struct stat *status)
{
	uint64_t modified_s = status->st_mtime > 0 ? (uint64_t)status->st_mtime : 1;
	struct httpd_body body = {
		.path = walk->path,
		.data = data,
		.owned = owned,
		.bytes = (uint64_t)status->st_size,
		/* Last-Modified is never later than Date: RFC 9110 section 8.8.2.1. */
		.modified_s = modified_s < walk->now_s ? modified_s : walk->now_s,
		.validators = true,
	};

	return httpd_content_add(walk->content, &body);
}

static int load_open_file(struct walk *walk, int file)
{
	struct stat status;
	uint8_t *data;
	int result;

	if (fstat(file, &status) < 0)
		return complain(walk, "cannot be looked at", -errno);
	if (!S_ISREG(status.st_mode))
		return complain(walk, "is no regular file; skipped", 0);
	if ((uint64_t)status.st_size > walk->left_bytes)
		return complain(walk, "the document root is larger than content-max", -EFBIG);
	data = malloc((size_t)status.st_size + 1);
	if (!data)
		return -ENOMEM;
	result = read_whole(file, data, (uint64_t)status.st_size);
	if (result) {
		free(data);
		return complain(walk, "cannot be read", result);
	}
	result = add_file(walk, data, data, &status);
	if (result)
		free(data);
	else
		walk->left_bytes -= (uint64_t)status.st_size;
	return result;
}

static int load_file(struct walk *walk, int directory, const char *name)
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int result;

	if (file < 0)
		return complain(walk, "cannot be opened", -errno);
	result = load_open_file(walk, file);
	close(file);
	return result;
}

static bool is_inside(const struct walk *walk, const char *real)
{
	size_t bytes = strlen(walk->real_root);

	return strncmp(real, walk->real_root, bytes) == 0 && real[bytes] == '/';
}

/* A link to a file of the root is read under the link's own name. */
static int load_link(struct walk *walk)
{
	char full[PATH_MAX + HTTP_PATH_MAX_BYTES + 1], real[PATH_MAX];
	int file, result;

	snprintf(full, sizeof(full), "%s%s", walk->real_root, walk->path);
	if (!realpath(full, real) || !is_inside(walk, real))
		return complain(walk, "link leads nowhere or out of the document root; skipped", 0);
	file = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return complain(walk, "link cannot be opened; skipped", 0);
	result = load_open_file(walk, file);
	close(file);
	return result;
}

static int load_directory(struct walk *walk, int directory);

static int enter_directory(struct walk *walk, int parent, const char *name)
{
	int directory, result;

	if (walk->depth == DEPTH_MAX)
		return complain(walk, "too deep; skipped", 0);
	result = httpd_content_add_directory(walk->content, walk->path);
	if (result)
		return result;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return complain(walk, "cannot be opened", -errno);
	walk->depth++;
	result = load_directory(walk, directory);
	walk->depth--;
	return result;
}

static int load_entry(struct walk *walk, int directory, const char *name)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return complain(walk, "cannot be looked at", -errno);
	if (S_ISLNK(status.st_mode))
		return load_link(walk);
	if (S_ISDIR(status.st_mode))
		return enter_directory(walk, directory, name);
	return load_file(walk, directory, name);
}

static bool may_serve(const struct walk *walk, const char *name)
{
	size_t bytes = strlen(name);

	return http_target_check_segment((const uint8_t *)name, (uint32_t)bytes) == 0 &&
	       walk->path_bytes + 1 + bytes < sizeof(walk->path) - 1;
}

/* Takes the descriptor over. */
static int load_directory(struct walk *walk, int directory)
{
	DIR *listing = fdopendir(directory);
	uint32_t path_bytes = walk->path_bytes;
	const struct dirent *entry;
	int result = 0;

	if (!listing) {
		result = complain(walk, "cannot be listed", -errno);
		close(directory);
		return result;
	}
	while (result == 0 && (entry = readdir(listing))) {
		if (!may_serve(walk, entry->d_name))
			continue;
		walk->path_bytes += (uint32_t)snprintf(walk->path + path_bytes, sizeof(walk->path) - path_bytes, "/%s",
						       entry->d_name);
		result = load_entry(walk, dirfd(listing), entry->d_name);
		walk->path_bytes = path_bytes;
		walk->path[path_bytes] = '\0';
	}
	closedir(listing);
	return result;
}

int httpd_directory_load(struct httpd_content *content, const char *root, uint64_t max_bytes)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int directory, result;

	if (!walk)
		return -ENOMEM;
	walk->content = content;
	walk->left_bytes = max_bytes;
	walk->now_s = (uint64_t)time(NULL);
	if (!realpath(root, walk->real_root)) {
		result = -errno;
		fprintf(stderr, "sluice-httpd: document root %s: %s\n", root, strerror(errno));
	} else {
		directory = open(walk->real_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		result = directory < 0 ? complain(walk, "cannot be opened", -errno) : load_directory(walk, directory);
	}
	free(walk);
	return result;
}
