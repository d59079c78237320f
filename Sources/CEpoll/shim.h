#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/* glibc declares it only under _GNU_SOURCE, which Swift's importer does not set. */
extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
