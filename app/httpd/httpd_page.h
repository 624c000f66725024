/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is served when no document root is given, and the two endpoints that are fixed bodies.
 */
#pragma once

struct httpd_content;

/* "/" and "/index.html".  0 or -ENOMEM. */
int httpd_page_add(struct httpd_content *content);

/* "/plaintext" and "/json".  0 or -ENOMEM. */
int httpd_page_add_endpoints(struct httpd_content *content);
