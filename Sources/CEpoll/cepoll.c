#define _GNU_SOURCE
#include "cepoll.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cepoll_signal(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int cepoll_control(int epoll, int operation, int descriptor, int interest) {
    struct epoll_event event = {0};
    event.data.fd = descriptor;
    if (interest & CEPOLL_READABLE) event.events |= EPOLLIN;
    if (interest & CEPOLL_WRITABLE) event.events |= EPOLLOUT;
    if (interest & CEPOLL_EDGE) event.events |= EPOLLET;
    int action = operation == CEPOLL_ADD ? EPOLL_CTL_ADD : operation == CEPOLL_DELETE ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    return epoll_ctl(epoll, action, descriptor, &event);
}

int cepoll_wait(int epoll, int *descriptors, int *readiness, int capacity, int milliseconds) {
    struct epoll_event events[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(epoll, events, capacity, milliseconds);
    for (int i = 0; i < count; i++) {
        descriptors[i] = events[i].data.fd;
        readiness[i] = (events[i].events & EPOLLIN ? CEPOLL_READABLE : 0)
            | (events[i].events & EPOLLOUT ? CEPOLL_WRITABLE : 0)
            | (events[i].events & (EPOLLERR | EPOLLHUP) ? CEPOLL_FAILED : 0);
    }
    return count;
}

int cepoll_accept(int listener, void *address, uint32_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
