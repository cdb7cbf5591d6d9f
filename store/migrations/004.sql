-- Actor and value of a sensitive version are read in the sealed section that brought it (set_reader.h); until now they stood here a
-- second time, sealed with the node's rest key. Without a value: look there.
ALTER TABLE version DROP COLUMN sealed;
