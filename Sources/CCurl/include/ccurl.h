/// libcurl for Swift: setopt and getinfo are variadic, which Swift cannot call.
#pragma once
#include <curl/curl.h>
