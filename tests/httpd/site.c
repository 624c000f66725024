/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The folder lies beside a file that must never be served.
 */
#include "tests/httpd/site.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/httpd/httpd_content.h"

static char folder[64], root[80];

static void fail(const char *what)
{
	perror(what);
	abort();
}

static void put_file(const char *path, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	file = fopen(full, "w");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || utimensat(AT_FDCWD, full, times, 0) != 0)
		fail(full);
}

static void put_folder(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (mkdir(full, 0700) != 0)
		fail(full);
}

static void put_link(const char *path, const char *to)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (symlink(to, full) != 0)
		fail(full);
}

static void put_pipe(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (mkfifo(full, 0600) != 0)
		fail(full);
}

static void fill(void)
{
	put_folder("");
	put_file("../secret.txt", "secret");
	put_file("index.html", SITE_INDEX);
	put_file("index.html.gz", SITE_INDEX_GZIP);
	put_file("style.css", SITE_STYLE);
	put_file("style.css.gz", SITE_STYLE_GZIP);
	put_file("style.css.br", SITE_STYLE_BROTLI);
	put_file("a b.txt", "a b");
	put_file("per%41cent.txt", "percent");
	put_file("empty", "");
	put_file("only.gz", "no file beside it");
	put_file(".hidden", "hidden");
	put_file("back\\slash", "backslash");
	put_folder("sub");
	put_file("sub/index.html", SITE_SUB_INDEX);
	put_file("sub/.hidden", "hidden");
	put_folder(".git");
	put_file(".git/config", "hidden");
	put_link("inside.txt", "sub/index.html");
	put_link("outside.txt", "../secret.txt");
	put_link("around", "sub");
	put_link("dangling", "nowhere");
	put_pipe("pipe");
}

const char *site_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/httpd-site-XXXXXX");
	if (!mkdtemp(folder))
		fail(folder);
	snprintf(root, sizeof(root), "%s/root", folder);
	fill();
	return root;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void site_remove(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct httpd_content *site_open(void)
{
	struct httpd_content *content = NULL;

	if (httpd_content_open(site_make(), 1 << 20, true, &content) != 0)
		return NULL;
	return content;
}

void site_close(struct httpd_content *content)
{
	httpd_content_close(content);
	site_remove();
}
