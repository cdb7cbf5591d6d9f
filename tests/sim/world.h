/* A federation's machines, the network between them and time, all simulated and all drawn from one
 * seed. What runs on each machine is the product: engine, store, service, and the files of node/
 * that join them (turn.c, effect.c, news.c, enrol.c, peers.c). Replaced are: the network (net.c
 * answers net/net.h), the disk (vfs.h), clocks and randomness, and the loop that waits (machine.c).
 *
 *   world.c    time, and what is due when
 *   wires.c    links: ordered, losing nothing but by ending; they may stall, lag or end unseen
 *   machine.c  a machine starts, turns, crashes, is restored or cloned
 *   fault.c    what goes wrong, drawn from the seed
 *   people.c   what people do
 *   ledger.c   what has been promised to them
 *   check.c    whether it was kept */
#ifndef STAFET_SIM_WORLD_H
#define STAFET_SIM_WORLD_H

#include "core.h"
#include "dice.h"
#include "disk.h"
#include "ledger.h"
#include "trace.h"

enum { MACHINES_MAX = 12, JOIN_TEXT_MAX = 4096 };
#define NEVER INT64_MAX
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* What a run may be made of; each run has its own mix. */
enum fault {
    FAULT_KILL,    /* the process dies */
    FAULT_POWER,   /* the machine does */
    FAULT_FUSE,    /* in the middle of something, by its disk's operations */
    FAULT_CUT,     /* nothing passes, both ways or one */
    FAULT_LAG,     /* slow, or in jumps */
    FAULT_FREEZE,  /* the process is stopped for a while */
    FAULT_DROP,    /* links end */
    FAULT_DISK,    /* fails now and then */
    FAULT_FULL,    /* is full for a while */
    FAULT_MEMORY,  /* an allocation fails */
    FAULT_CLOCK,   /* jumps, or drifts */
    FAULT_RESTORE, /* an old copy is put back */
    FAULT_CLONE,   /* a copy runs beside it */
    FAULT_LIE,     /* the disk says that it has synced */
    FAULT_ROT,     /* bits change */
    FAULT_RELAY,   /* the relay is malicious */
    FAULT_MEMBER,  /* a member is */
    FAULT_SWAP,    /* two machines start with each other's database */
    FAULT_EARLIER, /* a machine starts with a database of an earlier version of the program */
    FAULT_N
};
const char *fault_name(enum fault);

struct plan {
    uint64_t seed;
    unsigned machines; /* municipality and relay included */
    unsigned acts;     /* what people and faults do, in all */
    uint32_t faults;   /* 1 << FAULT_x */
    bool trace;
};

struct net;
struct world;

/* Of a database of an earlier form: which it was, and what has to be there once it is migrated. */
struct earlier {
    const struct disk *disk;
    uint64_t restores, rows;
    bool is_interrupted; /* a migration on this machine came to no end */
};

struct machine {
    struct world *world;
    unsigned number; /* also its disk's slot */
    char name[32];
    enum role role;
    bool reachable; /* others can dial it */
    struct home home;
    struct node_keys keys;
    struct disk *disk, *backup;
    struct ledger *backup_ledger;
    uint64_t boots;          /* what its place is made of */
    time_ms offset;          /* of its wall clock */
    int drift;               /* of a million */
    struct member_id member; /* zero until it has been invited */
    char ticket[TICKET_TEXT_MAX + 1];

    struct node *node; /* NULL: down */
    time_ms wake;      /* its next turn; NEVER */
    time_ms frozen_until;
    time_ms restart_at; /* while down; NEVER: stays down */
    unsigned busy;      /* turns without time passing */
    bool dying_by_power, rotten, malicious, cloned_from_other, retired, stranger;
    bool damaged;       /* its disk has rotted once: what it lost then is nobody's fault */
    bool forges;        /* its keys have been used to sign what no honest node would */
    bool signs_falsely; /* and not by a copy of its node alone */
    unsigned original;  /* of a clone: whose; else itself */
    struct machine *swapped_with; /* NULL: its disk is its own */
    time_ms swap_back_at;
    unsigned looks_like;               /* to its node, whose machine it is */
    time_ms backup_at;                 /* when the backup was made */
    uint64_t backup_boots;             /* and on which boot */
    unsigned writes, backup_writes;    /* acknowledged, in all and when the backup was made */
    unsigned open_failures;            /* for damage */
    unsigned unsound;                  /* times that it was found damaged while open */
    unsigned failures;                 /* to open, in a row, for any reason */
    unsigned joins;                    /* JOIN frames sent */
    unsigned admitted, credited;       /* runs, and CREDIT frames sent */
    size_t credit;                     /* that it gives to others; 0: as the product does */
    char database[32], generation[32]; /* paths */
    uint64_t restores;
    time_ms restored_at;
    time_ms alone_until; /* put back, without a network, and its people work */
    struct ledger *ledger;
    struct earlier earlier;
};

struct world {
    struct plan plan;
    struct dice dice;
    time_ms now;
    struct machine machines[MACHINES_MAX];
    unsigned machines_n;
    struct machine *current; /* on whose behalf the product runs now */
    struct wires *wires;
    struct people *people;
    bool cut[MACHINES_MAX][MACHINES_MAX]; /* from, to */
    time_ms mend_at[MACHINES_MAX][MACHINES_MAX];
    time_ms lag[MACHINES_MAX];  /* added to what goes to it */
    size_t speed[MACHINES_MAX]; /* bytes a ms; 0: any */
    bool quiet;                 /* no faults any more */
    uint64_t events, crashes, frames;
    size_t under_way_max;
    uint64_t allocations;    /* of the product, so far */
    int64_t allocation_fuse; /* negative: none fails */
};
extern struct world *the_world;

void world_init(struct world *, const struct plan *);
void world_done(struct world *);
/* Lets time pass until `until`, or `people` has something to do. */
void world_run(struct world *, time_ms until);
/* How many events, turns and calls there have been counts as `events`. */
void world_event(struct world *);
size_t roll(struct world *, size_t sides);
bool chance(struct world *, unsigned percent);
time_ms world_wall(const struct machine *);

/* wires.c */
struct wires *wires_new(struct world *);
void wires_free(struct wires *);
time_ms wires_next(const struct wires *); /* NEVER */
void wires_step(struct wires *);          /* does what is due now */
/* What is cut or mended now. */
void wires_cut(struct wires *, unsigned from, unsigned to, bool cut);
/* Ends a link between the two, if there is one. */
void wires_drop(struct wires *, unsigned a, unsigned b);
/* The machine is gone: by power, without a word to anybody. */
void wires_crashed(struct wires *, unsigned machine, bool silent);
size_t wires_under_way(const struct wires *, size_t *ret_most_of_one);
/* How many links the machine takes for open. */
size_t wires_of(const struct wires *, unsigned machine);
bool wires_are_clear(const struct wires *);
/* Puts a frame on each of the machine's links, as if its node had sent it. How many. */
unsigned wires_inject(struct wires *, struct machine *, struct bytes frame);

/* machine.c */
struct machine *machine_new(struct world *, const char *name, enum role, bool reachable);
void machine_done(struct machine *);
/* False: could not be opened; it will be tried again. */
bool machine_start(struct machine *);
void machine_stop(struct machine *);
void machine_turn(struct machine *);
/* Gone at once. `power`: with what was not synced. */
void machine_crash(struct machine *, bool power);
/* If its disk has died meanwhile, the machine goes too. */
bool machine_settle(struct machine *);
/* The node is gone, and nobody is told. */
void machine_drop(struct machine *);
/* The disk becomes the machine's; the one before is still the caller's. */
void machine_use(struct machine *, struct disk *);
bool machine_is_up(const struct machine *);
/* Calls a verb on its behalf; steps a job to its end unless it would wait. Takes `args`. The error,
 * ERR_CLOSED: the machine crashed meanwhile, so that nobody knows. */
enum err machine_call(struct machine *, const char *noun, const char *verb, json_t *args,
                      struct reply *ret_reply);

/* copies.c */
void machine_backup(struct machine *);
/* How an old copy is put back: on another disk; the database over the file that is there, after a
 * kill or an orderly stop; or all of the home so. */
enum restore { RESTORE_DISK, RESTORE_DATABASE, RESTORE_HOME, RESTORE_N };
/* The backup takes the place of what is there. False: there is none. */
bool machine_restore(struct machine *, enum restore);
/* Its database is of no use: the backup takes its place, or it begins with nothing. */
void machine_replace(struct machine *);
/* A copy that runs beside it; `unseen`: on what it takes for the same disk of the same boot. */
struct machine *machine_clone(struct machine *, bool unseen);
/* Each has the other's database from now on, or its own again. */
void machine_swap(struct machine *, struct machine *);

/* fault.c */
void fault_draw(struct world *);
void fault_happen(struct world *);
/* Nothing passes between the two for so long. */
void fault_cut(struct world *, unsigned a, unsigned b, time_ms ms);
void fault_mend(struct world *);
void fault_end_all(struct world *);
/* People give up what a lying disk has damaged. True: somebody has. */
bool fault_replace_damaged(struct world *);
void fault_forget(void);
/* A malicious machine sends a frame: changes it in place, and says how often it is sent. */
unsigned fault_disturb_frame(struct world *, struct machine *from, struct buffer *frame);

#endif
