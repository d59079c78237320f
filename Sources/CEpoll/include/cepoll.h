/// Linux's epoll and eventfd, which Swift's Glibc module does not show.
///
/// It includes no header of the system, since the types of those would then count as this module's.
#pragma once
#include <stdint.h>

enum { CEPOLL_ADD = 1, CEPOLL_DELETE = 2, CEPOLL_CHANGE = 3 };
enum { CEPOLL_READABLE = 1, CEPOLL_WRITABLE = 2, CEPOLL_FAILED = 4, CEPOLL_EDGE = 8 };

/// An epoll descriptor, closed on exec; -1 and errno when there is none.
int cepoll_create(void);
/// An eventfd, non-blocking and closed on exec; -1 and errno when there is none.
int cepoll_signal(void);
/// Adds, changes or deletes a descriptor; 0, or -1 and errno.
int cepoll_control(int epoll, int operation, int descriptor, int interest);
/// Waits up to `milliseconds` (-1: for ever) and fills in what is ready, at most `capacity` (256 at most) of them.
int cepoll_wait(int epoll, int *descriptors, int *readiness, int capacity, int milliseconds);
/// accept4 with a non-blocking descriptor that is closed on exec. `address` is a sockaddr of `*length` bytes.
int cepoll_accept(int listener, void *address, uint32_t *length);
