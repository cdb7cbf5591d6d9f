-- Records as merged from accepted envelopes, answers, and what this node keeps to itself.
--
-- A row key is an integer that orders by feed (its row), sequence number and index within the envelope:
-- feed << 45 | seq << 18 | index (row_key.h). Bulk arrives in that order, so rows are appended, never scattered.

-- Every accepted version, replaced ones too. A record is the versions with its id, channel and collection: it has no row of its
-- own. Those of sensitive collections are sealed with the node's rest key: actor and value in one (`sealed`, and then no `value`).
-- A row costs two insertions, into the table in the order of arrival and into the index in the order of the records' ids, which
-- begin with their time; so it has no constraints that would be looked up or computed for each.
CREATE TABLE version (
    key INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    channel INTEGER NOT NULL, -- row in table channel
    collection INTEGER NOT NULL,
    field INTEGER NOT NULL,
    live INTEGER NOT NULL, -- 0 or 1
    id8 BLOB NOT NULL,
    clock INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    replaces BLOB, -- names of 48 bytes: feed, seq, id8
    actor_name TEXT,
    actor_function TEXT,
    value BLOB,
    sealed BLOB
) STRICT;
CREATE INDEX version_of_record ON version (record, channel, collection, live, field);

-- Names of versions that an accepted version replaced and that have not been accepted themselves yet. Mostly empty.
CREATE TABLE awaited (
    record BLOB NOT NULL CHECK (length(record) = 16),
    channel INTEGER NOT NULL REFERENCES channel (row),
    collection INTEGER NOT NULL,
    field INTEGER NOT NULL,
    name BLOB NOT NULL CHECK (length(name) = 48),
    PRIMARY KEY (record, channel, collection, field, name)
) STRICT, WITHOUT ROWID;

-- Fields with two or more live versions, where a conflict can be.
CREATE TABLE contested (
    record BLOB NOT NULL CHECK (length(record) = 16),
    channel INTEGER NOT NULL REFERENCES channel (row),
    collection INTEGER NOT NULL,
    field INTEGER NOT NULL,
    PRIMARY KEY (record, channel, collection, field)
) STRICT, WITHOUT ROWID;

-- Survey answers: where each part of an import stands. The answers themselves stay in the sealed section that brought them.
CREATE TABLE answer_part (
    key INTEGER PRIMARY KEY, -- its index counts the change sets of the envelope
    id8 BLOB NOT NULL CHECK (length(id8) = 8),
    survey BLOB NOT NULL CHECK (length(survey) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    stored INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_part_of_survey ON answer_part (survey);

-- What this site has imported: marks and counts, never content.
CREATE TABLE import (
    survey BLOB NOT NULL CHECK (length(survey) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    answers INTEGER NOT NULL,
    at INTEGER NOT NULL,
    feed BLOB NOT NULL CHECK (length(feed) = 32),
    seq INTEGER NOT NULL,
    id8 BLOB NOT NULL CHECK (length(id8) = 8),
    PRIMARY KEY (survey, mark)
) STRICT, WITHOUT ROWID;

-- Typed but not sent, and notes about a record; sealed with the node's rest key.
CREATE TABLE local (
    record BLOB NOT NULL CHECK (length(record) = 16),
    key TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (record, key)
) STRICT, WITHOUT ROWID;

-- The collections that are not sensitive, for whoever reads a stopped node's database with sqlite3: view.c writes these from
-- the declared fields, and a test compares. A field with several live versions shows the latest, one that is
-- written once the first.
CREATE VIEW survey AS
SELECT lower(hex(r.record)) AS record,
    (SELECT CAST(v.value AS TEXT) FROM version v JOIN feed f ON f.row = v.key >> 45
     WHERE v.record = r.record AND v.channel = r.channel AND v.collection = 1 AND v.live = 1 AND v.field = 1
     ORDER BY v.clock < 0, v.clock, f.id, v.key LIMIT 1) AS title,
    (SELECT CAST(v.value AS TEXT) FROM version v JOIN feed f ON f.row = v.key >> 45
     WHERE v.record = r.record AND v.channel = r.channel AND v.collection = 1 AND v.live = 1 AND v.field = 2
     ORDER BY v.clock < 0, v.clock, f.id, v.key LIMIT 1) AS questionnaire,
    (SELECT CAST(v.value AS TEXT) FROM version v JOIN feed f ON f.row = v.key >> 45
     WHERE v.record = r.record AND v.channel = r.channel AND v.collection = 1 AND v.live = 1 AND v.field = 3
     ORDER BY v.clock < 0, v.clock, f.id, v.key LIMIT 1) AS closes_on,
    (SELECT CAST(v.value AS TEXT) FROM version v JOIN feed f ON f.row = v.key >> 45
     WHERE v.record = r.record AND v.channel = r.channel AND v.collection = 1 AND v.live = 1 AND v.field = 4
     ORDER BY v.clock < 0, v.clock, f.id, v.key LIMIT 1) AS closed
FROM (SELECT DISTINCT record, channel FROM version WHERE collection = 1) r;
