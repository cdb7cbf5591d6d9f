/* The links between the machines' nodes, and what is under way on them: net.c shows each node its
 * end. A link delivers whole frames in order and loses none but with itself; it may stall and go
 * on, and one end may be gone long before the other hears of it. */
#ifndef STAFET_SIM_WIRES_H
#define STAFET_SIM_WIRES_H

#include "world.h"

struct item {
    time_ms at;
    struct bytes frame; /* owned; empty: the end */
    bool stalled;
};
struct end {
    unsigned machine;
    struct net *net; /* NULL: gone */
    uint32_t link;
    bool open;      /* as far as this end knows */
    bool announced; /* the node has been told of it */
    bool silent;    /* gone without a word */
    bool left;      /* the node has closed it: it hears nothing more */
    size_t mails;   /* about it, not read yet */
    struct item *coming;
    size_t coming_n, coming_capacity, coming_bytes;
    time_ms last_at;
    time_ms beat_at; /* when it gives up; NEVER while the far end answers */
};
struct wire {
    struct end ends[2]; /* the dialler's first */
    struct member_id dialled;
    struct transport_public client, server;
};
struct dial {
    struct net *net; /* NULL: forgotten */
    time_ms at;
    struct member_id member;
    unsigned target; /* MACHINES_MAX: nobody */
    struct transport_public client, server;
    bool waits; /* for a time-out */
};
struct wires {
    struct world *world;
    struct wire **list;
    size_t n, capacity;
    struct dial *dials;
    size_t dials_n, dials_capacity;
    uint32_t links;
};

enum mail_kind { MAIL_UP, MAIL_FRAME, MAIL_LOST, MAIL_FAILED };
struct mail {
    enum mail_kind kind;
    uint32_t link;
    struct bytes frame; /* owned */
    struct member_id member;
    enum err reason;
};
struct net {
    struct net_config config;
    struct machine *machine;
    struct wires *wires;
    struct mail *inbox;
    size_t inbox_at, inbox_n, inbox_capacity;
};

/* The link that has this number at one of its ends, and which; NULL: none. */
struct wire *wire_find(const struct wires *, uint32_t link, int *ret_end);
/* Puts a copy of the frame on its way to that end; an empty one ends the link there. */
void wire_send(struct wires *, struct wire *, int to, struct bytes frame);
/* An end hears that it is over. */
void wire_lose(struct wire *, int end, enum err reason);
/* The node's network is no more: each far end hears of it, or nothing. */
void wires_leave(struct wires *, const struct net *, bool silent);
/* The caller's own. */
struct bytes frame_copy(struct bytes);

#endif
