-- Of one feed several branches may part at one number and come from one member: each is kept, so the pieces of a fork are not told
-- apart by these columns. For what was refused and for incidents quarantine_put keeps them unique.
DROP INDEX quarantine_same;
CREATE INDEX quarantine_same ON quarantine (kind, feed, seq, source, reason);
