-- A step takes less space and less time. Its table is written anew: some minutes for each ten million steps, in which nothing else can use it.

-- The functions that stored columns use are in PL/pgSQL now, for two reasons. PostgreSQL plans the expressions of stored columns again for each statement,
-- and parses a function in SQL each time: a third of the time that one step took. And they call no function of ours: `psql` restores a dump without
-- a search path, so it does not find such a function.

-- The match key of a step at a level (1 is the most specific): the first 64 bits of a hash of what steps must have in common there, because an index entry
-- holds 2,704 bytes at most. It is null if the step lacks what the level compares. The generated columns and the estimates both use this
-- function, so the two cannot disagree. Two kinds of steps of a lab get the same key with a probability of 1 to 10^10 even if there are 50,000 kinds.
--
-- This function is not in prisma/sql/: stored columns depend on it, so a change has to rewrite the table.
ALTER TABLE step DROP COLUMN key_1;
DROP FUNCTION step_key(integer, text, text, uuid, uuid, uuid, uuid, integer, uuid, integer, boolean, boolean, boolean);
ALTER FUNCTION step_short_key(integer, text, text, uuid, uuid, uuid, uuid, integer, uuid, integer, boolean, boolean, boolean) RENAME TO step_key;
CREATE OR REPLACE FUNCTION step_key(
  level integer, kind text, function_key text, device_id uuid, parameters uuid, protocol uuid,
  origin_device_id uuid, origin_position integer, destination_device_id uuid, destination_position integer,
  lidded_before boolean, lidded_after boolean, barcode_read boolean
) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN ('x' || left(md5(CASE kind
    WHEN 'operation' THEN CASE level
      WHEN 1 THEN 'parameters|' || function_key || '|' || device_id::text || '|' || parameters::text
      WHEN 2 THEN 'device_protocol|' || function_key || '|' || device_id::text || '|' || protocol::text
      WHEN 3 THEN 'protocol|' || function_key || '|' || protocol::text
      WHEN 4 THEN 'device_function|' || function_key || '|' || device_id::text
      WHEN 5 THEN 'function|' || function_key
    END
    WHEN 'move' THEN CASE level
      WHEN 1 THEN 'slots|' || device_id::text
        || '|' || origin_device_id::text || '|' || origin_position::text
        || '|' || destination_device_id::text || '|' || destination_position::text
        || '|' || coalesce(lidded_before::text, '?') || '|' || coalesce(lidded_after::text, '?')
        || '|' || coalesce(barcode_read::text, '?')
      WHEN 2 THEN 'pair_lid_barcode|' || origin_device_id::text || '|' || destination_device_id::text
        || '|' || lidded_before::text || '|' || lidded_after::text || '|' || barcode_read::text
      WHEN 3 THEN 'pair|' || origin_device_id::text || '|' || destination_device_id::text
      WHEN 4 THEN 'mover_destination|' || device_id::text || '|' || destination_device_id::text
    END
  END), 16))::bit(64)::bigint;
END $$;
ALTER TABLE step ADD COLUMN key_1 bigint GENERATED ALWAYS AS (step_key(1, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
  origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED;
CREATE INDEX step_key_1_idx ON step (key_1, finish) INCLUDE (sample_seconds) WHERE (is_sample AND key_1 IS NOT NULL);
CREATE INDEX step_key_4_idx ON step (key_4, finish) INCLUDE (sample_seconds, key_1) WHERE (is_sample AND key_4 IS NOT NULL);

-- What speaks against the times or the status of a step, as its warnings say; null if nothing does. Not in prisma/sql/ either,
-- for the same reason.
CREATE OR REPLACE FUNCTION step_doubt(warnings jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE
    WHEN warnings = '[]' THEN NULL
    WHEN warnings @? '$[*] ? (@.code == "clock-skew" || @.code == "clock-ahead" || @.code == "clock-behind" || @.code == "finish-before-start")' THEN 'clock'
    WHEN warnings @? '$[*] ? (@.code == "implausible-duration")' THEN 'implausible'
    WHEN warnings @? '$[*] ? (@.code == "unknown-status")' THEN 'unknown-status'
  END;
END $$;

-- Why a step is no sample for estimates; null if it is one. Of several reasons the first. What a person decided wins over what the
-- warnings say, but a step that was not completed, was simulated or stood all the time is never a sample. The inner CASE is that of step_doubt.
CREATE OR REPLACE FUNCTION step_exclusion(status text, finish timestamptz, is_simulation boolean, decision boolean, warnings jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE
    WHEN status <> 'completed' OR finish IS NULL THEN 'not-completed'
    WHEN is_simulation THEN 'simulation'
    WHEN warnings = '[]' THEN CASE WHEN decision THEN 'by-hand' END
    ELSE coalesce(
      CASE WHEN decision IS NOT FALSE THEN CASE
        WHEN warnings @? '$[*] ? (@.code == "clock-skew" || @.code == "clock-ahead" || @.code == "clock-behind" || @.code == "finish-before-start")' THEN 'clock'
        WHEN warnings @? '$[*] ? (@.code == "implausible-duration")' THEN 'implausible'
        WHEN warnings @? '$[*] ? (@.code == "unknown-status")' THEN 'unknown-status'
      END END,
      CASE WHEN warnings @> '[{"code": "paused-throughout"}]' THEN 'paused-throughout' END,
      CASE WHEN decision THEN 'by-hand' END)
  END;
END $$;

-- The ids of requests that the service makes come in the order of time, so what an index says of each sixteen pages is enough to find one: it is written
-- once for these pages, and not for each event. It has several ranges for each, because some ids of clients have another time. Ids of other versions have
-- no order, so they become text.
DROP INDEX event_log_request_uuid_idx;
UPDATE event_log SET request_id = request_uuid::text, request_uuid = NULL WHERE substring(request_uuid::text FROM 15 FOR 1) <> '7';
CREATE INDEX event_log_request_uuid_idx ON event_log USING brin (request_uuid uuid_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);
