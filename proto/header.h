/* The 144-byte header of an envelope: the only thing that is signed. PROTOCOL.md, "Header". */
#ifndef STAFET_PROTO_HEADER_H
#define STAFET_PROTO_HEADER_H

#include "bytes.h"
#include "id.h"
#include "key.h"

enum { HEADER_VERSION = 1, HEADER_SIZE = 144, SIGNATURE_SIZE = 64, SIGNED_HEADER_SIZE = 208 };
/* The schema this build writes and understands. */
enum { SCHEMA_CURRENT = 1 };

struct header {
    uint8_t flags;          /* none defined in version 1 */
    uint16_t schema;        /* of the sections' content */
    uint16_t sections_n;    /* 0 .. SECTIONS_MAX */
    struct feed_id feed;
    uint64_t seq;           /* from 1 */
    struct envelope_id prev; /* zero in entry 1 */
    uint64_t roster_seq;    /* the roster tip by which the author's rights are judged; 0: none yet */
    struct id8 roster_id8;
    uint64_t clock;         /* clock.h */
    struct hash body;       /* over seal block and section hashes */
    uint64_t seal_seq;      /* where the seal block in use stands: 0 none, seq itself: in this envelope */
};

void header_encode(const struct header *, uint8_t ret_bytes[static HEADER_SIZE]);
/* ERR_VERSION; ERR_LIMIT (sections_n); ERR_FORMAT: flags or reserved bytes set, schema 0, seq 0, a number or the clock
 * from 2^63, prev against seq, a roster id8 without number, seal_seq > seq or seq - seal_seq >= SEAL_REUSE_MAX. */
MUST_USE enum err header_decode(const uint8_t bytes[static HEADER_SIZE], struct header *ret_header);

struct envelope_id envelope_id_of(const uint8_t signed_header[static SIGNED_HEADER_SIZE]);

#endif
