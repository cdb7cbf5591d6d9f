-- The log half of the replica: what arrived and was written, who may, and what became of it.

-- This node, one row. `place` is the boot and disk on which own feeds were last confirmed, `disk` the disk alone; `dropped` counts
-- what the quarantine had no room for.
CREATE TABLE node (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    place BLOB NOT NULL,
    disk BLOB NOT NULL,
    dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE channel (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    party_a BLOB NOT NULL,
    party_b BLOB NOT NULL
) STRICT;

-- `clock` is the head's, `tip_max` the highest roster tip that an entry of it has named. Of an own feed: `confirmed` means that
-- it may be continued, `barred` that it never may again, since this database is a copy of the one it was written in (the
-- roster, which has one incarnation, may be again once all members agree), `closed` that the birth of a later one has closed it.
CREATE TABLE feed (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    channel INTEGER NOT NULL REFERENCES channel (row),
    author BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    head_seq INTEGER NOT NULL DEFAULT 0,
    head_id BLOB NOT NULL,
    clock INTEGER NOT NULL DEFAULT 0,
    tip_max INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    voided INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,
    barred INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0,
    forked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX feed_by_channel ON feed (channel, id);
CREATE INDEX feed_by_author ON feed (author, channel);

CREATE VIEW feed_full AS
SELECT f.row, f.id, f.author, f.incarnation, f.head_seq, f.head_id, f.clock, f.tip_max, f.waiting, f.voided, f.confirmed,
       f.closed, f.forked, c.row AS channel_row, c.id AS channel_id, c.kind, c.party_a, c.party_b,
       f.barred
FROM feed f JOIN channel c ON c.row = f.channel;

-- Every envelope, in one b-tree: key = feed row << 40 | number in the feed. `checked`: this node has verified the signature
-- itself, not only through the chain.
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    status INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX entry_waiting ON entry (reason, key) WHERE status = 2;
CREATE INDEX entry_void ON entry (key) WHERE status = 3;

-- Why a void entry is void, where there is more to say than its reason.
CREATE TABLE entry_note (
    key INTEGER PRIMARY KEY REFERENCES entry (key),
    text TEXT NOT NULL
) STRICT;

-- Two signed headers with one feed and number: a proof that stands by itself.
CREATE TABLE fork (
    feed BLOB NOT NULL,
    seq INTEGER NOT NULL,
    first BLOB NOT NULL,
    second BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;

-- One row once the founding record is known; `member` and `role` are this node's, empty while it is joining.
CREATE TABLE federation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    root_sign BLOB NOT NULL,
    root_seal BLOB NOT NULL,
    municipality BLOB NOT NULL,
    roster_feed INTEGER NOT NULL REFERENCES feed (row),
    roster_seq INTEGER NOT NULL,
    member BLOB,
    role INTEGER
) STRICT;

-- A member's states, one row for each roster entry that changed it: rights are judged at the tip that a header names.
CREATE TABLE roster (
    member BLOB NOT NULL,
    seq INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    status INTEGER NOT NULL,
    sign BLOB NOT NULL,
    seal BLOB NOT NULL,
    transport BLOB NOT NULL,
    endpoints TEXT NOT NULL, -- one a line
    ticket BLOB NOT NULL,
    PRIMARY KEY (member, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_by_transport ON roster (transport);
CREATE INDEX roster_by_sign ON roster (sign);

-- Who is a member now.
CREATE VIEW member AS
SELECT r.* FROM roster r WHERE r.seq = (SELECT max(seq) FROM roster WHERE member = r.member);

-- Tickets issued here; their secrets left with them.
CREATE TABLE ticket (
    key BLOB PRIMARY KEY,
    member BLOB NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- A join under way: the ticket's text holds a secret and goes when the join is complete.
CREATE TABLE joining (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    ticket TEXT NOT NULL,
    endpoints TEXT NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `complete`: every reader of the channel has a grant.
CREATE TABLE epoch (
    channel BLOB NOT NULL,
    key BLOB NOT NULL,
    number INTEGER NOT NULL,
    complete INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, key)
) STRICT, WITHOUT ROWID;

-- `member` is zero for the federation's recovery key.
CREATE TABLE epoch_grant (
    epoch BLOB NOT NULL,
    member BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (epoch, member, sealed)
) STRICT, WITHOUT ROWID;

-- The latest statement of each member about each channel, own ones too.
CREATE TABLE statement (
    member BLOB NOT NULL,
    channel BLOB NOT NULL,
    counter INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (member, channel)
) STRICT, WITHOUT ROWID;

-- Proof, signed by this node itself, that more of an own feed exists than is here (report.h); what others merely say is not kept.
CREATE TABLE own_report (
    feed BLOB PRIMARY KEY,
    seq INTEGER NOT NULL,
    id8 BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was refused, the other branch of a fork, and incidents. Void and waiting entries are shown from the log itself.
CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    feed BLOB NOT NULL,
    seq INTEGER NOT NULL,
    author BLOB NOT NULL,
    source BLOB NOT NULL,
    reason INTEGER NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX quarantine_same ON quarantine (kind, feed, seq, source, reason);
