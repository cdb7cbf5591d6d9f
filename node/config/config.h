/* HOME/config: what a site's administrator sets about this machine, as opposed to what the
 * federation agreed. An INI file without sections:
 *
 *     listen = tcp://0.0.0.0:7450             where this node can be dialled; '*' for any address;
 *                                             absent: it only dials out
 *     advertise = tcp://nordby.example:7450   what the roster shall say; once for each address;
 *                                             'none': no address. Absent: the address listened on,
 *                                             if it names a host
 *     municipality = tcp://192.0.2.9:7450     where the municipality is dialled before anywhere
 *                                             else: for a site that missed that it moved
 *
 * A name that is not known is an error with file and line, since a mistyped setting that is passed
 * over in silence is worse. */
#ifndef STAFET_NODE_CONFIG_H
#define STAFET_NODE_CONFIG_H

#include "proto/language.h"
#include "proto/limits.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config {
    char listen[ENDPOINT_SIZE_MAX + 1]; /* "" when not set */
    char advertise[ENDPOINTS_MAX][ENDPOINT_SIZE_MAX + 1];
    size_t advertise_n;
    bool advertise_none;
    char municipality[ENDPOINT_SIZE_MAX + 1]; /* "" when not set */
};

/* Reads HOME/config; a home without one has an empty config. ERR_ARGUMENT: `ret_why`, whose language is set,
 * says "FILE:LINE: what is wrong". ERR_IO. */
MUST_USE enum err config_load(const char *home, struct failure *ret_why,
                              struct config *ret_config);

/* What others shall be told by it; the texts are borrowed from it. False: it says nothing of that,
 * and what the roster says stays. True with none: this node has no address. */
bool config_endpoints(const struct config *, const char *ret_list[static ENDPOINTS_MAX],
                      size_t *ret_n);

#define CONFIG_LEAVE SIZE_MAX
/* Sets `listen` and `advertise` in HOME/config and leaves the other lines, comments too, as they
 * are. `listen`: NULL leaves it, "" removes it. `advertise_n`: CONFIG_LEAVE leaves them; 0 says
 * none. Written durably: the file is whole before and after. ERR_ARGUMENT: not of the form
 * tcp://HOST:PORT; ERR_LIMIT, ERR_IO, ERR_DISK_FULL. */
MUST_USE enum err config_write_listen(const char *home, const char *listen,
                                      const char *const *advertise, size_t advertise_n);

/* "tcp://HOST:PORT" with HOST a name, an IPv4 address, an IPv6 address in brackets or '*'; port 0
 * means any free one. Only for binding: what others are told, and what is ever dialled, is checked
 * by text_is_endpoint. */
MUST_USE enum err config_check_listen(const char *listen);
/* Can it be dialled as it stands? "Any address" and "any port" can be listened on only. */
bool config_can_be_dialled(const char *endpoint);

#endif
