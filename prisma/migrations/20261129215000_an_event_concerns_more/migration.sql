-- What an event concerns beside what its columns name: the experiments and containers of several steps that were told at once, an experiment that
-- did not exist yet, containers that a correction took from a step. Few events have it; null costs nothing.
ALTER TABLE event_log ADD COLUMN concerns uuid[];
-- Without a list of pending entries: whoever empties it would hold the lab lock meanwhile.
CREATE INDEX event_log_concerns_idx ON event_log USING gin (concerns) WITH (fastupdate = off) WHERE (concerns IS NOT NULL);
