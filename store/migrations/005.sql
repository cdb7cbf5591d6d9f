-- What of a feed has arrived from others, in bytes: an author's feeds together are held to a quota (limits.h).
ALTER TABLE feed ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE feed SET bytes = (SELECT coalesce(sum(length(e.bytes)), 0) FROM entry e
                         WHERE e.key >= feed.row << 40 AND e.key < (feed.row + 1) << 40);
