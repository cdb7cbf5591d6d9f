-- Signed headers that follow `first` and `second`, up to one whose signature covers them: a signature in the middle of a
-- branch may be none. NULL: their own are good.
ALTER TABLE fork ADD COLUMN first_on BLOB;
ALTER TABLE fork ADD COLUMN second_on BLOB;
