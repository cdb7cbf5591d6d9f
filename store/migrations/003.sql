-- The token that HOME/generation holds too (generation.h): if it holds another, this is not the database that was last open there.
CREATE TABLE generation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    token BLOB NOT NULL
) STRICT;

-- What the quarantine keeps is counted for each source.
CREATE INDEX quarantine_of_source ON quarantine (source, kind, number);
