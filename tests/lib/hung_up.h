/* Whether the far end of a socket has hung up; what it has said before that is thrown away. */
#ifndef STAFET_TESTS_HUNG_UP_H
#define STAFET_TESTS_HUNG_UP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

static inline bool hung_up(int fd) {
    uint8_t data[4096];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, MSG_DONTWAIT)) > 0)
        ;
    return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

#endif
