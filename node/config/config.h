/* HOME/config: what a site's administrator sets about this machine, as opposed to what the
 * federation agreed. An INI file without sections:
 *
 *     listen = tcp://0.0.0.0:7450         where this node can be dialled; '*' for any address;
 * absent: it only dials out advertise = tcp://nordby.example:7450   what others are told; absent:
 * the address listened on
 *
 * A name that is not known is an error with file and line, since a mistyped setting that is passed
 * over in silence is worse. */
#ifndef STAFET_NODE_CONFIG_H
#define STAFET_NODE_CONFIG_H

#include "proto/language.h"
#include "proto/limits.h"

struct config {
    char listen[ENDPOINT_SIZE_MAX + 1];    /* "" when not set */
    char advertise[ENDPOINT_SIZE_MAX + 1]; /* "" when not set */
};

/* Reads HOME/config; a home without one has an empty config. ERR_ARGUMENT: `ret_why`, whose language is set,
 * says "FILE:LINE: what is wrong". ERR_IO. */
MUST_USE enum err config_load(const char *home, struct failure *ret_why,
                              struct config *ret_config);

/* Sets `listen` and `advertise` in HOME/config and leaves the other lines, comments too, as they
 * are; NULL leaves that one, "" removes it. Written durably: the file is whole before and after.
 * ERR_ARGUMENT: not of the form tcp://HOST:PORT; ERR_IO, ERR_DISK_FULL. */
MUST_USE enum err config_write_listen(const char *home, const char *listen, const char *advertise);

/* "tcp://HOST:PORT" with HOST a name, an IPv4 address, an IPv6 address in brackets or '*'; port 0
 * means any free one. Only for binding: what others are told, and what is ever dialled, is checked
 * by text_is_endpoint. */
MUST_USE enum err config_check_listen(const char *listen);

#endif
