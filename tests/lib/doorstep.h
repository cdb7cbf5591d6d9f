/* A municipality, and a site with its ticket that has not asked to join yet. */
#ifndef STAFET_TESTS_DOORSTEP_H
#define STAFET_TESTS_DOORSTEP_H

#include "federation.h"

struct doorstep {
    struct federation f;
    struct site *town, *site;
    struct buffer text; /* of the ticket */
    struct arena arena; /* what the ticket and the request lie in */
    struct ticket ticket;
    struct join_request request;
    struct roster_tip tip; /* as the JOIN was answered */
};

/* The two, without a ticket. */
void doorstep_open(struct doorstep *);
/* The town invites the site, as Birk the kindergarten, and the site takes the ticket in. */
void doorstep_invite(struct doorstep *);
/* Both of these. */
void doorstep_begin(struct doorstep *);
/* Asks, is admitted, and learns the roster. */
void doorstep_join(struct doorstep *);
void doorstep_end(struct doorstep *);

#endif
