/// libcurl for Swift: setopt and getinfo are variadic, which Swift cannot call; each shape they are used in is a plain
/// function here. Results are libcurl's own codes.
#pragma once
#include <curl/curl.h>

typedef size_t (*ccurl_receive)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_progress)(
    void *context, curl_off_t to_receive, curl_off_t received, curl_off_t to_send, curl_off_t sent);

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value);
/// libcurl copies the text.
CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value);
/// libcurl keeps the pointer.
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value);
/// All three get the same context: one call a header line, many a body, and the progress a few times a second.
CURLcode ccurl_set_callbacks(
    CURL *easy, ccurl_receive header, ccurl_receive body, ccurl_progress progress, void *context);

CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value);
/// The text belongs to libcurl.
CURLcode ccurl_get_text(CURL *easy, CURLINFO info, const char **value);
/// The socket of a connection made with CURLOPT_CONNECT_ONLY, or CURL_SOCKET_BAD.
curl_socket_t ccurl_active_socket(CURL *easy);

/// How the only transfer of a multi handle ended: 1 and its code, or 0 when it has not.
int ccurl_finished(CURLM *multi, CURLcode *code);
