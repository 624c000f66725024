/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 9112 in the order of its sections, then the fields of RFC 9110 that frame a message.
 */
#include "tests/httpd/http_corpus.h"

#include <stddef.h>

#define HOST     "Host: a\r\n"
#define GET(...) "GET / HTTP/1.1\r\n" HOST __VA_ARGS__ "\r\n"
#define ROW_OK   0, NULL

#define LENIENT  "llhttp accepts it"
#define STRICTER "llhttp refuses it"

const struct http_corpus_row http_corpus[] = {
	/* 2.1, 2.2: message format and parsing */
	{"the least request", GET(), ROW_OK},
	{"an empty line before the request line", "\r\n" GET(), ROW_OK},
	{"two empty lines before it", "\r\n\r\n" GET(), 400, LENIENT},
	{"bare LF before the request line", "\n" GET(), 400, LENIENT},
	{"bare LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n", 400, LENIENT},
	{"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400, NULL},
	{"bare LF at the end", "GET / HTTP/1.1\r\n" HOST "\n", 400, LENIENT},
	{"bare CR in the request line", "GET / HTTP/1.1\rX\r\n" HOST "\r\n", 400, NULL},
	{"bare CR in a value", GET("A: b\rc\r\n"), 400, NULL},
	{"bare CR at the end", "GET / HTTP/1.1\r\n" HOST "\rX", 400, NULL},
	{"CR CR LF after a field", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400, NULL},
	{"white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, NULL},
	{"white space before the request line", " GET / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"not HTTP at all: TLS", "\x16\x03\x01\x02", 400, NULL},

	/* 2.3: version */
	{"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", ROW_OK},
	{"1.0 with Host", "GET / HTTP/1.0\r\n" HOST "\r\n", ROW_OK},
	{"1.2 is taken as 1.1", "GET / HTTP/1.2\r\n" HOST "\r\n", 0, STRICTER},
	{"1.9 without Host", "GET / HTTP/1.9\r\n\r\n", 400, NULL},
	{"2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505, LENIENT},
	{"0.9 said aloud", "GET / HTTP/0.9\r\n" HOST "\r\n", 505, LENIENT},
	{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL},
	{"no version", "GET /\r\n" HOST "\r\n", 400, LENIENT},
	{"version in small letters", "GET / http/1.1\r\n" HOST "\r\n", 400, NULL},
	{"version without a dot", "GET / HTTP/11\r\n" HOST "\r\n", 400, NULL},
	{"version of two digits", "GET / HTTP/1.10\r\n" HOST "\r\n", 400, NULL},
	{"another protocol", "GET / RTSP/1.0\r\n" HOST "\r\n", 400, LENIENT},
	{"no minor version", "GET / HTTP/1.\r\n" HOST "\r\n", 400, NULL},

	/* 3: request line */
	{"two spaces after the method", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"two spaces before the version", "GET /  HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"a tab after the method", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a space after the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400, NULL},
	{"no method", " / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"no target", "GET HTTP/1.1\r\n" HOST "\r\n", 400, NULL},

	/* 3.1, and RFC 9110 section 9.1: methods */
	{"HEAD", "HEAD / HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"POST", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", ROW_OK},
	{"PUT", "PUT / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", ROW_OK},
	{"DELETE", "DELETE / HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"PATCH", "PATCH / HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"a method of our own making", "BREW / HTTP/1.1\r\n" HOST "\r\n", 0, STRICTER},
	{"methods heed their case", "get / HTTP/1.1\r\n" HOST "\r\n", 0, STRICTER},
	{"a method with every odd token character", "!#$%&'*+-.^_`|~9 / HTTP/1.1\r\n" HOST "\r\n", 0, STRICTER},
	{"a method with a bracket", "GE(T / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a method with a colon", "GET: / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a method of 32 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" HOST "\r\n", 0, STRICTER},
	{"a method of 33 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" HOST "\r\n", 501, NULL},

	/* 3.2: target */
	{"a path", "GET /a/b.html HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"a query", "GET /a?b=c&d=[e]{f}|g\"h HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"a question mark in the query", "GET /a?b?c HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"two slashes", "GET //a HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"a fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"a fragment after a query", "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"a byte above 127", "GET /\xc3\xbc HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a control character", "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"DEL", "GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a tab in the target", "GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"a path without a slash", "GET a HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"absolute form", "GET http://b.example:8080/a?c HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"absolute form in capitals", "GET HTTP://B/ HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"absolute form without path", "GET http://b HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"absolute form with a query only", "GET http://b?c HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"absolute form without host", "GET http:///a HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"absolute form with user information", "GET http://u@b/ HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"absolute form of another scheme", "GET ftp://b/ HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"absolute form still needs Host", "GET http://b/ HTTP/1.1\r\n\r\n", 400, LENIENT},
	{"asterisk form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"asterisk form is for OPTIONS", "GET * HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"asterisk and more", "OPTIONS *a HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"authority form", "CONNECT b.example:443 HTTP/1.1\r\n" HOST "\r\n", ROW_OK},
	{"authority form without port", "CONNECT b.example HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"CONNECT with a path", "CONNECT /a HTTP/1.1\r\n" HOST "\r\n", 400, LENIENT},
	{"authority form is for CONNECT", "GET b.example:443 HTTP/1.1\r\n" HOST "\r\n", 400, NULL},

	/* 3.2, and RFC 9110 section 7.2: Host */
	{"no Host in 1.1", "GET / HTTP/1.1\r\n\r\n", 400, LENIENT},
	{"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, LENIENT},
	{"two Hosts in 1.0", "GET / HTTP/1.0\r\n" HOST "host: a\r\n\r\n", 400, LENIENT},
	{"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ROW_OK},
	{"Host with a port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", ROW_OK},
	{"Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", ROW_OK},
	{"Host of IPv4", "GET / HTTP/1.1\r\nHost: 198.18.0.1:80\r\n\r\n", ROW_OK},
	{"Host of IPv6", "GET / HTTP/1.1\r\nHost: [2001:2::1]:80\r\n\r\n", ROW_OK},
	{"Host of IPv6 without port", "GET / HTTP/1.1\r\nHost: [2001:2::1]\r\n\r\n", ROW_OK},
	{"Host of IPv6 without brackets", "GET / HTTP/1.1\r\nHost: 2001:2::1\r\n\r\n", 400, LENIENT},
	{"Host with half a bracket", "GET / HTTP/1.1\r\nHost: [2001:2::1\r\n\r\n", 400, LENIENT},
	{"Host with empty brackets", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400, LENIENT},
	{"Host with text after the bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400, LENIENT},
	{"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400, LENIENT},
	{"Host with a port that is none", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, LENIENT},
	{"Host of a port only", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400, LENIENT},
	{"a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, LENIENT},
	{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, LENIENT},
	{"Host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, LENIENT},
	{"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, LENIENT},
	{"Host with a byte above 127", "GET / HTTP/1.1\r\nHost: \xc3\xbc\r\n\r\n", 400, LENIENT},

	/* 5: field syntax */
	{"white space around a value", GET("A: \t b \t \r\n"), ROW_OK},
	{"no white space before a value", GET("A:b\r\n"), ROW_OK},
	{"an empty value", GET("A:\r\n"), ROW_OK},
	{"a value of white space", GET("A: \t \r\n"), ROW_OK},
	{"bytes above 127 in a value", GET("A: \xc3\xbc\xff\r\n"), ROW_OK},
	{"a tab in a value", GET("A: b\tc\r\n"), ROW_OK},
	{"colons in a value", GET("A: b:c::\r\n"), ROW_OK},
	{"a control character in a value", GET("A: \x01\r\n"), 400, NULL},
	{"DEL in a value", GET("A: \x7f\r\n"), 400, NULL},
	{"a space before the colon", GET("A : b\r\n"), 400, NULL},
	{"a tab before the colon", GET("A\t: b\r\n"), 400, NULL},
	{"no colon", GET("A\r\n"), 400, NULL},
	{"no name", GET(": b\r\n"), 400, LENIENT},
	{"a name with a space", GET("A b: c\r\n"), 400, NULL},
	{"a name with a bracket", GET("A(: b\r\n"), 400, NULL},
	{"a name above 127", GET("\xc3\xbc: b\r\n"), 400, NULL},
	{"a name with every odd token character", GET("!#$%&'*+-.^_`|~9: b\r\n"), ROW_OK},
	{"a fold with a space", GET("A: b\r\n c\r\n"), 400, LENIENT},
	{"a fold with a tab", GET("A: b\r\n\tc\r\n"), 400, LENIENT},
	{"a fold that hides a field", "GET / HTTP/1.1\r\nA: b\r\n Host: a\r\n\r\n", 400, LENIENT},

	/* 6.1: Transfer-Encoding */
	{"chunked", GET("Transfer-Encoding: chunked\r\n"), ROW_OK},
	{"chunked in capitals", GET("TRANSFER-ENCODING: CHUNKED\r\n"), ROW_OK},
	{"another coding, then chunked", GET("Transfer-Encoding: gzip, chunked\r\n"), 501, LENIENT},
	{"the same in two fields", GET("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 501, LENIENT},
	{"chunked, then another coding", GET("Transfer-Encoding: chunked, gzip\r\n"), 400, NULL},
	{"the same in two fields, chunked first", GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), 400,
	 NULL},
	{"chunked twice", GET("Transfer-Encoding: chunked, chunked\r\n"), 400, NULL},
	{"chunked in two fields", GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, NULL},
	{"another coding only", GET("Transfer-Encoding: gzip\r\n"), 400, NULL},
	{"identity", GET("Transfer-Encoding: identity\r\n"), 400, NULL},
	{"something like chunked", GET("Transfer-Encoding: xchunked\r\n"), 400, NULL},
	{"something else like chunked", GET("Transfer-Encoding: chunked-x\r\n"), 400, NULL},
	{"chunked with a parameter", GET("Transfer-Encoding: chunked;a=b\r\n"), 400, NULL},
	{"chunked in quotes", GET("Transfer-Encoding: \"chunked\"\r\n"), 400, NULL},
	{"an empty Transfer-Encoding", GET("Transfer-Encoding:\r\n"), 400, LENIENT},
	{"an empty element", GET("Transfer-Encoding: , chunked\r\n"), 400, LENIENT},
	{"vertical tab before chunked", GET("Transfer-Encoding: \vchunked\r\n"), 400, NULL},
	{"Transfer-Encoding in 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, LENIENT},
	{"a space before the colon of it", GET("Transfer-Encoding : chunked\r\n"), 400, NULL},

	/* 6.2, 6.3, and RFC 9110 section 8.6: Content-Length */
	{"a length", GET("Content-Length: 5\r\n"), ROW_OK},
	{"leading zeros", GET("Content-Length: 0005\r\n"), ROW_OK},
	{"no number", GET("Content-Length:\r\n"), 400, NULL},
	{"a sign", GET("Content-Length: +5\r\n"), 400, NULL},
	{"a negative length", GET("Content-Length: -5\r\n"), 400, NULL},
	{"a length in hexadecimal", GET("Content-Length: 0x5\r\n"), 400, NULL},
	{"a length with a fraction", GET("Content-Length: 5.0\r\n"), 400, NULL},
	{"a length with a space in it", GET("Content-Length: 5 5\r\n"), 400, NULL},
	{"a list of equal lengths", GET("Content-Length: 5, 5\r\n"), 400, NULL},
	{"two equal lengths", GET("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, NULL},
	{"two lengths", GET("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, NULL},
	{"length and Transfer-Encoding", GET("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, NULL},
	{"Transfer-Encoding and length", GET("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400, NULL},

	/* 7.8, 9: connections */
	{"Upgrade is not heeded", GET("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n"),
	 ROW_OK},
	{"close", GET("Connection: close\r\n"), ROW_OK},
	{"keep-alive", GET("Connection: keep-alive\r\n"), ROW_OK},
	{"an expectation", GET("Expect: 100-continue\r\n"), ROW_OK},
	{"another expectation: the answer's business", GET("Expect: 200-ok\r\n"), ROW_OK},
};

const uint32_t http_corpus_count = sizeof(http_corpus) / sizeof(http_corpus[0]);
