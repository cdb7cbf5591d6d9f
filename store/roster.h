/* The roster: who is a member. There is one roster feed, for ever: unlike other feeds it has no second incarnation, so after a
 * restart its tip must be confirmed (feed_reported) before it is written again, unless there is no other member yet and it is no copy (ERR_STATE).
 * A member's keys and role never change: an entry that changes them is void. Kept from the municipality's roster feed; entries of every counter are kept, since rights
 * are judged at the roster tip that a header names. Founding, tickets and joining. */
#ifndef STAFET_STORE_ROSTER_H
#define STAFET_STORE_ROSTER_H

#include "proto/declaration.h"
#include "proto/ticket.h"
#include "store.h"

struct roster_tip {
    struct feed_id feed; /* zero until there is one */
    uint64_t seq;
    struct id8 id8;
};
MUST_USE enum err roster_tip(struct store *, struct roster_tip *ret_tip);

/* A member as of roster entry `at_seq` (UINT64_MAX: now). Strings live in the arena. ERR_NOT_FOUND. */
MUST_USE enum err roster_member(struct store *, const struct member_id *, uint64_t at_seq, struct arena *,
                                struct roster_entry *ret_entry);
/* The active member with this transport key, for ZAP. ERR_NOT_FOUND. */
MUST_USE enum err roster_by_transport(struct store *, const struct transport_public *, struct member_id *ret_member);

typedef enum err roster_visit(void *context, const struct roster_entry *);
/* Present entries, in order of role, then name. */
MUST_USE enum err roster_each(struct store *, roster_visit *, void *context);

/* Founds a federation: this node is its municipality. Writes entry 1 of the roster feed (birth, founding, own entry), the
 * epoch of the answers channel, and remembers who it is, in one transaction. ERR_EXISTS: this home is a member already. */
MUST_USE enum err roster_found(struct store *, const char *name, const struct root_keys *,
                               const char *const *endpoints, size_t endpoints_n,
                               struct federation_id *ret_federation);
MUST_USE enum err roster_federation_name(struct store *, struct arena *, const char **ret_name);

/* Municipality: a new ticket, kept as its public key; `ret_ticket` as text. ERR_DENIED: not the municipality; ERR_EXISTS:
 * an active member or an open ticket has that name. */
MUST_USE enum err roster_invite(struct store *, const char *name, enum role, time_ms expires,
                                struct buffer *ret_ticket);
/* Voids the open ticket of that very name: whoever joins with it from then on gets ERR_TICKET_EXPIRED. ERR_DENIED; ERR_NOT_FOUND: there is no open
 * one, since it was used or has expired. */
MUST_USE enum err roster_uninvite(struct store *, const char *name);
struct invitation {
    struct transport_public ticket;
    struct member_id member;
    enum role role;
    const char *name;
    time_ms expires; /* 0: withdrawn */
    bool used;
};
typedef enum err invitation_visit(void *context, const struct invitation *);
MUST_USE enum err roster_invitations(struct store *, invitation_visit *, void *context);
/* Is this the key of a ticket that has been issued here? Used ones too, and for so long after they expired or were withdrawn, so
 * that whoever comes gets a clear answer. And one that a member came with, where a database that was put back knows no ticket of
 * it: nor then does it know when that expired. For ZAP. */
enum { TICKET_TOLD_DAYS = 30 };
#define TICKET_TOLD_MS ((time_ms)TICKET_TOLD_DAYS * 24 * 60 * 60 * 1000)
MUST_USE enum err roster_is_ticket(struct store *, const struct transport_public *, bool *ret_known);
/* Admits the joiner, or finds that it was admitted with the same keys. `proved` is the key that CURVE proved.
 * ERR_TICKET_UNKNOWN, ERR_TICKET_USED, ERR_TICKET_EXPIRED, ERR_DENIED. */
MUST_USE enum err roster_join(struct store *, const struct transport_public *proved,
                              const struct join_request *, struct roster_tip *ret_tip);

/* Municipality: `member` is to be dialled at these endpoints from now on, none: it only dials out. Writes its entry anew if
 * that says otherwise. Whoever calls it for another has the member's own word. ERR_DENIED: not the municipality, or no active member;
 * ERR_QUOTA: a site has changed too much today; ERR_STATE: the roster can't be written yet; ERR_NOT_FOUND, ERR_ARGUMENT. */
MUST_USE enum err roster_address(struct store *, const struct member_id *, const char *const *endpoints, size_t endpoints_n,
                                 bool *ret_changed);

/* Does the entry name just these endpoints, in this order? */
bool roster_entry_dials(const struct roster_entry *, const char *const *endpoints, size_t endpoints_n);

/* After a restart the roster is continued only when a member has reported its tip since, or a person has said that nobody has more;
 * after a restore only by a person's word: members whom the copy doesn't name may have more, and can't say so. How it stands, and
 * what each member has last said of its tip. */
struct roster_standing {
    struct roster_tip tip;
    bool confirmed, forked;
    bool restored;    /* a copy, or something of it has come back: a person's word is needed */
    uint64_t proved;  /* this node itself has signed that it held so many entries, more than are here; 0: no such proof */
    bool awaited;     /* a member claims more and may still deliver it */
    size_t others_n, confirmed_n; /* other active members; those that have reported this very tip since the start */
};
MUST_USE enum err roster_standing(struct store *, struct roster_standing *ret_standing);
enum roster_word { ROSTER_UNHEARD = 1, ROSTER_SAME, ROSTER_LESS, ROSTER_MORE, ROSTER_OTHER /* another entry under that number */ };
struct roster_said {
    struct member_id member;
    const char *name;
    enum roster_word word;
    uint64_t seq;
    bool since_start; /* said since the store was opened; else an older statement of its */
    time_ms at;       /* when its last statement arrived; 0: none */
};
typedef enum err roster_said_visit(void *context, const struct roster_said *);
/* Every other active member, in order of role, then name. */
MUST_USE enum err roster_said_each(struct store *, roster_said_visit *, void *context);
/* A person's word that the roster goes on from the tip that is here; kept as an incident with who and why. ERR_DENIED: not the municipality;
 * ERR_STATE: it needs no word; ERR_FORK; ERR_STALE: this node's own word proves that there is more; ERR_BUSY: more may be
 * on its way, ask again in a minute. */
MUST_USE enum err roster_confirm(struct store *, const char *who, const char *why);

/* The whole roster feed as bytes, for carrying it by hand to a municipality that has lost it and lets nobody in; and back. `*ret_new`
 * entries were not here. Errors as of admit_run; ERR_NOT_FOUND: there is no roster here. */
MUST_USE enum err roster_export(struct store *, struct buffer *out);
MUST_USE enum err roster_import(struct store *, struct bytes, size_t *ret_new);

/* The joiner's side: remembers the ticket (so that an interrupted join goes on with the same keys), and, once the roster
 * has arrived and been checked against it, who this node is. Once part of a roster is here, another ticket has to be of the
 * same federation: ERR_STATE. */
MUST_USE enum err roster_join_begin(struct store *, const char *ticket_text, const char *const *endpoints,
                                    size_t endpoints_n);
/* The ticket of a join under way: ERR_NOT_FOUND when there is none. */
MUST_USE enum err roster_join_pending(struct store *, struct arena *, struct ticket *ret_ticket,
                                      struct join_request *ret_request);
/* Called after the JOINED answer: from now on the municipality's roster feed is admitted. The checks of PROTOCOL.md,
 * "Tickets and joining", are made as it arrives; store_self answers from then. */
MUST_USE enum err roster_join_answered(struct store *);

#endif
