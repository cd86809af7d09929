-- The schema. Rules of the physical world are constraints here, so that no bug, script or second program can break them.
-- Nothing that happened is deleted: devices and slots are retired, containers are removed, processes are archived.
--
-- The first part is the tables and what stored columns depend on. The second part, from the line "prisma/sql" on, is a copy
-- of the functions, views and triggers in prisma/sql/ at that time.

-- ── Lab ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- One row. Every command that changes the lab locks it, and advances its revision.
CREATE TABLE lab (
  id integer NOT NULL DEFAULT 1,
  revision bigint NOT NULL DEFAULT 0,
  -- the time of the latest event; events never go back in time, even if the clock does
  recorded_at timestamptz(3) NOT NULL DEFAULT '-infinity',
  -- identifies the event log: a restored backup gets another one, so readers of the log notice that it went back
  log_id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- json, not jsonb: the lab file comes back with its keys in the order in which it was written
  description json,
  pythonlab_translation json,
  extra json,
  CONSTRAINT lab_pkey PRIMARY KEY (id),
  CONSTRAINT lab_is_one_row CHECK (id = 1)
) WITH (fillfactor = 50);
INSERT INTO lab DEFAULT VALUES;

-- What the lab file says beyond the settings of devices, as the function write_lab_file takes it.
CREATE TYPE lab_input AS (description json, pythonlab_translation json, extra json, groups json);

-- ── Device ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE device_group (
  name text NOT NULL,
  -- the place in the lab file; null if the group is not in it
  ordinal integer,
  CONSTRAINT device_group_pkey PRIMARY KEY (name)
);
-- the group of devices that only a log named
INSERT INTO device_group (name) VALUES ('devices');

CREATE TABLE device (
  id uuid NOT NULL,
  name text NOT NULL,
  "group" text NOT NULL,
  ordinal integer NOT NULL DEFAULT 0,
  type text,
  description text,
  uri text,
  capacity integer NOT NULL DEFAULT 0,
  process_capacity integer,
  min_capacity integer,
  allows_overlap boolean,
  -- what is put there is off the platform
  disposes boolean NOT NULL DEFAULT false,
  -- the labware types that may stand there; null: any
  labware_types text[],
  max_height_mm double precision,
  extra json,
  server_certificate text,
  -- false: only a log named it
  listed boolean NOT NULL DEFAULT true,
  retired_at timestamptz(3),
  -- sha256 of the body that created it, so that a repeated create is recognised
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT device_pkey PRIMARY KEY (id),
  -- deferrable: write_slots_ahead adds devices before their groups
  CONSTRAINT device_group_fkey FOREIGN KEY ("group") REFERENCES device_group (name) ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE,
  CONSTRAINT device_capacity_range CHECK (capacity BETWEEN 0 AND 10000),
  CONSTRAINT device_process_capacity_not_negative CHECK (process_capacity >= 0),
  CONSTRAINT device_min_capacity_not_negative CHECK (min_capacity >= 0),
  CONSTRAINT device_max_height_positive CHECK (max_height_mm > 0)
);
CREATE UNIQUE INDEX device_name_active ON device (name) WHERE (retired_at IS NULL);
CREATE INDEX device_name_idx ON device (name);
CREATE INDEX device_group_idx ON device ("group");

-- A device as it is going to be, as the function write_devices takes it. `kind` is the kind of the event that says so.
CREATE TYPE device_input AS (
  id uuid, name text, "group" text, type text, description text, uri text,
  capacity integer, process_capacity integer, min_capacity integer, allows_overlap boolean,
  disposes boolean, labware_types text[], max_height_mm double precision, extra json,
  listed boolean, retired boolean, created_as text, kind text
);

-- What is set for a slot: null for `disposes`, `labware_types` and `max_height_mm` is as its device says.
CREATE TYPE slot_input AS (
  device_id uuid, position integer, deep_well_suited boolean, disposes boolean, labware_types text[], max_height_mm double precision
);

-- ── Position ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE position (
  id uuid NOT NULL,
  device_id uuid NOT NULL,
  slot_number integer NOT NULL,
  deep_well_suited boolean NOT NULL DEFAULT false,
  -- what is put there is off the platform: `disposes_set` is what was set for this slot, otherwise it is as its device says
  disposes boolean NOT NULL DEFAULT false,
  disposes_set boolean,
  -- null: as the device says
  labware_types text[],
  max_height_mm double precision,
  retired_at timestamptz(3),
  -- whether something can be in it
  active boolean GENERATED ALWAYS AS (retired_at IS NULL AND NOT disposes) STORED,
  -- how often something was placed there
  uses integer NOT NULL DEFAULT 0,
  CONSTRAINT position_pkey PRIMARY KEY (id),
  CONSTRAINT position_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT position_slot_not_negative CHECK (slot_number >= 0),
  CONSTRAINT position_max_height_positive CHECK (max_height_mm > 0),
  CONSTRAINT position_disposes_as_set CHECK (disposes_set IS NULL OR disposes = disposes_set),
  CONSTRAINT position_device_slot_key UNIQUE (device_id, slot_number),
  -- the target of a foreign key of placement: nothing can be in a retired slot, or in one that disposes
  CONSTRAINT position_id_active_key UNIQUE (id, active)
);

-- The few slots for which something is set, which the lab file has.
CREATE INDEX position_set_idx ON position (device_id, slot_number)
  WHERE deep_well_suited OR disposes_set IS NOT NULL OR labware_types IS NOT NULL OR max_height_mm IS NOT NULL;
-- The few slots that come back when their device grows or is restored. Without it, each lab file reads all slots of the devices that it writes.
CREATE INDEX position_retired_idx ON position (device_id, slot_number) WHERE retired_at IS NOT NULL;

-- ── Labware type ────────────────────────────────────────────────────────────────────────────────────────────────────

-- What is known of a type of labware. Containers refer to it by name, without a key: they may have types that nobody described.
CREATE TABLE labware_type (
  name text NOT NULL,
  -- the place in the lab file
  ordinal integer NOT NULL,
  description text,
  deep_well boolean NOT NULL DEFAULT false,
  height_mm double precision,
  wells integer,
  -- whether its containers have a lid
  lid text,
  extra json,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT labware_type_pkey PRIMARY KEY (name),
  CONSTRAINT labware_type_height_positive CHECK (height_mm > 0),
  CONSTRAINT labware_type_wells_positive CHECK (wells > 0),
  CONSTRAINT labware_type_lid_known CHECK (lid IN ('none', 'optional', 'always'))
);

-- A labware type as it is going to be, as the function write_labware_types takes it.
CREATE TYPE labware_type_input AS (
  name text, description text, deep_well boolean, height_mm double precision, wells integer, lid text, extra json
);

-- ── Container ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE container (
  id uuid NOT NULL,
  name text NOT NULL,
  barcode text,
  labware_type text,
  labware_uuid uuid,
  content text,
  filled boolean NOT NULL DEFAULT true,
  is_reagent boolean NOT NULL DEFAULT false,
  lidded boolean NOT NULL DEFAULT false,
  starting_position_id uuid NOT NULL,
  removed_at timestamptz(3),
  -- since when nobody knows where it is, and the slot in which it was last
  missing_since timestamptz(3),
  last_position_id uuid,
  present boolean GENERATED ALWAYS AS (removed_at IS NULL) STORED,
  -- in a slot: on the platform and not missing
  placed boolean GENERATED ALWAYS AS (removed_at IS NULL AND missing_since IS NULL) STORED,
  -- for the foreign key to placement
  placed_part text GENERATED ALWAYS AS (CASE WHEN removed_at IS NULL AND missing_since IS NULL THEN 'body' END) STORED,
  lid_off boolean GENERATED ALWAYS AS (NOT lidded) STORED,
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT container_pkey PRIMARY KEY (id),
  CONSTRAINT container_starting_position_fkey FOREIGN KEY (starting_position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT container_last_position_fkey FOREIGN KEY (last_position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT container_missing_is_on_platform CHECK (missing_since IS NULL OR removed_at IS NULL),
  CONSTRAINT container_missing_was_somewhere CHECK ((missing_since IS NULL) = (last_position_id IS NULL)),
  -- the targets of three foreign keys of placement
  CONSTRAINT container_id_present_key UNIQUE (id, present),
  CONSTRAINT container_id_placed_key UNIQUE (id, placed),
  CONSTRAINT container_id_lid_off_key UNIQUE (id, lid_off)
);
CREATE UNIQUE INDEX container_barcode_active ON container (barcode) WHERE (removed_at IS NULL);
-- text_pattern_ops: for equality, and for what begins with a text, in any locale
CREATE INDEX container_barcode_idx ON container (barcode text_pattern_ops);
-- barcodes that differ in case only are warned about
CREATE INDEX container_barcode_folded_idx ON container (lower(barcode) text_pattern_ops) WHERE (removed_at IS NULL);
CREATE INDEX container_starting_position_idx ON container (starting_position_id);
-- the containers on the platform are few beside those that were removed
CREATE INDEX container_present_idx ON container (id) WHERE (removed_at IS NULL);
-- the containers that were removed after a time: see device_utilization
CREATE INDEX container_removed_idx ON container (removed_at) WHERE (removed_at IS NOT NULL);
CREATE INDEX container_missing_idx ON container (id) WHERE (missing_since IS NOT NULL);
CREATE INDEX container_last_position_idx ON container (last_position_id) WHERE (last_position_id IS NOT NULL);
CREATE INDEX container_name_idx ON container (name text_pattern_ops, id);
-- a search finds those on the platform first
CREATE INDEX container_present_name_idx ON container (name text_pattern_ops) WHERE (removed_at IS NULL);
CREATE INDEX container_labware_type_idx ON container (labware_type, id) WHERE (labware_type IS NOT NULL);

-- ── Placement ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- One row says that one part of one container is in one slot. The two keys hold three rules: one thing per slot, a lid
-- occupies a slot, and a thing is in one place. The foreign keys on fixed flags hold four more: nothing is in a retired
-- slot, a removed container is nowhere, a missing container is in no slot, and a lid is not parked while it is on its container.
CREATE TABLE placement (
  position_id uuid NOT NULL,
  container_id uuid NOT NULL,
  part text NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT now(),
  on_active_position boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  of_present_container boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  lid_off boolean GENERATED ALWAYS AS (CASE WHEN part = 'lid' THEN true END) STORED,
  of_placed_container boolean GENERATED ALWAYS AS (CASE WHEN part = 'body' THEN true END) STORED,
  CONSTRAINT placement_pkey PRIMARY KEY (position_id),
  CONSTRAINT placement_container_part_key UNIQUE (container_id, part),
  CONSTRAINT placement_part_known CHECK (part IN ('body', 'lid')),
  CONSTRAINT placement_on_active_position FOREIGN KEY (position_id, on_active_position) REFERENCES position (id, active),
  CONSTRAINT placement_of_present_container FOREIGN KEY (container_id, of_present_container) REFERENCES container (id, present),
  CONSTRAINT placement_lid_is_off FOREIGN KEY (container_id, lid_off) REFERENCES container (id, lid_off),
  CONSTRAINT placement_of_placed_container FOREIGN KEY (container_id, of_placed_container) REFERENCES container (id, placed)
);
-- A container on the platform is in a slot, or is missing. Checked at the end of a command, since it is a circle with the foreign
-- keys of placement.
ALTER TABLE container ADD CONSTRAINT container_has_a_place FOREIGN KEY (id, placed_part) REFERENCES placement (container_id, part)
  DEFERRABLE INITIALLY DEFERRED;

-- How a container stands before and after an arrangement: the slots of its body and of its lid, and whether the lid is on. A body
-- without a slot is missing.
CREATE TYPE container_end AS (
  container_id uuid, body_from uuid, body_to uuid, lid_from uuid, lid_to uuid, lidded_from boolean, lidded_to boolean
);

-- ── Stocktake ────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A stocktake that was applied: what was seen on a device, and how it differed from what was tracked.
CREATE TABLE stocktake (
  id uuid NOT NULL,
  device_id uuid NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  -- of its events; that of the lab if nothing changed
  revision bigint NOT NULL,
  actor text,
  reason text NOT NULL,
  request_id text,
  counts jsonb NOT NULL,
  items jsonb NOT NULL,
  CONSTRAINT stocktake_pkey PRIMARY KEY (id),
  CONSTRAINT stocktake_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT
);
CREATE INDEX stocktake_device_idx ON stocktake (device_id, id);

-- ── Reservation ─────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE reservation (
  id uuid NOT NULL,
  purpose text NOT NULL,
  owner text NOT NULL,
  ttl_seconds double precision NOT NULL,
  -- by the clock of the database, which all instances share
  expires_at timestamptz(3) NOT NULL,
  created_as text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT reservation_pkey PRIMARY KEY (id),
  CONSTRAINT reservation_purpose_known CHECK (purpose IN ('container', 'lid')),
  CONSTRAINT reservation_ttl_positive CHECK (ttl_seconds > 0)
);
CREATE INDEX reservation_owner_idx ON reservation (owner, id);

-- What was answered to a reservation under an id that the client chose. The reservation itself ends and is deleted; a retry of
-- long ago is answered from here, and reserves nothing.
CREATE TABLE reservation_outcome (
  reservation_id uuid NOT NULL,
  -- sha256 of the body, so that a retry is recognised
  created_as text NOT NULL,
  reservation jsonb NOT NULL,
  CONSTRAINT reservation_outcome_pkey PRIMARY KEY (reservation_id)
);

-- The slots of a reservation that were not used yet. A slot is in one reservation at most.
CREATE TABLE reserved_position (
  position_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  CONSTRAINT reserved_position_pkey PRIMARY KEY (position_id),
  CONSTRAINT reserved_position_position_fkey FOREIGN KEY (position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT reserved_position_reservation_fkey FOREIGN KEY (reservation_id) REFERENCES reservation (id) ON DELETE RESTRICT
);
CREATE INDEX reserved_position_reservation_idx ON reserved_position (reservation_id);

-- ── Process and experiment ──────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE process (
  id uuid NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  source_sha256 text NOT NULL,
  metadata jsonb,
  archived_at timestamptz(3),
  -- what was unusual about the request, for example numbers that are kept as text
  warnings jsonb NOT NULL DEFAULT '[]',
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT process_pkey PRIMARY KEY (id)
);
CREATE INDEX process_name_idx ON process (name text_pattern_ops, id DESC);
CREATE INDEX process_source_idx ON process (source_sha256);
-- the same source whatever its lines end with: `reuse`
CREATE INDEX process_lines_idx ON process (name, hashtextextended(replace(replace(source, E'\r\n', E'\n'), E'\r', E'\n'), 0)) WHERE (archived_at IS NULL);

CREATE TABLE experiment (
  id uuid NOT NULL,
  process_id uuid NOT NULL,
  name text,
  status text NOT NULL DEFAULT 'created',
  -- since when it is paused; null while it is not. The trigger of pause writes it, and the status `paused`
  paused_at timestamptz(3),
  -- the session of the orchestrator that runs it (orchestrator_session)
  session text,
  metadata jsonb,
  -- what was unusual about the request, for example numbers that are kept as text
  warnings jsonb NOT NULL DEFAULT '[]',
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT experiment_pkey PRIMARY KEY (id),
  CONSTRAINT experiment_process_fkey FOREIGN KEY (process_id) REFERENCES process (id) ON DELETE RESTRICT,
  CONSTRAINT experiment_status_known CHECK (status IN ('created', 'running', 'paused', 'lost', 'completed', 'aborted')),
  CONSTRAINT experiment_paused_since CHECK ((status = 'paused') = (paused_at IS NOT NULL))
);
CREATE INDEX experiment_process_idx ON experiment (process_id, id);
-- the newest of a name first
CREATE INDEX experiment_name_idx ON experiment (name text_pattern_ops, id DESC) WHERE (name IS NOT NULL);
CREATE INDEX experiment_status_idx ON experiment (status, id);
-- what is lost when a session is over
CREATE INDEX experiment_session_idx ON experiment (session) WHERE (session IS NOT NULL AND status IN ('running', 'paused', 'lost'));

-- ── Step ────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The key under which the duration of a step is comparable with others, for each level of the match ladder (1 is the most
-- specific). It is null if the step lacks what the level compares. The generated columns below and the estimates both use
-- this function, so the two cannot disagree. It is a hash, because an index entry holds 2,704 bytes at most.
--
-- This function is not in prisma/sql/: stored columns depend on it, so a change has to rewrite the table.
CREATE FUNCTION step_key(
  level integer, kind text, function_key text, device_id uuid, parameters uuid, protocol uuid,
  origin_device_id uuid, origin_position integer, destination_device_id uuid, destination_position integer,
  lidded_before boolean, lidded_after boolean, barcode_read boolean
) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT md5(CASE kind
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
  END)::uuid
$$;

-- The same for the levels 2 to 5, as the first 64 bits of the hash: each is in every step and in an index. Two kinds of steps of a lab
-- get the same key with a probability of 1 to 10^10 even if there are 50,000 kinds. Level 1 names a kind for clients, so it is whole.
CREATE FUNCTION step_short_key(
  level integer, kind text, function_key text, device_id uuid, parameters uuid, protocol uuid,
  origin_device_id uuid, origin_position integer, destination_device_id uuid, destination_position integer,
  lidded_before boolean, lidded_after boolean, barcode_read boolean
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('x' || encode(substring(uuid_send(step_key(level, kind, function_key, device_id, parameters, protocol, origin_device_id, origin_position,
    destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) FOR 8), 'hex'))::bit(64)::bigint
$$;

-- What speaks against the times or the status of a step, as its warnings say; null if nothing does. Not in prisma/sql/ either,
-- for the same reason.
CREATE FUNCTION step_doubt(warnings jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN warnings = '[]' THEN NULL
    WHEN warnings @? '$[*] ? (@.code == "clock-skew" || @.code == "clock-ahead" || @.code == "clock-behind" || @.code == "finish-before-start")' THEN 'clock'
    WHEN warnings @? '$[*] ? (@.code == "implausible-duration")' THEN 'implausible'
    WHEN warnings @? '$[*] ? (@.code == "unknown-status")' THEN 'unknown-status'
  END
$$;

-- Why a step is no sample for estimates; null if it is one. Of several reasons the first. What a person decided wins over what the
-- warnings say, but a step that was not completed, or was simulated, is never a sample.
CREATE FUNCTION step_exclusion(status text, finish timestamptz, is_simulation boolean, decision boolean, warnings jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN status <> 'completed' OR finish IS NULL THEN 'not-completed'
    WHEN is_simulation THEN 'simulation'
    WHEN decision IS FALSE THEN NULL
    ELSE coalesce(step_doubt(warnings), CASE WHEN decision THEN 'by-hand' END)
  END
$$;

CREATE TABLE step (
  id uuid NOT NULL,
  experiment_id uuid,
  -- the experiment as the log named it, if the service does not know it
  experiment_named text,
  device_id uuid NOT NULL,
  kind text NOT NULL,
  name text,
  fct text,
  status text NOT NULL,
  start timestamptz(3) NOT NULL,
  finish timestamptz(3),
  duration_seconds double precision GENERATED ALWAYS AS (extract(epoch FROM (finish - start))::double precision) STORED,
  -- the seconds of its pauses that are over, between start and finish; null if it was never paused. The trigger of pause writes
  -- it, since when the step is paused (null while it is not), and the status `paused`
  paused_seconds double precision,
  paused_at timestamptz(3),
  -- the time that the step was told to take, for example an hour of incubation
  commanded_seconds double precision,
  data jsonb NOT NULL DEFAULT '{}',
  is_simulation boolean NOT NULL DEFAULT false,
  origin_device_id uuid,
  origin_position integer,
  destination_device_id uuid,
  destination_position integer,
  lidded_before boolean,
  lidded_after boolean,
  barcode_read boolean,
  -- the how many-th try of the same work it is, and what the orchestrator had planned for it
  attempt integer,
  expected_seconds double precision,
  -- why it failed, in the words of who told it
  error text,
  -- the session of the orchestrator that told it (orchestrator_session)
  session text,
  warnings jsonb NOT NULL DEFAULT '[]',
  -- what was told first, as digests of 96 bits: of kind, name, device and start, then of all facts, then of the rest of a transfer
  created_as text NOT NULL,
  -- what told the end of a step that was told before, likewise
  ended_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,

  -- what the estimates compare; src/domain/match.ts computes the first four
  match_version integer NOT NULL,
  match_function text,
  match_parameters uuid,
  match_protocol uuid,
  key_1 uuid GENERATED ALWAYS AS (step_key(1, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_2 bigint GENERATED ALWAYS AS (step_short_key(2, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_3 bigint GENERATED ALWAYS AS (step_short_key(3, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_4 bigint GENERATED ALWAYS AS (step_short_key(4, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_5 bigint GENERATED ALWAYS AS (step_short_key(5, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  -- what a person decided: whether the estimates leave the step out; null if nobody decided
  exclude_from_estimates boolean,
  excluded_from_estimates text GENERATED ALWAYS AS (step_exclusion(status, finish, is_simulation, exclude_from_estimates, warnings)) STORED,
  -- whether the step is a sample for estimates
  is_sample boolean GENERATED ALWAYS AS (step_exclusion(status, finish, is_simulation, exclude_from_estimates, warnings) IS NULL) STORED,
  -- whether start and finish can be true: only then they are the start or the end of an experiment or a run. A person can confirm
  -- them, but not a time that was ahead of the service: of such a step only the duration can be confirmed
  believable boolean NOT NULL
    GENERATED ALWAYS AS (coalesce(NOT exclude_from_estimates, coalesce(step_doubt(warnings), '') NOT IN ('clock', 'implausible'))
      AND NOT warnings @> '[{"code": "clock-ahead"}]') STORED,
  -- the duration without pauses, or what the step took beyond the commanded time; as decimal numbers, since 600.005 - 600 is not 0.005
  -- in floating point
  sample_seconds double precision
    GENERATED ALWAYS AS (round(extract(epoch FROM (finish - start)) - coalesce(paused_seconds, 0)::numeric - coalesce(commanded_seconds, 0)::numeric, 3)::double precision) STORED,

  CONSTRAINT step_pkey PRIMARY KEY (id),
  CONSTRAINT step_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT step_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_origin_device_fkey FOREIGN KEY (origin_device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_destination_device_fkey FOREIGN KEY (destination_device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_kind_known CHECK (kind IN ('operation', 'move')),
  CONSTRAINT step_status_known CHECK (status IN ('running', 'paused', 'lost', 'completed', 'failed', 'aborted')),
  CONSTRAINT step_running_has_no_finish CHECK (status NOT IN ('running', 'paused', 'lost') OR finish IS NULL),
  CONSTRAINT step_attempt_counts_from_1 CHECK (attempt >= 1),
  CONSTRAINT step_expected_not_negative CHECK (expected_seconds >= 0),
  CONSTRAINT step_paused_since CHECK ((status = 'paused') = (paused_at IS NOT NULL)),
  CONSTRAINT step_paused_within_duration CHECK (paused_seconds BETWEEN 0 AND coalesce(duration_seconds, paused_seconds)),
  CONSTRAINT step_completed_has_finish CHECK (status <> 'completed' OR finish IS NOT NULL),
  CONSTRAINT step_finish_not_before_start CHECK (finish >= start),
  CONSTRAINT step_move_has_both_ends CHECK (kind <> 'move' OR (origin_device_id IS NOT NULL AND destination_device_id IS NOT NULL)),
  CONSTRAINT step_slots_not_negative CHECK (origin_position >= 0 AND destination_position >= 0)
);
-- The lists are ordered by start and id. Few steps have the same start, so their order by id is made while reading, and indexes have no ids.
CREATE INDEX step_start_idx ON step (start);
-- the steps that have not ended: few, however long the history is
CREATE INDEX step_under_way_idx ON step (start, id) WHERE (status IN ('running', 'paused', 'lost'));
-- of an experiment that needs attention, or that says nothing about how long its process takes
CREATE INDEX step_failed_idx ON step (experiment_id, start) INCLUDE (status) WHERE (status IN ('failed', 'aborted'));
CREATE INDEX step_device_idx ON step (device_id, start);
-- with `believable`, the start of an experiment is read from the index alone
CREATE INDEX step_experiment_idx ON step (experiment_id, start, id) INCLUDE (believable) WHERE (experiment_id IS NOT NULL);
CREATE INDEX step_experiment_named_idx ON step (experiment_named) WHERE (experiment_named IS NOT NULL);
-- for the search. Steps are never deleted, so those with the same name are in the order in which they were logged; without the start, a page
-- of the index keeps a name once.
CREATE INDEX step_name_idx ON step (name text_pattern_ops) WHERE (name IS NOT NULL);
CREATE INDEX step_fct_idx ON step (fct, start);
-- the few that can last into a day from long before it (device_utilization)
CREATE INDEX step_long_idx ON step (start) WHERE (duration_seconds > 86400);
-- few among many
CREATE INDEX step_simulation_idx ON step (start, id) WHERE is_simulation;
CREATE INDEX step_not_completed_idx ON step (status, start, id) WHERE (status <> 'completed');
CREATE INDEX step_pauses_idx ON step (experiment_id) WHERE (paused_seconds IS NOT NULL);
CREATE INDEX step_unbelievable_idx ON step (start, id) WHERE (NOT believable);
CREATE INDEX step_excluded_idx ON step (excluded_from_estimates, start, id) WHERE (excluded_from_estimates NOT IN ('not-completed', 'simulation'));
CREATE INDEX step_origin_idx ON step (origin_device_id, start) WHERE (origin_device_id IS NOT NULL);
CREATE INDEX step_destination_idx ON step (destination_device_id, start) WHERE (destination_device_id IS NOT NULL);
-- Estimates read the newest first, which is this order backwards. Pages that grow at their end are filled; in the other order they stay half empty.
CREATE INDEX step_key_1_idx ON step (key_1, finish) INCLUDE (sample_seconds) WHERE (is_sample AND key_1 IS NOT NULL);
CREATE INDEX step_key_2_idx ON step (key_2, finish) INCLUDE (sample_seconds) WHERE (is_sample AND key_2 IS NOT NULL);
CREATE INDEX step_key_3_idx ON step (key_3, finish) INCLUDE (sample_seconds) WHERE (is_sample AND key_3 IS NOT NULL);
CREATE INDEX step_key_4_idx ON step (key_4, finish) INCLUDE (sample_seconds, key_1) WHERE (is_sample AND key_4 IS NOT NULL);
CREATE INDEX step_key_5_idx ON step (key_5, finish) INCLUDE (sample_seconds) WHERE (is_sample AND key_5 IS NOT NULL);

CREATE TABLE step_container (
  step_id uuid NOT NULL,
  ordinal integer NOT NULL,
  -- the barcode or id that the log has
  named text NOT NULL,
  -- the other names by which the log names the same container, null for none; a retry is recognised by them, whatever they mean by then
  also_named text[],
  container_id uuid,
  -- a step names a container once; the order is that of the few rows of one step
  CONSTRAINT step_container_pkey PRIMARY KEY (step_id, named),
  CONSTRAINT step_container_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  -- checked at the end, under the lab lock: the check locks the container, and before the lab lock this would deadlock with
  -- the commands that take its lid off
  CONSTRAINT step_container_container_fkey FOREIGN KEY (container_id) REFERENCES container (id) ON DELETE RESTRICT
    DEFERRABLE INITIALLY DEFERRED
);
-- a step names a container once, even if it names it by barcode and by id
CREATE UNIQUE INDEX step_container_container_once ON step_container (container_id, step_id) WHERE (container_id IS NOT NULL);

-- What a transfer with a step answered. A retry has the id of the step, and gets this answer, whatever happened since.
CREATE TABLE transfer_outcome (
  step_id uuid NOT NULL,
  container jsonb NOT NULL,
  step jsonb NOT NULL,
  -- the transfer as it was sent, as digests (see step.created_as)
  created_as text,
  warnings jsonb,
  revision bigint NOT NULL,
  CONSTRAINT transfer_outcome_pkey PRIMARY KEY (step_id),
  CONSTRAINT transfer_outcome_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT
);

-- The id that a client chose for a new thing, when it got one that was already there: a container that was adopted, or a
-- process that was reused. A retry gets the same thing, also when it has gone elsewhere.
CREATE TABLE adopted_id (
  id uuid NOT NULL,
  -- the container or process
  target_id uuid NOT NULL,
  -- sha256 of the body, so that a retry is recognised
  created_as text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT adopted_id_pkey PRIMARY KEY (id)
);

-- ── Pause ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A time during which a step or an experiment stood still. Each row but the first of its object names the end of the row before it:
-- so pauses are in order, no two overlap, and only the last one can be open.
CREATE TABLE pause (
  subject text NOT NULL,
  subject_id uuid NOT NULL,
  ordinal integer NOT NULL,
  paused_at timestamptz(3) NOT NULL,
  -- null while the pause lasts
  resumed_at timestamptz(3),
  previous_ordinal integer GENERATED ALWAYS AS (nullif(ordinal, 0) - 1) STORED,
  previous_resumed_at timestamptz(3),
  step_id uuid GENERATED ALWAYS AS (CASE subject WHEN 'step' THEN subject_id END) STORED,
  experiment_id uuid GENERATED ALWAYS AS (CASE subject WHEN 'experiment' THEN subject_id END) STORED,
  CONSTRAINT pause_pkey PRIMARY KEY (subject_id, subject, ordinal),
  CONSTRAINT pause_end_key UNIQUE (subject_id, subject, ordinal, resumed_at),
  CONSTRAINT pause_subject_known CHECK (subject IN ('step', 'experiment')),
  CONSTRAINT pause_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  CONSTRAINT pause_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT pause_follows_previous FOREIGN KEY (subject_id, subject, previous_ordinal, previous_resumed_at)
    REFERENCES pause (subject_id, subject, ordinal, resumed_at),
  CONSTRAINT pause_ordinal_not_negative CHECK (ordinal >= 0),
  CONSTRAINT pause_names_previous CHECK ((ordinal = 0) = (previous_resumed_at IS NULL)),
  CONSTRAINT pause_no_overlap CHECK (paused_at >= previous_resumed_at),
  CONSTRAINT pause_ends_after_its_start CHECK (resumed_at >= paused_at)
);

-- ── Event ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The log. One revision is one command; its events are numbered by ordinal. `before` and `after` are snapshots: the thing as
-- the API shows it.
-- The programs that run experiments, and until when each is known to be alive.
CREATE TABLE orchestrator (
  name text NOT NULL,
  session text NOT NULL,
  ttl_seconds double precision NOT NULL,
  -- what it says about itself
  state text,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT orchestrator_pkey PRIMARY KEY (name),
  CONSTRAINT orchestrator_ttl_within_limits CHECK (ttl_seconds BETWEEN 5 AND 3600)
);

-- Every session that an orchestrator ever had. It is over when its lease is, or when another one of the orchestrator has begun.
CREATE TABLE orchestrator_session (
  session text NOT NULL,
  orchestrator text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT orchestrator_session_pkey PRIMARY KEY (session, orchestrator),
  CONSTRAINT orchestrator_session_orchestrator_fkey FOREIGN KEY (orchestrator) REFERENCES orchestrator (name) ON DELETE RESTRICT
);
CREATE INDEX orchestrator_session_orchestrator_idx ON orchestrator_session (orchestrator);

-- A step that takes far longer than it ever did, or is lost. A step has at most one alarm that is on.
CREATE TABLE alarm (
  id uuid NOT NULL,
  step_id uuid NOT NULL,
  kind text NOT NULL,
  raised_at timestamptz(3) NOT NULL DEFAULT now(),
  over_at timestamptz(3),
  -- by whom somebody is at it: null while nobody said so
  acknowledged_at timestamptz(3),
  acknowledged_by text,
  note text,
  CONSTRAINT alarm_pkey PRIMARY KEY (id),
  CONSTRAINT alarm_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  CONSTRAINT alarm_kind_known CHECK (kind IN ('overdue', 'lost')),
  CONSTRAINT alarm_acknowledged_with_note CHECK ((acknowledged_at IS NULL) = (note IS NULL))
);
CREATE UNIQUE INDEX alarm_on ON alarm (step_id) WHERE (over_at IS NULL);
CREATE INDEX alarm_step_idx ON alarm (step_id);

-- Which instance of the service looks for alarms. It holds the row until it stops, or no longer renews it.
CREATE TABLE watch_lease (
  id integer NOT NULL DEFAULT 1,
  holder uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT watch_lease_pkey PRIMARY KEY (id),
  CONSTRAINT watch_lease_is_one CHECK (id = 1)
);

-- The log of changes as it is stored: a row keeps each fact once. The view `event` shows what was before and after in full.
CREATE TABLE event_log (
  revision bigint NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL,
  actor text,
  reason text,
  -- the id of the request: in the first column if it is a UUID in lower case, as those that the service makes, otherwise in the second one
  request_uuid uuid,
  request_id text,
  container_id uuid,
  device_id uuid,
  step_id uuid,
  experiment_id uuid,
  -- the members of the state before that differ from those after it; null if there was nothing before
  was jsonb,
  -- the state after it; of a container without its id and without the members that are null
  became jsonb,
  -- what the log of one step says, in place of `became`
  first_start timestamptz(3),
  last_finish timestamptz(3),
  -- the slot of the container and the slot of its lid after the event: the state as of a revision needs no names, which may change
  position_id uuid,
  lid_position_id uuid,
  -- whether the event gave the container its barcode, or took it away
  relabels boolean NOT NULL GENERATED ALWAYS AS (container_id IS NOT NULL AND CASE
    WHEN was IS NULL THEN became->>'barcode' IS NOT NULL
    ELSE was ? 'barcode' AND was->>'barcode' IS DISTINCT FROM became->>'barcode' END) STORED,
  CONSTRAINT event_log_pkey PRIMARY KEY (revision, ordinal),
  CONSTRAINT event_log_request_once CHECK (request_uuid IS NULL OR request_id IS NULL),
  CONSTRAINT event_log_container_fkey FOREIGN KEY (container_id) REFERENCES container (id) ON DELETE RESTRICT,
  CONSTRAINT event_log_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT event_log_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  CONSTRAINT event_log_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT event_log_position_fkey FOREIGN KEY (position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT event_log_lid_position_fkey FOREIGN KEY (lid_position_id) REFERENCES position (id) ON DELETE RESTRICT
);
CREATE INDEX event_log_container_idx ON event_log (container_id, revision) WHERE (container_id IS NOT NULL);
CREATE INDEX event_log_device_idx ON event_log (device_id, revision) WHERE (device_id IS NOT NULL);
-- few events have the same step or request, so they are sorted when they are read
CREATE INDEX event_log_step_idx ON event_log (step_id) WHERE (step_id IS NOT NULL);
CREATE INDEX event_log_experiment_idx ON event_log (experiment_id, revision) WHERE (experiment_id IS NOT NULL);
CREATE INDEX event_log_kind_idx ON event_log (kind, revision);
CREATE INDEX event_log_request_uuid_idx ON event_log (request_uuid) WHERE (request_uuid IS NOT NULL);
CREATE INDEX event_log_request_idx ON event_log (request_id) WHERE (request_id IS NOT NULL);
CREATE INDEX event_log_actor_idx ON event_log (actor, revision) WHERE (actor IS NOT NULL);
-- for the state as of a revision
CREATE INDEX event_log_device_snapshot_idx ON event_log (device_id, revision DESC, ordinal DESC) WHERE (kind LIKE 'device-%' OR kind LIKE 'certificate-%');
CREATE INDEX event_log_position_snapshot_idx ON event_log (device_id, revision DESC) WHERE (kind = 'position-updated');
-- who bore a barcode at a time; there is no index on times, see first_revision_since
CREATE INDEX event_log_bearer_idx ON event_log ((became->>'barcode'), recorded_at) WHERE relabels;
CREATE INDEX event_log_relabel_idx ON event_log (container_id, recorded_at) WHERE relabels;

-- Which events of containers concern a device: those of the containers and lids that came to it, were there or left it. The device's own
-- events have its id.
CREATE TABLE event_device (
  device_id uuid NOT NULL,
  revision bigint NOT NULL,
  ordinal integer NOT NULL,
  CONSTRAINT event_device_pkey PRIMARY KEY (device_id, revision, ordinal),
  CONSTRAINT event_device_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT event_device_event_fkey FOREIGN KEY (revision, ordinal) REFERENCES event_log (revision, ordinal) ON DELETE RESTRICT
);

-- ── Run ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The unit from which margins are learnt: an experiment, or all steps of one day that belong to no experiment. Writing a
-- step reads no history: it marks its run as pending, and the first estimate after the run is over learns from it.
CREATE TABLE run (
  -- 'experiment <id>' or 'day <date in UTC>'
  key text NOT NULL,
  experiment_id uuid,
  day date,
  -- it has steps from which nothing was learnt yet
  pending boolean NOT NULL DEFAULT true,
  -- how often learning from it failed in a row, and before which time it is not tried again: it must not stop the others
  failures integer NOT NULL DEFAULT 0,
  retry_at timestamptz(3),
  ended_at timestamptz(3),
  -- the seconds to add to the bound at each confidence of the grid (src/estimation/margins.ts), as of the end of this run;
  -- null where too few steps say
  margins double precision[],
  -- how far the rank at 0.5 is shifted, as of the end of this run; a share, 0 for not at all
  rank_shift double precision,
  -- the whole duration of the run, divided by the predicted one
  total_ratio double precision,
  -- the median distance of the steps of this run from the median of their history; null where too few steps say
  miss_seconds double precision,
  CONSTRAINT run_pkey PRIMARY KEY (key),
  CONSTRAINT run_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT run_is_one_kind CHECK ((experiment_id IS NULL) <> (day IS NULL))
);
CREATE INDEX run_pending_idx ON run (key) WHERE pending;
-- an estimate reads the newest runs from the index alone, however many runs there were
CREATE INDEX run_ended_idx ON run (ended_at DESC) INCLUDE (margins, rank_shift, total_ratio) WHERE (margins IS NOT NULL);

-- ── Idempotency key ─────────────────────────────────────────────────────────────────────────────────────────────────

-- The response to a request with an Idempotency-Key. It is stored in the transaction of its effect.
CREATE TABLE idempotency_key (
  -- sha256 of the client, method, path and key
  digest text NOT NULL,
  -- sha256 of the query and the body: the same key with another request is a mistake
  request_digest text NOT NULL,
  status integer NOT NULL,
  -- `content-type` and `location` of the response, if it had them
  headers jsonb NOT NULL,
  -- a body above 64 KiB is in `body_gzip` instead
  body text,
  body_gzip bytea,
  -- whose it is: the name of the API key; null without one
  actor text,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT idempotency_key_pkey PRIMARY KEY (digest),
  CONSTRAINT idempotency_key_one_body CHECK (body IS NULL OR body_gzip IS NULL),
  -- a refused command changed nothing, and may be sent again
  CONSTRAINT idempotency_key_success CHECK (status BETWEEN 200 AND 299)
);
CREATE INDEX idempotency_key_created_idx ON idempotency_key (created_at);
-- The service compresses these; PostgreSQL need not try.
ALTER TABLE idempotency_key ALTER COLUMN body_gzip SET STORAGE EXTERNAL;

-- ── API key ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A key is stored as its hash only. A row is never deleted: who created and who revoked a key stays known, and a service
-- that ever had a key does not open again because the last key has ended.
CREATE TABLE api_key (
  id uuid NOT NULL,
  -- the actor of everything that is done with it
  name text NOT NULL,
  -- hex of the SHA-256 of the key
  key_sha256 text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoked_by text,
  CONSTRAINT api_key_pkey PRIMARY KEY (id),
  CONSTRAINT api_key_sha256_is_hex CHECK (key_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT api_key_has_scopes CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'operate', 'admin'])
);
CREATE UNIQUE INDEX api_key_sha256 ON api_key (key_sha256);
CREATE UNIQUE INDEX api_key_name_live ON api_key (name) WHERE (revoked_at IS NULL);

-- ── Webhooks ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who is told of events by HTTP. The log is the queue: the cursor is the first event that was not looked at yet.
CREATE TABLE webhook (
  id uuid NOT NULL,
  url text NOT NULL,
  -- which events: null for all kinds, and for all devices
  kinds text[],
  device_id uuid,
  description text,
  -- signs the messages; the one before it does so, too, until its time is over
  secret text NOT NULL,
  previous_secret text,
  previous_secret_ends_at timestamptz(3),
  cursor_revision bigint NOT NULL,
  cursor_ordinal integer NOT NULL DEFAULT 0,
  -- failed attempts of the message at the cursor, and when the next one is due
  failures integer NOT NULL DEFAULT 0,
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  disabled_at timestamptz(3),
  disabled_because text,
  -- a test message that was not sent yet
  test_id uuid,
  -- which instance of the service delivers, and until when no other one may
  leased_by uuid,
  leased_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT webhook_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  -- no user and password: they would be shown and logged
  CONSTRAINT webhook_url_is_http CHECK (url ~ '^https?://[^/?#@[:space:]]+([/?][^#[:space:]]*)?$'),
  CONSTRAINT webhook_kinds_named CHECK (cardinality(kinds) > 0),
  CONSTRAINT webhook_secret_form CHECK (secret ~ '^whsec_[A-Za-z0-9+/]{32,}=*$'),
  CONSTRAINT webhook_previous_secret_ends CHECK ((previous_secret IS NULL) = (previous_secret_ends_at IS NULL)),
  CONSTRAINT webhook_disabled_for_a_reason CHECK ((disabled_at IS NULL) = (disabled_because IS NULL)),
  CONSTRAINT webhook_disabled_because_known CHECK (disabled_because IN ('requested', 'gone', 'failing', 'restored')),
  CONSTRAINT webhook_cursor_in_log CHECK (cursor_revision > 0 AND cursor_ordinal >= 0),
  CONSTRAINT webhook_failures_counted CHECK (failures >= 0),
  CONSTRAINT webhook_lease_ends CHECK ((leased_by IS NULL) = (leased_until IS NULL))
);
CREATE INDEX webhook_device_idx ON webhook (device_id) WHERE (device_id IS NOT NULL);

-- What came of each request to a receiver.
CREATE TABLE webhook_attempt (
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  message_id text NOT NULL,
  type text NOT NULL,
  -- counted from 1 for each message
  attempt integer NOT NULL,
  started_at timestamptz(3) NOT NULL,
  seconds double precision NOT NULL,
  delivered boolean NOT NULL,
  -- null when there was no answer
  status integer,
  -- why it was not delivered
  error text,
  -- the beginning of the answer
  response text,
  CONSTRAINT webhook_attempt_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_attempt_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhook (id) ON DELETE RESTRICT,
  CONSTRAINT webhook_attempt_counted CHECK (attempt > 0 AND seconds >= 0),
  CONSTRAINT webhook_attempt_says_why CHECK (delivered = (error IS NULL)),
  CONSTRAINT webhook_attempt_response_bounded CHECK (octet_length(response) <= 4096)
);
CREATE INDEX webhook_attempt_webhook_idx ON webhook_attempt (webhook_id, id);
CREATE INDEX webhook_attempt_started_idx ON webhook_attempt (started_at);

-- ── Session ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A browser in which somebody signed in with a key. It may what the key may, and ends with it. Backups have no rows of these two tables.
CREATE TABLE session (
  -- hex of the SHA-256 of the cookie
  id_sha256 text NOT NULL,
  key_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- written once an hour at most
  last_used_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  -- for long; then it also ends when nobody uses it
  remembered boolean NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (id_sha256),
  CONSTRAINT session_id_is_hex CHECK (id_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT session_ends_after_its_begin CHECK (expires_at > created_at),
  CONSTRAINT session_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_key (id) ON DELETE RESTRICT
);
CREATE INDEX session_key_idx ON session (key_id, last_used_at);
CREATE INDEX session_expires_idx ON session (expires_at);

-- How often somebody at an address failed to sign in, in the minute that began with the first time. All instances count here.
CREATE TABLE sign_in_failure (
  -- an address; of IPv6 the /64
  network text NOT NULL,
  began_at timestamptz(3) NOT NULL,
  failures integer NOT NULL,
  CONSTRAINT sign_in_failure_pkey PRIMARY KEY (network),
  CONSTRAINT sign_in_failure_counts CHECK (failures > 0)
);
CREATE INDEX sign_in_failure_began_idx ON sign_in_failure (began_at);

-- A backup of this database that was taken, or from which it was restored. Backups have no rows of this table.
CREATE TABLE backup (
  taken_at timestamptz(3) NOT NULL,
  -- the revision of the lab in it
  revision bigint NOT NULL,
  rows bigint NOT NULL,
  -- the size of the file; null of one that was written to a stream, and was not read back
  bytes bigint,
  CONSTRAINT backup_pkey PRIMARY KEY (taken_at),
  CONSTRAINT backup_counts CHECK (revision >= 0 AND rows >= 0 AND bytes > 0)
);

-- ── prisma/sql ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- prisma/sql/alarm/set_alarms.sql
-- Makes the alarms of the steps that were looked at (`_looked`) those of the steps that take too long now (`_overdue`, some of them), and of
-- those that are lost: raises what is missing, and ends what is over. An alarm of another step is over when that step does not run. Returns how
-- many changed; none writes nothing. Reads only alarms that are on, and these steps.
--
-- Locks: The steps, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION set_alarms(_looked uuid[], _overdue uuid[], _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  raised uuid[];
  over uuid[];
  befores jsonb;
  this_revision bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM alarm a WHERE a.over_at IS NULL)
    AND NOT EXISTS (SELECT FROM step s WHERE s.id = ANY (_overdue) AND s.status = 'running') THEN
    RETURN 0;
  END IF;
  PERFORM begin_command();
  PERFORM 1 FROM step s WHERE s.id = ANY (_overdue) OR s.id IN (SELECT a.step_id FROM alarm a WHERE a.over_at IS NULL) ORDER BY s.id FOR NO KEY UPDATE;
  SELECT array_agg(a.id), jsonb_object_agg(a.id, alarm_snapshot(a.id)) INTO over, befores
  FROM alarm a JOIN step s ON s.id = a.step_id
  WHERE a.over_at IS NULL AND s.status <> 'lost' AND (s.status <> 'running' OR (s.id = ANY (_looked) AND s.id <> ALL (_overdue)));
  UPDATE alarm a SET over_at = command_time() WHERE a.id = ANY (over);
  WITH inserted AS (
    INSERT INTO alarm (id, step_id, kind, raised_at)
    SELECT uuid_v7(), s.id, 'overdue', command_time() FROM step s WHERE s.id = ANY (_overdue) AND s.status = 'running'
    ON CONFLICT (step_id) WHERE over_at IS NULL DO NOTHING
    RETURNING alarm.id
  )
  SELECT array_agg(i.id) INTO raised FROM inserted i;
  IF raised IS NULL AND over IS NULL THEN
    RETURN 0;
  END IF;
  this_revision := next_revision();
  PERFORM record_alarm_events(this_revision, 0, 'step-alarm', raised, '{}', _audit);
  PERFORM record_alarm_events(this_revision, coalesce(cardinality(raised), 0), 'step-alarm-over', over, befores, _audit);
  RETURN coalesce(cardinality(raised), 0) + coalesce(cardinality(over), 0);
END $$;

-- prisma/sql/api-key/create_api_key.sql
-- Creates an API key and returns it. A key that has expired no longer holds its name.
--
-- Locks: The table `api_key`, against other writers.
-- Raises: key-name-in-use
CREATE OR REPLACE FUNCTION create_api_key(_input jsonb, _actor text) RETURNS api_key LANGUAGE plpgsql AS $$
DECLARE
  holder api_key;
  made api_key;
BEGIN
  -- Keys are created rarely, so they are created one after another. Then the check below stays true.
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  UPDATE api_key SET revoked_at = expires_at WHERE name = _input ->> 'name' AND revoked_at IS NULL AND expires_at <= now();
  SELECT * INTO holder FROM api_key WHERE name = _input ->> 'name' AND revoked_at IS NULL;
  IF holder.id IS NOT NULL THEN
    PERFORM refuse('key-name-in-use', jsonb_build_object('name', holder.name, 'id', holder.id, 'pointer', '/name'));
  END IF;
  INSERT INTO api_key (id, name, key_sha256, scopes, created_by, expires_at)
  SELECT (_input ->> 'id')::uuid, _input ->> 'name', _input ->> 'key_sha256',
    ARRAY(SELECT jsonb_array_elements_text(_input -> 'scopes')), _actor, (_input ->> 'expires_at')::timestamptz
  RETURNING * INTO made;
  RETURN made;
END $$;

-- prisma/sql/api-key/create_first_api_key.sql
-- Creates the very first API key, and says whether it did. If several instances start together, only one creates it.
--
-- Locks: The table `api_key`, against other writers.
CREATE OR REPLACE FUNCTION create_first_api_key(_input jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM api_key) THEN
    RETURN false;
  END IF;
  PERFORM create_api_key(_input, NULL);
  RETURN true;
END $$;

-- prisma/sql/api/refuse.sql
-- Refuses a command. The exception has SQLSTATE PS409, the code of the problem as its message, and the members of the
-- problem as JSON in its detail. The service turns it into application/problem+json.
--
-- Raises: The problem `_code`, always.
CREATE OR REPLACE FUNCTION refuse(_code text, _members jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PS409', MESSAGE = _code, DETAIL = _members::text;
END $$;

-- prisma/sql/api/unescape_pointer.sql
-- Returns the name that a segment of a JSON pointer means (RFC 6901).
CREATE OR REPLACE FUNCTION unescape_pointer(_segment text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT replace(replace(_segment, '~1', '/'), '~0', '~')
$$;

-- prisma/sql/api/wire_time.sql
-- Returns a time as the API writes it: UTC, with milliseconds and a Z. It is STABLE, because to_char is STABLE:
-- PostgreSQL never inlines an IMMUTABLE function that calls a STABLE one.
CREATE OR REPLACE FUNCTION wire_time(_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- prisma/sql/api/with_batch_conflict.sql
-- Returns the members of a refusal in a batch: with the index of the input that is refused and, if a container of an
-- earlier input is in the way, with `conflicts_with`: the index of that input. `_containers` are the containers of the
-- earlier inputs, in order; null for those that changed nothing.
CREATE OR REPLACE FUNCTION with_batch_conflict(_members jsonb, _index integer, _containers uuid[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN other.n IS NULL THEN _members || jsonb_build_object('index', _index)
    ELSE (_members - 'holder') || jsonb_build_object('index', _index, 'conflicts_with', jsonb_build_object('index', other.n - 1)) END
  FROM (SELECT array_position(_containers, coalesce(_members->'holder'->>'id', _members->'occupant'->>'id')::uuid) AS n) other
$$;

-- prisma/sql/arrangement/arrange_containers.sql
-- Records where containers and lids are, as a person sees them: any permutation at once, judged by its end, one event a
-- container. `_input` is { items, missing } as plan_arrangement takes them. Nothing is written if nothing changes. A dry run
-- returns what contradicts as findings, and what would change; otherwise the first finding is refused. Reservations do not
-- hold what is there: as in a correction, a reserved slot may be taken, and one in which the labware type does not fit, which is a warning.
--
-- Locks: The lab lock.
-- Raises: invalid-request, container-not-found, container-removed, device-not-found, position-not-found, position-occupied
CREATE OR REPLACE FUNCTION arrange_containers(_input jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (changes jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM lock_lab();
  plan := plan_arrangement(_input->'items', _input->'missing');
  PERFORM refuse_repeated_entry(plan->'repeated');
  findings := plan->'findings';
  warnings := plan->'warnings';
  IF NOT _dry_run AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := end_changes(plan->'ends');
  IF NOT _dry_run AND changes <> '[]' THEN
    PERFORM place_ends(plan->'ends', next_revision(), 0, _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;

-- prisma/sql/arrangement/end_kind.sql
-- Returns the kind of the event that says how a container came to its end: nobody knows any more where it is, it is found
-- again, or it was somewhere else, with another lid, than the service said.
CREATE OR REPLACE FUNCTION end_kind(_end container_end) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN _end.body_to IS NULL AND _end.body_from IS NOT NULL THEN 'missing'
    WHEN _end.body_from IS NULL AND _end.body_to IS NOT NULL THEN 'found'
    ELSE 'corrected' END
$$;

-- prisma/sql/arrangement/place_ends.sql
-- Writes the ends of an arrangement: every container leaves what it has, and then takes what it gets, so that places may
-- change in a circle. The caller has made sure that no slot gets two things; otherwise the primary key of `placement`
-- refuses it. `_ends` are container_end. Events are numbered from `_ordinal`. Returns how many there were.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION place_ends(_ends jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(e.container_id, container_snapshot(e.container_id)), '{}') INTO before
  FROM jsonb_populate_recordset(NULL::container_end, _ends) e;

  DELETE FROM placement pl USING jsonb_populate_recordset(NULL::container_end, _ends) e
  WHERE pl.container_id = e.container_id AND pl.position_id IS DISTINCT FROM CASE pl.part WHEN 'body' THEN e.body_to ELSE e.lid_to END;
  UPDATE container c SET lidded = e.lidded_to,
    missing_since = CASE WHEN e.body_to IS NULL THEN coalesce(c.missing_since, command_time()) END,
    last_position_id = CASE WHEN e.body_to IS NULL THEN coalesce(c.last_position_id, e.body_from) END,
    version = c.version + 1, updated_at = command_time()
  FROM jsonb_populate_recordset(NULL::container_end, _ends) e WHERE c.id = e.container_id;
  WITH placed AS (
    INSERT INTO placement (position_id, container_id, part, since)
    SELECT part.position_id, e.container_id, part.name, command_time()
    FROM jsonb_populate_recordset(NULL::container_end, _ends) e
    CROSS JOIN LATERAL (VALUES ('body', e.body_from, e.body_to), ('lid', e.lid_from, e.lid_to)) AS part (name, was, position_id)
    WHERE part.position_id IS NOT NULL AND part.position_id IS DISTINCT FROM part.was
    RETURNING position_id
  )
  UPDATE position SET uses = uses + 1 WHERE id IN (SELECT position_id FROM placed);

  PERFORM record_container_event(_revision, (_ordinal + e.n - 1)::integer, end_kind(e.row), (e.row).container_id,
    before->(e.row).container_id::text, _audit)
  FROM (SELECT r AS row, row_number() OVER () AS n FROM jsonb_populate_recordset(NULL::container_end, _ends) r) e;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;

-- prisma/sql/arrangement/refuse_repeated_entry.sql
-- Refuses a request that names one container twice. `_repeated` is { pointer, first }: the pointers of the later and of the
-- first entry; null if there is none.
--
-- Raises: invalid-request
CREATE OR REPLACE FUNCTION refuse_repeated_entry(_repeated jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _repeated <> 'null' THEN
    PERFORM refuse('invalid-request', jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('in', 'body', 'pointer', _repeated->'pointer',
      'detail', 'names the same container as ' || (_repeated->>'first') || '; send each container once'))));
  END IF;
END $$;

-- prisma/sql/container/add_container.sql
-- Adds one container to the platform. `_input` has the members of ContainerCreate, and id, name and created_as. The
-- outcome is `created`, `repeated` (the same id and the same request before) or `adopted` (the slot has a container,
-- and the request accepts it). `id_is_own` says that the client chose the id: a retry then gets the container that was
-- adopted first, wherever it is. `_base` is the JSON pointer of the input in the request. `lowest` says for each device
-- (with a reservation: for both) below which slot none is free, as the inputs before found; see lowest_key.
--
-- Locks: The caller holds the lab lock.
-- Raises: id-in-use, barcode-in-use, and what choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION add_container(_input jsonb, _revision bigint, _ordinal integer, _base text, _audit jsonb, INOUT lowest jsonb, OUT id uuid, OUT outcome text)
LANGUAGE plpgsql AS $$
DECLARE
  wanted_id uuid := (_input->>'id')::uuid;
  target uuid;
  known text;
  type labware_type;
  body_key text := lowest_key(_input->>'device', _input->>'reservation_id');
  lid_key text := lowest_key(_input->'lid'->>'device', _input->>'lid_reservation_id');
  lid_target uuid;
BEGIN
  SELECT c.created_as INTO known FROM container c WHERE c.id = wanted_id;
  IF FOUND THEN
    IF known IS DISTINCT FROM _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted_id, 'pointer', _base || '/id'));
    END IF;
    id := wanted_id; outcome := 'repeated';
    RETURN;
  END IF;
  SELECT a.target_id, a.created_as INTO id, known FROM adopted_id a WHERE a.id = wanted_id;
  IF FOUND THEN
    IF known <> _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted_id, 'pointer', _base || '/id'));
    END IF;
    outcome := 'adopted';
    RETURN;
  END IF;

  SELECT t.* INTO type FROM labware_type t WHERE t.name = _input->>'labware_type';
  -- A slot that is the lowest for one labware type is not so for another.
  body_key := body_key || coalesce(' ' || type.name, '');
  target := choose_position(_input->>'device', (_input->>'position')::integer,
    jsonb_build_object('device', _base || '/device', 'position', _base || '/position', 'reservation', _base || '/reservation_id'),
    (_input->>'reservation_id')::uuid, type, coalesce((lowest->body_key)::integer, 0));
  IF _input->'position' IS NULL OR _input->'position' = 'null' THEN
    lowest := lowest || jsonb_build_object(body_key, (SELECT p.slot_number FROM position p WHERE p.id = target));
  END IF;
  IF _input->>'if_occupied' = 'adopt' THEN
    SELECT pl.container_id INTO id FROM placement pl WHERE pl.position_id = target AND pl.part = 'body';
    IF FOUND THEN
      IF (_input->>'id_is_own')::boolean THEN
        INSERT INTO adopted_id (id, target_id, created_as, created_at) VALUES (wanted_id, id, _input->>'created_as', command_time());
      END IF;
      outcome := 'adopted';
      RETURN;
    END IF;
  END IF;

  PERFORM refuse_barcode_in_use(_input->>'barcode', wanted_id, _base || '/barcode');

  INSERT INTO container (id, name, barcode, labware_type, labware_uuid, content, filled, is_reagent, lidded,
    starting_position_id, created_as, created_at, updated_at)
  VALUES (wanted_id, _input->>'name', _input->>'barcode', _input->>'labware_type', (_input->>'labware_uuid')::uuid, _input->>'content',
    coalesce((_input->>'filled')::boolean, true), coalesce((_input->>'is_reagent')::boolean, false),
    coalesce((_input->>'lidded')::boolean, false), target, _input->>'created_as', command_time(), command_time());
  PERFORM place_in_position(wanted_id, 'body', target, _base || '/position', (_input->>'reservation_id')::uuid);
  IF _input->'lid' IS NOT NULL AND jsonb_typeof(_input->'lid') = 'object' THEN
    IF (_input->>'lid_reservation_id') IS NULL THEN
      PERFORM refuse_waste(lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer), _base || '/lid/device');
    END IF;
    lid_target := choose_position(_input->'lid'->>'device', (_input->'lid'->>'position')::integer,
      jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
      (_input->>'lid_reservation_id')::uuid, NULL, coalesce((lowest->lid_key)::integer, 0));
    IF _input->'lid'->'position' IS NULL OR _input->'lid'->'position' = 'null' THEN
      lowest := lowest || jsonb_build_object(lid_key, (SELECT p.slot_number FROM position p WHERE p.id = lid_target));
    END IF;
    PERFORM place_in_position(wanted_id, 'lid', lid_target, _base || '/lid/position', (_input->>'lid_reservation_id')::uuid);
  END IF;
  PERFORM record_container_event(_revision, _ordinal, 'added', wanted_id, NULL, _audit);
  id := wanted_id; outcome := 'created';
END $$;

-- prisma/sql/container/alike_barcode.sql
-- Returns the barcode of a container on the platform that differs from this one in case only, or null. Not with ORDER BY and LIMIT 1:
-- for these, PostgreSQL goes through all barcodes in their order, until the first that fits or the end.
CREATE OR REPLACE FUNCTION alike_barcode(_barcode text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT (array_agg(c.barcode ORDER BY c.barcode))[1] FROM container c
  WHERE c.removed_at IS NULL AND lower(c.barcode) = lower(_barcode) AND c.barcode <> _barcode
$$;

-- prisma/sql/container/bearers_of.sql
-- Returns the containers that a barcode means: the one on the platform that has it; otherwise all that had it, whether they were
-- removed or have another barcode, or none, now.
CREATE OR REPLACE FUNCTION bearers_of(_barcode text) RETURNS SETOF uuid LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
  RETURN QUERY SELECT c.id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT c.id FROM container c WHERE c.barcode = _barcode
  UNION
  SELECT e.container_id FROM label_event e WHERE e.barcode = _barcode;
END $$;

-- prisma/sql/container/container_situation.sql
-- Returns the place, lid and barcode of a container as its history shows them, from a snapshot.
CREATE OR REPLACE FUNCTION container_situation(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _snapshot IS NOT NULL THEN jsonb_build_object('device', _snapshot->'device', 'position', _snapshot->'position',
    'lidded', _snapshot->'lidded', 'lid', _snapshot->'lid', 'barcode', _snapshot->'barcode', 'missing_since', _snapshot->'missing_since') END
$$;

-- prisma/sql/container/container_snapshot.sql
-- Returns a container as an event stores it. It is written in PL/pgSQL, which plans the nine joins of the view once a
-- connection; before PostgreSQL 18 a function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION container_snapshot(_container uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT to_jsonb(s) || jsonb_build_object(
      'removed_at', wire_time(s.removed_at), 'missing_since', wire_time(s.missing_since), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
    FROM container_state s WHERE s.id = _container);
END $$;

-- prisma/sql/container/container_state.sql
-- A container as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW container_state AS
SELECT
  c.id, c.name, c.barcode,
  body_device.name AS device, body_position.slot_number AS position,
  starting_device.name AS starting_device, starting_position.slot_number AS starting_position,
  c.lidded,
  CASE WHEN lid.position_id IS NOT NULL
    THEN jsonb_build_object('device', lid_device.name, 'position', lid_position.slot_number) END AS lid,
  c.filled, c.content, c.labware_type, c.labware_uuid, c.is_reagent,
  c.removed_at, c.missing_since,
  -- Subqueries, not joins: few containers are missing, and the plan of the others stays small.
  CASE WHEN c.missing_since IS NOT NULL
    THEN (SELECT d.name FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = c.last_position_id) END AS last_device,
  CASE WHEN c.missing_since IS NOT NULL
    THEN (SELECT p.slot_number FROM position p WHERE p.id = c.last_position_id) END AS last_position,
  c.created_at, c.updated_at, c.version
FROM container c
JOIN position starting_position ON starting_position.id = c.starting_position_id
JOIN device starting_device ON starting_device.id = starting_position.device_id
LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
LEFT JOIN position body_position ON body_position.id = body.position_id
LEFT JOIN device body_device ON body_device.id = body_position.device_id
LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
LEFT JOIN position lid_position ON lid_position.id = lid.position_id
LEFT JOIN device lid_device ON lid_device.id = lid_position.device_id;

-- prisma/sql/container/correct_container.sql
-- Records what a person saw in the lab. A correction may do what other commands refuse: bring back a removed container,
-- find a missing one, say that the lid is on although no command put it on, use a reserved slot. It never violates a
-- constraint. `_input` has the members of ContainerCorrection but the reason, which is in `_audit`. What the input does not
-- name stays as it is. What was seen in waste is off the platform; a lid there is gone.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use, position-occupied, device-not-found,
-- position-not-found
CREATE OR REPLACE FUNCTION correct_container(_id uuid, _barcode text, _input jsonb, _audit jsonb) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  corrected uuid;
  before jsonb;
  after_barcode text;
  after_lidded boolean;
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
  thing placement;
  moved placement;
  this_revision bigint;
  ordinal integer := 0;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  corrected := require_container(_id, _barcode);
  before := container_snapshot(corrected);
  SELECT position_id INTO body_from FROM placement WHERE container_id = corrected AND part = 'body';
  SELECT position_id INTO lid_from FROM placement WHERE container_id = corrected AND part = 'lid';
  IF before->>'removed_at' IS NOT NULL AND NOT _input ? 'device' THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', corrected, 'removed_at', before->'removed_at'));
  END IF;

  IF lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer) IS NOT NULL THEN
    _input := _input || '{"lid": null, "lidded": false}';
  END IF;
  waste := lookup_waste(_input->>'device', (_input->>'position')::integer);
  IF waste IS NOT NULL THEN
    IF before->>'removed_at' IS NULL THEN
      IF _input->>'barcode' IS NOT NULL THEN
        PERFORM refuse_barcode_in_use(_input->>'barcode', corrected, '/barcode');
      END IF;
      UPDATE container SET barcode = CASE WHEN _input ? 'barcode' THEN _input->>'barcode' ELSE barcode END WHERE id = corrected;
      PERFORM dispose_part(corrected, 'body', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
    RETURN;
  END IF;

  body_to := CASE WHEN _input ? 'device'
    THEN require_position(_input->>'device', (_input->>'position')::integer, '{"device": "/device", "position": "/position"}') ELSE body_from END;
  lid_to := CASE jsonb_typeof(_input->'lid')
    WHEN 'object' THEN require_position(_input->'lid'->>'device', (_input->'lid'->>'position')::integer, '{"device": "/lid/device", "position": "/lid/position"}')
    WHEN 'null' THEN NULL ELSE lid_from END;
  after_lidded := CASE WHEN jsonb_typeof(_input->'lid') = 'object' THEN false
    ELSE coalesce((_input->>'lidded')::boolean, (before->>'lidded')::boolean) END;
  IF after_lidded THEN
    lid_to := NULL;
  END IF;
  after_barcode := CASE WHEN _input ? 'barcode' THEN _input->>'barcode' ELSE before->>'barcode' END;
  IF after_barcode IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(after_barcode, corrected, '/barcode');
  END IF;
  IF body_to = lid_to THEN
    PERFORM refuse_own_position(before, 'container', lid_to, '/lid/position');
  END IF;
  IF body_to IS NOT DISTINCT FROM body_from AND lid_to IS NOT DISTINCT FROM lid_from AND after_lidded = (before->>'lidded')::boolean
    AND after_barcode IS NOT DISTINCT FROM before->>'barcode' THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
    RETURN;
  END IF;

  this_revision := next_revision();
  -- First free the slots of the container itself, because a displaced thing may go there.
  DELETE FROM placement WHERE container_id = corrected
    AND position_id IS DISTINCT FROM CASE part WHEN 'body' THEN body_to ELSE lid_to END;
  FOR thing IN SELECT * FROM placement WHERE position_id IN (body_to, lid_to) AND container_id <> corrected ORDER BY part, position_id LOOP
    -- The loop has what was there before it began. A container that an earlier pass removed took its lid along.
    PERFORM 1 FROM placement WHERE position_id = thing.position_id AND container_id = thing.container_id AND part = thing.part;
    IF NOT FOUND THEN
      CONTINUE;
    END IF;
    IF _input->'displace' IS NULL THEN
      PERFORM refuse_occupied_position(thing.position_id, CASE thing.position_id WHEN body_to THEN '/position' ELSE '/lid/position' END);
    END IF;
    PERFORM displace_occupant(thing, _input->'displace', this_revision, ordinal, _audit);
    -- The displaced thing must not go where the container or its lid is going to be.
    SELECT * INTO moved FROM placement WHERE position_id IN (body_to, lid_to) AND container_id = thing.container_id AND part = thing.part;
    IF FOUND THEN
      PERFORM refuse_own_position(before, CASE moved.position_id WHEN body_to THEN 'container' ELSE 'lid' END, moved.position_id, '/displace/position');
    END IF;
    ordinal := ordinal + 1;
  END LOOP;
  UPDATE container SET barcode = after_barcode, name = relabelled_name(name, barcode, after_barcode), lidded = after_lidded, removed_at = NULL, version = version + 1, updated_at = command_time()
  WHERE id = corrected;
  IF body_to IS DISTINCT FROM body_from THEN
    PERFORM write_placement(corrected, 'body', body_to);
  END IF;
  IF lid_to IS NOT NULL AND lid_to IS DISTINCT FROM lid_from THEN
    PERFORM write_placement(corrected, 'lid', lid_to);
  END IF;
  PERFORM record_container_event(this_revision, ordinal,
    CASE WHEN before->>'missing_since' IS NOT NULL AND body_to IS NOT NULL THEN 'found' ELSE 'corrected' END, corrected, before, _audit);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
END $$;

-- prisma/sql/container/dispose_part.sql
-- Disposes of a container, which then is off the platform with its lid, or of its lid only, which the container then has no
-- longer. `_place` is where, { device, position }: the snapshot after the event has it, although nothing stands there.
-- `_before` is the snapshot before.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION dispose_part(_container uuid, _part text, _place jsonb, _revision bigint, _ordinal integer, _before jsonb, _audit jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM placement WHERE container_id = _container AND (_part = 'body' OR part = 'lid');
  UPDATE container SET removed_at = CASE _part WHEN 'body' THEN command_time() END, lidded = lidded AND _part = 'body',
    missing_since = CASE _part WHEN 'lid' THEN missing_since END, last_position_id = CASE _part WHEN 'lid' THEN last_position_id END, version = version + 1, updated_at = command_time()
  WHERE id = _container;
  PERFORM record_container_event(_revision, _ordinal, 'disposed', _container, _before, _audit,
    container_snapshot(_container) || CASE _part WHEN 'body' THEN _place ELSE jsonb_build_object('lid', _place) END);
END $$;

-- prisma/sql/container/former_bearers.sql
-- Returns the containers that had this barcode and have another one, or none, now: [{ id, barcode, device, position,
-- missing_since, removed_at, until }], those on the platform first, then the latest, or null. A refusal of the barcode shows them.
-- Both lookups use the partial indexes of the events that gave or took a barcode.
CREATE OR REPLACE FUNCTION former_bearers(_barcode text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  bearers uuid[] := ARRAY(
    SELECT e.container_id FROM label_event e WHERE e.barcode = _barcode);
BEGIN
  -- Most barcodes that are asked for have no former bearer. A stocktake asks for up to 10,000.
  IF cardinality(bearers) = 0 THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_agg(jsonb_build_object('id', f.id, 'barcode', f.barcode, 'device', f.device, 'position', f.position,
      'missing_since', wire_time(f.missing_since), 'removed_at', wire_time(f.removed_at), 'until', wire_time(f.until))
      ORDER BY f.removed_at IS NOT NULL, f.until DESC, f.id)
    FROM (
      SELECT s.id, s.barcode, s.device, s.position, s.missing_since, s.removed_at, (
        SELECT max(e.recorded_at) FROM label_event e WHERE e.container_id = s.id AND e.former = _barcode) AS until
      FROM container_state s
      WHERE s.id = ANY (bearers) AND s.barcode IS DISTINCT FROM _barcode
      ORDER BY s.removed_at IS NOT NULL, until DESC LIMIT 20
    ) f);
END $$;

-- prisma/sql/container/missing_members.sql
-- Returns what a problem says of a missing container: since when it is missing, and where it was last. Returns an empty
-- object if it is not missing.
CREATE OR REPLACE FUNCTION missing_members(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _snapshot->>'missing_since' IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(
    'missing_since', _snapshot->'missing_since',
    'last', jsonb_build_object('device', _snapshot->'last_device', 'position', _snapshot->'last_position')) END
$$;

-- prisma/sql/container/move_container.sql
-- Moves a container. If a source is given, the container must be there. Without one, a missing container is found. Without a
-- target slot the container goes to the lowest free one. If the target disposes, the container is off the platform. The
-- answer is the snapshot before the move with what the move changed, so that nothing is read
-- twice.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _audit jsonb, _reservation uuid
) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  -- This also takes the lab lock. A move always changes something; a refusal rolls the revision back.
  this_revision bigint := next_revision();
  moved uuid := require_present_container(_id, _barcode);
  before jsonb := container_snapshot(moved);
  after jsonb;
  target uuid;
BEGIN
  IF (_source_device IS NOT NULL AND before->>'device' IS DISTINCT FROM _source_device)
    OR (_source_slot IS NOT NULL AND (before->>'position')::integer IS DISTINCT FROM _source_slot) THEN
    IF _source_slot IS NULL THEN
      PERFORM require_device(_source_device, '/source_device');
    ELSIF _source_device IS NOT NULL THEN
      PERFORM require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
    END IF;
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot),
      'actual', jsonb_build_object('device', before->'device', 'position', before->'position'),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')) || missing_members(before));
  END IF;
  target := place_on_device(moved, 'body', _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  IF target IS NULL THEN
    PERFORM dispose_part(moved, 'body', lookup_waste(_target_device, _target_slot), this_revision, 0, before, _audit);
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = moved;
    RETURN;
  END IF;
  after := before || update_lidded_and_version(moved) || jsonb_build_object('device', _target_device,
    'position', coalesce(_target_slot, (SELECT slot_number FROM position WHERE id = target)),
    'missing_since', NULL, 'last_device', NULL, 'last_position', NULL);
  PERFORM record_container_event(this_revision, 0, moved_kind(before), moved, before, _audit, after);
  RETURN NEXT jsonb_populate_record(NULL::container_state, after);
END $$;

-- prisma/sql/container/move_from_position.sql
-- Moves what is in a slot: the container, or the lid if only a lid is there. If the target disposes, it is disposed of. If a barcode is given, it must be the
-- one of the container, or a former label of it. `_id` is its id, if the request names it so.
--
-- Locks: The lab lock.
-- Raises: device-not-found, position-not-found, source-empty, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_from_position(
  _source_device text, _source_slot integer, _target_device text, _target_slot integer, _id uuid, _barcode text, _audit jsonb, _reservation uuid
) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  source uuid;
  what record;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  source := require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
  SELECT pl.container_id, pl.part INTO what FROM placement pl WHERE pl.position_id = source;
  IF NOT FOUND THEN
    PERFORM refuse('source-empty', jsonb_build_object('device', _source_device, 'position', _source_slot, 'pointer', '/source_pos'));
  END IF;
  before := container_snapshot(what.container_id);
  IF _id <> what.container_id OR (_barcode IS NOT NULL AND before->>'barcode' IS DISTINCT FROM _barcode AND NOT label_is_former(what.container_id, _barcode)) THEN
    PERFORM refuse_source_mismatch(what.container_id, jsonb_build_object('device', _source_device, 'position', _source_slot),
      coalesce(_barcode, (SELECT c.barcode FROM container c WHERE c.id = _id), _id::text), '/barcode');
  END IF;
  IF place_on_device(what.container_id, what.part, _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation) IS NULL THEN
    PERFORM dispose_part(what.container_id, what.part, lookup_waste(_target_device, _target_slot), next_revision(), 0, before, _audit);
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = what.container_id;
    RETURN;
  END IF;
  PERFORM bump_container_version(what.container_id);
  PERFORM record_container_event(next_revision(), 0, CASE what.part WHEN 'body' THEN 'moved' ELSE 'unlidded' END,
    what.container_id, before, _audit);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = what.container_id;
END $$;

-- prisma/sql/container/moved_kind.sql
-- Returns the kind of the event that says that a container has a new place: it was moved, or it was missing and is found.
CREATE OR REPLACE FUNCTION moved_kind(_before jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _before->>'missing_since' IS NULL THEN 'moved' ELSE 'found' END
$$;

-- prisma/sql/container/record_container_event.sql
-- Records an event of a container. `_after` is the snapshot after the command, which is read here unless the caller
-- already knows it.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  request uuid := uuid_of_request(_audit);
BEGIN
  IF _after IS NULL THEN
    _after := container_snapshot(_container);
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', request, CASE WHEN request IS NULL THEN _audit->>'request_id' END, _container,
    changed_members(_before, _after), stored_container(_after),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'body'),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'lid')
  FROM lab WHERE id = 1;
END $$;

-- prisma/sql/container/refuse_barcode_in_use.sql
-- Refuses a barcode that another container on the platform has. The problem says where that one is, or where it was last
-- if it is missing.
--
-- Raises: barcode-in-use
CREATE OR REPLACE FUNCTION refuse_barcode_in_use(_barcode text, _container uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  holder jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position)
    || missing_members(container_snapshot(s.id)) INTO holder
  FROM container_state s WHERE s.barcode = _barcode AND s.removed_at IS NULL AND s.id <> _container;
  IF FOUND THEN
    PERFORM refuse('barcode-in-use', jsonb_build_object('barcode', _barcode, 'pointer', _pointer, 'holder', holder));
  END IF;
END $$;

-- prisma/sql/container/refuse_barcode_mismatch.sql
-- Refuses a barcode that was read on the way and is not the one of the container. A container without a barcode may
-- get one that no other container has. A former label of the container is accepted; former_label_warning tells of it.
--
-- Raises: source-mismatch, barcode-in-use
CREATE OR REPLACE FUNCTION refuse_barcode_mismatch(_container uuid, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  known text;
BEGIN
  SELECT barcode INTO known FROM container WHERE id = _container;
  IF known IS NULL THEN
    PERFORM refuse_barcode_in_use(_barcode, _container, _pointer);
  ELSIF known <> _barcode AND NOT label_is_former(_container, _barcode) THEN
    PERFORM refuse_source_mismatch(_container, NULL, _barcode, _pointer);
  END IF;
END $$;

-- prisma/sql/container/refuse_source_mismatch.sql
-- Refuses because the container is not at the place that the request says, or because its barcode is not the one that
-- was read. `actual` is where the container is, or the one that has the barcode; `relabelled` says who had the barcode before.
--
-- Raises: source-mismatch, always.
CREATE OR REPLACE FUNCTION refuse_source_mismatch(_container uuid, _place jsonb, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('source-mismatch', (
    SELECT jsonb_build_object(
      'expected', jsonb_strip_nulls(jsonb_build_object('device', coalesce(_place->>'device', s.device),
        'position', coalesce((_place->>'position')::integer, s.position), 'barcode', _barcode)),
      'actual', CASE WHEN _barcode IS NULL THEN jsonb_build_object('device', s.device, 'position', s.position) ELSE (
        SELECT jsonb_build_object('device', o.device, 'position', o.position)
        FROM container_state o WHERE o.barcode = _barcode AND o.removed_at IS NULL) END,
      'container', jsonb_build_object('id', s.id, 'barcode', s.barcode), 'pointer', _pointer)
      || missing_members(container_snapshot(s.id)) || CASE WHEN _barcode IS NOT NULL THEN barcode_hints(_barcode) ELSE '{}' END
    FROM container_state s WHERE s.id = _container));
END $$;

-- prisma/sql/container/relabel_containers.sql
-- Gives containers new labels, all at once, so that two labels can be swapped. `_labels` is [{ named, id, barcode }], one entry a
-- container. A label that does not change has no event. A dry run returns what contradicts as findings, and what would
-- change; otherwise the first finding is refused.
--
-- Locks: The lab lock.
-- Raises: invalid-request, container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION relabel_containers(_labels jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (changes jsonb, findings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM lock_lab();
  plan := plan_labels(_labels);
  PERFORM refuse_repeated_entry(plan->'repeated');
  findings := plan->'findings';
  IF NOT _dry_run AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := label_changes(plan->'labels');
  IF NOT _dry_run AND changes <> '[]' THEN
    PERFORM write_labels(plan->'labels', next_revision(), 0, _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;

-- prisma/sql/container/relabelled_name.sql
-- Returns the name of a container when its label changes: a name that was made from the label follows it, another one stays.
CREATE OR REPLACE FUNCTION relabelled_name(_name text, _former text, _barcode text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _name = _former THEN coalesce(_barcode, _name) ELSE _name END
$$;

-- prisma/sql/container/remove_container.sql
-- Removes a container from the platform: its slot, the slot of its lid and its barcode are free again. Does
-- nothing if the container was already removed.
--
-- Locks: The lab lock.
-- Raises: container-not-found
CREATE OR REPLACE FUNCTION remove_container(_id uuid, _barcode text, _audit jsonb) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  gone uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  gone := require_container(_id, _barcode);
  before := container_snapshot(gone);
  IF before->>'removed_at' IS NULL THEN
    DELETE FROM placement WHERE container_id = gone;
    UPDATE container SET removed_at = command_time(), missing_since = NULL, last_position_id = NULL, version = version + 1, updated_at = command_time() WHERE id = gone;
    PERFORM record_container_event(next_revision(), 0, 'removed', gone, before, _audit);
  END IF;
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = gone;
END $$;

-- prisma/sql/container/require_container.sql
-- Returns the container with this id, removed or not, or the container on the platform with this barcode. The caller
-- gives one of the two. See require_present_container, which also refuses a removed container.
--
-- Raises: container-not-found
CREATE OR REPLACE FUNCTION require_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  IF _id IS NOT NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.id = _id;
  ELSE
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  END IF;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found',
      jsonb_build_object('container', coalesce(_id::text, _barcode), 'parameter', 'container') || barcode_hints(_barcode));
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/container/require_present_container.sql
-- Returns the container on the platform with this id or barcode. The caller gives one of the two. See
-- require_container, which accepts a removed container.
--
-- Raises: container-not-found, container-removed
CREATE OR REPLACE FUNCTION require_present_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
  removed timestamptz;
BEGIN
  IF _id IS NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  ELSE
    SELECT c.id, c.removed_at INTO found_id, removed FROM container c WHERE c.id = _id;
  END IF;
  IF found_id IS NULL THEN
    -- require_container raises the refusal
    PERFORM require_container(_id, _barcode);
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/container/resolve_logged_container.sql
-- Finds the container that a step log means by an id, or by a barcode at a time. For a barcode it prefers the
-- container that had it at that time, as the event log says: a barcode may have gone from one container to another since. If none
-- did, it prefers the one on the platform, then the next one that had it. Returns no row if there is none.
CREATE OR REPLACE FUNCTION resolve_logged_container(_id uuid, _barcode text, _at timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  found uuid;
BEGIN
  IF _id IS NOT NULL THEN
    RETURN QUERY SELECT c.id FROM container c WHERE c.id = _id;
    RETURN;
  END IF;
  -- Two containers on the platform never have one barcode, so only the last one that got it can have borne it.
  SELECT taken.container_id INTO found
  FROM (
    SELECT e.container_id, e.recorded_at, e.revision, e.ordinal FROM label_event e
    WHERE e.barcode = _barcode AND e.recorded_at <= _at
    ORDER BY e.recorded_at DESC, e.revision DESC, e.ordinal DESC LIMIT 1
  ) taken
  JOIN container c ON c.id = taken.container_id
  WHERE (c.removed_at IS NULL OR c.removed_at >= _at) AND NOT EXISTS (
    SELECT FROM label_event e
    WHERE e.container_id = taken.container_id AND e.recorded_at BETWEEN taken.recorded_at AND _at
      AND (e.revision, e.ordinal) > (taken.revision, taken.ordinal));
  found := coalesce(found,
    (SELECT c.id FROM container c
     WHERE c.barcode = _barcode AND (c.removed_at IS NULL OR c.removed_at >= _at)
     ORDER BY c.created_at <= _at DESC, c.removed_at DESC NULLS FIRST LIMIT 1),
    (SELECT e.container_id FROM label_event e
     WHERE e.barcode = _barcode AND e.recorded_at > _at
     ORDER BY e.recorded_at, e.revision, e.ordinal LIMIT 1));
  IF found IS NOT NULL THEN
    RETURN QUERY SELECT found;
  END IF;
END $$;

-- prisma/sql/container/resolve_logged_containers.sql
-- Finds the containers of steps: [{ id, start, containers: [{ named, id }] }]. A container that a step names twice
-- counts once, under the first name; `also_named` has the others. The id is null if the service does not know the
-- container.
CREATE OR REPLACE FUNCTION resolve_logged_containers(_steps jsonb)
RETURNS TABLE (step_id uuid, ordinal integer, named text, also_named text[], container_id uuid) LANGUAGE sql STABLE AS $$
  SELECT step_id, ordinal, named, names[2:], container_id
  FROM (
    SELECT s.id AS step_id, c.ordinality::integer - 1 AS ordinal, c.value->>'named' AS named, found.id AS container_id,
      row_number() OVER thing AS nth,
      array_agg(c.value->>'named') OVER (thing ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS names
    FROM jsonb_to_recordset(_steps) AS s (id uuid, start timestamptz, containers jsonb)
    CROSS JOIN LATERAL jsonb_array_elements(s.containers) WITH ORDINALITY AS c (value, ordinality)
    LEFT JOIN LATERAL resolve_logged_container((c.value->>'id')::uuid, c.value->>'named', s.start) AS found (id) ON true
    WINDOW thing AS (PARTITION BY s.id, coalesce(found.id::text, c.value->>'named') ORDER BY c.ordinality)
  ) every_name
  WHERE nth = 1
$$;

-- prisma/sql/container/restore_containers.sql
-- Makes containers as they were: on the platform, with their properties, places and lids. `_inputs` is [{ id, name,
-- barcode, labware_type, labware_uuid, content, filled, is_reagent, lidded, position_id, lid_position_id, missing_since,
-- last_position_id }]; a container without position_id is missing. The caller has
-- made sure that nothing else is in the slots and that no other container has the barcodes; otherwise the constraints
-- refuse it. Places and barcodes may have changed in a circle. Events are numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION restore_containers(_inputs jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT (i->>'id')::uuid FROM jsonb_array_elements(_inputs) i);
  before jsonb;
BEGIN
  SELECT coalesce(jsonb_object_agg(id, container_snapshot(id)), '{}') INTO before FROM unnest(ids) AS id;

  -- First everything leaves what it has, then everything takes what it had.
  DELETE FROM placement pl USING jsonb_to_recordset(_inputs) AS i (id uuid, position_id uuid, lid_position_id uuid)
  WHERE pl.container_id = i.id AND pl.position_id IS DISTINCT FROM CASE pl.part WHEN 'body' THEN i.position_id ELSE i.lid_position_id END;
  UPDATE container SET barcode = NULL WHERE id = ANY (ids) AND barcode IS NOT NULL;
  UPDATE container c SET name = i.name, barcode = i.barcode, labware_type = i.labware_type, labware_uuid = i.labware_uuid, content = i.content,
    filled = i.filled, is_reagent = i.is_reagent, lidded = i.lidded, removed_at = NULL,
    missing_since = CASE WHEN i.position_id IS NULL THEN i.missing_since END,
    last_position_id = CASE WHEN i.position_id IS NULL THEN i.last_position_id END, version = c.version + 1, updated_at = command_time()
  FROM jsonb_to_recordset(_inputs) AS i (id uuid, name text, barcode text, labware_type text, labware_uuid uuid, content text, filled boolean,
    is_reagent boolean, lidded boolean, position_id uuid, missing_since timestamptz, last_position_id uuid)
  WHERE c.id = i.id;
  INSERT INTO placement (position_id, container_id, part, since)
  SELECT part.position_id, i.id, part.name, command_time()
  FROM jsonb_to_recordset(_inputs) AS i (id uuid, position_id uuid, lid_position_id uuid)
  CROSS JOIN LATERAL (VALUES ('body', i.position_id), ('lid', i.lid_position_id)) AS part (name, position_id)
  WHERE part.position_id IS NOT NULL AND NOT EXISTS (SELECT FROM placement pl WHERE pl.container_id = i.id AND pl.part = part.name);

  PERFORM record_container_event(_revision, (_ordinal + t.n - 1)::integer, 'restored', t.id, before->t.id::text, _audit)
  FROM unnest(ids) WITH ORDINALITY AS t (id, n);
END $$;

-- prisma/sql/container/update_container.sql
-- Changes what is known of a container, but not where it is. `_changes` has the members to change; null clears a
-- member. A name that was made from the label follows a new label. Nothing is written if nothing changes.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION update_container(_id uuid, _barcode text, _changes jsonb, _audit jsonb)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  changed := require_present_container(_id, _barcode);
  before := container_snapshot(changed);
  -- A UUID may be written in capitals, and is the same.
  IF _changes->>'labware_uuid' IS NOT NULL THEN
    _changes := _changes || jsonb_build_object('labware_uuid', (_changes->>'labware_uuid')::uuid);
  END IF;
  IF before @> _changes THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = changed;
    RETURN;
  END IF;
  IF _changes->>'barcode' IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(_changes->>'barcode', changed, '/barcode');
  END IF;
  UPDATE container c SET
    barcode = CASE WHEN _changes ? 'barcode' THEN _changes->>'barcode' ELSE c.barcode END,
    name = CASE WHEN _changes ? 'name' THEN _changes->>'name' WHEN _changes ? 'barcode' THEN relabelled_name(c.name, c.barcode, _changes->>'barcode') ELSE c.name END,
    filled = CASE WHEN _changes ? 'filled' THEN (_changes->>'filled')::boolean ELSE c.filled END,
    content = CASE WHEN _changes ? 'content' THEN _changes->>'content' ELSE c.content END,
    labware_type = CASE WHEN _changes ? 'labware_type' THEN _changes->>'labware_type' ELSE c.labware_type END,
    labware_uuid = CASE WHEN _changes ? 'labware_uuid' THEN (_changes->>'labware_uuid')::uuid ELSE c.labware_uuid END,
    is_reagent = CASE WHEN _changes ? 'is_reagent' THEN (_changes->>'is_reagent')::boolean ELSE c.is_reagent END,
    version = c.version + 1, updated_at = command_time()
  WHERE c.id = changed;
  PERFORM record_container_event(next_revision(), 0,
    CASE WHEN before->'barcode' IS DISTINCT FROM coalesce(_changes->'barcode', before->'barcode') THEN 'barcode-set' ELSE 'updated' END,
    changed, before, _audit);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = changed;
END $$;

-- prisma/sql/container/update_lidded_and_version.sql
-- Increments the version of a container, and sets the time of its last change. Sets whether the lid is on, unless
-- `_lidded` is null. Returns these members of the snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION update_lidded_and_version(_container uuid, _lidded boolean DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb;
BEGIN
  UPDATE container SET lidded = coalesce(_lidded, lidded), version = version + 1, updated_at = command_time() WHERE id = _container
  RETURNING jsonb_build_object('lidded', lidded, 'version', version, 'updated_at', wire_time(updated_at)) INTO changed;
  RETURN changed;
END $$;

-- prisma/sql/container/write_labels.sql
-- Gives containers their labels, all at once, so that two can be swapped: [{ id, barcode }]. A name that was made from the
-- former label follows it. The caller has made sure that no two containers get one label; otherwise the constraints refuse
-- it. Events are numbered from `_ordinal`. Returns how many there were.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_labels(_labels jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(l.id, container_snapshot(l.id)), '{}') INTO before FROM jsonb_to_recordset(_labels) AS l (id uuid);
  UPDATE container SET barcode = NULL WHERE id IN (SELECT l.id FROM jsonb_to_recordset(_labels) AS l (id uuid)) AND barcode IS NOT NULL;
  UPDATE container c SET barcode = l.barcode, name = relabelled_name(c.name, before->l.id::text->>'barcode', l.barcode),
    version = c.version + 1, updated_at = command_time()
  FROM jsonb_to_recordset(_labels) AS l (id uuid, barcode text) WHERE c.id = l.id;
  PERFORM record_container_event(_revision, (_ordinal + l.n - 1)::integer, 'barcode-set', (l.value->>'id')::uuid, before->(l.value->>'id'), _audit)
  FROM jsonb_array_elements(_labels) WITH ORDINALITY AS l (value, n);
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;

-- prisma/sql/device/create_unlisted_devices.sql
-- Creates a device for every name that no device ever had: unlisted and without slots. `_devices` is [{ id, name }]
-- with the ids to use. Returns the ids of the new devices.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION create_unlisted_devices(_devices jsonb) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  named uuid[];
BEGIN
  PERFORM lock_lab();
  WITH unlisted AS (
    INSERT INTO device (id, name, "group", listed, created_at, updated_at)
    SELECT d.id, d.name, 'devices', false, command_time(), command_time()
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text) WHERE latest_device_named(d.name) IS NULL
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO named FROM unlisted;
  RETURN named;
END $$;

-- prisma/sql/device/device_state.sql
-- A device as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW device_state AS
SELECT
  id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, disposes, to_jsonb(labware_types) AS labware_types,
  max_height_mm, extra,
  server_certificate IS NOT NULL AS has_certificate, listed, retired_at, created_at, updated_at, version
FROM device;

-- prisma/sql/device/latest_device_named.sql
-- Returns the active device with this name. If there is none, returns the device that had the name last before it was
-- retired, or null. It is written in PL/pgSQL, which plans the query once a connection; before PostgreSQL 18 a
-- function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION latest_device_named(_name text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT id FROM device WHERE name = _name ORDER BY retired_at DESC NULLS FIRST LIMIT 1);
END $$;

-- prisma/sql/device/next_ordinal_in_group.sql
-- Returns the ordinal after the last device of a group. A device that is added to the group, or moved into it, gets it.
CREATE OR REPLACE FUNCTION next_ordinal_in_group(_group text) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(ordinal) + 1, 0) FROM device WHERE "group" = _group AND listed AND retired_at IS NULL
$$;

-- prisma/sql/device/record_unlisted_devices.sql
-- Records an event for each device that a log created. The events are numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_unlisted_devices(_revision bigint, _ordinal integer, _devices uuid[], _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(_devices) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, became)
  SELECT _revision, _ordinal + n.ordinality - 1, lab.recorded_at, 'device-named',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), n.id, device_snapshot(n.id)
  FROM unnest(_devices) WITH ORDINALITY AS n (id, ordinality) CROSS JOIN lab;
END $$;

-- prisma/sql/device/refuse_dropping_occupied_slots.sql
-- Refuses input that would drop a slot in which there is a container or a lid, or turn it into waste. The problem names each such slot.
-- `_slots` has the slots for which something is set with the same command, as for write_devices.
--
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION refuse_dropping_occupied_slots(_inputs json, _slots json) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  occupied jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number, 'occupant', occupant_of(p.id))
    ORDER BY d.name, p.slot_number)
  INTO occupied
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  JOIN device d ON d.id = input.id
  JOIN position p ON p.device_id = d.id
  JOIN placement pl ON pl.position_id = p.id
  WHERE input.retired OR p.slot_number >= input.capacity;
  IF occupied IS NOT NULL THEN
    PERFORM refuse('slots-occupied', jsonb_build_object('occupied', occupied));
  END IF;
  -- Of the slots that keep what is put there, those that are going to dispose: what is set for the slot comes before its device.
  PERFORM refuse_disposing_of_occupied_slots(ARRAY(
    SELECT p.id
    FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
    LEFT JOIN json_populate_recordset(NULL::device_input, _inputs) AS input ON input.id = d.id
    LEFT JOIN json_populate_recordset(NULL::slot_input, _slots) AS slot ON slot.device_id = d.id AND slot.position = p.slot_number
    WHERE (input.id IS NOT NULL OR slot.device_id IS NOT NULL)
      AND coalesce(CASE WHEN slot.device_id IS NULL THEN p.disposes_set ELSE slot.disposes END, input.disposes, d.disposes)));
END $$;

-- prisma/sql/device/require_device.sql
-- Returns the active device with this name. `_pointer` is the JSON pointer of the name in the request.
--
-- Raises: device-not-found
CREATE OR REPLACE FUNCTION require_device(_name text, _pointer text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT id INTO found_id FROM device WHERE name = _name AND retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('device-not-found', jsonb_build_object('device', _name, 'pointer', _pointer));
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/device/resolve_logged_devices.sql
-- Finds the device of each name in a step log: [{ name }]. Returns the id, and the code and detail of a warning if
-- the device is unlisted or retired. A name that no device ever had is not in the result.
CREATE OR REPLACE FUNCTION resolve_logged_devices(_devices jsonb) RETURNS TABLE (name text, id uuid, code text, detail text) LANGUAGE sql STABLE AS $$
  SELECT d.name, d.id,
    CASE WHEN NOT d.listed THEN 'unknown-device' WHEN d.retired_at IS NOT NULL THEN 'retired-device' END,
    CASE WHEN NOT d.listed THEN 'No device of the lab is called "' || d.name || '". The step is stored with the name.'
      WHEN d.retired_at IS NOT NULL THEN 'The device "' || d.name || '" is retired. The step is stored for this device.' END
  FROM jsonb_to_recordset(_devices) AS sent (name text)
  JOIN device d ON d.id = latest_device_named(sent.name)
$$;

-- prisma/sql/device/set_certificate.sql
-- Stores the server certificate of a device, or removes it if `_certificate` is null. The event says that there is a
-- certificate, not what is in it. Nothing is written if nothing changes.
--
-- Locks: The lab lock.
-- Raises: device-not-found, no-certificate
CREATE OR REPLACE FUNCTION set_certificate(_device text, _certificate text, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  present text;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  SELECT d.id, d.server_certificate INTO changed, present FROM device d WHERE d.name = _device AND d.retired_at IS NULL;
  IF changed IS NULL THEN
    PERFORM refuse('device-not-found', jsonb_build_object('device', _device, 'parameter', 'device'));
  END IF;
  IF _certificate IS NULL AND present IS NULL THEN
    PERFORM refuse('no-certificate', jsonb_build_object('device', _device, 'parameter', 'device'));
  END IF;
  IF _certificate IS NOT DISTINCT FROM present THEN
    RETURN;
  END IF;
  before := device_snapshot(changed);
  UPDATE device SET server_certificate = _certificate, version = version + 1, updated_at = command_time() WHERE id = changed;
  PERFORM next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT l.revision, 0, l.recorded_at, CASE WHEN _certificate IS NULL THEN 'certificate-removed' ELSE 'certificate-set' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), changed, before, device_snapshot(changed)
  FROM lab l;
END $$;

-- prisma/sql/device/unknown_devices_of_new_steps.sql
-- Returns those of `_devices` that the service has to create: no device ever had the name, and a step names it that
-- was not logged before, or that ends now. A repeated old log must not bring back a name that was changed since.
CREATE OR REPLACE FUNCTION unknown_devices_of_new_steps(_devices jsonb, _steps jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM 1 FROM jsonb_to_recordset(_devices) AS d (name text) WHERE latest_device_named(d.name) IS NULL LIMIT 1;
  IF NOT FOUND THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(d), '[]')
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text)
    WHERE latest_device_named(d.name) IS NULL AND d.name IN (
      SELECT n.name
      FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, device text, origin jsonb, destination jsonb)
      CROSS JOIN LATERAL (VALUES (s.device), (s.origin->>'device'), (s.destination->>'device')) AS n (name)
      WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = s.id
        AND (s.status = 'running' OR known.status NOT IN ('running', 'paused', 'lost')))));
END $$;

-- prisma/sql/device/write_devices.sql
-- Sets devices and their slots as the input says, and what is set for single slots as `_slots` says, which are [slot_input].
-- Records one event for each device, and then one for each of these slots. The caller decides what
-- changes (src/domain/lab-file/lab-plan.ts). Retired devices and slots keep their rows, so a device that comes back has
-- its old id. It takes a few statements for a lab of any size. A device of version 0 is one of write_slots_ahead, and new.
--
-- Locks: The caller holds the lab lock.
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION write_devices(_inputs json, _slots json, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  slots_before jsonb;
BEGIN
  PERFORM refuse_dropping_occupied_slots(_inputs, _slots);
  SELECT coalesce(jsonb_object_agg(d.id, device_snapshot(d.id)), '{}') INTO before
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input JOIN device d ON d.id = input.id WHERE d.version > 0;

  INSERT INTO device_group (name)
  SELECT DISTINCT input."group" FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  ON CONFLICT DO NOTHING;

  INSERT INTO device (id, name, "group", ordinal, type, description, uri, capacity, process_capacity, min_capacity,
    allows_overlap, disposes, labware_types, max_height_mm, extra, listed, retired_at, created_as, created_at, updated_at)
  SELECT input.id, input.name, input."group", next_ordinal_in_group(input."group"), input.type, input.description, input.uri,
    input.capacity, input.process_capacity, input.min_capacity, input.allows_overlap,
    coalesce(input.disposes, false), input.labware_types, input.max_height_mm, input.extra, input.listed, CASE WHEN input.retired THEN command_time() END, input.created_as,
    command_time(), command_time()
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  ON CONFLICT ON CONSTRAINT device_pkey DO UPDATE SET
    name = excluded.name, "group" = excluded."group", type = excluded.type,
    ordinal = CASE WHEN device."group" = excluded."group" AND device.listed AND device.retired_at IS NULL
      THEN device.ordinal ELSE excluded.ordinal END,
    description = excluded.description, uri = excluded.uri, capacity = excluded.capacity,
    process_capacity = excluded.process_capacity, min_capacity = excluded.min_capacity,
    allows_overlap = excluded.allows_overlap, disposes = excluded.disposes, labware_types = excluded.labware_types,
    max_height_mm = excluded.max_height_mm, extra = excluded.extra, listed = excluded.listed,
    retired_at = excluded.retired_at, created_as = excluded.created_as, version = device.version + 1,
    created_at = CASE WHEN device.version = 0 THEN excluded.created_at ELSE device.created_at END, updated_at = command_time();

  UPDATE position p SET retired_at = command_time()
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NULL AND p.slot_number >= CASE WHEN input.retired THEN 0 ELSE input.capacity END;
  -- Only if the device begins or ends to dispose: otherwise all slots are read, and 300,000 of them take a tenth of a second.
  UPDATE position p SET disposes = coalesce(p.disposes_set, d.disposes)
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input JOIN device d ON d.id = input.id
  WHERE (before->input.id::text->>'disposes')::boolean <> d.disposes
    AND p.device_id = d.id AND p.disposes <> coalesce(p.disposes_set, d.disposes)
    AND NOT EXISTS (SELECT FROM json_populate_recordset(NULL::slot_input, _slots) AS slot WHERE slot.device_id = p.device_id AND slot.position = p.slot_number);
  UPDATE position p SET retired_at = NULL
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NOT NULL AND NOT input.retired AND p.slot_number < input.capacity;
  PERFORM add_lacking_slots(_inputs);
  SELECT coalesce(jsonb_object_agg(p.id, position_snapshot(p.id)), '{}') INTO slots_before
  FROM json_populate_recordset(NULL::slot_input, _slots) AS slot JOIN position p ON p.device_id = slot.device_id AND p.slot_number = slot.position;
  UPDATE position p SET deep_well_suited = slot.deep_well_suited, disposes_set = slot.disposes, disposes = coalesce(slot.disposes, d.disposes),
    labware_types = slot.labware_types, max_height_mm = slot.max_height_mm
  FROM json_populate_recordset(NULL::slot_input, _slots) AS slot JOIN device d ON d.id = slot.device_id
  WHERE p.device_id = slot.device_id AND p.slot_number = slot.position;

  PERFORM drop_reservations();

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + input.ordinality - 1, l.recorded_at, input.kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    input.id, before->input.id::text, device_snapshot(input.id)
  FROM ROWS FROM (json_populate_recordset(NULL::device_input, _inputs)) WITH ORDINALITY AS input CROSS JOIN lab l;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + json_array_length(_inputs) + slot.ordinality - 1, l.recorded_at, 'position-updated',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), p.device_id, slots_before->p.id::text, position_snapshot(p.id)
  FROM ROWS FROM (json_populate_recordset(NULL::slot_input, _slots)) WITH ORDINALITY AS slot
  JOIN position p ON p.device_id = slot.device_id AND p.slot_number = slot.position CROSS JOIN lab l;
END $$;

-- prisma/sql/device/write_slots_ahead.sql
-- Adds, restores and retires the slots of devices, which are [device_input], before the command has the lab lock. A lab file can have 300,000
-- slots. They take seconds, and no robot may wait for them. Nobody sees the change before the command ends. write_devices does what is left
-- under the lock: slots in which something stands are left to it, because it refuses them.
-- A slot needs the row of its device, so a new device gets one: retired, of version 0, with its id as its name, so that no name is taken
-- twice. write_devices completes it.
--
-- Locks: The rows of these slots, and those of existing devices against deletion, until the end of the transaction.
-- Settings: The group of a new device is written by write_devices, so its foreign key is checked at the end of the transaction.
CREATE OR REPLACE FUNCTION write_slots_ahead(_inputs json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET CONSTRAINTS device_group_fkey DEFERRED;
  INSERT INTO device (id, name, "group", listed, retired_at, version)
  SELECT input.id, input.id::text, '', false, command_time(), 0
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE NOT EXISTS (SELECT FROM device d WHERE d.id = input.id)
  ON CONFLICT DO NOTHING;
  UPDATE position p SET retired_at = NULL
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NOT NULL AND NOT input.retired AND p.slot_number < input.capacity;
  BEGIN
    UPDATE position p SET retired_at = command_time()
    FROM json_populate_recordset(NULL::device_input, _inputs) AS input
    WHERE p.device_id = input.id AND p.retired_at IS NULL AND p.slot_number >= CASE WHEN input.retired THEN 0 ELSE input.capacity END
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id);
  EXCEPTION WHEN foreign_key_violation THEN
    -- Something was placed in one of them meanwhile.
    NULL;
  END;
  PERFORM add_lacking_slots(_inputs);
END $$;

-- prisma/sql/estimate/borrowed_spread.sql
-- Returns the spread that an estimate with few samples borrows from similar steps: the same function on the device,
-- or for moves the same mover and destination. It is the spread within the most specific keys, because their typical
-- durations differ. With 20 residuals or more it is taken between two quantiles, which lie 3.29 deviations apart in a
-- normal distribution, so that an outlier does not widen it. Returns null without such steps. It is a function
-- because most estimates do not need it, and a query is planned with every part that it might run.
CREATE OR REPLACE FUNCTION borrowed_spread(_key_4 bigint, _as_of timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'deviation', CASE WHEN count(residual) < 20 THEN sqrt(avg(residual ^ 2))
        ELSE (percentile_disc(0.95) WITHIN GROUP (ORDER BY residual) - percentile_disc(0.05) WITHIN GROUP (ORDER BY residual)) / 3.29 END,
      'degrees', count(*) - count(DISTINCT key_1),
      'outlier_share', (count(*) FILTER (WHERE residual > ln(2)) + 1)::float8 / (count(residual) + 1))
    FROM (
      SELECT key_1, (logarithm - avg(logarithm) OVER program) * sqrt(count(*) OVER program / nullif(count(*) OVER program - 1, 0)::float8) AS residual
      FROM (
        SELECT key_1, ln(greatest(sample_seconds, 0.001)) AS logarithm FROM step
        WHERE is_sample AND key_4 IS NOT NULL AND key_4 = _key_4 AND finish <= _as_of
        ORDER BY finish DESC LIMIT (SELECT 200)
      ) recent
      WINDOW program AS (PARTITION BY key_1)
    ) within
    HAVING count(residual) > 0);
END $$;

-- prisma/sql/estimate/mark_runs_pending.sql
-- Marks the runs of logged or changed steps as pending. The learner (src/estimation/learner.ts) learns from a run when
-- it is over. Writing a step reads no history.
--
-- Locks: The rows of runs that were not pending.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A run that is pending already is not touched or locked, because many steps of a run are logged at the same time. A
  -- step that is logged while its run is being learnt may be missing in the result. This can affect only the last step
  -- of the run, because the next step marks the run again.
  INSERT INTO run (key, experiment_id, day)
  SELECT DISTINCT key, experiment_id, day
  FROM (
    SELECT coalesce('experiment ' || experiment_id, 'day ' || (start AT TIME ZONE 'UTC')::date) AS key, experiment_id,
      CASE WHEN experiment_id IS NULL THEN (start AT TIME ZONE 'UTC')::date END AS day
    FROM changed WHERE finish IS NOT NULL
  ) touched
  WHERE NOT EXISTS (SELECT FROM run known WHERE known.key = touched.key AND known.pending)
  ORDER BY key
  ON CONFLICT (key) DO UPDATE SET pending = true;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

-- prisma/sql/estimate/run_last_start.sql
-- Returns when the last step of a run began, of those whose times can be true. It reads the end of an index.
CREATE OR REPLACE FUNCTION run_last_start(_run run) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _run.experiment_id IS NOT NULL
    THEN (SELECT start FROM step WHERE experiment_id = _run.experiment_id AND believable ORDER BY start DESC LIMIT 1)
    ELSE (SELECT start FROM step WHERE experiment_id IS NULL AND believable AND start >= _run.day::timestamp AT TIME ZONE 'UTC'
            AND start < (_run.day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY start DESC LIMIT 1) END
$$;

-- prisma/sql/event/changed_members.sql
-- Returns the members of the state before that differ from those after it, as `event_log` stores them. Null if there was nothing before.
-- Both have the same members.
CREATE OR REPLACE FUNCTION changed_members(_before jsonb, _after jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _before IS NOT NULL THEN coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(_before) WHERE value IS DISTINCT FROM _after->key), '{}') END
$$;

-- prisma/sql/event/event_after.sql
-- Returns the state that an event left behind, in full. Null if the object is gone. Of a container, `stored_container` leaves out what is added
-- here; of the log of one step, the columns say everything.
CREATE OR REPLACE FUNCTION event_after(_event event_log) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _event.became IS NULL AND _event.kind = 'steps-logged' THEN jsonb_build_object('logged', 1, 'extended', 0,
      'first_start', wire_time(_event.first_start), 'last_finish', wire_time(_event.last_finish))
    WHEN _event.container_id IS NOT NULL AND _event.became IS NOT NULL THEN '{"barcode": null, "device": null, "position": null, "lid": null, "content": null,
      "labware_type": null, "labware_uuid": null, "removed_at": null, "missing_since": null, "last_device": null, "last_position": null}'::jsonb
      || jsonb_build_object('id', _event.container_id) || _event.became
    ELSE _event.became
  END
$$;

-- prisma/sql/event/first_revision_since.sql
-- Returns the first revision that was recorded at a time or after it; beyond the newest one if there is none. The times of the log never go
-- back, so halving finds it with a few look-ups in the primary key, and the log needs no index on times.
CREATE OR REPLACE FUNCTION first_revision_since(_time timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 1;
  high bigint := (SELECT l.revision + 1 FROM lab l);
  middle bigint;
  found record;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT e.revision, e.recorded_at INTO found FROM event_log e WHERE e.revision >= middle ORDER BY e.revision, e.ordinal LIMIT 1;
    IF found.revision IS NULL OR found.recorded_at >= _time THEN
      high := middle;
    ELSE
      low := found.revision + 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;

-- prisma/sql/event/label_event.sql
-- The events that gave a container its barcode, or took it away: the barcode after the event, and the one before it.
CREATE OR REPLACE VIEW label_event AS
SELECT e.revision, e.ordinal, e.recorded_at, e.container_id, e.became->>'barcode' AS barcode, e.was->>'barcode' AS former
FROM event_log e WHERE e.relabels;

-- prisma/sql/event/link_event_devices.sql
-- Links each new event of a container to the devices that it concerns: those from which and to which the container or its lid moved, and
-- those where they stay. The events of a device are then two ranges of indexes: these links, and the events that have its id.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    SELECT latest_device_named(named.name) AS id
    FROM (
      SELECT e.was->>'device' UNION SELECT e.was->'lid'->>'device' UNION SELECT e.became->>'device' UNION SELECT e.became->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
    -- OFFSET 0 keeps this subquery separate. Otherwise each name is looked up twice: for the column and for the condition.
    OFFSET 0
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL AND found.id IS DISTINCT FROM e.device_id
  ON CONFLICT ON CONSTRAINT event_device_pkey DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event_log
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();

-- prisma/sql/event/revision_at.sql
-- Returns the last revision that was recorded up to a time, or 0.
CREATE OR REPLACE FUNCTION revision_at(_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  -- times of the log are whole milliseconds
  SELECT coalesce((SELECT e.revision FROM event_log e WHERE e.revision < first_revision_since(date_trunc('milliseconds', _time) + interval '1 millisecond')
    ORDER BY e.revision DESC LIMIT 1), 0)
$$;

-- prisma/sql/event/stored_container.sql
-- Returns a snapshot of a container as `event_log` stores it: without the id, which is a column, and without the members that are null. The one
-- nested member, the place of the lid, has no nulls.
CREATE OR REPLACE FUNCTION stored_container(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(_snapshot - 'id')
$$;

-- prisma/sql/event/uuid_of_request.sql
-- Returns the id of the request if it is a UUID in lower case, otherwise null. The service makes such ids, so most requests have one; as a
-- UUID it takes less than half of the space, in the log and in the index.
CREATE OR REPLACE FUNCTION uuid_of_request(_audit jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _audit->>'request_id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN (_audit->>'request_id')::uuid END
$$;

-- prisma/sql/experiment/experiment_attention.sql
-- Returns whether somebody must look at an experiment that is not over: a step failed, and was neither tried again nor corrected.
-- `_failed` is the number of its failed steps: without one, no step is read.
CREATE OR REPLACE FUNCTION experiment_attention(_experiment uuid, _status text, _failed integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _failed > 0 AND _status IN ('running', 'paused', 'lost') THEN EXISTS (
    SELECT FROM step f WHERE f.experiment_id = _experiment AND f.status = 'failed' AND NOT EXISTS (
      SELECT FROM step again
      WHERE again.experiment_id = _experiment AND again.start >= f.start AND again.id <> f.id AND again.name IS NOT DISTINCT FROM f.name
        AND (f.name IS NOT NULL OR (again.kind = f.kind AND again.device_id = f.device_id AND again.fct IS NOT DISTINCT FROM f.fct))
        AND (again.start > f.start OR again.attempt > f.attempt))
  ) ELSE false END
$$;

-- prisma/sql/experiment/record_experiment_event.sql
-- Records an event of an experiment. `_after` is the snapshot after the command, which is read here, with all its steps, unless the
-- caller already knows it.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_experiment_event(
  _revision bigint, _ordinal integer, _kind text, _experiment uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF _after IS NULL THEN
    _after := experiment_snapshot(_experiment);
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _experiment,
    _before, _after
  FROM lab WHERE id = 1;
END $$;

-- prisma/sql/experiment/standstill_seconds.sql
-- Returns the seconds between two times in which an experiment stood still: it was paused, or some of its steps were paused and no
-- other one was active. A paused step beside an active one is no standstill. Steps whose times cannot be true do not count.
-- Most experiments were never paused: two looks into indexes find that out.
CREATE OR REPLACE FUNCTION standstill_seconds(_experiment uuid, _from timestamptz, _until timestamptz) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pause p WHERE p.subject_id = _experiment AND p.subject = 'experiment')
    AND NOT EXISTS (SELECT FROM step s WHERE s.experiment_id = _experiment AND s.paused_seconds IS NOT NULL) THEN
    RETURN 0;
  END IF;
  RETURN (
    WITH of_step AS (
      SELECT tstzrange(s.start, s.finish) AS whole, CASE WHEN s.paused_seconds IS NULL THEN '{}' ELSE coalesce((
        SELECT range_agg(tstzrange(p.paused_at, p.resumed_at) * tstzrange(s.start, s.finish)) FROM pause p WHERE p.subject_id = s.id AND p.subject = 'step'), '{}') END AS paused
      FROM step s
      -- Without a paused step, the steps do not matter, and are not read.
      WHERE EXISTS (SELECT FROM step any_step WHERE any_step.experiment_id = _experiment AND any_step.paused_seconds IS NOT NULL)
        AND s.experiment_id = _experiment AND s.believable AND (s.finish IS NOT NULL OR s.status IN ('running', 'paused'))
    ),
    stood AS (
      SELECT coalesce((SELECT range_agg(tstzrange(p.paused_at, p.resumed_at)) FROM pause p WHERE p.subject_id = _experiment AND p.subject = 'experiment'), '{}')
        + (coalesce(range_agg(paused), '{}') - coalesce(range_agg(whole::tstzmultirange - paused), '{}')) AS times
      FROM of_step
    )
    SELECT round(coalesce(sum(extract(epoch FROM upper(part) - lower(part))), 0), 3)
    FROM stood CROSS JOIN unnest(times * tstzrange(_from, _until)::tstzmultirange) AS part);
END $$;

-- prisma/sql/experiment/start_experiments.sql
-- Sets experiments from `created` to `running`, because an experiment runs from its first step on. Returns { id:
-- snapshot before } of the changed ones.
--
-- Locks: Those experiments, in the order of their ids.
CREATE OR REPLACE FUNCTION start_experiments(_experiments uuid[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  IF cardinality(_experiments) = 0 THEN
    RETURN '{}';
  END IF;
  SELECT jsonb_object_agg(e.id, experiment_snapshot(e.id)) INTO before
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'created' ORDER BY id FOR NO KEY UPDATE) e;
  IF before IS NOT NULL THEN
    UPDATE experiment SET status = 'running', version = version + 1, updated_at = command_time()
    WHERE id IN (SELECT key::uuid FROM jsonb_object_keys(before) AS key);
  END IF;
  RETURN coalesce(before, '{}');
END $$;

-- prisma/sql/idempotency/idempotency_key_lifetime.sql
-- Returns how long the response to a request with an Idempotency-Key is kept.
CREATE OR REPLACE FUNCTION idempotency_key_lifetime() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '24 hours' $$;

-- prisma/sql/idempotency/open_idempotency_key.sql
-- Opens a key for the transaction that calls it. `running` says that another transaction has the key. Otherwise
-- `stored` is the response that is kept, if there is one. A second statement reads it, because it must see what the
-- previous holder of the lock committed.
--
-- Locks: An advisory lock on the key, until the end of the transaction. It does not wait.
CREATE OR REPLACE FUNCTION open_idempotency_key(_digest text, OUT running boolean, OUT stored idempotency_key) LANGUAGE plpgsql AS $$
BEGIN
  running := NOT pg_try_advisory_xact_lock(hashtextextended(_digest, 72707370));
  IF NOT running THEN
    SELECT k.* INTO stored FROM idempotency_key k WHERE k.digest = _digest AND k.created_at > clock_timestamp() - idempotency_key_lifetime();
  END IF;
END $$;

-- prisma/sql/idempotency/prune_idempotency_keys.sql
-- Deletes stored responses: those that are too old and, of an actor that keeps more than `_most_kept` or more than `_most_bytes`,
-- the oldest. Returns how many there were. It runs beside requests; what it does not reach comes the next time.
--
-- Locks: The rows that it deletes; it skips those that another transaction has locked.
CREATE OR REPLACE FUNCTION prune_idempotency_keys(_most_kept integer, _most_bytes bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  expired integer;
  surplus integer;
BEGIN
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE created_at <= clock_timestamp() - idempotency_key_lifetime()
    ORDER BY created_at LIMIT 10000 FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS expired = ROW_COUNT;
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE digest IN (
      SELECT k.digest FROM (
        SELECT i.digest, row_number() OVER newest AS kept, sum(coalesce(octet_length(i.body), octet_length(i.body_gzip), 0) + 200) OVER newest AS bytes
        FROM idempotency_key i WINDOW newest AS (PARTITION BY i.actor ORDER BY i.created_at DESC, i.digest)
      ) k WHERE k.kept > _most_kept OR k.bytes > _most_bytes LIMIT 10000)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS surplus = ROW_COUNT;
  RETURN expired + surplus;
END $$;

-- prisma/sql/idempotency/store_idempotency_key.sql
-- Stores the response to a request in the transaction of its effect, so that there is never one without the other. A large body
-- comes compressed. prune_idempotency_keys deletes what is too old or too much.
CREATE OR REPLACE FUNCTION store_idempotency_key(_digest text, _request_digest text, _status integer, _headers jsonb, _body text, _body_gzip bytea, _actor text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO idempotency_key (digest, request_digest, status, headers, body, body_gzip, actor)
  VALUES (_digest, _request_digest, _status, _headers, _body, _body_gzip, _actor)
  ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO UPDATE SET
    request_digest = excluded.request_digest, status = excluded.status, headers = excluded.headers, body = excluded.body, body_gzip = excluded.body_gzip,
    actor = excluded.actor, created_at = excluded.created_at
$$;

-- prisma/sql/import/complete_quiet_experiments.sql
-- Completes running experiments of which nothing was logged since `_before`: orchestrators do not say that an
-- experiment has ended. Returns how many.
--
-- Locks: The experiments, in the order of their ids, then the lab lock.
CREATE OR REPLACE FUNCTION complete_quiet_experiments(_experiments uuid[], _before timestamptz, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  quiet uuid;
  completed integer := 0;
BEGIN
  FOR quiet IN SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id FOR NO KEY UPDATE LOOP
    CONTINUE WHEN EXISTS (SELECT FROM step WHERE experiment_id = quiet AND (finish IS NULL OR (believable AND finish >= _before)));
    PERFORM update_experiment(quiet, '{"status": "completed"}', _audit);
    completed := completed + 1;
  END LOOP;
  RETURN completed;
END $$;

-- prisma/sql/import/import_containers.sql
-- Adds the containers that another system knew, under one revision: those on the platform where they are, with their
-- parked lids, and those that were removed. Each is `added` in the log as it was last known. A removed one is
-- `removed` right after, before the next is added, so that no two are in one slot at any event. `_containers` is [{
-- id, name, barcode, labware_uuid, lidded, removed, created_as, place, lid, start }]; the last three are { device,
-- position }. `place` and `lid` are null if unknown; `start` never is. If a slot is occupied, the
-- constraints refuse it.
--
-- Locks: The lab lock. The caller already holds it and has checked the slots.
CREATE OR REPLACE FUNCTION import_containers(_containers jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  first_present integer;
  added jsonb;
BEGIN
  PERFORM lock_lab();
  IF jsonb_array_length(_containers) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO container (id, name, barcode, labware_uuid, lidded, starting_position_id, removed_at, created_as, created_at, updated_at)
  SELECT c.id, c.name, c.barcode, c.labware_uuid, c.lidded, imported_position(c.start), CASE WHEN c.removed THEN command_time() END, c.created_as,
    command_time(), command_time()
  FROM jsonb_to_recordset(_containers) AS c (id uuid, name text, barcode text, labware_uuid uuid, lidded boolean, removed boolean,
    created_as text, start jsonb);
  INSERT INTO placement (position_id, container_id, part, since)
  SELECT imported_position(part.place), c.id, part.name, command_time()
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb)
  CROSS JOIN LATERAL (VALUES ('body', c.place), ('lid', c.lid)) AS part (name, place)
  WHERE NOT c.removed AND part.place IS NOT NULL;

  -- Only the log knows where a removed container was last.
  SELECT 2 * count(*) FILTER (WHERE c.removed), jsonb_object_agg(c.id, container_snapshot(c.id) || CASE WHEN c.removed
    THEN jsonb_build_object('removed_at', NULL, 'device', c.place->'device', 'position', c.place->'position', 'lid', c.lid)
    ELSE '{}' END)
  INTO first_present, added
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb);

  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  SELECT this_revision, CASE WHEN c.removed THEN 2 * (c.nth - 1) + event.ordinal ELSE first_present + c.nth - 1 END, lab.recorded_at,
    event.kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), c.id, event.before, event.after, imported_position(event.place), imported_position(event.lid)
  FROM (
    SELECT id, removed, place, lid, row_number() OVER (PARTITION BY removed ORDER BY nth) AS nth
    FROM ROWS FROM (jsonb_to_recordset(_containers) AS (id uuid, removed boolean, place jsonb, lid jsonb)) WITH ORDINALITY
      AS listed (id, removed, place, lid, nth)
  ) c
  CROSS JOIN LATERAL (VALUES
    ('added', 0, NULL, added->c.id::text, c.place, c.lid),
    ('removed', 1, added->c.id::text, container_snapshot(c.id), NULL, NULL)) AS event (kind, ordinal, before, after, place, lid)
  CROSS JOIN lab
  WHERE c.removed OR event.kind = 'added';
END $$;

-- prisma/sql/import/imported_position.sql
-- Returns the slot at { device, position }, retired or not. The device is the one that has the name, or had it last.
CREATE OR REPLACE FUNCTION imported_position(_place jsonb) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM position WHERE device_id = latest_device_named(_place->>'device') AND slot_number = (_place->>'position')::integer
$$;

-- prisma/sql/lab/begin_command.sql
-- Sets the time of the running command to now, unless it is set, and returns it. It is kept in a setting of the
-- transaction, because a command is one transaction. lock_lab and next_revision call it when they have the lock, so that
-- a command that waited is not older than the one that it waited for.
CREATE OR REPLACE FUNCTION begin_command() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  known text := current_setting('platform_status.command_time', true);
BEGIN
  IF known <> '' THEN
    RETURN known::timestamptz;
  END IF;
  RETURN set_config('platform_status.command_time', clock_timestamp()::text, true)::timestamptz;
END $$;

-- prisma/sql/lab/command_time.sql
-- Returns the time of the running command. All times that one command writes or compares are this one, so that it never
-- contradicts itself: what it deleted as expired cannot count as active a microsecond later. begin_command sets it.
-- Outside of a command it is the time of the statement.
CREATE OR REPLACE FUNCTION command_time() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('platform_status.command_time', true), '')::timestamptz, statement_timestamp())
$$;

-- prisma/sql/lab/group_state.sql
-- The groups of the lab with the names of their devices. Both are in the order of the lab file. A group of the lab
-- file may be empty. A group that is not in the file exists as long as it has devices.
CREATE OR REPLACE VIEW group_state AS
SELECT g.name, g.ordinal, coalesce(jsonb_agg(d.name ORDER BY d.ordinal, d.name) FILTER (WHERE d.id IS NOT NULL), '[]') AS devices
FROM device_group g
LEFT JOIN device d ON d."group" = g.name AND d.listed AND d.retired_at IS NULL
GROUP BY g.name, g.ordinal
HAVING g.ordinal IS NOT NULL OR count(d.id) > 0;

-- prisma/sql/lab/lab_revision.sql
-- The revision of the lab, as the running transaction leaves it. It is volatile, so a statement that runs a command can
-- read it behind the command: a subquery on `lab` would see the lab as it was when the statement began.
CREATE OR REPLACE FUNCTION lab_revision() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT revision FROM lab);
END $$;

-- prisma/sql/lab/lab_snapshot.sql
-- Returns what the lab file says beyond the settings of the single devices, as the log stores it.
CREATE OR REPLACE FUNCTION lab_snapshot() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'description', l.description, 'pythonlab_translation', l.pythonlab_translation, 'extra', l.extra,
    'groups', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'devices', g.devices) ORDER BY g.ordinal, g.name), '[]')
      FROM group_state g))
  FROM lab l
$$;

-- prisma/sql/lab/lock_lab.sql
-- Takes the lab lock: the lock on the one row of `lab`. Every command that changes the lab takes this lock and looks at
-- the lab only then. Therefore commands run one after another, and what a command has seen stays true until it ends.
-- Most commands take it first. log_steps, transfer, create_experiment, update_experiment and update_step lock steps and
-- experiments before it. The function is VOLATILE, so each statement after the lock sees the data that the previous holder left.
-- The time of the command is taken when it has the lock.
--
-- Locks: The row of `lab`, until the end of the transaction.
CREATE OR REPLACE FUNCTION lock_lab() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lab WHERE id = 1 FOR NO KEY UPDATE;
  PERFORM begin_command();
END $$;

-- prisma/sql/lab/next_revision.sql
-- Takes the next revision of the lab and returns it. A command calls it once, and only if something changes, because
-- revisions have no gaps. add_containers and transfer take the revision before they know this, and give it back if
-- nothing changed. A command that takes no lock before begins here, when it has the row.
--
-- Locks: The row of `lab`, which is the lab lock.
CREATE OR REPLACE FUNCTION next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz := nullif(current_setting('platform_status.command_time', true), '')::timestamptz;
  taken bigint;
  recorded timestamptz;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, coalesce(begun, clock_timestamp()))
  WHERE id = 1 RETURNING revision, recorded_at INTO taken, recorded;
  IF begun IS NULL THEN
    -- If the clock was set back, events go on with the time of the last one, but nothing expires later for that.
    PERFORM set_config('platform_status.command_time', least(recorded, clock_timestamp())::text, true);
  END IF;
  RETURN taken;
END $$;

-- prisma/sql/lab/probe_write.sql
-- Tries to write a row, and takes it back. It fails as other writes fail, for example when the disk is full.
CREATE OR REPLACE FUNCTION probe_write() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO process (id, name, source, source_sha256) VALUES (gen_random_uuid(), 'probe', '', '');
  RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a probe is undone';
EXCEPTION WHEN SQLSTATE 'PS204' THEN
  NULL;
END $$;

-- prisma/sql/lab/wipe_lab.sql
-- Empties the lab: every container is removed and every device is retired. All history stays, and POST
-- /api/lab/restore brings the lab back. Returns the numbers of removed containers and retired devices.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION wipe_lab(_audit jsonb) RETURNS TABLE (containers_removed integer, devices_retired integer, revision double precision)
LANGUAGE plpgsql AS $$
DECLARE
  wiped bigint;
  before jsonb;
  gone uuid[];
  retired json;
BEGIN
  PERFORM lock_lab();
  SELECT array_agg(c.id ORDER BY c.created_at, c.id), coalesce(jsonb_object_agg(c.id, container_snapshot(c.id)), '{}') INTO gone, before
  FROM container c WHERE c.removed_at IS NULL;
  SELECT json_agg(input) INTO retired
  FROM (SELECT d.*, true AS retired, 'device-retired' AS kind FROM device d WHERE d.listed AND d.retired_at IS NULL ORDER BY d.name) input;
  containers_removed := coalesce(cardinality(gone), 0);
  devices_retired := coalesce(json_array_length(retired), 0);

  IF containers_removed + devices_retired > 0 THEN
    wiped := next_revision();
  END IF;
  IF containers_removed > 0 THEN
    DELETE FROM placement;
    UPDATE container SET removed_at = command_time(), missing_since = NULL, last_position_id = NULL, version = version + 1, updated_at = command_time()
    WHERE id = ANY (gone);
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became)
    SELECT wiped, g.ordinality - 1, l.recorded_at, 'removed', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
      g.id, before->g.id::text, container_snapshot(g.id)
    FROM unnest(gone) WITH ORDINALITY AS g (id, ordinality) CROSS JOIN lab l;
  END IF;
  IF devices_retired > 0 THEN
    PERFORM write_devices(retired, '[]', wiped, containers_removed, _audit);
  END IF;
  IF wiped IS NOT NULL THEN
    PERFORM record_lab_event(wiped, containers_removed + devices_retired, 'lab-wiped',
      jsonb_build_object('containers_removed', containers_removed, 'devices_retired', devices_retired), _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;

-- prisma/sql/lab/write_lab_file.sql
-- Stores what the lab file says beyond the settings of the single devices, and records the event. `groups` lists all
-- groups of the lab with the names of their devices, in order: [{ name, devices }]. A group that is not listed is no
-- longer in the lab file. Call it after write_devices; `_before` is lab_snapshot() from before write_devices.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_lab_file(_input json, _before jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  input lab_input := json_populate_record(NULL::lab_input, _input);
BEGIN
  UPDATE lab SET description = input.description, pythonlab_translation = input.pythonlab_translation, extra = input.extra;

  UPDATE device_group SET ordinal = NULL WHERE ordinal IS NOT NULL;
  INSERT INTO device_group (name, ordinal)
  SELECT g.value->>'name', g.ordinality - 1 FROM json_array_elements(input.groups) WITH ORDINALITY g
  ON CONFLICT ON CONSTRAINT device_group_pkey DO UPDATE SET ordinal = excluded.ordinal;

  UPDATE device d SET ordinal = n.ordinality - 1
  FROM json_array_elements(input.groups) g CROSS JOIN LATERAL json_array_elements_text(g->'devices') WITH ORDINALITY n (name, ordinality)
  WHERE d.name = n.name AND d.retired_at IS NULL AND d.ordinal <> n.ordinality - 1;

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT _revision, _ordinal, l.recorded_at, 'lab-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _before, lab_snapshot()
  FROM lab l;
END $$;

-- prisma/sql/labware-type/forget_labware_types.sql
-- Takes the names of labware types out of the lists of devices and slots, and records an event for each device and slot that
-- had one. A list that becomes empty stays empty: no type that somebody described may stand there. Returns how many events
-- there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION forget_labware_types(_names text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  devices uuid[] := ARRAY(SELECT id FROM device WHERE labware_types && _names ORDER BY name, id);
  positions uuid[] := ARRAY(SELECT id FROM position WHERE labware_types && _names ORDER BY device_id, slot_number);
  before jsonb;
BEGIN
  SELECT coalesce(jsonb_object_agg(id, device_snapshot(id)), '{}') INTO before FROM unnest(devices) AS id;
  before := before || (SELECT coalesce(jsonb_object_agg(id, position_snapshot(id)), '{}') FROM unnest(positions) AS id);
  UPDATE device d SET labware_types = ARRAY(SELECT n.name FROM unnest(d.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth),
    version = version + 1, updated_at = command_time() WHERE d.id = ANY (devices);
  UPDATE position p SET labware_types = ARRAY(SELECT n.name FROM unnest(p.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth)
  WHERE p.id = ANY (positions);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + n.nth - 1, l.recorded_at, CASE WHEN n.nth <= cardinality(devices) THEN 'device-updated' ELSE 'position-updated' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), coalesce(p.device_id, n.id), before->n.id::text,
    CASE WHEN n.nth <= cardinality(devices) THEN device_snapshot(n.id) ELSE position_snapshot(n.id) END
  FROM unnest(devices || positions) WITH ORDINALITY AS n (id, nth) LEFT JOIN position p ON p.id = n.id AND n.nth > cardinality(devices) CROSS JOIN lab l;
  RETURN cardinality(devices) + cardinality(positions);
END $$;

-- prisma/sql/labware-type/labware_misfit.sql
-- Returns why a labware type does not fit in a slot, as a problem shows it; null if it fits.
CREATE OR REPLACE FUNCTION labware_misfit(_type labware_type, _position uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object('labware_type', _type.name, 'device', d.name, 'position', p.slot_number, 'rule', m.rule)
      || CASE m.rule
        WHEN 'labware_types' THEN jsonb_build_object('labware_types', coalesce(p.labware_types, d.labware_types))
        WHEN 'max_height_mm' THEN jsonb_build_object('height_mm', _type.height_mm, 'max_height_mm', coalesce(p.max_height_mm, d.max_height_mm))
        ELSE '{}' END
    FROM position p JOIN device d ON d.id = p.device_id
    CROSS JOIN LATERAL (SELECT misfit_rule(_type.name, _type.deep_well, _type.height_mm,
      p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) AS rule) m
    WHERE p.id = _position AND m.rule IS NOT NULL);
END $$;

-- prisma/sql/labware-type/labware_type_state.sql
-- A labware type as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW labware_type_state AS
SELECT name, description, deep_well, height_mm, wells, lid, extra, created_at, updated_at, version FROM labware_type;

-- prisma/sql/labware-type/labware_warnings.sql
-- Returns what is unusual about a container by its labware type: [{ code, detail }], or null if there is nothing. It stands
-- where the type does not fit, or its lid is not as the type says. It is VOLATILE, so that it sees what a command in the
-- same statement has written.
CREATE OR REPLACE FUNCTION labware_warnings(_container uuid) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  type labware_type;
BEGIN
  SELECT t.* INTO type FROM container c JOIN labware_type t ON t.name = c.labware_type WHERE c.id = _container AND c.removed_at IS NULL;
  IF type.name IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT nullif(fit_warnings(type, pl.position_id, c.lidded), '[]')
    FROM container c LEFT JOIN placement pl ON pl.container_id = c.id AND pl.part = 'body' WHERE c.id = _container);
END $$;

-- prisma/sql/labware-type/lookup_labware_type.sql
-- Returns the labware type of what a command places: of a container, or of the type with the name that the request has. Null
-- for a lid, and for a type that nobody described: they go anywhere.
CREATE OR REPLACE FUNCTION lookup_labware_type(_container uuid, _part text) RETURNS labware_type LANGUAGE plpgsql STABLE AS $$
DECLARE
  found labware_type;
BEGIN
  IF _part = 'body' THEN
    SELECT t.* INTO found FROM container c JOIN labware_type t ON t.name = c.labware_type WHERE c.id = _container;
  END IF;
  RETURN found;
END $$;

-- prisma/sql/labware-type/misfit_rule.sql
-- Returns the rule by which a labware type does not fit in a slot: `deep_well`, `labware_types` or `max_height_mm`; null if it
-- fits, or if there is no type. What a slot says replaces what its device says. PostgreSQL inlines the function.
CREATE OR REPLACE FUNCTION misfit_rule(
  _name text, _deep_well boolean, _height_mm double precision,
  _deep_well_suited boolean, _slot_types text[], _slot_max_mm double precision, _device_types text[], _device_max_mm double precision
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN _name IS NULL THEN NULL
    WHEN _deep_well AND NOT _deep_well_suited THEN 'deep_well'
    WHEN _name <> ALL (coalesce(_slot_types, _device_types)) THEN 'labware_types'
    WHEN _height_mm > coalesce(_slot_max_mm, _device_max_mm) THEN 'max_height_mm'
  END
$$;

-- prisma/sql/labware-type/put_labware_type.sql
-- Makes a labware type as the input says. Nothing is written if it is so. `_input` is a labware_type_input.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION put_labware_type(_name text, _input json, _audit jsonb, OUT created boolean, OUT labware_type labware_type_state) LANGUAGE plpgsql AS $$
DECLARE
  wanted labware_type_input := json_populate_record(NULL::labware_type_input, _input);
  known labware_type_state;
BEGIN
  PERFORM lock_lab();
  wanted.name := _name;
  wanted.deep_well := coalesce(wanted.deep_well, false);
  SELECT * INTO known FROM labware_type_state s WHERE s.name = _name;
  created := known.name IS NULL;
  IF created OR (known.description, known.deep_well, known.height_mm, known.wells, known.lid, known.extra::text)
    IS DISTINCT FROM (wanted.description, wanted.deep_well, wanted.height_mm, wanted.wells, wanted.lid, wanted.extra::text) THEN
    PERFORM write_labware_types(json_build_array(to_json(wanted)), '{}', next_revision(), 0, _audit);
  END IF;
  SELECT * INTO labware_type FROM labware_type_state s WHERE s.name = _name;
END $$;

-- prisma/sql/labware-type/refuse_labware_misfit.sql
-- Refuses a slot in which a labware type does not fit. The problem has the rule, and what the type and the slot say of it.
--
-- Raises: labware-does-not-fit
CREATE OR REPLACE FUNCTION refuse_labware_misfit(_type labware_type, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  misfit jsonb;
BEGIN
  IF _type.name IS NULL THEN
    RETURN;
  END IF;
  misfit := labware_misfit(_type, _position);
  IF misfit IS NOT NULL THEN
    PERFORM refuse('labware-does-not-fit', misfit || jsonb_build_object('pointer', _pointer));
  END IF;
END $$;

-- prisma/sql/labware-type/refuse_unknown_labware_types.sql
-- Refuses a list of labware types that names one that the lab does not have. `_pointer` is the JSON pointer of the list.
--
-- Raises: invalid-request
CREATE OR REPLACE FUNCTION refuse_unknown_labware_types(_names text[], _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  faults jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('in', 'body', 'pointer', _pointer || '/' || (n.nth - 1), 'detail',
    'names no labware type of the lab: "' || n.name || '". GET /api/labware-types lists them, and PUT /api/labware-types/{name} or `labware_types` in the lab file adds one') ORDER BY n.nth)
  INTO faults
  FROM unnest(_names) WITH ORDINALITY AS n (name, nth) WHERE NOT EXISTS (SELECT FROM labware_type t WHERE t.name = n.name);
  IF faults IS NOT NULL THEN
    PERFORM refuse('invalid-request', jsonb_build_object('errors', faults));
  END IF;
END $$;

-- prisma/sql/labware-type/write_labware_types.sql
-- Makes labware types as the input says and deletes those that are named in `_deleted`, and records one event for each. What
-- changes is decided by the caller. Containers keep the name of a deleted type; the lists of devices and slots lose it,
-- so that no list names a type that does not exist. Returns how many events there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_labware_types(_inputs json, _deleted text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer := json_array_length(_inputs);
  forgotten integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(t.name, labware_type_snapshot(t.name)), '{}') INTO before
  FROM labware_type t WHERE t.name = ANY (_deleted) OR t.name IN (SELECT name FROM json_populate_recordset(NULL::labware_type_input, _inputs));
  INSERT INTO labware_type AS known (name, ordinal, description, deep_well, height_mm, wells, lid, extra, created_at, updated_at)
  SELECT i.name, (SELECT coalesce(max(t.ordinal), 0) FROM labware_type t) + i.ordinality, i.description, coalesce(i.deep_well, false), i.height_mm, i.wells, i.lid,
    i.extra, command_time(), command_time()
  FROM ROWS FROM (json_populate_recordset(NULL::labware_type_input, _inputs)) WITH ORDINALITY AS i
  ON CONFLICT ON CONSTRAINT labware_type_pkey DO UPDATE SET description = excluded.description, deep_well = excluded.deep_well, height_mm = excluded.height_mm,
    wells = excluded.wells, lid = excluded.lid, extra = excluded.extra, version = known.version + 1, updated_at = command_time();
  DELETE FROM labware_type WHERE name = ANY (_deleted);

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT _revision, _ordinal + n.ordinality - 1, l.recorded_at,
    CASE WHEN n.ordinality > written THEN 'labware-type-deleted' WHEN before ? n.name THEN 'labware-type-updated' ELSE 'labware-type-added' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), before->n.name, labware_type_snapshot(n.name)
  FROM unnest(ARRAY(SELECT name FROM json_populate_recordset(NULL::labware_type_input, _inputs)) || _deleted) WITH ORDINALITY AS n (name, ordinality) CROSS JOIN lab l;
  written := written + cardinality(_deleted);
  forgotten := forget_labware_types(_deleted, _revision, _ordinal + written, _audit);
  RETURN written + forgotten;
END $$;

-- prisma/sql/lid/lid_container.sql
-- Puts the lid back on a container. If the request says where the lid was, the lid must be there. Nothing is written
-- if the lid is on.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, device-not-found, position-not-found, lid-mismatch
CREATE OR REPLACE FUNCTION lid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  closed uuid;
  before jsonb;
  after jsonb;
BEGIN
  PERFORM lock_lab();
  closed := require_present_container(_id, _barcode);
  before := container_snapshot(closed);
  IF (before->>'lidded')::boolean THEN
    RETURN NEXT jsonb_populate_record(NULL::container_state, before);
    RETURN;
  END IF;
  -- The place in the request is checked only if the lid is not there.
  IF _lid_device IS NOT NULL AND (before->'lid'->>'device' IS DISTINCT FROM _lid_device
    OR (_lid_slot IS NOT NULL AND (before->'lid'->>'position')::integer IS DISTINCT FROM _lid_slot)) THEN
    IF _lid_slot IS NULL THEN
      PERFORM require_device(_lid_device, '/lid_device');
    ELSE
      PERFORM require_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos"}');
    END IF;
  END IF;
  -- If the place of the lid is unknown, any place in the request is accepted.
  IF before->'lid'->>'device' <> _lid_device OR (before->'lid'->>'position')::integer <> _lid_slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _lid_device, 'position', _lid_slot),
      'actual', before->'lid',
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  DELETE FROM placement WHERE container_id = closed AND part = 'lid';
  after := before || update_lidded_and_version(closed, true) || '{"lid": null}';
  PERFORM record_container_event(next_revision(), 0, 'lidded', closed, before, _audit, after);
  RETURN NEXT jsonb_populate_record(NULL::container_state, after);
END $$;

-- prisma/sql/lid/refuse_lid_mismatch.sql
-- Refuses a lid that is parked elsewhere than the request says. A request that does not say where, and a lid whose place
-- is not known, contradict nothing.
--
-- Raises: lid-mismatch, device-not-found, position-not-found
CREATE OR REPLACE FUNCTION refuse_lid_mismatch(_before jsonb, _device text, _slot integer, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _device IS NULL THEN
    RETURN;
  ELSIF _slot IS NULL THEN
    PERFORM require_device(_device, _pointer || '/device');
  ELSE
    PERFORM require_position(_device, _slot, jsonb_build_object('device', _pointer || '/device', 'position', _pointer || '/position'));
  END IF;
  IF _before->'lid'->>'device' <> _device OR (_before->'lid'->>'position')::integer <> _slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _device, 'position', _slot), 'actual', _before->'lid',
      'container', jsonb_build_object('id', _before->'id', 'barcode', _before->'barcode'), 'pointer', _pointer));
  END IF;
END $$;

-- prisma/sql/lid/unlid_container.sql
-- Takes the lid off a container and parks it in a slot. If the lid is off already, it is moved to that slot. Nothing
-- is written if the lid is there. If the slot disposes, the container has no lid any longer.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, and what place_on_device raises.
CREATE OR REPLACE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb, _reservation uuid)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  opened uuid;
  before jsonb;
  after jsonb;
  target uuid;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  opened := require_present_container(_id, _barcode);
  before := container_snapshot(opened);
  IF before->'lid'->>'device' = _lid_device AND (before->'lid'->>'position')::integer = coalesce(_lid_slot, (before->'lid'->>'position')::integer) THEN
    RETURN NEXT jsonb_populate_record(NULL::container_state, before);
    RETURN;
  END IF;
  IF _reservation IS NULL THEN
    waste := lookup_waste(_lid_device, _lid_slot);
  END IF;
  IF waste IS NOT NULL THEN
    -- A lid that is off and in no slot may have been disposed of before.
    IF (before->>'lidded')::boolean OR before->'lid' <> 'null' THEN
      PERFORM dispose_part(opened, 'lid', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = opened;
    RETURN;
  END IF;
  after := before || update_lidded_and_version(opened, false);
  target := place_on_device(opened, 'lid', _lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  after := after || jsonb_build_object('lid', jsonb_build_object('device', _lid_device,
    'position', coalesce(_lid_slot, (SELECT slot_number FROM position WHERE id = target))));
  PERFORM record_container_event(next_revision(), 0, 'unlidded', opened, before, _audit, after);
  RETURN NEXT jsonb_populate_record(NULL::container_state, after);
END $$;

-- prisma/sql/orchestrator/lose_sessions.sql
-- Sets the steps and experiments that run in a session that is over to `lost`: nobody will say how they end, unless they are told later.
-- They get no finish. A pause of them ends. A lost step has an alarm. Returns how many steps and experiments were lost; none writes
-- nothing. Reads only what is under way.
--
-- Locks: The steps and the experiments, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION lose_sessions(_audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  steps uuid[];
  experiments uuid[];
  befores jsonb;
BEGIN
  PERFORM begin_command();
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s
    WHERE s.status IN ('running', 'paused', 'lost') AND s.status <> 'lost' AND s.session IS NOT NULL AND session_is_over(s.session) ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e
    WHERE e.session IS NOT NULL AND e.status IN ('running', 'paused') AND session_is_over(e.session) ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN 0;
  END IF;
  befores := session_befores(steps, experiments);
  PERFORM end_pause('step', s.id, NULL, s.start) FROM step s WHERE s.id = ANY (steps) AND s.status = 'paused';
  PERFORM end_pause('experiment', e.id, NULL, NULL) FROM experiment e WHERE e.id = ANY (experiments) AND e.status = 'paused';
  PERFORM write_session_status(steps, experiments, 'lost');
  INSERT INTO alarm (id, step_id, kind, raised_at)
  SELECT uuid_v7(), t.id, 'lost', command_time() FROM unnest(steps) t (id)
  ON CONFLICT (step_id) WHERE over_at IS NULL DO UPDATE SET kind = 'lost';
  RETURN record_session_events(next_revision(), ARRAY['step-lost', 'experiment-lost'], steps, experiments, befores, _audit);
END $$;

-- prisma/sql/orchestrator/orchestrator_state.sql
-- An orchestrator as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW orchestrator_state AS
SELECT o.name, o.session, o.state, o.ttl_seconds, o.expires_at, o.expires_at > command_time() AS alive, o.created_at, o.updated_at
FROM orchestrator o;

-- prisma/sql/orchestrator/put_orchestrator.sql
-- Takes a sign of life of an orchestrator: its lease lasts `ttl_seconds` from now on. Another session than before begins, and what runs in
-- the one before is lost. What was lost because the lease of this session was over runs again. `_input` is { session, ttl_seconds, state }.
-- The outcome is `created` for a name that was not known. A sign of life in the same session writes no event, unless it recovers something.
--
-- Locks: The orchestrator, then what lose_sessions and recover_session lock.
CREATE OR REPLACE FUNCTION put_orchestrator(_name text, _input jsonb, _audit jsonb) RETURNS TABLE (outcome text, orchestrator orchestrator_state)
LANGUAGE plpgsql AS $$
DECLARE
  before text;
  present timestamptz(3);
  until timestamptz(3);
BEGIN
  SELECT o.session INTO before FROM orchestrator o WHERE o.name = _name FOR UPDATE;
  outcome := CASE WHEN FOUND THEN 'renewed' ELSE 'created' END;
  -- Only when it has the row: whoever waited is not alive since before that.
  present := begin_command();
  until := present + (_input->>'ttl_seconds')::double precision * interval '1 second';
  INSERT INTO orchestrator AS known (name, session, ttl_seconds, state, expires_at, created_at, updated_at)
  VALUES (_name, _input->>'session', (_input->>'ttl_seconds')::double precision, _input->>'state', until, present, present)
  ON CONFLICT (name) DO UPDATE SET session = excluded.session, ttl_seconds = excluded.ttl_seconds, state = excluded.state,
    expires_at = excluded.expires_at, updated_at = excluded.updated_at, version = known.version + 1;
  UPDATE orchestrator_session s SET expires_at = least(s.expires_at, present) WHERE s.orchestrator = _name AND s.session <> _input->>'session' AND s.expires_at > present;
  INSERT INTO orchestrator_session (session, orchestrator, expires_at) VALUES (_input->>'session', _name, until)
  ON CONFLICT ON CONSTRAINT orchestrator_session_pkey DO UPDATE SET expires_at = excluded.expires_at;
  IF before <> _input->>'session' THEN
    PERFORM lose_sessions(_audit || jsonb_build_object('reason', 'Another session of the orchestrator "' || _name || '" has begun.'));
  ELSIF before = _input->>'session' THEN
    -- Not when a session takes the name back: two programs with one name would lose and recover their steps in turn.
    PERFORM recover_session(before, _audit || jsonb_build_object('reason', 'The session of the orchestrator "' || _name || '" gives signs of life again.'));
  END IF;
  SELECT o.* INTO orchestrator FROM orchestrator_state o WHERE o.name = _name;
  RETURN NEXT;
END $$;

-- prisma/sql/orchestrator/record_session_events.sql
-- Records what happened to steps and experiments with their session, the steps first, by start. `_kinds` are the kinds of the events of a step
-- and of an experiment. `_befores` is what session_befores returned before the change. Returns how many events these are.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_session_events(_revision bigint, _kinds text[], _steps uuid[], _experiments uuid[], _befores jsonb, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT _revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, _kinds[1],
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, _befores->'steps'->s.id::text, step_snapshot(s.id)
  FROM step s CROSS JOIN lab WHERE s.id = ANY (_steps);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT _revision, coalesce(cardinality(_steps), 0) + row_number() OVER (ORDER BY e.id) - 1, lab.recorded_at, _kinds[2],
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), e.id, _befores->'experiments'->e.id::text, experiment_snapshot(e.id)
  FROM experiment e CROSS JOIN lab WHERE e.id = ANY (_experiments);
  RETURN coalesce(cardinality(_steps), 0) + coalesce(cardinality(_experiments), 0);
END $$;

-- prisma/sql/orchestrator/recover_session.sql
-- Sets the lost steps and experiments of a session that gives signs of life again to what they were: running, or paused since then. Their
-- alarms are over. Another session of the orchestrator does not do this. None writes nothing. Reads only what is under way.
--
-- Locks: The steps and the experiments, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION recover_session(_session text, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  steps uuid[];
  experiments uuid[];
  alarms uuid[];
  befores jsonb;
  alarm_befores jsonb;
  this_revision bigint;
  recorded integer;
BEGIN
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s WHERE s.status IN ('running', 'paused', 'lost') AND s.status = 'lost' AND s.session = _session ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e WHERE e.status = 'lost' AND e.session = _session ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN;
  END IF;
  befores := session_befores(steps, experiments);
  SELECT array_agg(a.id), jsonb_object_agg(a.id, alarm_snapshot(a.id)) INTO alarms, alarm_befores
  FROM alarm a WHERE a.over_at IS NULL AND a.step_id = ANY (steps);
  PERFORM write_session_status(steps, experiments, 'running');
  -- Only the loss ended these pauses, so they last.
  UPDATE pause p SET resumed_at = NULL
  FROM (
    SELECT 'step' AS subject, t.id, lost.was FROM unnest(steps) t (id) CROSS JOIN LATERAL (
      SELECT e.before->>'status' AS was FROM event e WHERE e.step_id = t.id AND e.kind = 'step-lost' ORDER BY e.revision DESC LIMIT 1) lost
    UNION ALL
    SELECT 'experiment', t.id, lost.was FROM unnest(experiments) t (id) CROSS JOIN LATERAL (
      SELECT e.before->>'status' AS was FROM event e WHERE e.experiment_id = t.id AND e.kind = 'experiment-lost' ORDER BY e.revision DESC LIMIT 1) lost
  ) ended
  WHERE ended.was = 'paused' AND p.subject = ended.subject AND p.subject_id = ended.id
    AND NOT EXISTS (SELECT FROM pause later WHERE later.subject = p.subject AND later.subject_id = p.subject_id AND later.ordinal > p.ordinal);
  UPDATE alarm a SET over_at = command_time() WHERE a.id = ANY (alarms);
  this_revision := next_revision();
  recorded := record_session_events(this_revision, ARRAY['step-recovered', 'experiment-recovered'], steps, experiments, befores, _audit);
  PERFORM record_alarm_events(this_revision, recorded, 'step-alarm-over', alarms, alarm_befores, _audit);
END $$;

-- prisma/sql/orchestrator/session_is_over.sql
-- Whether a session of an orchestrator is over: it is known, and no lease of it lasts. A session that no orchestrator ever had is
-- never over, because nobody said that it would give signs of life.
CREATE OR REPLACE FUNCTION session_is_over(_session text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(o.expires_at) <= command_time()::timestamptz(3), false) FROM orchestrator_session o WHERE o.session = _session
$$;

-- prisma/sql/orchestrator/write_session_status.sql
-- Sets the steps and experiments of a session to a status: `lost`, or `running` again.
--
-- Locks: The caller has locked them.
CREATE OR REPLACE FUNCTION write_session_status(_steps uuid[], _experiments uuid[], _status text) RETURNS void LANGUAGE sql AS $$
  UPDATE step s SET status = _status, version = s.version + 1, updated_at = command_time() WHERE s.id = ANY (_steps);
  UPDATE experiment e SET status = _status, version = e.version + 1, updated_at = command_time() WHERE e.id = ANY (_experiments);
$$;

-- prisma/sql/pause/begin_pause.sql
-- Begins a pause of a step or an experiment. A time before the object started counts from its start (`_start`; of an experiment
-- without steps, from its creation), one before the end of the last pause from that end. Returns the warnings about the time.
--
-- Locks: The caller has locked the object, and it is not paused.
CREATE OR REPLACE FUNCTION begin_pause(_subject text, _id uuid, _at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  told timestamptz(3) := command_time();
  wanted timestamptz(3) := greatest(coalesce(_at, told), _start);
  previous record;
BEGIN
  SELECT p.ordinal, p.resumed_at INTO previous FROM pause p WHERE p.subject_id = _id AND p.subject = _subject ORDER BY p.ordinal DESC LIMIT 1;
  INSERT INTO pause (subject, subject_id, ordinal, paused_at, previous_resumed_at)
  VALUES (_subject, _id, coalesce(previous.ordinal + 1, 0), greatest(wanted, previous.resumed_at), previous.resumed_at);
  RETURN pause_warnings('/paused_at', wanted, previous.resumed_at, told);
END $$;

-- prisma/sql/pause/clip_pauses.sql
-- Counts the pauses of a step again when its start or finish changes: only what is between the two counts.
CREATE OR REPLACE FUNCTION clip_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.paused_seconds := paused_seconds('step', NEW.id, NEW.start, NEW.finish);
  IF NEW.paused_at IS NOT NULL THEN
    NEW.paused_at := greatest(NEW.start, (SELECT p.paused_at FROM pause p WHERE p.subject_id = NEW.id AND p.subject = 'step' AND p.resumed_at IS NULL));
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER step_clips_pauses BEFORE UPDATE OF start, finish ON step
  FOR EACH ROW WHEN (OLD.paused_seconds IS NOT NULL) EXECUTE FUNCTION clip_pauses();

-- prisma/sql/pause/end_pause.sql
-- Ends the pause of a step or an experiment. A time before it began is stored as its beginning. A pause that has not begun yet, because
-- its time was wrong, never was: it is stored with its end, so that the next pause can have a true time. Returns the warnings about the
-- time.
--
-- Locks: The caller has locked the object, and it is paused.
CREATE OR REPLACE FUNCTION end_pause(_subject text, _id uuid, _at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  told timestamptz(3) := command_time();
  wanted timestamptz(3) := greatest(coalesce(_at, told), _start);
  begun timestamptz(3);
BEGIN
  UPDATE pause p SET paused_at = CASE WHEN p.paused_at > told + interval '5 seconds' THEN least(p.paused_at, greatest(wanted, p.previous_resumed_at)) ELSE p.paused_at END,
    resumed_at = greatest(wanted, CASE WHEN p.paused_at > told + interval '5 seconds' THEN p.previous_resumed_at ELSE p.paused_at END)
  WHERE p.subject_id = _id AND p.subject = _subject AND p.resumed_at IS NULL RETURNING p.paused_at INTO begun;
  RETURN pause_warnings('/paused_seconds', wanted, begun, told);
END $$;

-- prisma/sql/pause/follow_pauses.sql
-- Keeps the columns of steps and experiments that follow from their pauses: since when they are paused, the status that says so, and
-- of a step the seconds, which its samples leave out. Pauses can explain a start that was in doubt.
--
-- Locks: The row of the step or experiment.
CREATE OR REPLACE FUNCTION follow_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed pause := coalesce(NEW, OLD);
  lasts_since timestamptz(3) := (SELECT p.paused_at FROM pause p WHERE p.subject_id = changed.subject_id AND p.subject = changed.subject AND p.resumed_at IS NULL);
BEGIN
  IF changed.subject = 'experiment' THEN
    UPDATE experiment e SET paused_at = lasts_since,
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN e.status = 'paused' THEN 'running' ELSE e.status END
    WHERE e.id = changed.subject_id;
  ELSE
    UPDATE step s SET paused_at = greatest(lasts_since, CASE WHEN lasts_since IS NOT NULL THEN s.start END),
      paused_seconds = paused_seconds('step', s.id, s.start, s.finish), warnings = explained_warnings(s.warnings, s.id, s.start, s.status, s.created_at),
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN s.status = 'paused' THEN 'running' ELSE s.status END
    WHERE s.id = changed.subject_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER pause_is_followed AFTER INSERT OR UPDATE OR DELETE ON pause
  FOR EACH ROW EXECUTE FUNCTION follow_pauses();

-- prisma/sql/pause/paused_seconds.sql
-- Returns the seconds that a step or an experiment was paused between two times; null if it was never paused. Without `_until`, all
-- pauses that are over count; with it, one that lasts counts up to then.
CREATE OR REPLACE FUNCTION paused_seconds(_subject text, _id uuid, _from timestamptz, _until timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT round(sum(extract(epoch FROM greatest(least(p.resumed_at, _until) - greatest(p.paused_at, _from), interval '0'))), 3)
  FROM pause p WHERE p.subject_id = _id AND p.subject = _subject
$$;

-- prisma/sql/pause/tell_pauses.sql
-- Writes the pauses that were told with finished steps, which replace those that were told before. `_steps` come from
-- src/store/prepare-steps.ts; only those of `_ids` that have pauses are looked at.
--
-- Locks: The caller has locked the steps, and none that has pauses here is paused when it returns.
CREATE OR REPLACE FUNCTION tell_pauses(_steps jsonb, _ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  paused uuid[] := ARRAY(SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb) WHERE s.id = ANY (_ids) AND s.pauses <> '[]');
BEGIN
  IF cardinality(paused) = 0 THEN
    RETURN;
  END IF;
  DELETE FROM pause p WHERE p.subject = 'step' AND p.subject_id = ANY (paused);
  INSERT INTO pause (subject, subject_id, ordinal, paused_at, resumed_at, previous_resumed_at)
  SELECT 'step', s.id, p.ordinality - 1, (p.value->>'paused_at')::timestamptz, (p.value->>'resumed_at')::timestamptz,
    lag((p.value->>'resumed_at')::timestamptz) OVER (PARTITION BY s.id ORDER BY p.ordinality)
  FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb)
  CROSS JOIN LATERAL jsonb_array_elements(s.pauses) WITH ORDINALITY AS p (value, ordinality)
  WHERE s.id = ANY (paused);
END $$;

-- prisma/sql/placement/displace_occupant.sql
-- Moves a thing that is in the way of a correction: off the platform if `_to` is "remove", otherwise to the place {
-- device, position }, which may dispose of it. For a lid, "remove" means that nobody knows where the lid is.
--
-- Locks: The caller holds the lab lock.
-- Raises: device-not-found, position-not-found, position-occupied
CREATE OR REPLACE FUNCTION displace_occupant(_thing placement, _to jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := container_snapshot(_thing.container_id);
  target uuid;
  there placement;
BEGIN
  IF _to = '"remove"' THEN
    DELETE FROM placement WHERE container_id = _thing.container_id AND (_thing.part = 'body' OR part = 'lid');
    UPDATE container SET removed_at = CASE _thing.part WHEN 'body' THEN command_time() ELSE removed_at END, version = version + 1, updated_at = command_time()
    WHERE id = _thing.container_id;
    PERFORM record_container_event(_revision, _ordinal, CASE _thing.part WHEN 'body' THEN 'removed' ELSE 'corrected' END, _thing.container_id, before, _audit);
    RETURN;
  END IF;
  IF lookup_waste(_to->>'device', (_to->>'position')::integer) IS NOT NULL THEN
    PERFORM dispose_part(_thing.container_id, _thing.part, lookup_waste(_to->>'device', (_to->>'position')::integer), _revision, _ordinal, before, _audit);
    RETURN;
  END IF;
  target := require_position(_to->>'device', (_to->>'position')::integer, '{"device": "/displace/device", "position": "/displace/position"}');
  SELECT * INTO there FROM placement WHERE position_id = target;
  IF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied_position(target, '/displace/position');
  END IF;
  PERFORM write_placement(_thing.container_id, _thing.part, target);
  PERFORM bump_container_version(_thing.container_id);
  PERFORM record_container_event(_revision, _ordinal, 'corrected', _thing.container_id, before, _audit);
END $$;

-- prisma/sql/placement/lookup_waste.sql
-- Returns the place { device, position } where a thing is disposed of that is put on a device, or null if the device keeps it.
-- A device that disposes does so whatever slot the request says, and also without slots; then the place is its lowest slot that
-- disposes, or has none. A slot that disposes must be named: a search for a free slot never ends in it.
CREATE OR REPLACE FUNCTION lookup_waste(_device text, _slot integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  found record;
BEGIN
  SELECT d.disposes AS device_disposes, p.id IS NOT NULL AS has_slot, p.disposes AS slot_disposes,
    CASE WHEN d.disposes THEN (SELECT min(w.slot_number) FROM position w WHERE w.device_id = d.id AND w.retired_at IS NULL AND w.disposes) END AS lowest
  INTO found
  FROM device d LEFT JOIN position p ON p.device_id = d.id AND p.slot_number = _slot AND p.retired_at IS NULL
  WHERE d.name = _device AND d.retired_at IS NULL;
  IF found.slot_disposes THEN
    RETURN jsonb_build_object('device', _device, 'position', _slot);
  ELSIF found.device_disposes AND NOT found.has_slot THEN
    RETURN jsonb_build_object('device', _device, 'position', found.lowest);
  END IF;
  RETURN NULL;
END $$;

-- prisma/sql/placement/place_in_position.sql
-- Places a part of a container in a slot, from wherever the part is now. Nothing happens if the part is there
-- already. It looks before it writes, which is safe under the lab lock; the primary key of `placement` stops whoever
-- does not take the lock.
--
-- Locks: The caller holds the lab lock.
-- Raises: position-occupied, labware-does-not-fit, position-reserved, reservation-not-found, reservation-mismatch
CREATE OR REPLACE FUNCTION place_in_position(_container uuid, _part text, _position uuid, _pointer text, _reservation uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  there record;
BEGIN
  SELECT pl.container_id, pl.part, rp.reservation_id IS NOT NULL AS is_reserved INTO there
  FROM position p LEFT JOIN placement pl ON pl.position_id = p.id LEFT JOIN reserved_position rp ON rp.position_id = p.id
  WHERE p.id = _position;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN;
  ELSIF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied_position(_position, _pointer);
  END IF;
  PERFORM refuse_labware_misfit(lookup_labware_type(_container, _part), _position, _pointer);
  IF there.is_reserved OR _reservation IS NOT NULL THEN
    PERFORM claim_position(_position, _part, _reservation, _pointer);
  END IF;
  PERFORM write_placement(_container, _part, _position);
END $$;

-- prisma/sql/placement/place_on_device.sql
-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot, or null if the device or the slot disposes: then nothing is placed, and the caller disposes of the part. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes one query: a slot that exists, is empty, fits and is not reserved. Everything else goes to
-- choose_position and place_in_position, which can say what is wrong.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
BEGIN
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    SELECT p.id INTO target
    FROM device d JOIN position p ON p.device_id = d.id
    WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.active
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.position_id = p.id)
      AND (_part = 'lid' OR NOT EXISTS (
        SELECT FROM container c JOIN labware_type t ON t.name = c.labware_type
        WHERE c.id = _container AND misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NOT NULL));
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSIF _reservation IS NULL AND lookup_waste(_device, _slot) IS NOT NULL THEN
    RETURN NULL;
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation, lookup_labware_type(_container, _part));
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;

-- prisma/sql/placement/write_placement.sql
-- Writes that a part of a container is in a slot, and counts the use of the slot. It checks nothing: something else
-- in the slot violates the primary key of `placement`, and a reservation is ignored. A missing container is found by it.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_placement(_container uuid, _part text, _position uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE placement SET position_id = _position, since = command_time() WHERE container_id = _container AND part = _part;
  IF NOT FOUND THEN
    IF _part = 'body' THEN
      UPDATE container SET missing_since = NULL, last_position_id = NULL WHERE id = _container AND missing_since IS NOT NULL;
    END IF;
    INSERT INTO placement (position_id, container_id, part, since) VALUES (_position, _container, _part, command_time());
  END IF;
  UPDATE position SET uses = uses + 1 WHERE id = _position;
END $$;

-- prisma/sql/position/choose_position.sql
-- Returns the requested slot, without a look at what is in it. If no slot was requested, returns the lowest free slot in which
-- the labware type fits: one that belongs to the reservation if there is one, otherwise one that is not reserved. A slot that
-- disposes is never free. `_pointers` is { device, position, reservation }: the JSON pointers of the three in the request.
-- `_type` is null if nobody described the type. `_from` is a slot number below which no slot is free, as the caller knows: a
-- batch searches a device once, not once for each input.
--
-- Raises: device-not-found, position-not-found, position-disposes, no-free-position, labware-does-not-fit, reservation-not-found,
-- reservation-mismatch
-- Settings: Only indexes in their order: the search then stops at the first free slot. A plan that was made when the tables
-- were nearly empty would read all slots and all placements for each container of a batch.
CREATE OR REPLACE FUNCTION choose_position(_device text, _slot integer, _pointers jsonb, _reservation uuid, _type labware_type, _from integer DEFAULT 0) RETURNS uuid
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  device_found uuid;
  found_id uuid;
  device_types text[];
  device_max double precision;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _pointers->'reservation'));
  END IF;
  IF _slot IS NOT NULL THEN
    found_id := require_position(_device, _slot, _pointers);
    PERFORM refuse_waste(lookup_waste(_device, _slot), _pointers->>'position');
    RETURN found_id;
  END IF;
  device_found := require_device(_device, _pointers->>'device');
  IF _type.name IS NOT NULL THEN
    SELECT d.labware_types, d.max_height_mm INTO device_types, device_max FROM device d WHERE d.id = device_found;
  END IF;
  SELECT p.id INTO found_id
  FROM position p
  WHERE p.device_id = device_found AND p.slot_number >= _from AND p.active
    -- As a join, PostgreSQL would read all slots of the device; like this it stops at the first free one.
    AND (SELECT pl.position_id FROM placement pl WHERE pl.position_id = p.id) IS NULL
    AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
    AND misfit_rule(_type.name, _type.deep_well, _type.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, device_types, device_max) IS NULL
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse_no_free_position(device_found, _pointers, _reservation, _type);
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/position/lowest_key.sql
-- Returns the key under which a batch keeps the lowest slot of a device that may be free: for each reservation another one,
-- because each has slots of its own.
CREATE OR REPLACE FUNCTION lowest_key(_device text, _reservation text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(_device, lower(_reservation))::text
$$;

-- prisma/sql/position/occupant_label.sql
-- Returns a container or its lid as problems name it: { id, barcode, name, part }.
CREATE OR REPLACE FUNCTION occupant_label(_container uuid, _part text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'part', CASE _part WHEN 'body' THEN 'container' ELSE 'lid' END)
  FROM container c WHERE c.id = _container
$$;

-- prisma/sql/position/occupant_of.sql
-- Returns what is in a slot as a problem shows it, or null if the slot is empty.
CREATE OR REPLACE FUNCTION occupant_of(_position uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', c.id, 'barcode', c.barcode, 'name', c.name,
    'part', CASE pl.part WHEN 'body' THEN 'container' ELSE 'lid' END, 'since', wire_time(pl.since))
  FROM placement pl JOIN container c ON c.id = pl.container_id WHERE pl.position_id = _position
$$;

-- prisma/sql/position/position_state.sql
-- A slot as the API shows it: each column is a member of the JSON. Reservations are joined and not looked up for
-- each slot, so all slots of a device take one scan. A query without `reserved` does not read them.
CREATE OR REPLACE VIEW position_state AS
SELECT
  p.id, p.device_id, d.name AS device, p.slot_number AS position,
  pl.position_id IS NULL AS empty,
  CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
  c.id AS container_id,
  CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by,
  p.deep_well_suited, p.disposes, to_jsonb(p.labware_types) AS labware_types, p.max_height_mm,
  -- The first condition spares the slots without a reservation the look at the time.
  CASE WHEN r.id IS NOT NULL AND r.expires_at > command_time()
    THEN jsonb_build_object('id', r.id, 'owner', r.owner, 'expires_at', wire_time(r.expires_at)) END AS reserved
FROM position p
JOIN device d ON d.id = p.device_id
LEFT JOIN placement pl ON pl.position_id = p.id
LEFT JOIN container c ON c.id = pl.container_id
LEFT JOIN reserved_position rp ON rp.position_id = p.id
LEFT JOIN reservation r ON r.id = rp.reservation_id
WHERE p.retired_at IS NULL AND d.retired_at IS NULL;

-- prisma/sql/position/refuse_disposing_of_occupied_slots.sql
-- Refuses a change that would turn slots into waste in which there is a container or a lid. The problem names each such slot.
--
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION refuse_disposing_of_occupied_slots(_positions uuid[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  occupied jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number, 'occupant', occupant_of(p.id)) ORDER BY d.name, p.slot_number)
  INTO occupied
  FROM position p JOIN device d ON d.id = p.device_id JOIN placement pl ON pl.position_id = p.id WHERE p.id = ANY (_positions);
  IF occupied IS NOT NULL THEN
    PERFORM refuse('slots-occupied', jsonb_build_object('disposes', true, 'occupied', occupied));
  END IF;
END $$;

-- prisma/sql/position/refuse_no_free_position.sql
-- Refuses a device because none of its slots can be chosen: the labware type fits in none of those that are free, the
-- reservation has none there, or none is free.
--
-- Raises: labware-does-not-fit, no-free-position, reservation-mismatch or reservation-not-found, always one of them.
CREATE OR REPLACE FUNCTION refuse_no_free_position(_device uuid, _pointers jsonb, _reservation uuid, _type labware_type) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  place jsonb;
  free uuid[];
BEGIN
  SELECT jsonb_build_object('device', name, 'pointer', _pointers->'device') INTO place FROM device WHERE id = _device;
  IF _type.name IS NOT NULL THEN
    free := ARRAY(SELECT p.id FROM position p WHERE p.device_id = _device AND p.active AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation ORDER BY p.slot_number);
    IF cardinality(free) > 0 THEN
      PERFORM refuse('labware-does-not-fit', (labware_misfit(_type, free[1]) - 'position') || place || jsonb_build_object('free', cardinality(free)));
    END IF;
  END IF;
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_reservation_mismatch(_reservation, place);
  END IF;
  PERFORM refuse('no-free-position', place || (
    SELECT jsonb_build_object('positions', count(*), 'reserved', (SELECT count(*) FROM active_reservation r JOIN position q ON q.id = r.position_id
        WHERE q.device_id = _device AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = q.id)))
      || CASE WHEN bool_or(p.disposes) THEN jsonb_build_object('disposing', count(*) FILTER (WHERE p.disposes)) ELSE '{}' END
    FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL));
END $$;

-- prisma/sql/position/refuse_occupied_position.sql
-- Refuses a slot because something else is in it. The problem shows the occupant.
--
-- Raises: position-occupied, always.
CREATE OR REPLACE FUNCTION refuse_occupied_position(_position uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object(
      'device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', occupant_of(p.id))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;

-- prisma/sql/position/refuse_own_position.sql
-- Refuses a slot because the container itself, or its lid, is going to be there.
--
-- Raises: position-occupied, always.
CREATE OR REPLACE FUNCTION refuse_own_position(_snapshot jsonb, _part text, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', jsonb_build_object(
      'id', _snapshot->'id', 'barcode', _snapshot->'barcode', 'name', _snapshot->'name', 'part', _part, 'since', wire_time(command_time())))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;

-- prisma/sql/position/refuse_waste.sql
-- Refuses a place where things are disposed of: nothing can stand there. `_place` is what lookup_waste returned; without one
-- nothing is refused.
--
-- Raises: position-disposes
CREATE OR REPLACE FUNCTION refuse_waste(_place jsonb, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _place IS NOT NULL THEN
    PERFORM refuse('position-disposes', _place || jsonb_build_object('pointer', _pointer));
  END IF;
END $$;

-- prisma/sql/position/require_position.sql
-- Returns the active slot of an active device by its number. `_pointers` is { device, position }: the JSON pointers
-- of the two in the request.
--
-- Raises: device-not-found, position-not-found
CREATE OR REPLACE FUNCTION require_position(_device text, _slot integer, _pointers jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT p.id INTO found_id
  FROM device d JOIN position p ON p.device_id = d.id
  WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('position-not-found', jsonb_build_object(
      'device', _device, 'position', _slot, 'pointer', _pointers->>'position', 'valid_range', valid_slot_range(require_device(_device, _pointers->>'device'))));
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/position/restore_positions.sql
-- Makes the properties of the slots as they were at a revision, and records an event for each slot that changes. Returns
-- how many there were. Events are numbered from `_ordinal`. Without a revision it only counts. A slot that would become waste
-- while something is in it stays as it is. A list of labware types keeps only those that the lab has.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION restore_positions(_at bigint, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  changed integer;
BEGIN
  WITH touched AS (
    SELECT e.device_id, (e.after->>'position')::integer AS slot_number,
      coalesce((array_agg(e.after ORDER BY e.revision DESC, e.ordinal DESC) FILTER (WHERE e.revision <= _at))[1], '{}') AS told
    FROM event e WHERE e.kind = 'position-updated' GROUP BY e.device_id, (e.after->>'position')::integer
  ),
  wanted AS (
    SELECT t.device_id, t.slot_number, coalesce((t.told->>'deep_well_suited')::boolean, false) AS deep_well_suited, (t.told->>'disposes')::boolean AS disposes_set,
      CASE WHEN jsonb_typeof(t.told->'labware_types') = 'array' THEN ARRAY(
        SELECT n.name FROM jsonb_array_elements_text(t.told->'labware_types') WITH ORDINALITY AS n (name, nth) JOIN labware_type k ON k.name = n.name ORDER BY n.nth) END AS labware_types,
      (t.told->>'max_height_mm')::double precision AS max_height_mm
    FROM touched t
  ),
  differing AS (
    SELECT p.id, w.*, coalesce(w.disposes_set, d.disposes) AS disposes, position_snapshot(p.id) AS before, row_number() OVER (ORDER BY d.name, p.slot_number) AS nth
    FROM wanted w JOIN position p ON p.device_id = w.device_id AND p.slot_number = w.slot_number JOIN device d ON d.id = p.device_id
    WHERE p.retired_at IS NULL AND d.retired_at IS NULL
      AND (p.deep_well_suited, p.disposes_set, p.labware_types, p.max_height_mm) IS DISTINCT FROM (w.deep_well_suited, w.disposes_set, w.labware_types, w.max_height_mm)
      AND NOT (coalesce(w.disposes_set, d.disposes) AND EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id))
  ),
  written AS (
    UPDATE position p SET deep_well_suited = d.deep_well_suited, disposes_set = d.disposes_set, disposes = d.disposes, labware_types = d.labware_types,
      max_height_mm = d.max_height_mm
    FROM differing d WHERE p.id = d.id AND _revision IS NOT NULL RETURNING p.id
  ),
  recorded AS (
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
    SELECT _revision, (_ordinal + d.nth - 1)::integer, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
      d.device_id, d.before, d.before || jsonb_build_object('deep_well_suited', d.deep_well_suited, 'disposes', d.disposes_set,
        'labware_types', to_jsonb(d.labware_types), 'max_height_mm', d.max_height_mm)
    FROM differing d CROSS JOIN lab l WHERE _revision IS NOT NULL
  )
  SELECT count(*) INTO changed FROM differing;
  IF _revision IS NOT NULL THEN
    PERFORM drop_reservations();
  END IF;
  RETURN changed;
END $$;

-- prisma/sql/position/update_position.sql
-- Changes what is known of a slot. `_changes` has the members to change; null clears a member. If the slot does not exist,
-- or nothing changes, nothing happens.
--
-- Locks: The lab lock.
-- Raises: invalid-request for a labware type that the lab does not have, slots-occupied
CREATE OR REPLACE FUNCTION update_position(_device text, _slot integer, _changes jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  holder uuid;
  before jsonb;
  after jsonb;
  after_disposes boolean;
BEGIN
  PERFORM lock_lab();
  SELECT s.id, s.device_id, position_snapshot(s.id) INTO changed, holder, before FROM position_state s WHERE s.device = _device AND s.position = _slot;
  IF changed IS NULL OR before || _changes = before THEN
    RETURN;
  END IF;
  IF jsonb_typeof(_changes->'labware_types') = 'array' THEN
    PERFORM refuse_unknown_labware_types(ARRAY(SELECT jsonb_array_elements_text(_changes->'labware_types')), '/labware_types');
  END IF;
  after := before || _changes;
  after_disposes := coalesce((after->>'disposes')::boolean, (SELECT d.disposes FROM device d WHERE d.id = holder));
  IF after_disposes THEN
    PERFORM refuse_disposing_of_occupied_slots(ARRAY[changed]);
  END IF;
  UPDATE position SET deep_well_suited = (after->>'deep_well_suited')::boolean, disposes_set = (after->>'disposes')::boolean, disposes = after_disposes,
    labware_types = CASE WHEN jsonb_typeof(after->'labware_types') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(after->'labware_types')) END,
    max_height_mm = (after->>'max_height_mm')::double precision
  WHERE id = changed;
  PERFORM drop_reservations();
  PERFORM next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT l.revision, 0, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), holder, before, position_snapshot(changed)
  FROM lab l;
END $$;

-- prisma/sql/position/valid_slot_range.sql
-- Returns the lowest and the highest slot number of a device as a problem shows them, or null if the device has no
-- slots.
CREATE OR REPLACE FUNCTION valid_slot_range(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('minimum', min(slot_number), 'maximum', max(slot_number)) END
  FROM position WHERE device_id = _device AND retired_at IS NULL
$$;

-- prisma/sql/reservation/active_reservation.sql
-- The reservations that have not expired, one row for each reserved slot.
CREATE OR REPLACE VIEW active_reservation AS
SELECT rp.position_id, r.id, r.owner, r.purpose, r.expires_at
FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id
WHERE r.expires_at > command_time();

-- prisma/sql/reservation/claim_position.sql
-- Claims a slot for a part of a container. If the request names the reservation of the slot, the slot is taken out of
-- it. Refuses a slot that is reserved for somebody else, or that is not in the named reservation. Expiry depends on the
-- time, so no constraint can check it. `_pointer` is the JSON pointer of the slot in the request.
--
-- Locks: The caller holds the lab lock.
-- Raises: position-reserved, reservation-not-found, reservation-mismatch
CREATE OR REPLACE FUNCTION claim_position(_position uuid, _part text, _reservation uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held active_reservation;
  place jsonb;
BEGIN
  SELECT * INTO held FROM active_reservation WHERE position_id = _position;
  IF held.id IS NULL AND _reservation IS NULL THEN
    RETURN;
  END IF;
  IF held.id = _reservation AND held.purpose = (CASE _part WHEN 'body' THEN 'container' ELSE 'lid' END) THEN
    PERFORM consume_reservation(ARRAY[_position]);
    RETURN;
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer) INTO place
  FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position;
  IF _reservation IS NULL THEN
    PERFORM refuse('position-reserved', place || jsonb_build_object('reserved',
      jsonb_build_object('id', held.id, 'owner', held.owner, 'expires_at', wire_time(held.expires_at))));
  END IF;
  PERFORM refuse_reservation_mismatch(_reservation, place);
END $$;

-- prisma/sql/reservation/consume_reservation.sql
-- Takes slots out of their reservations. A reservation without slots is deleted.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION consume_reservation(_positions uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched uuid[];
BEGIN
  WITH used AS (DELETE FROM reserved_position WHERE position_id = ANY (_positions) RETURNING reservation_id)
  SELECT array_agg(DISTINCT reservation_id) INTO touched FROM used;
  DELETE FROM reservation r WHERE r.id = ANY (touched) AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.reservation_id = r.id);
END $$;

-- prisma/sql/reservation/create_reservation.sql
-- Reserves free slots. `_input` has the members of ReservationCreate, and id, created_as and id_chosen: whether the client chose
-- the id. The outcome is `created`, or `repeated` (the same id and the same request before, also if that reservation has ended).
-- Expired reservations are deleted first.
--
-- Locks: The lab lock.
-- Raises: id-in-use, device-not-found, labware-type-not-found, no-free-position, labware-does-not-fit
CREATE OR REPLACE FUNCTION create_reservation(_input jsonb, _audit jsonb) RETURNS TABLE (outcome text, reservation jsonb) LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_input->>'id')::uuid;
  count integer := coalesce((_input->>'count')::integer, 1);
  ttl double precision := (_input->>'ttl_seconds')::double precision;
  block integer := CASE WHEN coalesce((_input->>'consecutive')::boolean, false) THEN count ELSE 1 END;
  deep_well boolean := (_input->>'deep_well')::boolean;
  strategy text := coalesce(_input->>'strategy', 'first');
  device uuid;
  chosen uuid[];
  known text;
  type labware_type;
  misfit jsonb;
  -- A lid goes anywhere.
  fits text := CASE _input->>'purpose' WHEN 'container' THEN _input->>'labware_type' END;
  answered jsonb;
BEGIN
  PERFORM lock_lab();
  PERFORM consume_reservation(ARRAY(SELECT rp.position_id FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id WHERE r.expires_at <= command_time()));
  SELECT o.created_as, o.reservation INTO known, answered FROM reservation_outcome o WHERE o.reservation_id = wanted;
  IF NOT FOUND THEN
    SELECT r.created_as INTO known FROM reservation r WHERE r.id = wanted;
  END IF;
  IF FOUND THEN
    IF known <> _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    RETURN QUERY SELECT 'repeated', coalesce(reservation_snapshot(wanted), answered);
    RETURN;
  END IF;

  IF _input->>'device' IS NOT NULL THEN
    device := require_device(_input->>'device', '/device');
  ELSE
    PERFORM 1 FROM device d WHERE d.type = _input->>'type' AND d.listed AND d.retired_at IS NULL;
    IF NOT FOUND THEN
      PERFORM refuse('device-not-found', jsonb_build_object('type', _input->'type', 'pointer', '/type'));
    END IF;
  END IF;
  IF _input->>'labware_type' IS NOT NULL THEN
    SELECT t.* INTO type FROM labware_type t WHERE t.name = _input->>'labware_type';
    IF type.name IS NULL THEN
      PERFORM refuse('labware-type-not-found', jsonb_build_object('labware_type', _input->'labware_type', 'pointer', '/labware_type'));
    END IF;
  END IF;
  SELECT array_agg(position_id) INTO chosen
  FROM (
    SELECT unnest(b.positions) AS position_id FROM free_position_blocks(device, _input->>'type', deep_well, strategy, block, fits) b LIMIT count
  ) best;
  IF coalesce(cardinality(chosen), 0) < count THEN
    IF fits IS NOT NULL THEN
      -- Whether there are enough slots for something else.
      SELECT array_agg(position_id) INTO chosen
      FROM (
        SELECT unnest(b.positions) AS position_id FROM free_position_blocks(device, _input->>'type', deep_well, strategy, block, NULL) b LIMIT count
      ) best;
      IF cardinality(chosen) = count THEN
        SELECT labware_misfit(type, position_id) INTO misfit FROM unnest(chosen) AS position_id WHERE labware_misfit(type, position_id) IS NOT NULL LIMIT 1;
        PERFORM refuse('labware-does-not-fit', (coalesce(misfit, '{}') - 'position' - 'device') || jsonb_strip_nulls(jsonb_build_object('labware_type', type.name,
          'device', _input->'device', 'type', _input->'type', 'pointer', '/labware_type', 'wanted', count,
          'free', (SELECT count(*) FROM free_position_blocks(device, _input->>'type', deep_well, strategy, 1, fits)))));
      END IF;
    END IF;
    PERFORM refuse('no-free-position', jsonb_strip_nulls(jsonb_build_object(
      'device', _input->'device', 'type', _input->'type', 'pointer', CASE WHEN device IS NULL THEN '/type' ELSE '/device' END, 'wanted', count,
      'free', (SELECT count(*) FROM free_position_blocks(device, _input->>'type', deep_well, strategy, 1, fits)))));
  END IF;

  INSERT INTO reservation (id, purpose, owner, ttl_seconds, expires_at, created_as, created_at, updated_at)
  VALUES (wanted, _input->>'purpose', _input->>'owner', ttl, command_time() + ttl * interval '1 second', _input->>'created_as', command_time(), command_time());
  INSERT INTO reserved_position (position_id, reservation_id) SELECT position_id, wanted FROM unnest(chosen) AS position_id;
  PERFORM record_reservation_event('position-reserved', first_reserved_device(wanted), NULL, reservation_snapshot(wanted), _audit);
  answered := reservation_snapshot(wanted);
  IF (_input->>'id_chosen')::boolean THEN
    INSERT INTO reservation_outcome (reservation_id, created_as, reservation) VALUES (wanted, _input->>'created_as', answered);
  END IF;
  RETURN QUERY SELECT 'created', answered;
END $$;

-- prisma/sql/reservation/drop_reservations.sql
-- Takes slots out of their reservations in which nothing can be any longer: they are retired, or dispose. Every command that
-- may have changed that calls it, once and not for each slot: a lab file can retire 300,000 of them.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION drop_reservations() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM consume_reservation(ARRAY(SELECT p.id FROM reserved_position rp JOIN position p ON p.id = rp.position_id WHERE NOT p.active));
END $$;

-- prisma/sql/reservation/first_reserved_device.sql
-- Returns the device of the first slot of a reservation. The log lists the events of the reservation under this
-- device.
CREATE OR REPLACE FUNCTION first_reserved_device(_reservation uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT p.device_id FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
  WHERE rp.reservation_id = _reservation ORDER BY d.name, p.slot_number LIMIT 1
$$;

-- prisma/sql/reservation/refuse_reservation_mismatch.sql
-- Refuses a reservation because it is for another slot, device or purpose. The reservation may have expired since the
-- command looked at it.
--
-- Raises: reservation-mismatch or reservation-not-found, always one of them.
CREATE OR REPLACE FUNCTION refuse_reservation_mismatch(_reservation uuid, _place jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  named jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'purpose', s.purpose, 'positions', s.positions) INTO named FROM reservation_state s WHERE s.id = _reservation;
  IF named IS NULL THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation));
  END IF;
  PERFORM refuse('reservation-mismatch', _place || jsonb_build_object('reservation', named));
END $$;

-- prisma/sql/reservation/refuse_unknown_reservation.sql
-- Refuses a reservation that does not exist or has expired. `_location` is { pointer } or { parameter }: where the
-- request names it.
--
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION refuse_unknown_reservation(_reservation uuid, _location jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM 1 FROM reservation WHERE id = _reservation AND expires_at > command_time();
  IF NOT FOUND THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation) || _location);
  END IF;
END $$;

-- prisma/sql/reservation/release_reservation.sql
-- Ends a reservation before it expires.
--
-- Locks: The lab lock.
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION release_reservation(_id uuid, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  device uuid := first_reserved_device(_id);
BEGIN
  PERFORM lock_lab();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_snapshot(_id);
  PERFORM consume_reservation(ARRAY(SELECT position_id FROM reserved_position WHERE reservation_id = _id));
  PERFORM record_reservation_event('reservation-released', device, before, NULL, _audit);
END $$;

-- prisma/sql/reservation/reservation_state.sql
-- A reservation that has not expired, as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW reservation_state AS
SELECT r.id, r.purpose, r.owner,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number) ORDER BY d.name, p.slot_number), '[]')
   FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
   WHERE rp.reservation_id = r.id) AS positions,
  r.ttl_seconds, r.expires_at, r.created_at, r.updated_at, r.version
FROM reservation r
WHERE r.expires_at > command_time();

-- prisma/sql/session/create_session.sql
-- Signs in: makes a session of the key with this digest, for 12 hours or, remembered, for 90 days, and not for longer than the key is valid. Returns for how
-- many seconds (`lasts`). Null: no valid key has this digest. `wait`: the seconds to wait, because the address failed 10 times in this minute; then the key is not
-- looked at. Whoever tries is counted before the key is looked up, and counted back when it is valid, so that tries at the same time count, too.
--
-- Locks: The row of the address in `sign_in_failure`, so tries of one address run one after another.
CREATE OR REPLACE FUNCTION create_session(_key_sha256 text, _network text, _id_sha256 text, _remembered boolean, _replaces text, OUT lasts integer, OUT wait integer) LANGUAGE plpgsql AS $$
DECLARE
  tried sign_in_failure;
  key api_key;
  until timestamptz;
BEGIN
  PERFORM prune_sessions();
  INSERT INTO sign_in_failure AS f (network, began_at, failures) VALUES (_network, clock_timestamp(), 1)
  ON CONFLICT ON CONSTRAINT sign_in_failure_pkey DO UPDATE SET
    failures = CASE WHEN f.began_at <= clock_timestamp() - interval '1 minute' THEN 1 ELSE least(f.failures, 10) + 1 END,
    began_at = CASE WHEN f.began_at <= clock_timestamp() - interval '1 minute' THEN clock_timestamp() ELSE f.began_at END
  RETURNING * INTO tried;
  IF tried.failures > 10 THEN
    wait := greatest(1, ceil(extract(epoch FROM tried.began_at + interval '1 minute' - clock_timestamp())));
    RETURN;
  END IF;
  SELECT * INTO key FROM api_key k WHERE k.key_sha256 = _key_sha256 AND k.revoked_at IS NULL AND coalesce(k.expires_at > clock_timestamp(), true);
  IF NOT FOUND THEN
    RETURN;
  END IF;
  DELETE FROM sign_in_failure f WHERE f.network = _network AND f.failures = 1;
  UPDATE sign_in_failure f SET failures = f.failures - 1 WHERE f.network = _network;
  DELETE FROM session s WHERE s.id_sha256 = _replaces;
  until := least(now() + CASE WHEN _remembered THEN interval '90 days' ELSE interval '12 hours' END, key.expires_at);
  INSERT INTO session (id_sha256, key_id, expires_at, remembered) VALUES (_id_sha256, key.id, until, _remembered);
  -- A key has at most 1,000 sessions: those that were not used for longest end.
  DELETE FROM session WHERE id_sha256 IN (
    SELECT s.id_sha256 FROM session s WHERE s.key_id = key.id ORDER BY s.last_used_at DESC, s.id_sha256 OFFSET 1000 LIMIT 100 FOR UPDATE SKIP LOCKED);
  lasts := greatest(1, floor(extract(epoch FROM until - now())));
END $$;

-- prisma/sql/session/prune_sessions.sql
-- Deletes sessions that have expired, and counts of failures of minutes that are over; some at a time.
--
-- Locks: The rows that it deletes; it skips those that another transaction has locked.
CREATE OR REPLACE FUNCTION prune_sessions() RETURNS void LANGUAGE sql AS $$
  DELETE FROM session WHERE id_sha256 IN (SELECT s.id_sha256 FROM session s WHERE s.expires_at <= now() ORDER BY s.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  DELETE FROM sign_in_failure WHERE network IN (
    SELECT f.network FROM sign_in_failure f WHERE f.began_at <= now() - interval '1 minute' ORDER BY f.began_at LIMIT 100 FOR UPDATE SKIP LOCKED);
$$;

-- prisma/sql/session/valid_session.sql
-- Sessions that are valid now, and the keys that they stand for. A remembered one ends when nobody used it for 14 days.
CREATE OR REPLACE VIEW valid_session AS
SELECT s.id_sha256, s.key_id, k.name, k.scopes, s.last_used_at <= now() - interval '1 hour' AS stale
FROM session s JOIN api_key k ON k.id = s.key_id
WHERE s.expires_at > now() AND (NOT s.remembered OR s.last_used_at > now() - interval '14 days')
  AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true);

-- prisma/sql/step/active_seconds.sql
-- Returns a duration without the pauses in it; null without a duration. As decimal numbers, since 600.005 - 600 is not 0.005 in
-- floating point.
CREATE OR REPLACE FUNCTION active_seconds(_duration_seconds double precision, _paused_seconds double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _paused_seconds IS NULL THEN _duration_seconds ELSE round(_duration_seconds::numeric - _paused_seconds::numeric, 3)::double precision END
$$;

-- prisma/sql/step/began_unheard.sql
-- Returns whether a step that was said to be running had begun more than a day before the service first heard of it, pauses
-- between the two left out. Then its start is in doubt.
CREATE OR REPLACE FUNCTION began_unheard(_start timestamptz, _told timestamptz, _paused_seconds numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT _start + make_interval(secs => coalesce(_paused_seconds, 0)::double precision) < _told - interval '1 day'
$$;

-- prisma/sql/step/data_to_merge.sql
-- Returns the stored data of the steps that `_steps` end, where what is told at the end lacks a part of it. The caller tells them
-- again with that part: what makes steps comparable is computed from all of the data, and not in the database.
CREATE OR REPLACE FUNCTION data_to_merge(_steps jsonb) RETURNS TABLE (step_id uuid, data jsonb) LANGUAGE sql STABLE AS $$
  SELECT known.id, known.data
  FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, created_as text, data jsonb)
  JOIN step known ON known.id = s.id
  WHERE s.status <> 'running' AND known.status IN ('running', 'paused', 'lost') AND known.created_as <> s.created_as
    AND known.data || s.data <> s.data
$$;

-- prisma/sql/step/decide_steps.sql
-- Decides for many steps whether estimates leave them out (true) or use them (false), or takes the decision back (null). Each step
-- that changes has an event with its state before and after, all under one revision. Returns how many changed.
--
-- Locks: The steps, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION decide_steps(_ids uuid[], _exclude boolean, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  befores jsonb;
  afters jsonb;
  this_revision bigint;
BEGIN
  PERFORM 1 FROM step WHERE id = ANY (_ids) ORDER BY id FOR NO KEY UPDATE;
  SELECT jsonb_object_agg(s.id, step_snapshot(s.id)) INTO befores
  FROM step s WHERE s.id = ANY (_ids) AND s.exclude_from_estimates IS DISTINCT FROM _exclude;
  IF befores IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE step s SET exclude_from_estimates = _exclude, version = s.version + 1, updated_at = command_time()
  WHERE s.id IN (SELECT key::uuid FROM jsonb_object_keys(befores) AS key);
  -- The snapshots are made before the lab lock is taken, because there can be thousands.
  SELECT jsonb_object_agg(key, step_snapshot(key::uuid)) INTO afters FROM jsonb_object_keys(befores) AS key;
  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT this_revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, 'step-corrected',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, befores->s.id::text, afters->s.id::text
  FROM step s CROSS JOIN lab WHERE s.id IN (SELECT key::uuid FROM jsonb_object_keys(befores) AS key);
  RETURN (SELECT count(*) FROM jsonb_object_keys(befores));
END $$;

-- prisma/sql/step/differing_member.sql
-- Returns the first member in which what is told again about a step differs from what is stored; null if nothing does. What is not
-- told again does not differ. A step that is over and is told as running was told late: nothing about it is new.
CREATE OR REPLACE FUNCTION differing_member(_known step, _told jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _told->>'status' = 'running' AND _known.status IN ('completed', 'failed', 'aborted') THEN NULL
    WHEN _told->>'status' <> 'running' AND (_told->>'finish')::timestamptz IS DISTINCT FROM _known.finish THEN 'finish'
    WHEN _told->>'status' <> 'running' AND _told->>'status' <> _known.status THEN 'status'
    WHEN _told->'pauses' <> '[]' AND (SELECT jsonb_agg(jsonb_build_object('paused_at', wire_time(p.paused_at), 'resumed_at', wire_time(p.resumed_at)) ORDER BY p.ordinal)
      FROM pause p WHERE p.subject = 'step' AND p.subject_id = _known.id) IS DISTINCT FROM _told->'pauses' THEN 'pauses'
    WHEN NOT _known.data @> (_told->'data') THEN 'data'
    ELSE (
      SELECT m.name FROM (VALUES
        ('lidded_before', to_jsonb(_known.lidded_before)), ('lidded_after', to_jsonb(_known.lidded_after)),
        ('barcode_read', to_jsonb(_known.barcode_read)), ('is_simulation', to_jsonb(_known.is_simulation)), ('attempt', to_jsonb(_known.attempt)),
        ('expected_seconds', to_jsonb(_known.expected_seconds)), ('error', to_jsonb(_known.error)), ('session', to_jsonb(_known.session))
      ) AS m (name, value)
      WHERE nullif(_told->m.name, 'null') IS NOT NULL AND _told->m.name IS DISTINCT FROM m.value LIMIT 1)
  END
$$;

-- prisma/sql/step/doubtful_steps.sql
-- Returns the steps that are believed, although they would not be if they were logged today: with a time ahead of now, with an
-- implausible duration, or with a duration of 0 where the newest steps of their kind (five or more) took a second or more. An older
-- version of the service or of a client, which did not check this, may have stored them. Reads the newest end of an index, the long
-- steps and those of 0 seconds.
CREATE OR REPLACE FUNCTION doubtful_steps() RETURNS TABLE (id uuid, reason text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  latest timestamptz := command_time() + interval '5 seconds';
BEGIN
  RETURN QUERY
  WITH long AS MATERIALIZED (
    SELECT s.id, s.finish, s.is_sample FROM step s WHERE s.duration_seconds > 86400 AND s.believable AND s.exclude_from_estimates IS NULL
    ORDER BY s.duration_seconds DESC LIMIT 10000
  ),
  instant AS MATERIALIZED (
    SELECT s.id, s.key_4 FROM step s WHERE s.duration_seconds = 0 AND s.is_sample AND s.key_4 IS NOT NULL AND s.exclude_from_estimates IS NULL
    ORDER BY s.id LIMIT 10000
  ),
  clocks AS (
    SELECT s.id FROM step s
    WHERE s.start > latest - interval '1 day' AND s.believable AND s.exclude_from_estimates IS NULL AND coalesce(s.finish, s.start) > latest
    UNION
    SELECT l.id FROM long l WHERE l.finish > latest
    UNION
    SELECT i.id FROM instant i WHERE i.key_4 IN (
      SELECT kind.key_4 FROM (SELECT DISTINCT instant.key_4 FROM instant) kind
      CROSS JOIN LATERAL (
        SELECT count(*) AS known, min(newest.duration_seconds) AS shortest FROM (
          SELECT s.duration_seconds FROM step s WHERE s.is_sample AND s.key_4 IS NOT NULL AND s.key_4 = kind.key_4 ORDER BY s.finish DESC LIMIT 200
        ) newest
        WHERE newest.duration_seconds > 0
      ) others
      WHERE others.known >= 5 AND others.shortest >= 1
    )
  )
  SELECT c.id, 'clock' FROM clocks c
  UNION ALL
  SELECT i.id, 'implausible' FROM implausible_steps((SELECT coalesce(array_agg(l.id), '{}') FROM long l WHERE l.is_sample)) i
  WHERE i.id NOT IN (SELECT c.id FROM clocks c);
END $$;

-- prisma/sql/step/finish_explains.sql
-- Returns whether a finish that somebody knows explains that a step was told days after its start: without its pauses it took a day at
-- most. It is then worth as much as a step that is told when it is over. With a longer one, the start is as doubtful as before.
CREATE OR REPLACE FUNCTION finish_explains(_step uuid, _start timestamptz, _finish timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(NOT began_unheard(_start, _finish, paused_seconds('step', _step, _start, _finish)), false)
$$;

-- prisma/sql/step/implausible_steps.sql
-- Returns those of the steps whose duration is implausible, each with a sentence. Steps are compared with steps of the
-- same function on the device, moves with moves of the same mover to the same destination. A step is implausible if it
-- took more than a day beyond its commanded time, unless three comparable steps, or one that a person has confirmed, took
-- at least a tenth as long. Up to 31 days, other implausible steps are among the three, and of an operation five steps must
-- be known before one is implausible. Beyond 31 days, only samples are, and none of `_ids`: wrong clocks do not confirm
-- each other.
CREATE OR REPLACE FUNCTION implausible_steps(_ids uuid[]) RETURNS TABLE (id uuid, detail text) LANGUAGE sql STABLE AS $$
  SELECT s.id, 'The step took ' || round(s.sample_seconds::numeric) || ' s' || CASE WHEN s.commanded_seconds > 0 THEN ' beyond its commanded time' ELSE '' END
    || ', and ' || CASE WHEN counted.alike + doubted.alike = 0 THEN 'no step' ELSE 'fewer than three steps' END
    || ' of its kind took a tenth as long. It is stored as told, but estimates leave it out.'
  FROM step s
  CROSS JOIN LATERAL (
    SELECT count(*) AS known, count(*) FILTER (WHERE other.sample_seconds >= s.sample_seconds / 10 AND other.sample_seconds < 10 * s.sample_seconds) AS alike,
      count(*) FILTER (WHERE other.sample_seconds >= s.sample_seconds / 10 AND other.id <> ALL (_ids)) AS alike_before,
      bool_or(other.sample_seconds >= s.sample_seconds / 10 AND other.confirmed) AS confirmed
    FROM (
      SELECT o.id, o.sample_seconds, o.exclude_from_estimates IS FALSE AS confirmed FROM step o
      WHERE o.is_sample AND o.key_4 IS NOT NULL AND o.key_4 = s.key_4 ORDER BY o.finish DESC LIMIT (SELECT 200)
    ) other
    WHERE other.id <> s.id
  ) counted
  CROSS JOIN LATERAL (
    SELECT count(*) AS alike FROM (
      SELECT 1 FROM step o
      WHERE o.excluded_from_estimates = 'implausible' AND o.key_4 = s.key_4 AND o.id <> s.id
        AND o.sample_seconds >= s.sample_seconds / 10 AND o.sample_seconds < 10 * s.sample_seconds
      LIMIT (SELECT 3)
    ) other
  ) doubted
  WHERE s.id = ANY (_ids) AND s.is_sample AND s.exclude_from_estimates IS NULL AND s.sample_seconds > 86400
    AND counted.confirmed IS NOT TRUE
    AND CASE WHEN s.sample_seconds > 31 * 86400 THEN counted.alike_before < 3
      ELSE counted.alike + doubted.alike < 3 AND (s.kind = 'move' OR counted.known >= 5) END
$$;

-- prisma/sql/step/link_steps_to_experiments.sql
-- Links steps to experiments that they named before the experiments existed. Returns how many steps were linked. Those
-- who log steps (record_logged_steps) and those who create an experiment call it twice: before the lab lock, for the
-- work, and under it, when the second one sees what the first one wrote, so that no step is missed.
--
-- Locks: The steps.
CREATE OR REPLACE FUNCTION link_steps_to_experiments(_experiments uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = command_time(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text;
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;

-- prisma/sql/step/record_logged_steps.sql
-- Writes the event of logged steps, those of the devices and experiments that came with them, and one for each step that ended. `_record` is what
-- log_steps returned; null if it changed nothing. As part of another command it uses the revision of that command, from
-- `_ordinal` on. It is the last part of logging, so that the lab lock is held for a few rows, however many steps there are.
--
-- Locks: The lab lock.
-- Raises: serialization_failure if an experiment that a step names was created while the steps were logged. The caller
-- tries again, and the answer then has the experiment.
CREATE OR REPLACE FUNCTION record_logged_steps(_record jsonb, _audit jsonb, _revision bigint DEFAULT NULL, _ordinal integer DEFAULT 0) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  new_devices uuid[];
  next integer := _ordinal;
  -- one new step, as most calls log it: the event has columns instead of JSON
  alone boolean := (_record->'after') @> '{"logged": 1, "extended": 0}' AND _record->>'step_id' IS NOT NULL;
BEGIN
  IF _record IS NULL THEN
    RETURN;
  END IF;
  this_revision := coalesce(_revision, next_revision());
  IF link_steps_to_experiments(ARRAY(SELECT jsonb_array_elements_text(nullif(_record->'unknown_experiments', 'null'))::uuid)) > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'an experiment was created while its steps were logged';
  END IF;

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, became,
    first_start, last_finish)
  SELECT this_revision, next, lab.recorded_at, 'steps-logged', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    (_record->>'step_id')::uuid, (_record->>'device_id')::uuid, (_record->>'experiment_id')::uuid,
    CASE WHEN NOT alone THEN _record->'after' END, CASE WHEN alone THEN (_record->'after'->>'first_start')::timestamptz END,
    CASE WHEN alone THEN (_record->'after'->>'last_finish')::timestamptz END
  FROM lab WHERE _record->'after' <> 'null';
  next := next + CASE WHEN _record->'after' <> 'null' THEN 1 ELSE 0 END;
  new_devices := ARRAY(SELECT jsonb_array_elements_text(_record->'new_devices')::uuid);
  PERFORM record_unlisted_devices(this_revision, next, new_devices, _audit);
  next := next + cardinality(new_devices) - 1;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT this_revision, next + e.ordinality, lab.recorded_at, 'experiment-updated',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), (e.value->>'id')::uuid, e.value->'before', e.value->'after'
  FROM jsonb_array_elements(_record->'started') WITH ORDINALITY AS e (value, ordinality) CROSS JOIN lab;
  next := next + jsonb_array_length(_record->'started');
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT this_revision, next + e.ordinality, lab.recorded_at, 'step-finished', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, e.value->'before', e.value->'after'
  FROM jsonb_array_elements(_record->'ended') WITH ORDINALITY AS e (value, ordinality) JOIN step s ON s.id = (e.value->>'id')::uuid CROSS JOIN lab;
END $$;

-- prisma/sql/step/step_state.sql
-- A step as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW step_state AS
SELECT
  s.id, s.kind, s.name, s.fct, d.name AS device, s.data, s.start, s.finish, s.status, s.duration_seconds,
  s.paused_at, coalesce(s.paused_seconds, 0) AS paused_seconds, active_seconds(s.duration_seconds, s.paused_seconds) AS active_seconds,
  s.experiment_id, s.experiment_named, s.is_simulation,
  CASE WHEN s.origin_device_id IS NOT NULL
    THEN jsonb_build_object('device', o.name, 'position', s.origin_position) END AS origin,
  CASE WHEN s.destination_device_id IS NOT NULL
    THEN jsonb_build_object('device', t.name, 'position', s.destination_position) END AS destination,
  s.lidded_before, s.lidded_after, s.barcode_read,
  coalesce(c.containers, '[]') AS containers,
  s.attempt, s.expected_seconds, s.error, s.session,
  s.excluded_from_estimates,
  s.warnings, s.created_at, s.updated_at, s.version
FROM step s
JOIN device d ON d.id = s.device_id
LEFT JOIN device o ON o.id = s.origin_device_id
LEFT JOIN device t ON t.id = s.destination_device_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
    'id', sc.container_id,
    -- A subquery, not a join: without statistics the planner would read all containers for each step of a join.
    'barcode', (SELECT barcode FROM container WHERE id = sc.container_id),
    'named', sc.named) ORDER BY sc.ordinal) AS containers
  FROM step_container sc WHERE sc.step_id = s.id
) c ON true;

-- prisma/sql/step/tell_steps_again.sql
-- Handles steps that were logged before. The first report of a step says what it is: its kind, name, device and start. Told again, it
-- may name more containers (`extended`), and a step that has not ended may end (`ended`): it takes the finish, the status, the
-- data, the error, the lid, whether the barcode was read, the places, the session if it had none, and that it was a simulation. Otherwise nothing changes (`repeated`), and `differs` is
-- the first member in which the second report differs. Each of `_steps` has its `index` in the request. `before` is the
-- snapshot of a step that ended.
--
-- Locks: The steps, in the order of their ids.
-- Raises: id-in-use; serialization_failure if a step began while its end was told. The caller tries again.
CREATE OR REPLACE FUNCTION tell_steps_again(_steps jsonb, _devices jsonb, _batch boolean)
RETURNS TABLE (id uuid, outcome text, differs text, before jsonb) LANGUAGE plpgsql AS $$
DECLARE
  clash record;
  again jsonb;
  ending uuid[];
  paused record;
BEGIN
  PERFORM 1 FROM step WHERE step.id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY step.id FOR NO KEY UPDATE;
  -- Steps of before the digests had parts are compared by what is stored.
  SELECT s.id, s.index INTO clash
  FROM jsonb_to_recordset(_steps) AS s (id uuid, index integer, created_as text, kind text, name text, device text, start timestamptz)
  JOIN step known ON known.id = s.id
  WHERE CASE WHEN strpos(known.created_as, ':') > 0 THEN split_part(known.created_as, ':', 1) <> split_part(s.created_as, ':', 1)
    ELSE (known.kind, known.name, known.start) IS DISTINCT FROM (s.kind, s.name, s.start) OR known.device_id IS DISTINCT FROM latest_device_named(s.device) END
  ORDER BY s.index LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('id-in-use', CASE WHEN _batch
      THEN jsonb_build_object('id', clash.id, 'index', clash.index, 'pointer', '/steps/' || clash.index || '/id')
      ELSE jsonb_build_object('id', clash.id, 'pointer', '/id') END);
  END IF;
  IF EXISTS (SELECT FROM data_to_merge(_steps)) THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'a step began while its end was told';
  END IF;

  -- What each step is now, as { id: { ends, differs, before } }. Steps that end have their snapshot.
  SELECT jsonb_object_agg(known.id, CASE
      WHEN s.value->>'created_as' IN (known.created_as, known.ended_as) THEN '{}'
      WHEN s.value->>'status' <> 'running' AND known.status IN ('running', 'paused', 'lost') THEN jsonb_build_object(
        'before', step_snapshot(known.id), 'differs', CASE
          WHEN coalesce(s.value->>'experiment_named', known.experiment_id::text, known.experiment_named) IS DISTINCT FROM coalesce(known.experiment_id::text, known.experiment_named)
            THEN 'experiment_id'
          WHEN coalesce(s.value->>'session', known.session) <> known.session THEN 'session' END)
      ELSE jsonb_build_object('differs', differing_member(known, s.value)) END),
    array_agg(known.id) FILTER (WHERE s.value->>'created_as' NOT IN (known.created_as, coalesce(known.ended_as, ''))
      AND s.value->>'status' <> 'running' AND known.status IN ('running', 'paused', 'lost'))
  INTO again, ending
  FROM jsonb_array_elements(_steps) s JOIN step known ON known.id = (s.value->>'id')::uuid;

  IF ending IS NOT NULL THEN
    PERFORM tell_pauses(_steps, ending);
    -- The end of a step ends its pause.
    FOR paused IN SELECT known.id, s.finish FROM jsonb_to_recordset(_steps) AS s (id uuid, finish timestamptz)
      JOIN step known ON known.id = s.id WHERE known.id = ANY (ending) AND known.status = 'paused' ORDER BY known.id LOOP
      PERFORM end_pause('step', paused.id, paused.finish, NULL);
    END LOOP;
    WITH devices AS MATERIALIZED (
      SELECT * FROM resolve_logged_devices(_devices)
    )
    UPDATE step known SET
      -- A corrected start may be after the finish.
      finish = greatest(s.finish, CASE WHEN s.finish IS NOT NULL THEN known.start END), status = s.status, data = s.data, fct = s.fct,
      error = coalesce(s.error, known.error), attempt = coalesce(s.attempt, known.attempt),
      expected_seconds = coalesce(s.expected_seconds, known.expected_seconds),
      lidded_before = coalesce(s.lidded_before, known.lidded_before), lidded_after = coalesce(s.lidded_after, known.lidded_after),
      barcode_read = coalesce(s.barcode_read, known.barcode_read), session = coalesce(known.session, s.session),
      is_simulation = known.is_simulation OR coalesce(s.is_simulation, false),
      origin_device_id = coalesce(origin.id, known.origin_device_id),
      origin_position = coalesce((s.origin->>'position')::integer, CASE WHEN coalesce(origin.id, known.origin_device_id) = known.origin_device_id THEN known.origin_position END),
      destination_device_id = coalesce(destination.id, known.destination_device_id),
      destination_position = coalesce((s.destination->>'position')::integer, CASE WHEN coalesce(destination.id, known.destination_device_id) = known.destination_device_id THEN known.destination_position END),
      commanded_seconds = s.commanded_seconds, match_version = s.match_version, match_function = s.match_function,
      match_parameters = s.match_parameters, match_protocol = s.match_protocol,
      warnings = kept.list || s.warnings
        || warning_list('clock-skew', '/finish', CASE WHEN s.finish < known.start
          THEN 'The finish ' || wire_time(s.finish) || ' is before the start; the start is stored as the finish.' END)
        || (SELECT coalesce(jsonb_agg(w), '[]') FROM jsonb_array_elements(clock_warnings(known.start, s.finish, s.status, known.created_at, command_time()::timestamptz(3),
            paused_seconds('step', known.id, known.start, known.created_at))) w
            WHERE NOT kept.list @> jsonb_build_array(w - 'detail'))
        || warning_list(origin.code, '/origin/device', CASE WHEN origin.id <> known.origin_device_id THEN origin.detail END)
        || warning_list(destination.code, '/destination/device', CASE WHEN destination.id <> known.destination_device_id THEN destination.detail END),
      ended_as = s.created_as, version = known.version + 1, updated_at = command_time()
    FROM jsonb_to_recordset(_steps) AS s (
      id uuid, status text, finish timestamptz, data jsonb, fct text, error text, attempt integer, expected_seconds double precision,
      lidded_before boolean, lidded_after boolean, barcode_read boolean, session text, is_simulation boolean, origin jsonb, destination jsonb, warnings jsonb, created_as text,
      commanded_seconds double precision, match_version integer, match_function text, match_parameters uuid, match_protocol uuid, finish_unknown boolean)
    JOIN step present ON present.id = s.id
    LEFT JOIN devices origin ON origin.name = s.origin->>'device'
    LEFT JOIN devices destination ON destination.name = s.destination->>'device'
    CROSS JOIN LATERAL (
      -- Warnings about what the end does not change stay.
      SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]') AS list
      FROM jsonb_array_elements(present.warnings) WITH ORDINALITY AS w (value, ordinality)
      WHERE coalesce(split_part(w.value->>'pointer', '/', 2), '') NOT IN ('finish', 'status', 'data')
        AND NOT (w.value->>'code' = 'clock-behind' AND s.finish_unknown IS NOT TRUE AND finish_explains(present.id, present.start, s.finish))
    ) kept
    WHERE known.id = s.id AND known.id = ANY (ending);
  END IF;

  RETURN QUERY
  WITH more AS (
    SELECT a.step_id, a.warnings FROM add_step_containers(_steps) a
  ),
  touched AS (
    UPDATE step s SET warnings = s.warnings || more.warnings, updated_at = command_time(),
      version = s.version + CASE WHEN s.id = ANY (ending) THEN 0 ELSE 1 END
    FROM more WHERE s.id = more.step_id RETURNING s.id
  )
  SELECT t.key::uuid, CASE WHEN t.key::uuid = ANY (ending) THEN 'ended' WHEN touched.id IS NOT NULL THEN 'extended' ELSE 'repeated' END,
    t.value->>'differs', t.value->'before'
  FROM jsonb_each(again) t LEFT JOIN touched ON touched.id = t.key::uuid;
END $$;

-- prisma/sql/step/unknown_container_warning.sql
-- Returns the warning about a container that the service does not know, or null if it knows it. A label of before is told with the container that bore it.
CREATE OR REPLACE FUNCTION unknown_container_warning(_ordinal integer, _named text, _container uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _container IS NULL THEN jsonb_build_object('code', 'unknown-container', 'pointer', '/containers/' || _ordinal,
    'detail', 'No container "' || _named || '" is known; the step is stored with the name.'
      || coalesce(' The barcode "' || alike_barcode(_named) || '" on the platform differs from it in case only.', '')
      || coalesce((SELECT ' Until ' || (former->>'until') || ', it was the barcode of the container ' || coalesce('"' || (former->>'barcode') || '"', former->>'id')
          || '. If that one is meant, correct the step with PATCH /api/steps/{id}.'
        FROM jsonb_extract_path(former_bearers(_named), '0') AS former WHERE former IS NOT NULL), '')) END
$$;

-- prisma/sql/step/update_step.sql
-- Changes a step. `_change` is { members, match, containers, device_id, warnings }. `members` has the new values of
-- start, finish, status, is_simulation, data, fct, device and exclude_from_estimates, as far as they are given. `match`
-- has the match inputs of the changed step. `containers` is [{ named, id }] if the containers are replaced. `device_id` is for a device
-- that has to be created. `warnings` replace those about what is changed. A pause ends with the step. Nothing is written if nothing changes.
--
-- Locks: The caller has locked the step and looked at it. Takes the lab lock.
CREATE OR REPLACE FUNCTION update_step(_id uuid, _change jsonb, _kind text, _audit jsonb) RETURNS SETOF step_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := step_snapshot(_id);
  decision boolean := (SELECT s.exclude_from_estimates FROM step s WHERE s.id = _id);
  wanted jsonb := before || jsonb_build_object('exclude_from_estimates', decision) || (_change->'members');
  members text[];
  new_devices uuid[] := '{}';
  other_device uuid;
  containers_changed boolean;
  more_warnings jsonb := _change->'warnings';
  kept_warnings jsonb;
  this_revision bigint;
BEGIN
  -- A container that is named twice, by barcode and by id, is stored once. So the names are compared with those that are
  -- stored, and what they would be stored as.
  containers_changed := _change ? 'containers' AND (
    SELECT array_agg(t.ordinal ORDER BY t.first_named)
    FROM (
      SELECT sc.ordinal, min(c.ordinality) AS first_named
      FROM jsonb_array_elements(_change->'containers') WITH ORDINALITY AS c (value, ordinality)
      LEFT JOIN step_container sc ON sc.step_id = _id AND c.value->>'named' = ANY (sc.named || sc.also_named)
      GROUP BY sc.ordinal
    ) t
  ) IS DISTINCT FROM (
    SELECT array_agg(sc.ordinal ORDER BY sc.ordinal) FROM step_container sc WHERE sc.step_id = _id
  ) AND (
    SELECT coalesce(jsonb_agg(n.named ORDER BY n.ordinal), '[]')
    FROM resolve_logged_containers(jsonb_build_array(jsonb_build_object('id', _id, 'start', wanted->'start', 'containers', _change->'containers'))) n
  ) <> jsonb_path_query_array(before, '$.containers[*].named');
  IF wanted = before || jsonb_build_object('exclude_from_estimates', decision) AND NOT containers_changed THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  SELECT array_agg(key) INTO members FROM jsonb_each(wanted) AS w (key, value) WHERE value <> coalesce(before->key, 'null');

  IF 'device' = ANY (members) THEN
    IF latest_device_named(wanted->>'device') IS NULL THEN
      new_devices := create_unlisted_devices(jsonb_build_array(jsonb_build_object('id', _change->'device_id', 'name', wanted->'device')));
    END IF;
    SELECT d.id, more_warnings || warning_list(d.code, '/device', d.detail) INTO other_device, more_warnings
    FROM resolve_logged_devices(jsonb_build_array(jsonb_build_object('name', wanted->'device'))) d;
  END IF;
  IF containers_changed THEN
    members := members || 'containers'::text;
    DELETE FROM step_container WHERE step_id = _id;
    WITH named AS (
      INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
      SELECT n.step_id, n.ordinal, n.named, nullif(n.also_named, '{}'), n.container_id
      FROM resolve_logged_containers(jsonb_build_array(jsonb_build_object('id', _id, 'start', wanted->'start', 'containers', _change->'containers'))) n
      RETURNING ordinal, named, container_id
    )
    SELECT more_warnings || coalesce(jsonb_agg(unknown_container_warning(ordinal, named, container_id) ORDER BY ordinal), '[]')
    INTO more_warnings FROM named WHERE container_id IS NULL;
  END IF;

  -- A warning stays as long as what it is about stays. Of `data` each member is looked at for itself.
  SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]') INTO kept_warnings
  FROM step s, jsonb_array_elements(s.warnings) WITH ORDINALITY AS w (value, ordinality)
  CROSS JOIN LATERAL string_to_array(w.value->>'pointer', '/') AS path
  WHERE s.id = _id
    AND (coalesce(path[2] <> ALL (members), true) OR (path[2] = 'data' AND before->'data'->unescape_pointer(path[3]) = wanted->'data'->unescape_pointer(path[3])))
    AND NOT (w.value->>'code' = 'clock-behind' AND 'finish' = ANY (members)
      AND finish_explains(_id, (wanted->>'start')::timestamptz, (wanted->>'finish')::timestamptz))
    AND NOT (w.value->>'code' = 'implausible-duration' AND members && ARRAY['start', 'finish', 'data', 'device']);
  IF members && ARRAY['start', 'finish', 'status'] THEN
    SELECT more_warnings || coalesce(jsonb_agg(w), '[]') INTO more_warnings
    FROM step s, jsonb_array_elements(clock_warnings((wanted->>'start')::timestamptz, (wanted->>'finish')::timestamptz, wanted->>'status',
      s.created_at, command_time()::timestamptz(3), paused_seconds('step', _id, (wanted->>'start')::timestamptz, s.created_at))) w
    WHERE s.id = _id AND NOT kept_warnings @> jsonb_build_array(w - 'detail');
  END IF;

  IF before->>'status' = 'paused' AND wanted->>'status' <> 'paused' THEN
    -- The end of a step ends its pause.
    PERFORM end_pause('step', _id, (wanted->>'finish')::timestamptz, NULL);
  END IF;
  UPDATE step s SET
    device_id = coalesce(other_device, s.device_id),
    start = (wanted->>'start')::timestamptz, finish = (wanted->>'finish')::timestamptz, status = wanted->>'status',
    is_simulation = (wanted->>'is_simulation')::boolean, data = wanted->'data', fct = wanted->>'fct',
    commanded_seconds = (_change->'match'->>'commanded_seconds')::double precision,
    match_version = (_change->'match'->>'match_version')::integer, match_function = _change->'match'->>'match_function',
    match_parameters = (_change->'match'->>'match_parameters')::uuid, match_protocol = (_change->'match'->>'match_protocol')::uuid,
    exclude_from_estimates = (wanted->>'exclude_from_estimates')::boolean,
    warnings = more_warnings || kept_warnings,
    version = s.version + 1, updated_at = command_time()
  WHERE s.id = _id;
  IF 'start' = ANY (members) THEN
    -- The trigger marks the run to which the step belongs now. A day that it has left learns again, too.
    UPDATE run SET pending = true WHERE key = 'day ' || ((before->>'start')::timestamptz AT TIME ZONE 'UTC')::date;
  END IF;
  IF (SELECT s.is_sample AND s.sample_seconds > 86400 FROM step s WHERE s.id = _id) THEN
    PERFORM warn_of_implausible_steps(ARRAY[_id]);
  END IF;

  this_revision := next_revision();
  PERFORM record_step_event(this_revision, _kind, _id, before, _audit);
  PERFORM record_unlisted_devices(this_revision, 1, new_devices, _audit);
  RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
END $$;

-- prisma/sql/step/warn_of_implausible_steps.sql
-- Adds a warning to those of the steps whose duration is implausible (see implausible_steps), so that they are no
-- samples any more. It is only called for steps of more than a day: writing any other step reads no history.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION warn_of_implausible_steps(_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE step s SET warnings = s.warnings || warning_list('implausible-duration', '/finish', i.detail)
  FROM implausible_steps(_ids) i WHERE s.id = i.id;
END $$;

-- prisma/sql/step/warning_list.sql
-- Returns a warning as a list of one, or an empty list if there is no detail. The lists of a step are concatenated.
CREATE OR REPLACE FUNCTION warning_list(_code text, _pointer text, _detail text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _detail IS NULL THEN '[]'
    ELSE jsonb_build_array(jsonb_build_object('code', _code, 'pointer', _pointer, 'detail', _detail)) END
$$;

-- prisma/sql/stocktake/add_seen_containers.sql
-- Adds the containers that a stocktake saw and nobody knew. `_added` as plan_stocktake returns it. Events are numbered from
-- `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION add_seen_containers(_added jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO container (id, name, barcode, lidded, starting_position_id, created_at, updated_at)
  SELECT a.id, a.name, a.barcode, a.lidded, a.position_id, command_time(), command_time()
  FROM jsonb_to_recordset(_added) AS a (id uuid, name text, barcode text, lidded boolean, position_id uuid);
  PERFORM write_placement((a.value->>'id')::uuid, 'body', (a.value->>'position_id')::uuid) FROM jsonb_array_elements(_added) AS a;
  PERFORM record_container_event(_revision, (_ordinal + a.n - 1)::integer, 'added', (a.value->>'id')::uuid, NULL, _audit)
  FROM jsonb_array_elements(_added) WITH ORDINALITY AS a (value, n);
END $$;

-- prisma/sql/stocktake/added_changes.sql
-- Returns what adding the unknown containers of a stocktake changes, as the API shows it. `_added` as plan_stocktake returns
-- it.
CREATE OR REPLACE FUNCTION added_changes(_added jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'added', 'container', jsonb_build_object('id', a.id, 'barcode', a.barcode, 'name', a.name), 'from', NULL,
    'to', jsonb_build_object('device', d.name, 'position', p.slot_number, 'lidded', a.lidded, 'lid', NULL, 'barcode', a.barcode, 'missing_since', NULL))
    ORDER BY p.slot_number), '[]')
  FROM jsonb_to_recordset(_added) AS a (id uuid, name text, barcode text, lidded boolean, position_id uuid)
  JOIN position p ON p.id = a.position_id JOIN device d ON d.id = p.device_id
$$;

-- prisma/sql/stocktake/refuse_unknown_slot.sql
-- Refuses the first slot that was seen, [{ position }], and that the device does not have, or that disposes: nothing stands there.
--
-- Raises: position-not-found, position-disposes
CREATE OR REPLACE FUNCTION refuse_unknown_slot(_device uuid, _seen jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  members jsonb;
BEGIN
  SELECT jsonb_build_object('device', d.name, 'position', t.i->'position', 'pointer', '/seen/' || t.n - 1 || '/position', 'index', t.n - 1,
    'valid_range', valid_slot_range(_device)) INTO members
  FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n) JOIN device d ON d.id = _device
  -- NOT IN is one hash table. A join was a loop over all slots for each one that was seen, because nothing says how many those are.
  WHERE (t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL)
  ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-not-found', members);
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', t.i->'position', 'pointer', '/seen/' || t.n - 1 || '/position', 'index', t.n - 1) INTO members
  FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n) JOIN device d ON d.id = _device
  -- Not simply IN, because PostgreSQL makes a join of it.
  WHERE NOT ((t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL AND p.disposes))
  ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-disposes', members);
  END IF;
END $$;

-- prisma/sql/stocktake/take_stock.sql
-- Compares what was seen on a device with what is tracked, and with `apply` makes the lab as it was seen, as an arrangement:
-- what was seen elsewhere is here, what was not seen is missing, what is unknown is added. `_input` is { id, device, seen, apply };
-- `seen` as plan_stocktake takes it. What was applied is kept in `stocktake`, also if nothing changed. A dry run returns what
-- would change and keeps nothing.
--
-- Locks: The lab lock.
-- Raises: device-not-found, position-not-found, barcode-replaced
CREATE OR REPLACE FUNCTION take_stock(_input jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (items jsonb, counts jsonb, changes jsonb, warnings jsonb, findings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  device_found uuid;
  applies boolean := (_input->>'apply')::boolean AND NOT _dry_run;
  plan jsonb;
  this_revision bigint;
  written integer := 0;
BEGIN
  PERFORM lock_lab();
  device_found := require_device(_input->>'device', '/device');
  PERFORM refuse_unknown_slot(device_found, _input->'seen');
  plan := plan_stocktake(device_found, _input->'seen');
  findings := CASE WHEN plan->'relabelled' = 'null' THEN '[]'
    ELSE jsonb_build_array(jsonb_build_object('code', 'barcode-replaced', 'members', plan->'relabelled')) END;
  IF applies AND findings <> '[]' THEN
    PERFORM refuse('barcode-replaced', plan->'relabelled');
  END IF;
  changes := end_changes(plan->'ends') || label_changes(plan->'labels', plan->'ends') || added_changes(plan->'added');
  IF applies THEN
    IF changes <> '[]' THEN
      this_revision := next_revision();
      written := place_ends(plan->'ends', this_revision, 0, _audit);
      written := written + write_labels(plan->'labels', this_revision, written, _audit);
      PERFORM add_seen_containers(plan->'added', this_revision, written, _audit);
    END IF;
    INSERT INTO stocktake (id, device_id, recorded_at, revision, actor, reason, request_id, counts, items)
    SELECT (_input->>'id')::uuid, device_found, command_time(), l.revision, _audit->>'actor', _audit->>'reason', _audit->>'request_id', plan->'counts', plan->'items'
    FROM lab l;
  END IF;
  items := plan->'items';
  counts := plan->'counts';
  warnings := plan->'warnings';
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;

-- prisma/sql/transfer/apply_transfer.sql
-- Applies one transfer. It is judged by the state at its end: the body and the lid of one container are not in the
-- way of each other if they leave, and anything else is in the way. `_input` has the members of the request, and
-- named and id. With `_collect` it returns everything that is in the way instead of refusing the first thing; then
-- nothing is written. Events are numbered from `_ordinal`, and `events` is how many there were. `waste` is the place where the
-- container was disposed of, or null.
--
-- Locks: The caller holds the lab lock.
-- Raises: What require_transfer_container, refuse_barcode_mismatch, refuse_lid_mismatch and claim_end_position
-- raise, and position-disposes; with `_collect` nothing.
CREATE OR REPLACE FUNCTION apply_transfer(
  _input jsonb, _base text, _collect boolean, _revision bigint, _ordinal integer, _audit jsonb,
  OUT container_id uuid, OUT before jsonb, OUT events integer, OUT findings jsonb, OUT waste jsonb
) LANGUAGE plpgsql AS $$
DECLARE
  code text;
  members text;
  snapshot jsonb;
  action text := coalesce(_input->'lid'->>'action', 'keep');
  moves boolean := _input->'target' <> 'null';
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
  lid_waste jsonb;
BEGIN
  findings := '[]';
  events := 0;
  BEGIN
    container_id := require_transfer_container(_input, _base);
  EXCEPTION WHEN SQLSTATE 'PS409' THEN
    GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
    IF NOT _collect THEN RAISE; END IF;
    findings := findings || transfer_finding(code, members);
    -- For a container that is elsewhere, the rest of the transfer can still be judged.
    container_id := lookup_transfer_container(_input);
    PERFORM 1 FROM container c WHERE c.id = container_id AND c.removed_at IS NULL;
    IF NOT FOUND THEN
      RETURN;
    END IF;
  END;
  before := container_snapshot(container_id);
  SELECT pl.position_id INTO body_from FROM placement pl WHERE pl.container_id = apply_transfer.container_id AND pl.part = 'body';
  SELECT pl.position_id INTO lid_from FROM placement pl WHERE pl.container_id = apply_transfer.container_id AND pl.part = 'lid';

  IF _input->>'barcode' IS NOT NULL THEN
    BEGIN
      PERFORM refuse_barcode_mismatch(container_id, _input->>'barcode', _base || '/barcode');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  -- Check where the lid was, if the request says so.
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    BEGIN
      PERFORM refuse_lid_mismatch(before, _input->'lid'->>'device', (_input->'lid'->>'position')::integer, _base || '/lid');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  IF moves AND _input->>'reservation_id' IS NULL THEN
    waste := lookup_waste(_input->'target'->>'device', (_input->'target'->>'position')::integer);
  END IF;
  IF action = 'off' AND _input->>'lid_reservation_id' IS NULL THEN
    lid_waste := lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer);
  END IF;

  -- A lid is on the platform only with its container.
  IF waste IS NOT NULL AND action = 'off' AND lid_waste IS NULL THEN
    code := 'position-disposes';
    members := (waste || jsonb_build_object('lid', jsonb_build_object('device', _input->'lid'->'device', 'position', _input->'lid'->'position'), 'pointer', _base || '/lid/device'))::text;
    IF NOT _collect THEN
      PERFORM refuse(code, members::jsonb);
    END IF;
    findings := findings || transfer_finding(code, members);
  END IF;

  IF moves AND waste IS NULL THEN
    BEGIN
      body_to := claim_end_position(container_id, 'body', _input->'target'->>'device', (_input->'target'->>'position')::integer,
        CASE WHEN action <> 'keep' THEN lid_from END, NULL,
        jsonb_build_object('device', _base || '/target/device', 'position', _base || '/target/position', 'reservation', _base || '/reservation_id'),
        (_input->>'reservation_id')::uuid);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  IF before->>'missing_since' IS NOT NULL AND _input->'step'->>'kind' = 'move' THEN
    BEGIN
      PERFORM refuse_move_from_nowhere(before, _input->'step', moves, _base);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  IF action = 'off' AND lid_waste IS NULL AND waste IS NULL THEN
    BEGIN
      -- A lid that is parked on that device stays there, unless the body moves to its slot.
      IF _input->'lid'->'position' = 'null' AND before->'lid'->>'device' = _input->'lid'->>'device' AND lid_from IS DISTINCT FROM body_to THEN
        lid_to := lid_from;
      ELSE
        lid_to := claim_end_position(container_id, 'lid', _input->'lid'->>'device', (_input->'lid'->>'position')::integer,
          CASE WHEN body_to <> body_from THEN body_from END, body_to,
          jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
          (_input->>'lid_reservation_id')::uuid);
      END IF;
      IF lid_to = body_to THEN
        PERFORM refuse_own_position(before, 'container', lid_to, _base || '/lid/position');
      END IF;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;
  IF findings <> '[]' THEN
    RETURN;
  END IF;

  snapshot := before;
  IF _input->>'barcode' IS NOT NULL AND before->>'barcode' IS NULL THEN
    UPDATE container c SET barcode = _input->>'barcode', version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    PERFORM record_container_event(_revision, _ordinal + events, 'barcode-set', container_id, snapshot, _audit);
    snapshot := container_snapshot(container_id);
    events := events + 1;
  END IF;
  IF lid_from IS NOT NULL AND (action = 'on' OR lid_to <> lid_from) THEN
    DELETE FROM placement pl WHERE pl.position_id = lid_from;
  END IF;
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    UPDATE container c SET lidded = true, version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    PERFORM record_container_event(_revision, _ordinal + events, 'lidded', container_id, snapshot, _audit);
    snapshot := container_snapshot(container_id);
    events := events + 1;
  END IF;
  -- A lid that leaves for waste is not parked.
  IF lid_waste IS NOT NULL AND ((before->>'lidded')::boolean OR lid_from IS NOT NULL) THEN
    PERFORM dispose_part(container_id, 'lid', lid_waste, _revision, _ordinal + events, snapshot, _audit);
    snapshot := container_snapshot(container_id);
    events := events + 1;
  END IF;
  IF waste IS NOT NULL THEN
    PERFORM dispose_part(container_id, 'body', waste, _revision, _ordinal + events, snapshot, _audit);
    events := events + 1;
  ELSIF moves THEN
    IF body_to IS DISTINCT FROM body_from THEN
      PERFORM write_placement(container_id, 'body', body_to);
    END IF;
    PERFORM bump_container_version(container_id);
    PERFORM record_container_event(_revision, _ordinal + events, moved_kind(before), container_id, snapshot, _audit);
    snapshot := container_snapshot(container_id);
    events := events + 1;
  END IF;
  IF action = 'off' AND lid_waste IS NULL AND ((before->>'lidded')::boolean OR lid_to IS DISTINCT FROM lid_from) THEN
    UPDATE container c SET lidded = false, version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    PERFORM write_placement(container_id, 'lid', lid_to);
    PERFORM record_container_event(_revision, _ordinal + events, 'unlidded', container_id, snapshot, _audit);
    events := events + 1;
  END IF;
END $$;

-- prisma/sql/transfer/claim_end_position.sql
-- Chooses the slot where a part of a container ends, claims and returns it: the requested one, or the lowest one that
-- is free at the end. `_vacated` is the slot that the other part of the container leaves, and `_taken` the slot where
-- the other part ends. A slot of the named reservation is taken out of it.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position raises, position-occupied, labware-does-not-fit, position-reserved
CREATE OR REPLACE FUNCTION claim_end_position(
  _container uuid, _part text, _device text, _slot integer, _vacated uuid, _taken uuid, _pointers jsonb, _reservation uuid
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  device_found uuid;
  chosen uuid;
  there placement;
  type labware_type := lookup_labware_type(_container, _part);
  device_types text[];
  device_max double precision;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _pointers->'reservation'));
  END IF;
  IF _slot IS NULL THEN
    device_found := require_device(_device, _pointers->>'device');
    IF type.name IS NOT NULL THEN
      SELECT d.labware_types, d.max_height_mm INTO device_types, device_max FROM device d WHERE d.id = device_found;
    END IF;
    SELECT p.id INTO chosen
    FROM position p LEFT JOIN placement pl ON pl.position_id = p.id
    WHERE p.device_id = device_found AND p.active AND (pl.position_id IS NULL OR p.id = _vacated) AND p.id IS DISTINCT FROM _taken
      AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
      AND misfit_rule(type.name, type.deep_well, type.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, device_types, device_max) IS NULL
    ORDER BY p.slot_number LIMIT 1;
    IF chosen IS NULL THEN
      PERFORM refuse_no_free_position(device_found, _pointers, _reservation, type);
    END IF;
  ELSE
    chosen := require_position(_device, _slot, _pointers);
    PERFORM refuse_waste(lookup_waste(_device, _slot), _pointers->>'position');
  END IF;
  SELECT * INTO there FROM placement WHERE position_id = chosen;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN chosen;
  ELSIF there.container_id IS NOT NULL AND chosen IS DISTINCT FROM _vacated THEN
    PERFORM refuse_occupied_position(chosen, _pointers->>'position');
  END IF;
  PERFORM refuse_labware_misfit(type, chosen, _pointers->>'position');
  PERFORM claim_position(chosen, _part, _reservation, _pointers->>'position');
  RETURN chosen;
END $$;

-- prisma/sql/transfer/complete_transfer_step.sql
-- Returns the step of a transfer with what the transfer knows: the container, the lid before and after, whether the
-- barcode was read, and of a move both places. What the step says itself wins.
CREATE OR REPLACE FUNCTION complete_transfer_step(_step jsonb, _before jsonb, _after jsonb, _barcode_read boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT _step || jsonb_build_object(
    'containers', CASE WHEN _step->'containers' = '[]'
      THEN jsonb_build_array(jsonb_build_object('named', coalesce(_after->>'barcode', _after->>'id'), 'id', _after->'id'))
      ELSE _step->'containers' END,
    'lidded_before', coalesce(nullif(_step->'lidded_before', 'null'), _before->'lidded'),
    'lidded_after', coalesce(nullif(_step->'lidded_after', 'null'), _after->'lidded'),
    'barcode_read', coalesce(nullif(_step->'barcode_read', 'null'), to_jsonb(_barcode_read)))
  || CASE WHEN _step->>'kind' = 'move' THEN jsonb_build_object(
    'origin', coalesce(nullif(_step->'origin', 'null'), jsonb_build_object('device', _before->'device', 'position', _before->'position')),
    'destination', coalesce(nullif(_step->'destination', 'null'), jsonb_build_object('device', _after->'device', 'position', _after->'position')))
    ELSE '{}' END
$$;

-- prisma/sql/transfer/lookup_transfer_container.sql
-- Returns the container with the id that a transfer names, or the container on the platform with the barcode that it
-- names, or null. It refuses nothing; require_transfer_container does.
CREATE OR REPLACE FUNCTION lookup_transfer_container(_input jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _input->>'id' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE id = (_input->>'id')::uuid);
  END IF;
  RETURN (SELECT id FROM container WHERE barcode = _input->>'named' AND removed_at IS NULL);
END $$;

-- prisma/sql/transfer/refuse_move_from_nowhere.sql
-- Refuses the step of a move whose ends nobody knows: the container is missing, and the step does not say where the move
-- began, or where it ended if the transfer does not.
--
-- Raises: source-mismatch
CREATE OR REPLACE FUNCTION refuse_move_from_nowhere(_before jsonb, _step jsonb, _moves boolean, _base text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  lacking text := CASE
    WHEN coalesce(_step->'origin', 'null') = 'null' THEN 'origin'
    WHEN NOT _moves AND coalesce(_step->'destination', 'null') = 'null' THEN 'destination' END;
BEGIN
  IF lacking IS NOT NULL THEN
    PERFORM refuse('source-mismatch', jsonb_build_object('expected', NULL, 'actual', NULL,
      'container', jsonb_build_object('id', _before->'id', 'barcode', _before->'barcode'), 'pointer', _base || '/step/' || lacking) || missing_members(_before));
  END IF;
END $$;

-- prisma/sql/transfer/require_transfer_container.sql
-- Returns the container that a transfer is about: the one that it names, or the one at its source. Refuses a removed
-- container, and a source where the named container is not.
--
-- Raises: container-not-found, container-removed, source-empty, source-mismatch, device-not-found, position-not-found
CREATE OR REPLACE FUNCTION require_transfer_container(_input jsonb, _base text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  source uuid;
  there placement;
  found_id uuid;
  removed timestamptz;
  named text := coalesce(_input->>'id', _input->>'named');
BEGIN
  IF _input->'source' <> 'null' THEN
    source := require_position(_input->'source'->>'device', (_input->'source'->>'position')::integer,
      jsonb_build_object('device', _base || '/source/device', 'position', _base || '/source/position'));
    SELECT * INTO there FROM placement WHERE position_id = source;
  END IF;
  IF named IS NULL THEN
    IF there.part IS DISTINCT FROM 'body' THEN
      PERFORM refuse('source-empty', jsonb_build_object('device', _input->'source'->'device', 'position', _input->'source'->'position',
        'pointer', _base || '/source') || CASE WHEN there.part = 'lid' THEN jsonb_build_object('occupant', occupant_of(source)) ELSE '{}' END);
    END IF;
    RETURN there.container_id;
  END IF;
  found_id := lookup_transfer_container(_input);
  SELECT removed_at INTO removed FROM container WHERE id = found_id;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found', jsonb_build_object('container', named, 'pointer', _base || '/container') || barcode_hints(_input->>'named'));
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  ELSIF source IS NOT NULL AND (there.container_id IS DISTINCT FROM found_id OR there.part <> 'body') THEN
    PERFORM refuse_source_mismatch(found_id, _input->'source', NULL, _base || '/source');
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/transfer/transfer.sql
-- Records transfers, all or none: place, lid, barcode and step of each. `_transfers` are the requests, each with
-- named, id, and the step as the service prepares it, or null. `_devices` is [{ id, name }] of the devices that the
-- steps name. Returns for each transfer, in order, the container and the step at the end. A dry run does the same,
-- collects what it would refuse as findings, and is then undone by an exception (PS204); its `revision` is the
-- present one. A transfer whose step was recorded before is a retry: it returns what it returned, and changes nothing. The same transfer
-- whose step was running and has ended now ends the step. A step that was told without a transfer gets its transfer.
--
-- Rows whose `findings` are null are returned alone, and nothing is done: see data_to_merge.
--
-- Locks: Steps, experiments, the lab: the order of the step log, so that the two never wait for each other.
-- Raises: What apply_transfer and log_steps raise. In a batch a refusal has the index of its transfer.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id, so one plan is good for all
-- values. Without the setting PostgreSQL may plan them again for each call, which takes longer than they run.
CREATE OR REPLACE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  input jsonb;
  done record;
  index integer := 0;
  ordinal integer := 0;
  after jsonb;
  steps jsonb := '[]';
  step_of integer[] := '{}';
  step_devices jsonb := _devices;
  this_revision bigint;
  known record;
  told text;
  moved uuid[] := '{}';
  code text;
  members text;
  base text;
  results jsonb := '[]';
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT (t->'step'->>'id')::uuid FROM jsonb_array_elements(_transfers) t) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM experiment WHERE id IN (SELECT (t->'step'->>'experiment_uuid')::uuid FROM jsonb_array_elements(_transfers) t)
  ORDER BY id FOR NO KEY UPDATE;
  RETURN QUERY
  SELECT NULL::jsonb, jsonb_build_object('id', m.step_id, 'data', m.data), NULL::jsonb, NULL::jsonb, NULL::double precision
  FROM data_to_merge((SELECT jsonb_agg(t->'step') FROM jsonb_array_elements(_transfers) t WHERE t->'step' <> 'null')) m;
  IF FOUND THEN
    RETURN;
  END IF;
  PERFORM lock_lab();
  BEGIN
    this_revision := next_revision();
    FOR input IN SELECT value FROM jsonb_array_elements(_transfers) LOOP
      base := CASE WHEN _batch THEN '/transfers/' || index ELSE '' END;
      told := input->'step'->>'created_as';
      SELECT s.created_as, s.ended_as, split_part(s.created_as, ':', 1) = split_part(told, ':', 1) AS is_same,
        s.status IN ('running', 'paused', 'lost') AS under_way, o.step_id IS NOT NULL AS transferred, coalesce(o.created_as, s.created_as) AS transferred_as
      INTO known FROM step s LEFT JOIN transfer_outcome o ON o.step_id = s.id WHERE s.id = (input->'step'->>'id')::uuid;
      IF FOUND AND known.is_same AND known.transferred AND known.under_way AND input->'step'->>'status' <> 'running'
        AND split_part(known.transferred_as, ':', 3) = split_part(told, ':', 3) AND told <> known.transferred_as AND NOT _dry_run THEN
        step_of := step_of || index;
        steps := steps || (input->'step');
        results := results || jsonb_build_object('repeats', input->'step'->'id', 'ends', true, 'findings', '[]'::jsonb);
        moved := moved || NULL::uuid;
        index := index + 1;
        CONTINUE;
      ELSIF FOUND AND told IN (known.transferred_as, known.ended_as) AND known.transferred THEN
        results := results || jsonb_build_object('repeats', input->'step'->'id', 'findings', '[]'::jsonb);
        moved := moved || NULL::uuid;
        index := index + 1;
        CONTINUE;
      ELSIF FOUND AND NOT _dry_run AND (known.transferred OR NOT known.is_same) THEN
        PERFORM refuse('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')
          || CASE WHEN _batch THEN jsonb_build_object('index', index) ELSE '{}' END);
      END IF;
      BEGIN
        SELECT * INTO done FROM apply_transfer(input, base, _dry_run, this_revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        PERFORM refuse(code, CASE WHEN _batch THEN with_batch_conflict(members::jsonb, index, moved) ELSE members::jsonb END);
      END;
      moved := moved || CASE WHEN done.events > 0 THEN done.container_id END;
      ordinal := ordinal + done.events;
      results := results || jsonb_build_object('container_id', done.container_id, 'step_id', input->'step'->'id', 'told', told,
        'warnings', CASE WHEN done.findings = '[]'
          THEN nullif(former_label_warning(done.container_id, input->>'barcode', base || '/barcode') || coalesce(labware_warnings(done.container_id), '[]'), '[]') END,
        'findings', done.findings || CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]' ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END);
      IF input->'step' <> 'null' AND NOT _dry_run THEN
        -- The step ends where the container was disposed of, although it is nowhere then.
        after := container_snapshot(done.container_id) || coalesce(done.waste, '{}');
        step_of := step_of || index;
        steps := steps || complete_transfer_step(input->'step', done.before, after, input->>'barcode' IS NOT NULL);
        step_devices := step_devices || jsonb_build_array(
          jsonb_build_object('id', uuid_v7(), 'name', done.before->'device'), jsonb_build_object('id', uuid_v7(), 'name', after->'device'));
      END IF;
      index := index + 1;
    END LOOP;
    IF steps <> '[]' THEN
      BEGIN
        PERFORM record_logged_steps(l.record, _audit, this_revision, ordinal) FROM log_steps(steps, (SELECT jsonb_agg(DISTINCT jsonb_build_object('id', d.id, 'name', d.name)) FROM (
          SELECT DISTINCT ON (value->>'name') value->'id' AS id, value->'name' AS name FROM jsonb_array_elements(step_devices) WHERE value->>'name' IS NOT NULL) d), _batch) l
        WHERE l.record IS NOT NULL;
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        index := step_of[coalesce((members::jsonb->>'index')::integer, 0) + 1];
        PERFORM refuse(code, members::jsonb || CASE WHEN _batch
          THEN jsonb_build_object('index', index, 'pointer', '/transfers/' || index || '/step/id') ELSE jsonb_build_object('pointer', '/step/id') END);
      END;
    END IF;
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
    -- A step that ended is shown as it is now; its container too.
    UPDATE transfer_outcome o SET step = step_snapshot(o.step_id), revision = this_revision,
      container = container_snapshot((o.container->>'id')::uuid)
    FROM jsonb_array_elements(results) r WHERE (r->>'ends')::boolean AND o.step_id = (r->>'repeats')::uuid;
    -- The revision was taken before it was known whether anything changes. It is given back if nothing did. max() reads
    -- one entry of the index; EXISTS (... WHERE revision = this_revision) may read the whole log, because after batches
    -- with thousands of events PostgreSQL expects to meet one soon.
    IF (SELECT max(e.revision) FROM event e) IS DISTINCT FROM this_revision THEN
      UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
    END IF;
    INSERT INTO transfer_outcome (step_id, container, step, warnings, created_as, revision)
    SELECT (r->>'step_id')::uuid, container_snapshot((r->>'container_id')::uuid), step_snapshot((r->>'step_id')::uuid), nullif(r->'warnings', 'null'), r->>'told', this_revision
    FROM jsonb_array_elements(results) r WHERE r->>'step_id' IS NOT NULL;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN QUERY
  SELECT coalesce(o.container, container_snapshot((r->>'container_id')::uuid)), o.step, r->'findings', coalesce(o.warnings, nullif(r->'warnings', 'null')), coalesce(o.revision, l.revision)::double precision
  FROM jsonb_array_elements(results) WITH ORDINALITY AS result (r, n) CROSS JOIN lab l
  LEFT JOIN transfer_outcome o ON o.step_id = coalesce(r->>'repeats', r->>'step_id')::uuid
  ORDER BY n;
END $$;

-- prisma/sql/transfer/transfer_finding.sql
-- Returns a refusal as a list of one finding: [{ code, members }].
CREATE OR REPLACE FUNCTION transfer_finding(_code text, _members text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(jsonb_build_object('code', _code, 'members', _members::jsonb))
$$;

-- prisma/sql/webhook/book_webhook_attempt.sql
-- Stores what came of an attempt, and moves the webhook on: to the next event, to the next attempt, or off. `_attempt` is { id, message_id, type,
-- started_at, seconds, delivered, status, error, response }. `_at` is { revision, ordinal } of the event and { cursor_revision, cursor_ordinal } as they were
-- read, null for a test message. If the cursor was moved or the instance has lost the webhook meanwhile, only the attempt is stored.
-- Returns whether the instance goes on with the next event, the failed attempts of this one, and why the webhook was switched off, if it was.
--
-- Locks: The webhook, then the lab if it is switched off.
CREATE OR REPLACE FUNCTION book_webhook_attempt(_holder uuid, _webhook uuid, _attempt jsonb, _at jsonb, _retry_after_seconds double precision, _lease_seconds double precision)
RETURNS TABLE (goes_on boolean, failures integer, disabled_because text) LANGUAGE plpgsql AS $$
DECLARE
  longest_wait CONSTANT double precision := 36000;
  known webhook;
  before jsonb;
  is_delivered boolean := (_attempt->>'delivered')::boolean;
BEGIN
  SELECT * INTO known FROM webhook w WHERE w.id = _webhook FOR UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT false, 0, NULL::text;
    RETURN;
  END IF;
  PERFORM begin_command();
  INSERT INTO webhook_attempt (id, webhook_id, message_id, type, attempt, started_at, seconds, delivered, status, error, response)
  SELECT (_attempt->>'id')::uuid, _webhook, _attempt->>'message_id', _attempt->>'type', CASE WHEN _at IS NULL THEN 1 ELSE known.failures + 1 END,
    (_attempt->>'started_at')::timestamptz, (_attempt->>'seconds')::double precision, is_delivered, (_attempt->>'status')::integer, _attempt->>'error', _attempt->>'response';
  goes_on := known.leased_by IS NOT DISTINCT FROM _holder;
  failures := known.failures;
  IF _at IS NULL THEN
    UPDATE webhook w SET test_id = NULL WHERE w.id = _webhook AND 'test.' || w.test_id = _attempt->>'message_id';
  ELSIF goes_on AND known.cursor_revision = (_at->>'cursor_revision')::bigint AND known.cursor_ordinal = (_at->>'cursor_ordinal')::integer THEN
    IF is_delivered THEN
      failures := 0;
      UPDATE webhook w SET cursor_revision = (_at->>'revision')::bigint, cursor_ordinal = (_at->>'ordinal')::integer + 1, failures = 0, due_at = command_time(),
        leased_until = command_time() + _lease_seconds * interval '1 second'
      WHERE w.id = _webhook;
    ELSE
      goes_on := false;
      failures := known.failures + 1;
      disabled_because := CASE WHEN (_attempt->>'status')::integer = 410 THEN 'gone' WHEN webhook_retry_seconds(failures) IS NULL THEN 'failing' END;
      IF known.disabled_at IS NOT NULL THEN
        disabled_because := NULL;
      END IF;
      before := webhook_snapshot(_webhook);
      UPDATE webhook w SET failures = book_webhook_attempt.failures, leased_by = NULL, leased_until = NULL,
        due_at = command_time() + greatest(webhook_retry_seconds(book_webhook_attempt.failures), least(coalesce(_retry_after_seconds, 0), longest_wait)) * interval '1 second',
        disabled_at = CASE WHEN book_webhook_attempt.disabled_because IS NULL THEN w.disabled_at ELSE command_time() END,
        disabled_because = coalesce(book_webhook_attempt.disabled_because, w.disabled_because),
        version = w.version + CASE WHEN book_webhook_attempt.disabled_because IS NULL THEN 0 ELSE 1 END
      WHERE w.id = _webhook;
      IF disabled_because IS NOT NULL THEN
        PERFORM record_webhook_event('webhook-disabled', _webhook, before, jsonb_build_object('reason',
          CASE disabled_because WHEN 'gone' THEN 'The receiver answered 410.' ELSE format('All %s attempts to deliver a message failed.', failures) END));
      END IF;
    END IF;
  END IF;
  RETURN NEXT;
END $$;

-- prisma/sql/webhook/delete_webhook.sql
-- Deletes a webhook and its attempts.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION delete_webhook(_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  DELETE FROM webhook_attempt a WHERE a.webhook_id = _id;
  DELETE FROM webhook w WHERE w.id = _id;
END $$;

-- prisma/sql/webhook/lease_webhooks.sql
-- Gives an instance the webhooks that have something to deliver and that no other instance has, for so many seconds. Returns their ids. `_active` are
-- those that it delivers just now; others that it has are those of which it lost sight when a statement failed.
--
-- Locks: The webhooks, without waiting for any.
CREATE OR REPLACE FUNCTION lease_webhooks(_holder uuid, _seconds double precision, _active uuid[]) RETURNS SETOF uuid LANGUAGE sql AS $$
  UPDATE webhook w SET leased_by = _holder, leased_until = command_time() + _seconds * interval '1 second'
  WHERE w.id IN (
    SELECT waiting.id FROM webhook waiting CROSS JOIN lab l
    WHERE waiting.id <> ALL (_active) AND (waiting.leased_until IS NULL OR waiting.leased_until <= command_time() OR waiting.leased_by = _holder)
      AND (waiting.test_id IS NOT NULL OR (waiting.disabled_at IS NULL AND waiting.due_at <= command_time() AND waiting.cursor_revision <= l.revision))
    FOR UPDATE OF waiting SKIP LOCKED)
  RETURNING w.id
$$;

-- prisma/sql/webhook/prune_webhook_attempts.sql
-- Deletes attempts that are older than 30 days and, of a webhook that has more than `_most_kept`, the oldest. Returns how many there were.
-- It runs beside deliveries; what it does not reach comes the next time.
--
-- Locks: The rows that it deletes.
CREATE OR REPLACE FUNCTION prune_webhook_attempts(_most_kept integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  expired integer;
  surplus integer;
BEGIN
  DELETE FROM webhook_attempt WHERE id IN (
    SELECT a.id FROM webhook_attempt a WHERE a.started_at <= command_time() - interval '30 days' ORDER BY a.started_at LIMIT 10000 FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS expired = ROW_COUNT;
  DELETE FROM webhook_attempt WHERE id IN (
    SELECT a.id
    FROM webhook w
    CROSS JOIN LATERAL (SELECT k.id FROM webhook_attempt k WHERE k.webhook_id = w.id ORDER BY k.id DESC OFFSET _most_kept LIMIT 1) beyond
    JOIN webhook_attempt a ON a.webhook_id = w.id AND a.id <= beyond.id
    ORDER BY a.id LIMIT 10000 FOR UPDATE OF a SKIP LOCKED);
  GET DIAGNOSTICS surplus = ROW_COUNT;
  RETURN expired + surplus;
END $$;

-- prisma/sql/webhook/record_webhook_event.sql
-- Records that a webhook was switched on or off, as a revision.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION record_webhook_event(_kind text, _id uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint := next_revision();
BEGIN
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT this_revision, 0, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _before, webhook_snapshot(_id) FROM lab l;
END $$;

-- prisma/sql/webhook/refuse_unknown_webhook.sql
-- Refuses the id of a webhook that does not exist, and locks one that does.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION refuse_unknown_webhook(_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM webhook w WHERE w.id = _id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('webhook-not-found', jsonb_build_object('webhook_id', _id, 'parameter', 'id'));
  END IF;
END $$;

-- prisma/sql/webhook/release_webhooks.sql
-- Ends what lease_webhooks gave an instance: one webhook, or all of them if `_id` is null.
--
-- Locks: The webhooks.
CREATE OR REPLACE FUNCTION release_webhooks(_holder uuid, _id uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE webhook w SET leased_by = NULL, leased_until = NULL WHERE w.leased_by = _holder AND (_id IS NULL OR w.id = _id)
$$;

-- prisma/sql/webhook/set_webhook_test.sql
-- Asks for a test message. Returns its id: `_test`, or that of a message that was asked for before and not sent yet.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION set_webhook_test(_id uuid, _test uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  waiting uuid;
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  UPDATE webhook w SET test_id = coalesce(w.test_id, _test) WHERE w.id = _id RETURNING w.test_id INTO waiting;
  RETURN waiting;
END $$;

-- prisma/sql/webhook/webhook_kinds.sql
-- Returns the kinds of events of a request, each once, in order; null for all kinds.
CREATE OR REPLACE FUNCTION webhook_kinds(_kinds jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(DISTINCT k.kind ORDER BY k.kind)
  FROM jsonb_array_elements_text(CASE jsonb_typeof(_kinds) WHEN 'array' THEN _kinds ELSE '[]' END) AS k (kind)
$$;

-- prisma/sql/webhook/webhook_retry_seconds.sql
-- Returns how long a webhook waits after so many failed attempts of a message. Null when it gives up.
CREATE OR REPLACE FUNCTION webhook_retry_seconds(_failures integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY[5, 300, 1800, 7200, 18000, 36000, 36000])[_failures]
$$;

-- prisma/sql/webhook/webhook_state.sql
-- A webhook as the API shows it: each column is a member of the JSON. Its secrets are not among them.
CREATE OR REPLACE VIEW webhook_state AS
SELECT w.id, w.url, w.kinds, d.name AS device, w.description, w.disabled_at, w.disabled_because,
  (w.cursor_revision - 1)::double precision AS delivered_revision,
  greatest(l.revision - w.cursor_revision + 1, 0)::double precision AS revisions_behind,
  w.failures,
  CASE WHEN w.failures > 0 AND w.disabled_at IS NULL THEN w.due_at END AS next_attempt_at,
  CASE WHEN w.previous_secret_ends_at > command_time() THEN w.previous_secret_ends_at END AS previous_secret_ends_at,
  w.created_at, w.created_by, w.updated_at, w.version
FROM webhook w
CROSS JOIN lab l
LEFT JOIN device d ON d.id = w.device_id;

-- prisma/sql/alarm/alarm_state.sql
-- An alarm as the API shows it: each column is a member of the JSON. `earlier_acknowledgement` is what was last said at an earlier alarm of the same step.
CREATE OR REPLACE VIEW alarm_state AS
SELECT a.id, a.kind, a.step_id, d.name AS device, s.name, s.fct, s.start, s.status, s.experiment_id,
  a.raised_at, a.over_at, a.acknowledged_at, a.acknowledged_by, a.note,
  earlier.acknowledged AS earlier_acknowledgement
FROM alarm a
JOIN step s ON s.id = a.step_id
JOIN device d ON d.id = s.device_id
LEFT JOIN LATERAL (
  SELECT jsonb_build_object('alarm_id', b.id, 'acknowledged_at', wire_time(b.acknowledged_at), 'acknowledged_by', b.acknowledged_by, 'note', b.note) AS acknowledged
  FROM alarm b
  WHERE b.step_id = a.step_id AND b.acknowledged_at IS NOT NULL AND (b.raised_at, b.id) < (a.raised_at, a.id)
  ORDER BY b.acknowledged_at DESC, b.id DESC LIMIT 1
) earlier ON true;

-- prisma/sql/api/uuid_v7.sql
-- Returns a new UUID of version 7, as the service makes them: it begins with the milliseconds since 1970 of the running command, so new
-- ids are at the end of each index.
CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send(floor(extract(epoch FROM command_time()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- prisma/sql/arrangement/end_changes.sql
-- Returns what an arrangement changes, as the API shows it: [{ kind, container, from, to }], in the order of `_ends`, which
-- are container_end. It reads the state before the change. Times are rounded,
-- as the table stores them.
CREATE OR REPLACE FUNCTION end_changes(_ends jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'kind', end_kind(e.row), 'container', jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name),
      'from', container_situation(to_jsonb(s) || jsonb_build_object('missing_since', wire_time(s.missing_since))),
      'to', jsonb_build_object('device', body_device.name, 'position', body.slot_number, 'lidded', (e.row).lidded_to,
        'lid', CASE WHEN lid.id IS NOT NULL THEN jsonb_build_object('device', lid_device.name, 'position', lid.slot_number) END,
        'barcode', s.barcode, 'missing_since', CASE WHEN body.id IS NULL THEN wire_time(coalesce(s.missing_since, command_time()::timestamptz(3))) END))
    ORDER BY e.n), '[]')
  FROM (SELECT r AS row, row_number() OVER () AS n FROM jsonb_populate_recordset(NULL::container_end, _ends) r) e
  JOIN container_state s ON s.id = (e.row).container_id
  LEFT JOIN position body ON body.id = (e.row).body_to LEFT JOIN device body_device ON body_device.id = body.device_id
  LEFT JOIN position lid ON lid.id = (e.row).lid_to LEFT JOIN device lid_device ON lid_device.id = lid.device_id
$$;

-- prisma/sql/container/add_containers.sql
-- Adds containers in order, all or none. In a batch a refusal has the index of the input that caused it. If the input
-- contradicts an earlier one of the same batch, the refusal has the index of that one: nothing of it is there.
-- A batch only fills slots, so the lowest free slot of a device never becomes lower: each search begins where the last
-- one ended, and together they pass the slots of a device once.
--
-- Locks: The lab lock.
-- Raises: What add_container raises.
CREATE OR REPLACE FUNCTION add_containers(_inputs jsonb, _batch boolean, _audit jsonb) RETURNS TABLE (outcome text, container container_state)
LANGUAGE plpgsql AS $$
DECLARE
  input jsonb;
  index integer := 0;
  added uuid;
  created uuid[] := '{}';
  recorded integer := 0;
  lowest jsonb := '{}';
  revision bigint;
  code text;
  members text;
BEGIN
  PERFORM lock_lab();
  -- The revision is taken before it is known whether anything changes. It is given back below if nothing did.
  revision := next_revision();
  FOR input IN SELECT value FROM jsonb_array_elements(_inputs) LOOP
    BEGIN
      SELECT a.id, a.outcome, a.lowest INTO added, outcome, lowest
      FROM add_container(input, revision, recorded, CASE WHEN _batch THEN '/containers/' || index ELSE '' END, _audit, lowest) a;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      PERFORM refuse(code, CASE WHEN _batch THEN with_batch_conflict(members::jsonb, index, created) ELSE members::jsonb END);
    END;
    IF outcome = 'created' THEN
      recorded := recorded + 1;
    END IF;
    created := created || CASE WHEN outcome = 'created' THEN added END;
    SELECT s.* INTO container FROM container_state s WHERE s.id = added;
    index := index + 1;
    RETURN NEXT;
  END LOOP;
  IF recorded = 0 THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
  END IF;
END $$;

-- prisma/sql/container/barcode_hints.sql
-- Returns what helps somebody who named a barcode that no container on the platform has: `relabelled` (former_bearers) and
-- `differs_in_case` (alike_barcode), each only if there is something to say.
CREATE OR REPLACE FUNCTION barcode_hints(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(hint.name, hint.value), '{}')
  FROM (VALUES ('relabelled', former_bearers(_barcode)), ('differs_in_case', to_jsonb(alike_barcode(_barcode)))) AS hint (name, value)
  WHERE hint.value IS NOT NULL
$$;

-- prisma/sql/container/bump_container_version.sql
-- Increments the version of a container, and sets the time of its last change.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION bump_container_version(_container uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE container SET version = version + 1, updated_at = command_time() WHERE id = _container
$$;

-- prisma/sql/container/label_changes.sql
-- Returns what new labels change, as the API shows it. `_labels` is [{ id, barcode }]; `_ends` are the container_end that are
-- written before. It reads the state before both.
CREATE OR REPLACE FUNCTION label_changes(_labels jsonb, _ends jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH placed AS MATERIALIZED (
    SELECT (change->'container'->>'id')::uuid AS id, change->'to' AS situation FROM jsonb_array_elements(end_changes(_ends)) AS change
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'barcode-set',
      'container', jsonb_build_object('id', s.id, 'barcode', l.barcode, 'name', relabelled_name(s.name, s.barcode, l.barcode)),
      'from', was.situation, 'to', was.situation || jsonb_build_object('barcode', l.barcode))
    ORDER BY l.n), '[]')
  FROM ROWS FROM (jsonb_to_recordset(_labels) AS (id uuid, barcode text)) WITH ORDINALITY AS l (id, barcode, n)
  JOIN container_state s ON s.id = l.id
  LEFT JOIN placed p ON p.id = l.id
  CROSS JOIN LATERAL (
    SELECT coalesce(p.situation, container_situation(to_jsonb(s) || jsonb_build_object('missing_since', wire_time(s.missing_since)))) AS situation
  ) was
$$;

-- prisma/sql/container/label_is_former.sql
-- Returns whether a container had this barcode before and has another one, or none, now, and no container on the platform has
-- it. Then somebody who reads the barcode holds this container, with an old label.
CREATE OR REPLACE FUNCTION label_is_former(_container uuid, _barcode text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL)
    AND EXISTS (
      SELECT FROM label_event e WHERE e.barcode = _barcode AND e.container_id = _container)
$$;

-- prisma/sql/container/lookup_containers.sql
-- Finds the containers that have, or had, barcodes, in one statement: for each barcode, in order, what was found and the
-- containers, the latest first. `_ids` has the id where a barcode is one. The first that is true is told: a container in a slot has
-- the barcode, the one that has it is missing, removed ones had it to the end, others had it before, nobody ever had it.
CREATE OR REPLACE FUNCTION lookup_containers(_barcodes text[], _ids uuid[]) RETURNS TABLE (n bigint, barcode text, found text, containers jsonb)
LANGUAGE sql STABLE AS $$
  WITH wanted AS MATERIALIZED (
    SELECT w.n, w.barcode, w.id FROM unnest(_barcodes, _ids) WITH ORDINALITY AS w (barcode, id, n)
  ),
  hit AS MATERIALIZED (
    SELECT DISTINCT ON (w.n, h.container_id) w.n, h.container_id, h.rank FROM wanted w CROSS JOIN LATERAL (
      SELECT c.id AS container_id, CASE WHEN c.removed_at IS NOT NULL THEN 3 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END AS rank
      FROM container c WHERE c.id = w.id
      UNION ALL
      SELECT c.id, CASE WHEN c.removed_at IS NOT NULL THEN 3 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END
      FROM container c WHERE c.barcode = w.barcode
      UNION ALL
      SELECT e.container_id, 4 FROM label_event e WHERE e.barcode = w.barcode
    ) h
    ORDER BY w.n, h.container_id, h.rank
  ),
  best AS (
    SELECT hit.n, min(hit.rank) AS rank FROM hit GROUP BY hit.n
  ),
  listed AS (
    SELECT hit.n, hit.container_id, row_number() OVER (PARTITION BY hit.n ORDER BY c.removed_at DESC NULLS FIRST, c.updated_at DESC, c.id) AS nth
    FROM hit JOIN best ON best.n = hit.n AND best.rank = hit.rank JOIN container c ON c.id = hit.container_id
  ),
  shown AS (
    SELECT l.n, jsonb_agg(container_snapshot(l.container_id) ORDER BY l.nth) AS containers FROM listed l WHERE l.nth <= 20 GROUP BY l.n
  )
  SELECT w.n, w.barcode, CASE b.rank WHEN 1 THEN 'present' WHEN 2 THEN 'missing' WHEN 3 THEN 'removed' WHEN 4 THEN 'relabelled' ELSE 'unknown' END,
    coalesce(s.containers, '[]')
  FROM wanted w LEFT JOIN best b ON b.n = w.n LEFT JOIN shown s ON s.n = w.n
$$;

-- prisma/sql/container/plan_labels.sql
-- Plans new labels, judged by the end: { labels, findings, repeated }. `_labels` is [{ named, id, barcode }], each barcode once.
-- `labels` is [{ id, barcode }] of the containers whose label changes; `findings` and `repeated` as of plan_arrangement.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION plan_labels(_labels jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH resolved AS MATERIALIZED (
    SELECT t.n AS nth, '/labels/' || t.n - 1 AS pointer, t.i AS input, coalesce(by_id.id, by_barcode.id) AS container_id, by_id.removed_at,
      coalesce(by_id.barcode, by_barcode.barcode) AS former, t.i->>'barcode' AS barcode
    FROM jsonb_array_elements(_labels) WITH ORDINALITY AS t (i, n)
    LEFT JOIN container by_id ON by_id.id = (t.i->>'id')::uuid
    LEFT JOIN container by_barcode ON by_barcode.barcode = t.i->>'named' AND by_barcode.removed_at IS NULL
  ),
  contradicting AS (
    SELECT r.nth, 'container-not-found' AS code, jsonb_build_object('container', coalesce(r.input->>'named', r.input->>'id'))
      || barcode_hints(r.input->>'named') AS members, '/container' AS member
    FROM resolved r WHERE r.container_id IS NULL
    UNION ALL
    SELECT r.nth, 'container-removed', jsonb_build_object('container', r.container_id, 'removed_at', wire_time(r.removed_at)), '/container'
    FROM resolved r WHERE r.removed_at IS NOT NULL
    UNION ALL
    SELECT r.nth, 'barcode-in-use', jsonb_build_object('barcode', r.barcode,
      'holder', jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position) || missing_members(container_snapshot(s.id))), '/barcode'
    FROM resolved r JOIN container_state s ON s.barcode = r.barcode AND s.removed_at IS NULL
    WHERE s.id IS DISTINCT FROM r.container_id AND NOT EXISTS (SELECT FROM resolved o WHERE o.container_id = s.id)
  )
  SELECT jsonb_build_object(
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.container_id, 'barcode', r.barcode) ORDER BY r.nth), '[]')
      FROM resolved r WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL AND r.former IS DISTINCT FROM r.barcode),
    'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', c.code,
        'members', c.members || jsonb_build_object('pointer', '/labels/' || c.nth - 1 || c.member, 'index', c.nth - 1)) ORDER BY c.nth, c.member DESC), '[]') FROM contradicting c),
    'repeated', (SELECT jsonb_build_object('pointer', again.pointer || '/container', 'first', again.first)
      FROM (SELECT r.nth, r.pointer, first_value(r.pointer) OVER one AS first, row_number() OVER one AS time
        FROM resolved r WHERE r.container_id IS NOT NULL WINDOW one AS (PARTITION BY r.container_id ORDER BY r.nth)) again
      WHERE again.time > 1 ORDER BY again.nth LIMIT 1))
$$;

-- prisma/sql/device/add_lacking_slots.sql
-- Adds the slots that devices lack, which are [device_input]. Slots are never deleted, so the ones that a device lacks are those above its last one. Two commands
-- may add the same ones ahead at a time: the second waits for the first, and adds the others.
CREATE OR REPLACE FUNCTION add_lacking_slots(_inputs json) RETURNS void LANGUAGE sql AS $$
  INSERT INTO position (id, device_id, slot_number, disposes)
  SELECT uuid_v7(), input.id, slot, coalesce(input.disposes, false)
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  CROSS JOIN LATERAL (SELECT coalesce(max(p.slot_number) + 1, 0) AS number FROM position p WHERE p.device_id = input.id) AS next
  CROSS JOIN LATERAL generate_series(next.number, input.capacity - 1) AS slot
  WHERE NOT input.retired
  ON CONFLICT DO NOTHING;
$$;

-- prisma/sql/device/device_snapshot.sql
-- Returns a device as an event stores it.
CREATE OR REPLACE FUNCTION device_snapshot(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object(
    'retired_at', wire_time(s.retired_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM device_state s WHERE s.id = _device
$$;

-- prisma/sql/estimate/run_is_over.sql
-- Says whether a run is over: its experiment has ended, or no step began for half an hour, in which it was not paused.
-- Orchestrators rarely say that an experiment has ended.
CREATE OR REPLACE FUNCTION run_is_over(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT status IN ('completed', 'aborted') FROM experiment WHERE id = _run.experiment_id), false)
    OR (coalesce((SELECT status <> 'paused' FROM experiment WHERE id = _run.experiment_id), true)
      AND coalesce(greatest(run_last_start(_run), (
        SELECT max(p.resumed_at) FROM pause p WHERE p.subject_id = _run.experiment_id AND p.subject = 'experiment' AND p.resumed_at <= now())
      ) < now() - interval '30 minutes', true))
$$;

-- prisma/sql/event/event.sql
-- The log of changes: each event with the state of its object before and after it. The table `event_log` keeps less: see stored_container
-- and changed_members.
CREATE OR REPLACE VIEW event AS
SELECT e.revision, e.ordinal, e.recorded_at, e.kind, e.actor, e.reason, coalesce(e.request_id, e.request_uuid::text) AS request_id,
  e.container_id, e.device_id, e.step_id, e.experiment_id,
  CASE WHEN e.was IS NOT NULL THEN coalesce(event_after(e), '{}') || e.was END AS before,
  event_after(e) AS after,
  e.position_id, e.lid_position_id, e.relabels
FROM event_log e;

-- prisma/sql/event/other_request_id.sql
-- Returns the id of the request if it is no UUID in lower case, otherwise null: see uuid_of_request.
CREATE OR REPLACE FUNCTION other_request_id(_audit jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN uuid_of_request(_audit) IS NULL THEN _audit->>'request_id' END
$$;

-- prisma/sql/experiment/experiment_state.sql
-- An experiment as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW experiment_state AS
SELECT
  e.id, e.process_id, jsonb_build_object('id', p.id, 'name', p.name) AS process, e.name, e.status, e.metadata, e.warnings,
  jsonb_build_object('total', s.total, 'completed', s.completed, 'failed', s.failed, 'aborted', s.aborted, 'running', s.running, 'paused', s.paused, 'lost', s.lost) AS steps,
  s.first_start, s.last_finish,
  extract(epoch FROM (s.last_finish - s.first_start))::double precision AS duration_seconds,
  e.paused_at,
  coalesce(paused_seconds('experiment', e.id, s.first_start, NULL), 0)::double precision AS paused_seconds,
  round(extract(epoch FROM (s.last_finish - s.first_start)) - standstill_seconds(e.id, s.first_start, s.last_finish), 3)::double precision AS active_seconds,
  e.session,
  experiment_attention(e.id, e.status, s.failed) AS attention,
  e.created_at, e.updated_at, e.version
FROM experiment e
JOIN process p ON p.id = e.process_id
CROSS JOIN LATERAL (
  SELECT
    count(*)::integer AS total,
    (count(*) FILTER (WHERE step.status = 'completed'))::integer AS completed,
    (count(*) FILTER (WHERE step.status = 'failed'))::integer AS failed,
    (count(*) FILTER (WHERE step.status = 'aborted'))::integer AS aborted,
    (count(*) FILTER (WHERE step.status = 'running'))::integer AS running,
    (count(*) FILTER (WHERE step.status = 'paused'))::integer AS paused,
    (count(*) FILTER (WHERE step.status = 'lost'))::integer AS lost,
    min(step.start) FILTER (WHERE step.believable) AS first_start,
    max(step.finish) FILTER (WHERE step.believable) AS last_finish
  FROM step WHERE step.experiment_id = e.id
) s;

-- prisma/sql/experiment/set_experiment_paused.sql
-- Pauses an experiment that runs, or resumes one that is paused or lost. Its steps go on. What is so already is returned unchanged. A dry
-- run returns the experiment as it would be, and is undone.
--
-- Locks: The experiment, then the lab.
-- Raises: experiment-not-found, illegal-transition
CREATE OR REPLACE FUNCTION set_experiment_paused(_id uuid, _paused boolean, _at timestamptz, _dry_run boolean, _audit jsonb) RETURNS SETOF experiment_state
LANGUAGE plpgsql AS $$
DECLARE
  wanted text := CASE WHEN _paused THEN 'paused' ELSE 'running' END;
  present text;
  outcome experiment_state;
BEGIN
  SELECT e.status INTO present FROM experiment e WHERE e.id = _id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('experiment-not-found', '{"parameter": "id"}');
  ELSIF present NOT IN ('running', 'paused') AND (present <> 'lost' OR _paused) THEN
    PERFORM refuse('illegal-transition', jsonb_build_object('from', present, 'to', wanted,
      'allowed', CASE present WHEN 'created' THEN '["running", "aborted"]'::jsonb WHEN 'lost' THEN '["running", "completed", "aborted"]' ELSE '[]' END));
  END IF;
  BEGIN
    SELECT * INTO outcome FROM update_experiment(_id, jsonb_build_object('status', wanted), _audit, _at);
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN NEXT outcome;
END $$;

-- prisma/sql/experiment/update_experiment.sql
-- Changes status, name, session or metadata of an experiment, as far as given; null clears. A status from or to `paused` ends or begins a
-- pause, at `_at` or now. Nothing is written if nothing changes. The steps, which can be 400,000, are counted once, before the lab
-- lock: the command changes none.
--
-- Locks: The caller has locked the experiment and looked at it. Takes the lab lock.
CREATE OR REPLACE FUNCTION update_experiment(_id uuid, _changes jsonb, _audit jsonb, _at timestamptz DEFAULT NULL) RETURNS SETOF experiment_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := experiment_snapshot(_id);
  wanted jsonb := before || (_changes - 'warnings');
  after jsonb := before;
  first_start timestamptz := (before->>'first_start')::timestamptz;
  last_finish timestamptz := (before->>'last_finish')::timestamptz;
  created_at timestamptz := (before->>'created_at')::timestamptz;
  paused boolean := wanted->>'status' = 'paused' AND before->>'status' <> 'paused';
  resumed boolean := before->>'status' = 'paused' AND wanted->>'status' <> 'paused';
  more_warnings jsonb := '[]';
  -- Warnings about the metadata go with them.
  kept_warnings jsonb := CASE WHEN _changes ? 'warnings'
    THEN jsonb_path_query_array(before->'warnings', '$[*] ? (!(@.pointer starts with "/metadata"))') || (_changes->'warnings') ELSE before->'warnings' END;
BEGIN
  IF wanted <> before THEN
    PERFORM begin_command();
    IF paused THEN
      more_warnings := begin_pause('experiment', _id, _at, coalesce(first_start, created_at)) || early_pause_warning(_at, least(first_start, created_at));
    ELSIF resumed THEN
      more_warnings := end_pause('experiment', _id, _at, first_start);
    END IF;
    UPDATE experiment e SET status = wanted->>'status', name = wanted->>'name', session = wanted->>'session', metadata = nullif(wanted->'metadata', 'null'),
      warnings = kept_warnings || more_warnings, version = e.version + 1, updated_at = command_time()
    WHERE e.id = _id;
    SELECT before || jsonb_build_object('status', e.status, 'name', e.name, 'session', e.session,
      'attention', experiment_attention(e.id, e.status, (before->'steps'->>'failed')::integer), 'metadata', e.metadata, 'warnings', e.warnings, 'paused_at', wire_time(e.paused_at),
      'paused_seconds', coalesce(paused_seconds('experiment', e.id, first_start, NULL), 0)::double precision,
      'active_seconds', round(extract(epoch FROM (last_finish - first_start)) - standstill_seconds(e.id, first_start, last_finish), 3)::double precision,
      'updated_at', wire_time(e.updated_at), 'version', e.version) INTO after
    FROM experiment e WHERE e.id = _id;
    PERFORM record_experiment_event(next_revision(), 0, CASE WHEN paused THEN 'experiment-paused'
      WHEN resumed AND wanted->>'status' = 'running' THEN 'experiment-resumed' ELSE 'experiment-updated' END, _id, before, _audit, after);
  END IF;
  IF before IS NOT NULL THEN
    RETURN NEXT jsonb_populate_record(NULL::experiment_state, after);
  END IF;
END $$;

-- prisma/sql/lab/record_lab_event.sql
-- Records an event of the lab as a whole. `_after` says what was done.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_lab_event(_revision bigint, _ordinal integer, _kind text, _after jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, became)
  SELECT _revision, _ordinal, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _after FROM lab l
$$;

-- prisma/sql/labware-type/delete_labware_type.sql
-- Deletes a labware type, and returns it as it was last. Containers keep its name.
--
-- Locks: The lab lock.
-- Raises: labware-type-not-found
CREATE OR REPLACE FUNCTION delete_labware_type(_name text, _audit jsonb) RETURNS SETOF labware_type_state LANGUAGE plpgsql AS $$
DECLARE
  known labware_type_state;
BEGIN
  PERFORM lock_lab();
  SELECT * INTO known FROM labware_type_state s WHERE s.name = _name;
  IF known.name IS NULL THEN
    PERFORM refuse('labware-type-not-found', jsonb_build_object('labware_type', _name, 'parameter', 'name'));
  END IF;
  PERFORM write_labware_types('[]', ARRAY[_name], next_revision(), 0, _audit);
  RETURN NEXT known;
END $$;

-- prisma/sql/labware-type/fit_warnings.sql
-- Returns what is unusual about a container of a labware type in a slot, with its lid on or off: [{ code, detail }]. The slot
-- may be null, and the type one that nobody described.
CREATE OR REPLACE FUNCTION fit_warnings(_type labware_type, _position uuid, _lidded boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'detail', w.detail) ORDER BY w.n), '[]')
  FROM (
    SELECT 1 AS n, 'labware-does-not-fit' AS code,
      'A "' || _type.name || '" does not fit in slot ' || (m.misfit->>'position') || ' of ' || (m.misfit->>'device') || ' by the rule ' || (m.misfit->>'rule') || '.' AS detail
    FROM (SELECT labware_misfit(_type, _position) AS misfit) m WHERE m.misfit IS NOT NULL
    UNION ALL
    SELECT 2, 'lid-contradicts-type', CASE WHEN _lidded THEN 'The lid is on, but a "' || _type.name || '" has no lid.'
      ELSE 'The lid is off, but a "' || _type.name || '" always has its lid on.' END
    WHERE (_type.lid = 'none' AND _lidded) OR (_type.lid = 'always' AND NOT _lidded)
  ) w
$$;

-- prisma/sql/labware-type/labware_type_snapshot.sql
-- Returns a labware type as an event stores it, or null if there is none with this name.
CREATE OR REPLACE FUNCTION labware_type_snapshot(_name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM labware_type_state s WHERE s.name = _name
$$;

-- prisma/sql/labware-type/labware_type_state_at.sql
-- Returns all labware types as of a revision, read from the log, in the order in which they were added.
CREATE OR REPLACE FUNCTION labware_type_state_at(_revision bigint) RETURNS SETOF labware_type_state LANGUAGE sql STABLE AS $$
  WITH told AS (
    SELECT e.after, max(ARRAY[e.revision, e.ordinal]) FILTER (WHERE e.kind = 'labware-type-added') OVER named AS added,
      row_number() OVER (named ORDER BY e.revision DESC, e.ordinal DESC) AS nth
    FROM event e
    WHERE e.kind IN ('labware-type-added', 'labware-type-updated', 'labware-type-deleted') AND e.revision <= _revision
    WINDOW named AS (PARTITION BY coalesce(e.after, e.before)->>'name')
  )
  SELECT (jsonb_populate_record(NULL::labware_type_state, t.after)).* FROM told t WHERE t.nth = 1 AND t.after IS NOT NULL
  ORDER BY t.added
$$;

-- prisma/sql/pause/early_pause_warning.sql
-- Returns the warning about a pause that began before what it pauses, as a list. Such a pause counts from the start, and what would
-- be left as active time says nothing. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION early_pause_warning(_at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('clock-skew', '/paused_at', CASE WHEN _at < _start - interval '5 seconds'
    THEN 'The time ' || wire_time(_at) || ' is before the start (' || wire_time(_start) || '). The pause counts from the start, and estimates leave it out.' END)
$$;

-- prisma/sql/pause/pause_warnings.sql
-- Returns the warnings about the time of a pause or of its end that cannot be true, as a list. `_pointer` is the member that it
-- changes, `_not_before` the last time that the pauses have. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION pause_warnings(_pointer text, _at timestamptz, _not_before timestamptz, _now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('clock-ahead', _pointer, CASE WHEN _at > _now + interval '5 seconds'
      THEN 'The time ' || wire_time(_at) || ' is later than the clock of the service (' || wire_time(_now) || '). It is stored as told, but estimates leave it out.' END)
    || warning_list('clock-skew', _pointer, CASE WHEN _at < _not_before
      THEN 'The time ' || wire_time(_at) || ' is before the last pause began or ended (' || wire_time(_not_before) || '); that time is stored instead, and estimates leave it out.' END)
$$;

-- prisma/sql/position/free_position_blocks.sql
-- Returns the free slots that a reservation may have, and in which the labware type fits if there is one, in blocks of `_block` neighbours, best block first. The
-- strategy `first` prefers the order of the lab, `last` the reverse order, and `least_used` the slots that were used
-- least.
CREATE OR REPLACE FUNCTION free_position_blocks(_device uuid, _type text, _deep_well boolean, _strategy text, _block integer, _labware_type text) RETURNS TABLE (positions uuid[])
LANGUAGE sql STABLE AS $$
  WITH free AS (
    SELECT p.id, p.device_id, p.slot_number, p.uses, g.ordinal AS group_ordinal, d."group", d.ordinal, d.name,
      p.slot_number - row_number() OVER (PARTITION BY p.device_id ORDER BY p.slot_number) AS island
    FROM position p JOIN device d ON d.id = p.device_id JOIN device_group g ON g.name = d."group"
      LEFT JOIN labware_type t ON t.name = _labware_type
    WHERE p.active AND d.retired_at IS NULL AND d.listed
      AND (_device IS NULL OR d.id = _device) AND (_type IS NULL OR d.type = _type)
      AND (p.deep_well_suited OR NOT coalesce(_deep_well, false))
      AND misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NULL
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM active_reservation r WHERE r.position_id = p.id)
  ),
  block AS (
    SELECT free.*, array_agg(id) OVER ahead AS positions, sum(uses) OVER ahead AS block_uses, max(slot_number) OVER ahead AS last_slot
    FROM free WINDOW ahead AS (PARTITION BY device_id, island ORDER BY slot_number ROWS BETWEEN CURRENT ROW AND (_block - 1) FOLLOWING)
  ),
  ranked AS (
    SELECT positions, block_uses, row_number() OVER (ORDER BY group_ordinal, "group", ordinal, name, slot_number) AS in_lab
    FROM block WHERE cardinality(positions) = _block
  )
  SELECT positions FROM ranked
  ORDER BY CASE _strategy WHEN 'least_used' THEN block_uses END, CASE _strategy WHEN 'last' THEN -in_lab ELSE in_lab END
$$;

-- prisma/sql/position/position_snapshot.sql
-- Returns a slot as an event stores it: `disposes` is what was set for the slot, null if it is as its device says.
CREATE OR REPLACE FUNCTION position_snapshot(_position uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('disposes', p.disposes_set) FROM position_state s JOIN position p ON p.id = s.id WHERE s.id = _position
$$;

-- prisma/sql/reservation/record_reservation_event.sql
-- Takes the next revision and records an event of a reservation.
--
-- Locks: The row of `lab`, which is the lab lock.
CREATE OR REPLACE FUNCTION record_reservation_event(_kind text, _device uuid, _before jsonb, _after jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  SELECT next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT l.revision, 0, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _device, _before, _after FROM lab l
$$;

-- prisma/sql/reservation/renew_reservation.sql
-- Starts the time to live of a reservation again, now, with another length if `_ttl_seconds` is not null.
--
-- Locks: The lab lock.
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION renew_reservation(_id uuid, _ttl_seconds double precision, _audit jsonb) RETURNS SETOF reservation_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  PERFORM lock_lab();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_snapshot(_id);
  UPDATE reservation r SET ttl_seconds = coalesce(_ttl_seconds, r.ttl_seconds),
    expires_at = command_time() + coalesce(_ttl_seconds, r.ttl_seconds) * interval '1 second',
    version = r.version + 1, updated_at = command_time()
  WHERE r.id = _id;
  PERFORM record_reservation_event('reservation-renewed', first_reserved_device(_id), before, reservation_snapshot(_id), _audit);
  RETURN QUERY SELECT * FROM reservation_state s WHERE s.id = _id;
END $$;

-- prisma/sql/reservation/reservation_snapshot.sql
-- Returns a reservation as an event stores it.
CREATE OR REPLACE FUNCTION reservation_snapshot(_reservation uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('expires_at', wire_time(s.expires_at),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM reservation_state s WHERE s.id = _reservation
$$;

-- prisma/sql/step/add_step_containers.sql
-- Adds the containers that steps name and do not have yet: [{ id, start, containers }]. A name that a step has already is no further
-- container, even if it is the barcode of another one by now; nor is another name of a container that it has. Returns the warnings
-- about each step that got containers.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION add_step_containers(_steps jsonb) RETURNS TABLE (step_id uuid, warnings jsonb) LANGUAGE sql AS $$
  WITH added AS (
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT n.step_id,
      (SELECT coalesce(max(sc.ordinal), -1) FROM step_container sc WHERE sc.step_id = n.step_id)
        + row_number() OVER (PARTITION BY n.step_id ORDER BY n.ordinal),
      n.named, nullif(n.also_named, '{}'), n.container_id
    FROM resolve_logged_containers(_steps) n
    WHERE NOT EXISTS (
      SELECT FROM step_container sc
      WHERE sc.step_id = n.step_id
        AND ((sc.named || sc.also_named) && (n.named || n.also_named) OR sc.container_id = n.container_id OR sc.named = n.container_id::text))
    RETURNING step_id, ordinal, named, container_id
  )
  SELECT a.step_id, coalesce(jsonb_agg(unknown_container_warning(a.ordinal, a.named, a.container_id) ORDER BY a.ordinal)
    FILTER (WHERE a.container_id IS NULL), '[]')
  FROM added a GROUP BY a.step_id
$$;

-- prisma/sql/step/clock_warnings.sql
-- Returns the warnings about times that cannot be true, as a list. `_told` is when the service first heard of the step, `_now`
-- is the present. Clocks differ by seconds, so five of them are allowed. `_paused_seconds` are the pauses between the start and
-- `_told`, which explain that the step ran for long.
CREATE OR REPLACE FUNCTION clock_warnings(_start timestamptz, _finish timestamptz, _status text, _told timestamptz, _now timestamptz, _paused_seconds numeric DEFAULT NULL)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN coalesce(_finish, _start) <= _now + interval '5 seconds' AND (_status NOT IN ('running', 'paused', 'lost') OR NOT began_unheard(_start, _told, _paused_seconds)) THEN '[]'
    ELSE warning_list('clock-ahead', CASE WHEN _finish IS NULL THEN '/start' ELSE '/finish' END,
        CASE WHEN coalesce(_finish, _start) > _now + interval '5 seconds'
          THEN 'The ' || CASE WHEN _finish IS NULL THEN 'start' ELSE 'finish' END || ' ' || wire_time(coalesce(_finish, _start))
            || ' is later than the clock of the service (' || wire_time(_now) || '). The step is stored as told, but estimates leave it out.' END)
      || warning_list('clock-behind', '/start', CASE WHEN _status IN ('running', 'paused', 'lost') AND began_unheard(_start, _told, _paused_seconds)
          THEN 'The step is said to be running, but its start ' || wire_time(_start) || ' is more than a day before it was first told ('
            || wire_time(_told) || '). The step is stored as told, but estimates leave it out.' END)
    END
$$;

-- prisma/sql/step/differing_warning.sql
-- Returns the warning that a step was told before, and otherwise, as a list.
CREATE OR REPLACE FUNCTION differing_warning(_known step_state, _member text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('differs-from-stored', '/' || _member, 'The step was told before with another `' || _member || '`'
    || CASE WHEN _member = 'finish' AND _known.finish IS NOT NULL THEN ' (' || wire_time(_known.finish) || ')'
      WHEN _member = 'status' THEN ' (' || _known.status || ')' ELSE '' END
    || '. What was told first stays. Use PATCH to correct it.')
$$;

-- prisma/sql/step/explained_warnings.sql
-- Returns the warnings of a step that is under way, with or without the doubt about its start: pauses that were told later can
-- explain the time until the service first heard of the step (`_told`), and the end of a pause can show that they do not.
CREATE OR REPLACE FUNCTION explained_warnings(_warnings jsonb, _step uuid, _start timestamptz, _status text, _told timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT (SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]')
      FROM jsonb_array_elements(_warnings) WITH ORDINALITY AS w (value, ordinality) WHERE w.value->>'code' <> 'clock-behind')
    || jsonb_path_query_array(clock_warnings(_start, NULL, _status, _told, 'infinity', paused_seconds('step', _step, _start, _told)), '$[*] ? (@.code == "clock-behind")')
$$;

-- prisma/sql/step/log_steps.sql
-- Logs steps, all with a few statements. A step is never refused because it names something unknown: it is stored with
-- the name and a warning. `_steps` come from src/store/prepare-steps.ts; their ids are unique. `_devices` is [{ id,
-- name }] of all devices that they name. Returns each step in order with its outcome: `logged`, `ended` (it was under way, and
-- its end was told), `repeated` (told before, so nothing changes) or `extended` (repeated, with containers that were not named before). If
-- what was told again differs from what is stored, the step that is returned has a warning, which is not stored. `record`, in the first
-- row, is what record_logged_steps writes to the event log. The caller calls it when it has read all rows.
--
-- Steps with the outcome `merge` are returned alone, and nothing is done: see data_to_merge.
--
-- Locks: Steps and experiments. It takes no lab lock: a batch of 5,000 steps does not stop the robots. Only a device
-- that the log creates takes the lab lock first.
-- Raises: id-in-use
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id and name, so one plan is good
-- for all values. Without the setting PostgreSQL may plan them again for each call: 2.7 ms a step instead of 1.6.
CREATE OR REPLACE FUNCTION log_steps(_steps jsonb, _devices jsonb, _batch boolean)
RETURNS TABLE (outcome text, step step_state, record jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  unknown jsonb := unknown_devices_of_new_steps(_devices, _steps);
  new_devices uuid[] := '{}';
  told timestamptz(3) := begin_command();
  logged uuid[];
  long uuid[];
  again jsonb := '{}';
  changed uuid[];
  ended jsonb;
  experiments uuid[];
  unknown_experiments uuid[];
  started jsonb;
  to_record jsonb;
BEGIN
  RETURN QUERY
  SELECT 'merge', state, NULL::jsonb FROM data_to_merge(_steps) m JOIN step_state state ON state.id = m.step_id;
  IF FOUND THEN
    RETURN;
  END IF;
  PERFORM begin_command();
  IF unknown <> '[]' THEN
    new_devices := create_unlisted_devices(unknown);
  END IF;

  WITH devices AS MATERIALIZED (
    SELECT * FROM resolve_logged_devices(_devices)
  ),
  containers AS MATERIALIZED (
    SELECT * FROM resolve_logged_containers(_steps)
  ),
  container_warnings AS (
    SELECT c.step_id, jsonb_agg(unknown_container_warning(c.ordinal, c.named, c.container_id) ORDER BY c.ordinal) AS list
    FROM containers c WHERE c.container_id IS NULL GROUP BY c.step_id
  ),
  inserted AS (
    INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, paused_seconds, commanded_seconds, data, is_simulation,
      origin_device_id, origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read,
      attempt, expected_seconds, error, session, experiment_id, experiment_named, created_as, created_at, updated_at, match_version, match_function, match_parameters, match_protocol, warnings)
    SELECT a.id, a.kind, a.name, a.fct, device.id, a.status, a.start, a.finish, a.paused_seconds, a.commanded_seconds, a.data, a.is_simulation,
      origin.id, (a.origin->>'position')::integer, destination.id, (a.destination->>'position')::integer,
      a.lidded_before, a.lidded_after, a.barcode_read,
      a.attempt, a.expected_seconds, a.error, a.session, e.id, CASE WHEN e.id IS NULL THEN a.experiment_named END,
      a.created_as, command_time(), command_time(), a.match_version, a.match_function, a.match_parameters, a.match_protocol,
      a.warnings
        || clock_warnings(a.start, a.finish, a.status, told, told)
        || warning_list(device.code, '/device', device.detail)
        || warning_list(origin.code, '/origin/device', origin.detail)
        || warning_list(destination.code, '/destination/device', destination.detail)
        || coalesce(cw.list, '[]')
        || warning_list('unknown-experiment', '/experiment_id', CASE WHEN e.id IS NULL
             THEN 'No experiment "' || a.experiment_named || '" is known; the step is stored with the name.' END)
        || warning_list('experiment-ended', '/experiment_id', CASE WHEN e.status IN ('completed', 'aborted')
             THEN 'The experiment is already ' || e.status || '. The step was added to it.' END)
    FROM jsonb_to_recordset(_steps) AS a (
      id uuid, kind text, name text, fct text, device text, status text, start timestamptz, finish timestamptz,
      paused_seconds double precision, commanded_seconds double precision, data jsonb, is_simulation boolean,
      origin jsonb, destination jsonb, lidded_before boolean, lidded_after boolean, barcode_read boolean,
      attempt integer, expected_seconds double precision, error text, session text, experiment_uuid uuid, experiment_named text, warnings jsonb, created_as text,
      match_version integer, match_function text, match_parameters uuid, match_protocol uuid)
    JOIN devices device ON device.name = a.device
    LEFT JOIN devices origin ON origin.name = a.origin->>'device'
    LEFT JOIN devices destination ON destination.name = a.destination->>'device'
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    LEFT JOIN container_warnings cw ON cw.step_id = a.id
    -- Told again, a move need not say its places, and the constraints would refuse it before the conflict is found.
    WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = a.id)
    -- One order for all: two batches with steps in common wait for each other and do not deadlock.
    ORDER BY a.id
    ON CONFLICT ON CONSTRAINT step_pkey DO NOTHING
    RETURNING id, experiment_id, is_sample AND sample_seconds > 86400 AS is_long
  ),
  inserted_containers AS (
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT c.step_id, c.ordinal, c.named, nullif(c.also_named, '{}'), c.container_id FROM containers c JOIN inserted i ON i.id = c.step_id
  )
  SELECT coalesce(array_agg(i.id), '{}'), coalesce(array_agg(DISTINCT i.experiment_id) FILTER (WHERE i.experiment_id IS NOT NULL), '{}'),
    array_agg(i.id) FILTER (WHERE i.is_long)
  INTO logged, experiments, long FROM inserted i;
  PERFORM tell_pauses(_steps, logged);
  IF long IS NOT NULL THEN
    PERFORM warn_of_implausible_steps(long);
  END IF;

  IF cardinality(logged) < jsonb_array_length(_steps) THEN
    SELECT jsonb_object_agg(t.id, jsonb_build_object('outcome', t.outcome, 'differs', t.differs, 'before', t.before)) INTO again
    FROM tell_steps_again((
      SELECT jsonb_agg(s.value || jsonb_build_object('index', s.ordinality - 1))
      FROM jsonb_array_elements(_steps) WITH ORDINALITY s
      LEFT JOIN unnest(logged) AS l (id) ON l.id = (s.value->>'id')::uuid
      WHERE l.id IS NULL), _devices, _batch) t;
    SELECT array_agg(s.id) INTO long FROM step s
    WHERE s.id IN (SELECT a.key::uuid FROM jsonb_each(again) a WHERE a.value->>'outcome' = 'ended') AND s.is_sample AND s.sample_seconds > 86400;
    IF long IS NOT NULL THEN
      PERFORM warn_of_implausible_steps(long);
    END IF;
  END IF;
  SELECT logged || coalesce(array_agg(a.key::uuid) FILTER (WHERE a.value->>'outcome' = 'extended'), '{}'),
    coalesce(jsonb_agg(jsonb_build_object('id', a.key, 'before', a.value->'before', 'after', step_snapshot(a.key::uuid)) ORDER BY a.key)
      FILTER (WHERE a.value->>'outcome' = 'ended'), '[]')
  INTO changed, ended FROM jsonb_each(again) a;

  IF cardinality(changed) > 0 OR ended <> '[]' THEN
    started := start_experiments(experiments);
    SELECT array_agg(DISTINCT s.experiment_uuid) INTO unknown_experiments
    FROM jsonb_to_recordset(_steps) AS s (experiment_uuid uuid) WHERE s.experiment_uuid <> ALL (experiments);
    IF link_steps_to_experiments(unknown_experiments) > 0 THEN
      started := started || start_experiments(unknown_experiments);
    END IF;

    -- The experiments that start are locked, so nobody else adds a step to their snapshots.
    SELECT jsonb_build_object('unknown_experiments', to_jsonb(unknown_experiments), 'new_devices', to_jsonb(new_devices), 'ended', ended,
      'step_id', CASE WHEN count(*) = 1 THEN (array_agg(s.id))[1] END,
      'device_id', CASE WHEN count(DISTINCT s.device_id) = 1 THEN (array_agg(s.device_id))[1] END,
      'experiment_id', CASE WHEN count(DISTINCT s.experiment_id) = 1 THEN (array_agg(s.experiment_id))[1] END,
      'after', CASE WHEN count(*) > 0 THEN jsonb_build_object('logged', cardinality(logged), 'extended', count(*) - cardinality(logged),
        'first_start', wire_time(min(s.start) FILTER (WHERE s.believable)), 'last_finish', wire_time(max(s.finish) FILTER (WHERE s.believable))) END,
      'started', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', e.key, 'before', e.value, 'after', experiment_snapshot(e.key::uuid))), '[]') FROM jsonb_each(started) e))
    INTO to_record
    FROM unnest(changed) AS t (id) JOIN step s ON s.id = t.id;
  END IF;

  RETURN QUERY
  SELECT coalesce(again->sent.id::text->>'outcome', 'logged'),
    CASE WHEN again->sent.id::text->>'differs' IS NULL THEN state
      ELSE jsonb_populate_record(state, jsonb_build_object('warnings', state.warnings || differing_warning(state, again->sent.id::text->>'differs'))) END,
    CASE WHEN sent.ordinality = 1 THEN to_record END
  FROM ROWS FROM (jsonb_to_recordset(_steps) AS (id uuid)) WITH ORDINALITY AS sent (id, ordinality)
  JOIN step_state state ON state.id = sent.id
  ORDER BY sent.ordinality;
END $$;

-- prisma/sql/step/set_step_paused.sql
-- Pauses a step that runs, or resumes one that is paused. What is so already is returned unchanged. A dry run returns the step as it
-- would be, and is undone.
--
-- Locks: The step, then the lab.
-- Raises: step-not-found, illegal-transition
CREATE OR REPLACE FUNCTION set_step_paused(_id uuid, _paused boolean, _at timestamptz, _dry_run boolean, _audit jsonb) RETURNS SETOF step_state
LANGUAGE plpgsql AS $$
DECLARE
  wanted text := CASE WHEN _paused THEN 'paused' ELSE 'running' END;
  locked step;
  before jsonb;
  more_warnings jsonb;
  outcome step_state;
BEGIN
  SELECT * INTO locked FROM step s WHERE s.id = _id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('step-not-found', '{"parameter": "id"}');
  ELSIF locked.status NOT IN ('running', 'paused') THEN
    PERFORM refuse('illegal-transition', jsonb_build_object('from', locked.status, 'to', wanted,
      'allowed', CASE WHEN locked.status = 'lost' THEN '["completed", "failed", "aborted"]'::jsonb ELSE '[]' END));
  ELSIF locked.status = wanted THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  BEGIN
    PERFORM begin_command();
    before := step_snapshot(_id);
    more_warnings := CASE WHEN _paused THEN begin_pause('step', _id, _at, locked.start) || early_pause_warning(_at, locked.start) ELSE end_pause('step', _id, _at, locked.start) END;
    UPDATE step s SET warnings = s.warnings || more_warnings, version = s.version + 1, updated_at = command_time() WHERE s.id = _id;
    PERFORM record_step_event(next_revision(), CASE WHEN _paused THEN 'step-paused' ELSE 'step-resumed' END, _id, before, _audit);
    SELECT * INTO outcome FROM step_state s WHERE s.id = _id;
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN NEXT outcome;
END $$;

-- prisma/sql/step/step_snapshot.sql
-- Returns a step as an event stores it.
CREATE OR REPLACE FUNCTION step_snapshot(_step uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('start', wire_time(s.start), 'finish', wire_time(s.finish), 'paused_at', wire_time(s.paused_at),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM step_state s WHERE s.id = _step
$$;

-- prisma/sql/webhook/create_webhook.sql
-- Creates a webhook that is told of what happens from now on. `_input` is { id, url, kinds, device, description, secret }.
--
-- Locks: The table `webhook`, against other writers.
-- Raises: device-not-found, id-in-use, too-many-webhooks
CREATE OR REPLACE FUNCTION create_webhook(_input jsonb, _audit jsonb) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  most CONSTANT integer := 100;
  new_id uuid := (_input->>'id')::uuid;
  of_device uuid;
BEGIN
  -- Webhooks are created rarely, so they are created one after another. Then the count below stays true.
  LOCK TABLE webhook IN SHARE ROW EXCLUSIVE MODE;
  IF _input->>'device' IS NOT NULL THEN
    of_device := require_device(_input->>'device', '/device');
  END IF;
  PERFORM begin_command();
  INSERT INTO webhook (id, url, kinds, device_id, description, secret, cursor_revision, due_at, created_at, created_by, updated_at)
  SELECT new_id, _input->>'url', webhook_kinds(_input->'kinds'), of_device, _input->>'description', _input->>'secret', l.revision + 1,
    command_time(), command_time(), _audit->>'actor', command_time()
  FROM lab l
  ON CONFLICT ON CONSTRAINT webhook_pkey DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse('id-in-use', jsonb_build_object('id', new_id, 'pointer', '/id'));
  ELSIF (SELECT count(*) FROM webhook) > most THEN
    PERFORM refuse('too-many-webhooks', jsonb_build_object('limit', most));
  END IF;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = new_id;
END $$;

-- prisma/sql/webhook/renew_webhook_secret.sql
-- Gives a webhook another secret. Messages are signed with both for `_overlap_seconds`, and then with the new one only.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION renew_webhook_secret(_id uuid, _secret text, _overlap_seconds double precision) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  PERFORM begin_command();
  UPDATE webhook w SET secret = _secret, previous_secret = w.secret, previous_secret_ends_at = command_time() + _overlap_seconds * interval '1 second',
    version = w.version + 1, updated_at = command_time()
  WHERE w.id = _id;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;

-- prisma/sql/webhook/set_webhook_cursor.sql
-- Lets a webhook deliver from the beginning of a revision on, or from where it is if that is null, and at once. The revision after the newest one leaves out what waits. Returns nothing, and changes nothing, for a later one.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION set_webhook_cursor(_id uuid, _revision bigint) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  newest bigint := lab_revision();
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  IF _revision > newest + 1 THEN
    RETURN;
  END IF;
  PERFORM begin_command();
  UPDATE webhook w SET cursor_revision = coalesce(_revision, w.cursor_revision), cursor_ordinal = CASE WHEN _revision IS NULL THEN w.cursor_ordinal ELSE 0 END,
    failures = 0, due_at = command_time()
  WHERE w.id = _id;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;

-- prisma/sql/webhook/update_webhook.sql
-- Changes the members that `_input` has: { url, kinds, device, description, disabled }. Another address, or being switched on, also ends the
-- wait for the next attempt. Switching on and off is an event. The same values again change nothing.
--
-- Locks: The webhook, then the lab if it is switched on or off.
-- Raises: webhook-not-found, device-not-found
CREATE OR REPLACE FUNCTION update_webhook(_id uuid, _input jsonb, _audit jsonb) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  known webhook;
  wanted webhook;
  before jsonb;
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  PERFORM begin_command();
  SELECT * INTO known FROM webhook w WHERE w.id = _id;
  before := webhook_snapshot(_id);
  wanted := known;
  IF _input ? 'url' THEN wanted.url := _input->>'url'; END IF;
  IF _input ? 'kinds' THEN wanted.kinds := webhook_kinds(_input->'kinds'); END IF;
  IF _input ? 'description' THEN wanted.description := _input->>'description'; END IF;
  IF _input ? 'device' THEN
    wanted.device_id := CASE WHEN _input->>'device' IS NOT NULL THEN require_device(_input->>'device', '/device') END;
  END IF;
  IF (_input->>'disabled')::boolean IS TRUE AND known.disabled_at IS NULL THEN
    wanted.disabled_at := command_time();
    wanted.disabled_because := 'requested';
  ELSIF (_input->>'disabled')::boolean IS FALSE THEN
    wanted.disabled_at := NULL;
    wanted.disabled_because := NULL;
  END IF;
  IF wanted IS NOT DISTINCT FROM known THEN
    RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
    RETURN;
  END IF;
  IF wanted.url <> known.url OR (wanted.disabled_at IS NULL AND known.disabled_at IS NOT NULL) THEN
    wanted.failures := 0;
    wanted.due_at := command_time();
  END IF;
  UPDATE webhook w SET url = wanted.url, kinds = wanted.kinds, device_id = wanted.device_id, description = wanted.description, disabled_at = wanted.disabled_at,
    disabled_because = wanted.disabled_because, failures = wanted.failures, due_at = wanted.due_at, version = w.version + 1, updated_at = command_time()
  WHERE w.id = _id;
  IF (wanted.disabled_at IS NULL) <> (known.disabled_at IS NULL) THEN
    PERFORM record_webhook_event(CASE WHEN wanted.disabled_at IS NULL THEN 'webhook-enabled' ELSE 'webhook-disabled' END, _id, before, _audit);
  END IF;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;

-- prisma/sql/webhook/webhook_snapshot.sql
-- Returns a webhook as an event stores it. Everybody who can read the log sees it, and the path of a URL can be a secret: only its origin is there.
CREATE OR REPLACE FUNCTION webhook_snapshot(_id uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', w.id, 'origin', substring(w.url FROM '^[^/]*//[^/?]*'), 'kinds', w.kinds, 'device', w.device, 'description', w.description,
    'disabled_at', wire_time(w.disabled_at), 'disabled_because', w.disabled_because)
  FROM webhook_state w WHERE w.id = _id
$$;

-- prisma/sql/alarm/acknowledge_alarm.sql
-- Says who is at an alarm, and what is done about it. The same note again changes nothing.
--
-- Locks: The alarm, then the lab.
-- Raises: alarm-not-found
CREATE OR REPLACE FUNCTION acknowledge_alarm(_id uuid, _note text, _audit jsonb) RETURNS SETOF alarm_state LANGUAGE plpgsql AS $$
DECLARE
  known alarm;
  before jsonb;
BEGIN
  SELECT * INTO known FROM alarm a WHERE a.id = _id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('alarm-not-found', '{"parameter": "id"}');
  ELSIF known.note IS DISTINCT FROM _note OR known.acknowledged_by IS DISTINCT FROM _audit->>'actor' THEN
    PERFORM begin_command();
    before := alarm_snapshot(_id);
    UPDATE alarm a SET note = _note, acknowledged_by = _audit->>'actor', acknowledged_at = command_time() WHERE a.id = _id;
    PERFORM record_alarm_events(next_revision(), 0, 'alarm-acknowledged', ARRAY[_id], jsonb_build_object(_id, before), _audit);
  END IF;
  RETURN QUERY SELECT * FROM alarm_state a WHERE a.id = _id;
END $$;

-- prisma/sql/alarm/alarm_snapshot.sql
-- Returns an alarm as an event stores it.
CREATE OR REPLACE FUNCTION alarm_snapshot(_alarm uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(a) || jsonb_build_object('start', wire_time(a.start), 'raised_at', wire_time(a.raised_at), 'over_at', wire_time(a.over_at),
    'acknowledged_at', wire_time(a.acknowledged_at))
  FROM alarm_state a WHERE a.id = _alarm
$$;

-- prisma/sql/alarm/record_alarm_events.sql
-- Records an event for each alarm that was raised or is over, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_alarm_events(_revision bigint, _ordinal integer, _kind text, _alarms uuid[], _befores jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT _revision, _ordinal + row_number() OVER (ORDER BY a.raised_at, a.id) - 1, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, _befores->a.id::text, alarm_snapshot(a.id)
  FROM alarm a JOIN step s ON s.id = a.step_id CROSS JOIN lab WHERE a.id = ANY (_alarms)
$$;

-- prisma/sql/arrangement/end_warnings.sql
-- Returns what is unusual about the containers of an arrangement at its end, by their labware types: [{ code, detail, pointer }],
-- in the order of `_ends`, which are container_end with the pointer of the entry. What a person sees passes, and is told.
CREATE OR REPLACE FUNCTION end_warnings(_ends jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(w.value || jsonb_build_object('pointer', e.end->'pointer') ORDER BY e.n, w.nth), '[]')
  FROM jsonb_array_elements(_ends) WITH ORDINALITY AS e ("end", n)
  JOIN container c ON c.id = (e.end->>'container_id')::uuid
  JOIN labware_type t ON t.name = c.labware_type
  JOIN position p ON p.id = (e.end->>'body_to')::uuid JOIN device d ON d.id = p.device_id
  CROSS JOIN LATERAL jsonb_array_elements(fit_warnings(t, (e.end->>'body_to')::uuid, (e.end->>'lidded_to')::boolean)) WITH ORDINALITY AS w (value, nth)
  -- Only for the few that are unusual, the warnings are written.
  WHERE misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NOT NULL
    OR t.lid = CASE WHEN (e.end->>'lidded_to')::boolean THEN 'none' ELSE 'always' END
$$;

-- prisma/sql/arrangement/plan_arrangement.sql
-- Plans an arrangement, and judges it by its end: { ends, findings, repeated, warnings }. `_items` is [{ named, id, member, device,
-- position, lidded, lid }], `_missing` is [{ named, id }]; omitted members stay as they are. `ends` are the containers that
-- change, as container_end. `findings` is [{ code, members }], everything that contradicts, in the order of the request;
-- a finding about a slot names both of them. `repeated` is the first entry that names a container of an earlier entry:
-- { pointer, first }, or null. `warnings` are those of end_warnings, also for containers that stay as they are.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION plan_arrangement(_items jsonb, _missing jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH entry AS (
    SELECT t.n AS nth, (t.n - 1)::integer AS index, '/items/' || t.n - 1 AS pointer, false AS is_missing, t.i AS input, '/' || (t.i->>'member') AS member
    FROM jsonb_array_elements(_items) WITH ORDINALITY AS t (i, n)
    UNION ALL
    SELECT jsonb_array_length(_items) + t.n, (t.n - 1)::integer, '/missing/' || t.n - 1, true, t.i, ''
    FROM jsonb_array_elements(_missing) WITH ORDINALITY AS t (i, n)
  ),
  resolved AS MATERIALIZED (
    SELECT e.*, coalesce(by_id.id, by_barcode.id) AS container_id, by_id.removed_at, coalesce(by_id.lidded, by_barcode.lidded) AS lidded_from,
      d.id AS device_id, p.id AS position_id, ld.id AS lid_device_id, lp.id AS lid_position_id,
      jsonb_typeof(e.input->'lid') AS lid_said
    FROM entry e
    LEFT JOIN container by_id ON by_id.id = (e.input->>'id')::uuid
    LEFT JOIN container by_barcode ON by_barcode.barcode = e.input->>'named' AND by_barcode.removed_at IS NULL
    LEFT JOIN device d ON d.name = e.input->>'device' AND d.retired_at IS NULL
    LEFT JOIN position p ON p.device_id = d.id AND p.slot_number = (e.input->>'position')::integer AND p.retired_at IS NULL
    LEFT JOIN device ld ON ld.name = e.input->'lid'->>'device' AND ld.retired_at IS NULL
    LEFT JOIN position lp ON lp.device_id = ld.id AND lp.slot_number = (e.input->'lid'->>'position')::integer AND lp.retired_at IS NULL
  ),
  unknown AS (
    SELECT r.nth, 1 AS rank, 'container-not-found' AS code, jsonb_build_object(
      'container', coalesce(r.input->>'named', r.input->>'id'), 'pointer', r.pointer || r.member, 'index', r.index)
      || barcode_hints(r.input->>'named') AS members
    FROM resolved r WHERE r.container_id IS NULL
    UNION ALL
    SELECT r.nth, 1, 'container-removed', jsonb_build_object('container', r.container_id, 'removed_at', wire_time(r.removed_at),
      'pointer', r.pointer || r.member, 'index', r.index)
    FROM resolved r WHERE r.removed_at IS NOT NULL
    UNION ALL
    SELECT r.nth, place.rank, CASE WHEN place.device_id IS NULL THEN 'device-not-found' ELSE 'position-not-found' END,
      CASE WHEN place.device_id IS NULL THEN jsonb_build_object('device', place.said->'device', 'pointer', r.pointer || place.base || '/device', 'index', r.index)
      ELSE jsonb_build_object('device', place.said->'device', 'position', place.said->'position', 'pointer', r.pointer || place.base || '/position',
        'index', r.index, 'valid_range', valid_slot_range(place.device_id)) END
    FROM resolved r CROSS JOIN LATERAL (VALUES
      (2, '', r.input, r.device_id, r.position_id, NOT r.is_missing),
      (3, '/lid', r.input->'lid', r.lid_device_id, r.lid_position_id, r.lid_said = 'object')
    ) AS place (rank, base, said, device_id, position_id, is_said)
    WHERE place.is_said AND place.position_id IS NULL
    UNION ALL
    SELECT r.nth, place.rank, 'position-disposes', jsonb_build_object('device', place.said->'device', 'position', place.said->'position',
      'pointer', r.pointer || place.base || '/position', 'index', r.index)
    FROM resolved r CROSS JOIN LATERAL (VALUES
      (2, '', r.input, r.position_id, NOT r.is_missing), (3, '/lid', r.input->'lid', r.lid_position_id, r.lid_said = 'object')
    ) AS place (rank, base, said, position_id, is_said)
    JOIN position p ON p.id = place.position_id AND p.disposes
    WHERE place.is_said
  ),
  ending AS MATERIALIZED (
    SELECT r.nth, r.index, r.pointer, r.container_id, body.position_id AS body_from, CASE WHEN NOT r.is_missing THEN r.position_id END AS body_to,
      lid.position_id AS lid_from, r.lidded_from, r.lid_said = 'object' AS parks,
      CASE WHEN r.lid_said = 'object' THEN false ELSE coalesce((r.input->>'lidded')::boolean, r.lidded_from) END AS lidded_to,
      CASE WHEN r.lid_said = 'object' THEN r.lid_position_id
        WHEN r.lid_said = 'null' OR coalesce((r.input->>'lidded')::boolean, r.lidded_from) THEN NULL
        ELSE lid.position_id END AS lid_to
    FROM resolved r
    LEFT JOIN placement body ON body.container_id = r.container_id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = r.container_id AND lid.part = 'lid'
    WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL AND r.nth NOT IN (SELECT u.nth FROM unknown u)
  ),
  -- What is where at the end. `nth` is the entry that says so; null if nobody says so, and it stays.
  standing AS (
    SELECT pl.position_id, pl.container_id, pl.part, NULL::bigint AS nth, NULL::integer AS index, NULL AS pointer
    FROM placement pl
    WHERE pl.position_id IN (SELECT body_to FROM ending UNION ALL SELECT lid_to FROM ending)
      AND pl.container_id NOT IN (SELECT e.container_id FROM ending e)
    UNION ALL
    SELECT e.body_to, e.container_id, 'body', e.nth, e.index, e.pointer || '/position' FROM ending e WHERE e.body_to IS NOT NULL
    UNION ALL
    SELECT e.lid_to, e.container_id, 'lid', CASE WHEN e.parks THEN e.nth END, e.index, e.pointer || '/lid/position' FROM ending e WHERE e.lid_to IS NOT NULL
  ),
  shared AS (
    SELECT s.*, row_number() OVER slot AS rank, first_value(s.container_id) OVER slot AS other, first_value(s.part) OVER slot AS other_part,
      first_value(s.nth) OVER slot AS other_nth, first_value(s.index) OVER slot AS other_index
    FROM standing s WINDOW slot AS (PARTITION BY s.position_id ORDER BY s.nth NULLS FIRST, s.part)
  ),
  contradicting AS (
    SELECT s.nth, 4 AS rank, 'position-occupied' AS code, jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', s.pointer, 'index', s.index,
        'occupants', jsonb_build_array(occupant_label(s.other, s.other_part), occupant_label(s.container_id, s.part)))
      || CASE WHEN s.other_nth IS NULL THEN jsonb_build_object('occupant', occupant_label(s.other, s.other_part)
          || jsonb_build_object('since', (SELECT wire_time(pl.since) FROM placement pl WHERE pl.container_id = s.other AND pl.part = s.other_part)))
        ELSE jsonb_build_object('conflicts_with', jsonb_build_object('index', s.other_index)) END AS members
    FROM shared s JOIN position p ON p.id = s.position_id JOIN device d ON d.id = p.device_id WHERE s.rank > 1 AND s.nth IS NOT NULL
  )
  SELECT jsonb_build_object(
    'ends', (SELECT coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_from', e.body_from, 'body_to', e.body_to,
        'lid_from', e.lid_from, 'lid_to', e.lid_to, 'lidded_from', e.lidded_from, 'lidded_to', e.lidded_to) ORDER BY e.nth), '[]')
      FROM ending e
      WHERE e.body_from IS DISTINCT FROM e.body_to OR e.lid_from IS DISTINCT FROM e.lid_to OR e.lidded_from <> e.lidded_to),
    'warnings', (SELECT end_warnings(coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_to', e.body_to, 'lidded_to', e.lidded_to,
      'pointer', e.pointer) ORDER BY e.nth), '[]')) FROM ending e WHERE e.body_to IS NOT NULL),
    'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'members', f.members) ORDER BY f.nth, f.rank), '[]')
      FROM (SELECT * FROM unknown UNION ALL SELECT * FROM contradicting) f),
    'repeated', (SELECT jsonb_build_object('pointer', again.pointer || again.member, 'first', again.first)
      FROM (SELECT r.nth, r.pointer, r.member, first_value(r.pointer) OVER one AS first, row_number() OVER one AS time
        FROM resolved r WHERE r.container_id IS NOT NULL WINDOW one AS (PARTITION BY r.container_id ORDER BY r.nth)) again
      WHERE again.time > 1 ORDER BY again.nth LIMIT 1))
$$;

-- prisma/sql/container/former_label_warning.sql
-- Returns the warning that a barcode which was read is a former label of the container, as a list, which is empty if it is not.
CREATE OR REPLACE FUNCTION former_label_warning(_container uuid, _barcode text, _pointer text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('former-label', _pointer, (
    SELECT 'The barcode "' || _barcode || '" was read. It is a former label of the container, '
      || CASE WHEN c.barcode IS NULL THEN 'which has no barcode now' ELSE 'whose barcode is "' || c.barcode || '" now' END
      || '. The command was recorded. If the plate has the old label, give it this barcode again with POST /api/containers/relabel, or replace the label.'
    FROM container c
    WHERE c.id = _container AND _barcode IS NOT NULL AND c.barcode IS DISTINCT FROM _barcode AND label_is_former(_container, _barcode)))
$$;

-- prisma/sql/container/last_position_at.sql
-- Returns the slot in which a missing container was last, as of a revision: the one that its last event with a slot has, or where it was
-- last in the state that was restored since. Null if neither is known.
CREATE OR REPLACE FUNCTION last_position_at(_container uuid, _revision bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(l.position_id, (
    SELECT p.id FROM position p WHERE p.device_id = latest_device_named(l.after->>'last_device') AND p.slot_number = (l.after->>'last_position')::integer))
  FROM event l
  WHERE l.container_id = _container AND l.revision <= _revision AND (l.position_id IS NOT NULL OR l.kind = 'restored')
  ORDER BY l.revision DESC, l.ordinal DESC LIMIT 1
$$;

-- prisma/sql/device/device_state_at.sql
-- Returns all devices as of a revision, read from the log: of each device the snapshot that its last event
-- left. Snapshots of before there was waste do not say `disposes`.
CREATE OR REPLACE FUNCTION device_state_at(_revision bigint) RETURNS SETOF device_state LANGUAGE sql STABLE AS $$
  SELECT (jsonb_populate_record(NULL::device_state, '{"disposes": false}' || e.after)).*
  FROM device d CROSS JOIN LATERAL (
    SELECT after FROM event
    WHERE device_id = d.id AND revision <= _revision AND (kind LIKE 'device-%' OR kind LIKE 'certificate-%')
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
$$;

-- prisma/sql/device/device_utilization.sql
-- Returns how busy devices were between two times, by hour or by day of a time zone, and how much of the time their slots were occupied.
--
-- `busy_seconds` are the seconds in which at least one step of the device was active. Pauses, simulations and steps whose times
-- cannot be true do not count. A running step is active until now. A lost one has no busy seconds: nobody knows how long it worked. Steps are counted by their start. A slot is occupied by a container
-- or by a lid. A retired device is returned only if it was busy or occupied. `_device` is the name of one device, or null for all.
--
-- Cost: the steps and events between the two times, and the containers that were on the platform at the first time or later.
CREATE OR REPLACE FUNCTION device_utilization(_from timestamptz, _to timestamptz, _bucket text, _zone text, _device text)
RETURNS TABLE (device text, "from" timestamptz, "to" timestamptz, busy_seconds double precision, steps integer, failed integer, occupied_slot_seconds double precision, slots integer)
LANGUAGE sql STABLE AS $$
  WITH wanted AS MATERIALIZED (
    SELECT d.id, d.name, d.retired_at FROM device d WHERE _device IS NULL OR d.name = _device
  ),
  bucket AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY begins)::integer AS ordinal, greatest(begins, _from) AS begins, least(lead(begins, 1, 'infinity') OVER (ORDER BY begins), _to) AS ends
    FROM (
      SELECT DISTINCT local AT TIME ZONE _zone AS begins
      FROM generate_series(date_trunc('day', _from AT TIME ZONE _zone), _to AT TIME ZONE _zone, interval '1 day') local WHERE _bucket = 'day'
      UNION ALL
      SELECT hour FROM generate_series(date_trunc('hour', _from, _zone), _to, interval '1 hour') hour WHERE _bucket = 'hour'
    ) b
    WHERE begins < _to
  ),
  bound AS MATERIALIZED (
    SELECT array_agg(begins ORDER BY begins) AS begins FROM bucket
  ),
  -- A step that began earlier can last into the range. One of up to a day began at most a day before the range. The few longer ones are
  -- found by an index on the duration, those that are not over by an index on the status.
  counted AS MATERIALIZED (
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start >= _from - interval '1 day' AND start < _to AND believable AND NOT is_simulation
    UNION ALL
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start < _from - interval '1 day' AND duration_seconds > 86400 AND finish > _from AND believable AND NOT is_simulation
    UNION ALL
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start < _from - interval '1 day' AND status IN ('running', 'paused') AND believable AND NOT is_simulation
  ),
  active AS (
    SELECT s.device_id, tstzmultirange(tstzrange(greatest(s.start, _from), s.ends)) - CASE WHEN s.paused_seconds IS NULL AND s.paused_at IS NULL THEN '{}' ELSE coalesce((
      SELECT range_agg(tstzrange(p.paused_at, p.resumed_at)) FROM pause p WHERE p.subject_id = s.id AND p.subject = 'step'), '{}') END AS times
    FROM (
      -- Without a finish, a step that is not under way has no end. LEAST leaves null out, so null is kept away from it.
      SELECT *, CASE WHEN finish IS NOT NULL THEN least(finish, _to) WHEN status IN ('running', 'paused') THEN least(command_time(), _to) END AS ends FROM counted
    ) s
    WHERE s.ends > greatest(s.start, _from)
  ),
  busy_part AS (
    SELECT a.device_id, lower(part) AS since, upper(part) AS until
    FROM (SELECT device_id, range_agg(times) AS times FROM active GROUP BY device_id) a CROSS JOIN unnest(a.times) part
  ),
  busy AS MATERIALIZED (
    SELECT p.device_id, b.ordinal, sum(extract(epoch FROM least(p.until, b.ends) - greatest(p.since, b.begins))) AS seconds
    FROM busy_part p CROSS JOIN bound
    CROSS JOIN generate_series(width_bucket(p.since, bound.begins), width_bucket(p.until - interval '1 microsecond', bound.begins)) n
    JOIN bucket b ON b.ordinal = n
    GROUP BY p.device_id, b.ordinal
  ),
  started AS MATERIALIZED (
    SELECT c.device_id, width_bucket(c.start, bound.begins) AS ordinal, count(*)::integer AS steps, (count(*) FILTER (WHERE c.status = 'failed'))::integer AS failed
    FROM counted c CROSS JOIN bound WHERE c.start >= _from GROUP BY 1, 2
  ),
  place_event AS MATERIALIZED (
    SELECT e.container_id, e.revision, e.ordinal, e.recorded_at, e.position_id, e.lid_position_id
    FROM (SELECT id FROM container WHERE removed_at IS NULL UNION ALL SELECT id FROM container WHERE removed_at > _from) c CROSS JOIN LATERAL (
      SELECT * FROM event WHERE event.container_id = c.id AND event.revision <= revision_at(_from) ORDER BY event.revision DESC, event.ordinal DESC LIMIT 1
    ) e
    UNION ALL
    SELECT container_id, revision, ordinal, recorded_at, position_id, lid_position_id FROM event
    WHERE container_id IS NOT NULL AND revision > revision_at(_from) AND revision <= revision_at(_to)
  ),
  stood AS (
    SELECT position_id, lid_position_id, greatest(recorded_at, _from) AS since,
      lead(recorded_at, 1, least(command_time(), _to)) OVER (PARTITION BY container_id ORDER BY revision, ordinal) AS until
    FROM place_event
  ),
  occupied AS MATERIALIZED (
    SELECT p.device_id, b.ordinal, sum(extract(epoch FROM least(s.until, b.ends) - greatest(s.since, b.begins))) AS seconds
    FROM stood s CROSS JOIN bound
    CROSS JOIN LATERAL (VALUES (s.position_id), (s.lid_position_id)) place (id)
    JOIN position p ON p.id = place.id
    CROSS JOIN generate_series(width_bucket(s.since, bound.begins), width_bucket(s.until - interval '1 microsecond', bound.begins)) n
    JOIN bucket b ON b.ordinal = n
    WHERE s.until > s.since
    GROUP BY p.device_id, b.ordinal
  )
  SELECT d.name, b.begins, b.ends, coalesce(round(busy.seconds, 3), 0)::double precision, coalesce(started.steps, 0), coalesce(started.failed, 0),
    coalesce(round(occupied.seconds, 3), 0)::double precision, slots.count
  FROM wanted d
  CROSS JOIN LATERAL (SELECT count(*)::integer AS count FROM position p WHERE p.device_id = d.id AND p.active) slots
  CROSS JOIN bucket b
  LEFT JOIN busy ON busy.device_id = d.id AND busy.ordinal = b.ordinal
  LEFT JOIN started ON started.device_id = d.id AND started.ordinal = b.ordinal
  LEFT JOIN occupied ON occupied.device_id = d.id AND occupied.ordinal = b.ordinal
  WHERE d.retired_at IS NULL OR d.id IN (SELECT device_id FROM busy) OR d.id IN (SELECT device_id FROM occupied)
  ORDER BY d.name COLLATE "C", d.id, b.begins
$$;

-- prisma/sql/estimate/run_can_be_learnt.sql
-- Says whether the learner may learn from a pending run now: it is over, and it does not wait after a failure.
CREATE OR REPLACE FUNCTION run_can_be_learnt(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(_run.retry_at <= now(), true) AND run_is_over(_run)
$$;

-- prisma/sql/experiment/create_experiment.sql
-- Creates an experiment. `_input` has the members of the request, and id and created_as. The outcome is `created`, or
-- `repeated` (the same id and the same request before). Steps that named the experiment before become its steps.
--
-- Locks: The new row, the steps that named it, and last the lab.
-- Raises: process-not-found, id-in-use
CREATE OR REPLACE FUNCTION create_experiment(_input jsonb, _audit jsonb) RETURNS TABLE (outcome text, experiment experiment_state)
LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_input->>'id')::uuid;
  known text;
  linked integer;
  this_revision bigint;
BEGIN
  PERFORM begin_command();
  INSERT INTO experiment (id, process_id, name, session, metadata, warnings, created_as, created_at, updated_at)
  SELECT wanted, p.id, _input->>'name', _input->>'session', nullif(_input->'metadata', 'null'), coalesce(_input->'warnings', '[]'), _input->>'created_as', command_time(), command_time()
  FROM process p WHERE p.id = (_input->>'process_id')::uuid
  ON CONFLICT ON CONSTRAINT experiment_pkey DO NOTHING;
  IF FOUND THEN
    linked := link_steps_to_experiments(ARRAY[wanted]);
    this_revision := next_revision();
    IF linked + link_steps_to_experiments(ARRAY[wanted]) > 0 THEN
      UPDATE experiment e SET status = 'running' WHERE e.id = wanted;
    END IF;
    PERFORM record_experiment_event(this_revision, 0, 'experiment-created', wanted, NULL, _audit);
    outcome := 'created';
  ELSE
    SELECT e.created_as INTO known FROM experiment e WHERE e.id = wanted;
    IF NOT FOUND THEN
      PERFORM refuse('process-not-found', jsonb_build_object('process_id', _input->'process_id', 'pointer', '/process_id'));
    ELSIF known IS DISTINCT FROM _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    outcome := 'repeated';
  END IF;
  SELECT s.* INTO experiment FROM experiment_state s WHERE s.id = wanted;
  RETURN NEXT;
END $$;

-- prisma/sql/experiment/experiment_snapshot.sql
-- Returns an experiment as an event stores it.
CREATE OR REPLACE FUNCTION experiment_snapshot(_experiment uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('first_start', wire_time(s.first_start), 'last_finish', wire_time(s.last_finish),
    'paused_at', wire_time(s.paused_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM experiment_state s WHERE s.id = _experiment
$$;

-- prisma/sql/orchestrator/session_befores.sql
-- Returns { steps, experiments }, each { id: snapshot }: what lose_sessions and recover_session are about to change.
CREATE OR REPLACE FUNCTION session_befores(_steps uuid[], _experiments uuid[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'steps', (SELECT jsonb_object_agg(t.id, step_snapshot(t.id)) FROM unnest(_steps) t (id)),
    'experiments', (SELECT jsonb_object_agg(t.id, experiment_snapshot(t.id)) FROM unnest(_experiments) t (id)))
$$;

-- prisma/sql/step/record_step_event.sql
-- Records an event of one step.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_step_event(_revision bigint, _kind text, _step uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT _revision, 0, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, changed_members(_before, snapshot.after), snapshot.after
  FROM step s CROSS JOIN lab CROSS JOIN LATERAL (SELECT step_snapshot(s.id) AS after) snapshot WHERE s.id = _step
$$;

-- prisma/sql/stocktake/plan_stocktake.sql
-- Compares what was seen on a device with what is tracked: { items, counts, ends, labels, added, warnings, relabelled }.
-- `_seen` is [{ position, barcode, lidded, new_id }]: each slot in which there is a plate; a slot that is not in it is
-- empty. Everything but `items` and `counts` says what applying it does: `ends` as container_end, `labels` is [{ id, barcode }]
-- of containers that get the barcode that was read, `added` is [{ id, name, barcode, lidded, position_id }]. `relabelled` is
-- the first seen label that a container on the platform bore before: { pointer, barcode, relabelled }, or null.
--
-- NOT IN, where nothing is null, is one look into a hash for each row, whatever PostgreSQL expects of the number of rows. NOT EXISTS
-- was a look through all rows for each row, and so are joins of these lists: seconds for 10,000 slots. They join tables instead.
--
-- Locks: The caller holds the lab lock if it applies the plan.
CREATE OR REPLACE FUNCTION plan_stocktake(_device uuid, _seen jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH slot AS MATERIALIZED (
    SELECT p.id, p.slot_number, d.name AS device FROM position p JOIN device d ON d.id = p.device_id WHERE p.device_id = _device AND p.retired_at IS NULL
  ),
  tracked AS MATERIALIZED (
    SELECT s.id AS position_id, s.slot_number, pl.container_id, pl.part, c.barcode
    FROM slot s JOIN placement pl ON pl.position_id = s.id JOIN container c ON c.id = pl.container_id
  ),
  look AS MATERIALIZED (
    SELECT (t.n - 1)::integer AS index, s.id AS position_id, s.slot_number, t.i->>'barcode' AS barcode, (t.i->>'lidded')::boolean AS lidded,
      (t.i->>'new_id')::uuid AS new_id, c.id AS bearer, here.container_id AS standing, body.barcode AS standing_barcode
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    JOIN slot s ON s.slot_number = (t.i->>'position')::integer
    LEFT JOIN container c ON c.barcode = t.i->>'barcode' AND c.removed_at IS NULL
    LEFT JOIN placement here ON here.position_id = s.id AND here.part = 'body' LEFT JOIN container body ON body.id = here.container_id
  ),
  -- Which container is seen. A plate that cannot be read is the one that is tracked in its slot, unless that one was seen
  -- elsewhere. A label that nobody bears belongs to the plate that is tracked there without one.
  seen AS MATERIALIZED (
    SELECT l.*, CASE
      WHEN l.bearer IS NOT NULL THEN l.bearer
      WHEN (l.barcode IS NULL OR l.standing_barcode IS NULL) AND l.standing NOT IN (SELECT o.bearer FROM look o WHERE o.bearer IS NOT NULL) THEN l.standing END AS container_id
    FROM look l
  ),
  judged AS MATERIALIZED (
    SELECT s.slot_number, 0 AS rank, s.index, s.container_id, s.position_id, s.barcode, s.lidded, s.new_id,
      CASE
        WHEN s.bearer IS NULL AND s.barcode IS NOT NULL THEN 'unknown'
        WHEN s.container_id IS NULL THEN 'unexpected'
        WHEN s.container_id = s.standing THEN 'match'
        ELSE 'elsewhere' END AS finding
    FROM seen s
    UNION ALL
    SELECT t.slot_number, 1, NULL, t.container_id, t.position_id, NULL, NULL, NULL, CASE t.part WHEN 'body' THEN 'missing' ELSE 'lid' END
    FROM tracked t
    WHERE CASE t.part
      WHEN 'body' THEN t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.container_id IS NOT NULL)
      -- the lid of a plate that was seen with its lid on is not there
      ELSE t.position_id NOT IN (SELECT s.position_id FROM seen s)
        AND t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.lidded AND s.container_id IS NOT NULL) END
  ),
  -- A plate stands where the lid was tracked, so nobody knows where that lid is.
  displaced AS MATERIALIZED (
    SELECT pl.container_id, pl.position_id, s.slot_number, s.index FROM seen s JOIN placement pl ON pl.position_id = s.position_id AND pl.part = 'lid'
  ),
  ending AS (
    SELECT who.nth, who.index, c.id AS container_id, body.position_id AS body_from, who.body_to, lid.position_id AS lid_from, c.lidded AS lidded_from,
      coalesce(who.lidded, c.lidded) AS lidded_to,
      CASE WHEN NOT coalesce(who.lidded, c.lidded) AND lid.position_id NOT IN (SELECT d.position_id FROM displaced d) THEN lid.position_id END AS lid_to
    FROM (
      SELECT j.slot_number AS nth, j.container_id, CASE WHEN j.finding <> 'missing' THEN j.position_id END AS body_to, j.lidded, j.index
      FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid'
      UNION ALL
      SELECT d.slot_number, d.container_id, pl.position_id, NULL, NULL
      FROM displaced d LEFT JOIN placement pl ON pl.container_id = d.container_id AND pl.part = 'body'
      WHERE d.container_id NOT IN (SELECT j.container_id FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid')
    ) who
    JOIN container c ON c.id = who.container_id
    LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
  ),
  told AS MATERIALIZED (
    SELECT j.*, CASE WHEN j.finding = 'unknown' THEN former_bearers(j.barcode) END AS bearers FROM judged j
  )
  SELECT jsonb_build_object(
    'items', (SELECT coalesce(jsonb_agg(CASE WHEN j.bearers IS NULL THEN '{}' ELSE jsonb_build_object('relabelled', j.bearers) END || jsonb_build_object(
        'position', j.slot_number, 'finding', j.finding,
        'container', CASE WHEN s.id IS NOT NULL THEN jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name) END,
        'tracked', CASE WHEN j.finding = 'lid' THEN s.lid || jsonb_build_object('lidded', false)
          WHEN s.device IS NOT NULL THEN jsonb_build_object('device', s.device, 'position', s.position, 'lidded', s.lidded) END,
        'seen', CASE WHEN j.index IS NOT NULL THEN jsonb_build_object('position', j.slot_number, 'barcode', j.barcode, 'lidded', j.lidded) END)
      ORDER BY j.slot_number, j.rank), '[]')
      FROM told j LEFT JOIN container_state s ON s.id = j.container_id),
    'counts', (SELECT jsonb_object_agg(k.finding, (SELECT count(*) FROM judged j WHERE j.finding = k.finding))
      FROM (VALUES ('match'), ('elsewhere'), ('unknown'), ('missing'), ('unexpected'), ('lid')) AS k (finding)),
    'ends', (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'nth' - 'index' ORDER BY e.nth, e.container_id), '[]') FROM ending e
      WHERE e.body_from IS DISTINCT FROM e.body_to OR e.lid_from IS DISTINCT FROM e.lid_to OR e.lidded_from <> e.lidded_to),
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.container_id, 'barcode', j.barcode) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding = 'unknown' AND j.container_id IS NOT NULL),
    'added', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.new_id, 'name', coalesce(j.barcode, 'container-' || right(j.new_id::text, 8)), 'barcode', j.barcode,
        'lidded', coalesce(j.lidded, false), 'position_id', j.position_id) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding IN ('unknown', 'unexpected') AND j.container_id IS NULL),
    'warnings', (SELECT coalesce(jsonb_agg(w.warning ORDER BY w.index), '[]') FROM (
        SELECT split_part(unusual.warning->>'pointer', '/', 3)::integer AS index, unusual.warning
        FROM jsonb_array_elements(end_warnings((
          SELECT coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_to', e.body_to, 'lidded_to', e.lidded_to, 'pointer', '/seen/' || e.index)), '[]')
          FROM ending e WHERE e.index IS NOT NULL))) AS unusual (warning)
        UNION ALL
        SELECT d.index, jsonb_build_object('code', 'lid-displaced', 'pointer', '/seen/' || d.index || '/position', 'detail',
          'The lid of "' || c.name || '" was tracked in slot ' || d.slot_number || ', where a plate was seen. Nobody knows where the lid is.') AS warning
        FROM displaced d JOIN container c ON c.id = d.container_id WHERE d.container_id NOT IN (SELECT e.container_id FROM ending e WHERE e.lidded_to)
        UNION ALL
        SELECT j.index, jsonb_build_object('code', 'barcode-differs-in-case', 'pointer', '/seen/' || j.index || '/barcode', 'detail',
          'Another container on the platform has the barcode "' || c.barcode || '". It differs from "' || j.barcode || '" in case only; scanners read them as two.')
        FROM judged j JOIN container c ON lower(c.barcode) = lower(j.barcode) AND c.removed_at IS NULL WHERE j.finding = 'unknown') w),
    'relabelled', (SELECT jsonb_build_object('barcode', f.barcode, 'pointer', '/seen/' || f.index || '/barcode', 'index', f.index, 'relabelled', f.bearers)
      FROM told f
      WHERE f.bearers IS NOT NULL AND EXISTS (SELECT FROM jsonb_array_elements(f.bearers) b WHERE b->>'removed_at' IS NULL AND b->>'id' IS DISTINCT FROM f.container_id::text)
      ORDER BY f.index LIMIT 1))
$$;

-- prisma/sql/container/container_state_at.sql
-- Returns all containers, or those with the ids in `_only`, as of a revision, read from the log. Places are read by
-- slot, not by name: a device that was renamed since has the name that it had then.
CREATE OR REPLACE FUNCTION container_state_at(_revision bigint, _only uuid[] DEFAULT NULL) RETURNS SETOF container_state LANGUAGE sql STABLE AS $$
  WITH device_then AS MATERIALIZED (
    SELECT id, name FROM device_state_at(_revision)
  ),
  place AS MATERIALIZED (
    SELECT p.id, d.name AS device, p.slot_number AS position FROM position p JOIN device_then d ON d.id = p.device_id
  )
  SELECT known.*
  FROM container c
  CROSS JOIN LATERAL (
    SELECT after, position_id, lid_position_id FROM event
    WHERE container_id = c.id AND revision <= _revision
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
  JOIN place starting ON starting.id = c.starting_position_id
  LEFT JOIN place body ON body.id = e.position_id
  LEFT JOIN place lid ON lid.id = e.lid_position_id
  LEFT JOIN place last ON last.id = CASE WHEN e.after->>'missing_since' IS NOT NULL THEN last_position_at(c.id, _revision) END
  -- A row of the join, so that it is made once: (jsonb_populate_record(...)).* makes it again for each of its columns.
  CROSS JOIN LATERAL jsonb_populate_record(NULL::container_state, e.after || jsonb_build_object(
    'device', body.device, 'position', body.position, 'starting_device', starting.device,
    'lid', CASE WHEN lid.id IS NOT NULL THEN jsonb_build_object('device', lid.device, 'position', lid.position) END,
    'last_device', last.device, 'last_position', last.position)) AS known
  WHERE _only IS NULL OR c.id = ANY (_only)
$$;

-- prisma/sql/lab/lab_state_at.sql
-- Returns the lab as of a revision, with the members of GET /api/lab. Groups and devices are in the order that the
-- lab file had at that revision. `reserved` is null: the log does not say which slots were reserved.
CREATE OR REPLACE FUNCTION lab_state_at(_revision bigint) RETURNS TABLE (revision double precision, totals json, devices json) LANGUAGE sql STABLE AS $$
  WITH container_then AS MATERIALIZED (
    SELECT * FROM container_state_at(_revision)
  ),
  -- By device, so that the work does not grow with containers times devices.
  body_then AS MATERIALIZED (
    SELECT c.device, count(*) AS count, json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'position', c.position,
      'lidded', c.lidded, 'lid', c.lid, 'since', wire_time(come.recorded_at), 'last_event', json_build_object('kind', last.kind, 'recorded_at', wire_time(last.recorded_at)))
      ORDER BY c.position) AS containers
    FROM container_then c
    CROSS JOIN LATERAL (
      SELECT e.kind, e.recorded_at FROM event e WHERE e.container_id = c.id AND e.revision <= _revision ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1
    ) last
    -- The event that brought it there.
    LEFT JOIN LATERAL (
      SELECT e.recorded_at FROM event e
      WHERE e.container_id = c.id AND e.revision <= _revision
        AND (e.before IS NULL OR (e.before->'device', e.before->'position') IS DISTINCT FROM (e.after->'device', e.after->'position'))
      ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1
    ) come ON true
    WHERE c.device IS NOT NULL GROUP BY c.device
  ),
  lid_then AS MATERIALIZED (
    SELECT c.lid->>'device' AS device, count(*) AS count, json_agg(json_build_object('container_id', c.id, 'barcode', c.barcode, 'name', c.name,
      'position', c.lid->'position') ORDER BY (c.lid->>'position')::integer) AS lids
    FROM container_then c WHERE c.lid IS NOT NULL GROUP BY c.lid->>'device'
  ),
  file AS (
    SELECT event.revision, after->'groups' AS groups FROM event
    WHERE kind = 'lab-updated' AND event.revision <= _revision ORDER BY event.revision DESC LIMIT 1
  ),
  named_group AS (
    SELECT g.value->>'name' AS name, g.ordinality AS ordinal, g.value->'devices' AS devices FROM file CROSS JOIN LATERAL jsonb_array_elements(file.groups) WITH ORDINALITY g
  ),
  -- Match by device, not by name: devices may have been renamed after the lab file was stored.
  named AS (
    SELECT d.id, n.ordinality AS ordinal
    FROM named_group g CROSS JOIN LATERAL jsonb_array_elements_text(g.devices) WITH ORDINALITY n (name, ordinality)
    JOIN (SELECT d.id, d.name FROM file CROSS JOIN LATERAL device_state_at(file.revision) d WHERE d.retired_at IS NULL) d ON d.name = n.name
  ),
  -- The revision since which each device is in its group without a break. Devices that came after the lab file follow those of the file.
  arrived AS (
    SELECT e.device_id AS id, max(e.revision) AS revision FROM event e
    WHERE (e.kind LIKE 'device-%' OR e.kind LIKE 'certificate-%') AND e.revision <= _revision
      AND (e.before IS NULL OR e.before->'group' <> e.after->'group' OR e.before->>'retired_at' IS NOT NULL OR NOT (e.before->>'listed')::boolean)
    GROUP BY e.device_id
  ),
  device_then AS (
    SELECT d.name, d."group", d.type, d.extra->'view' AS view, d.capacity, d.disposes, slots.deep_well, CASE WHEN d.disposes THEN slots.kept ELSE d.capacity - slots.disposing END AS keeping, g.ordinal AS group_ordinal, a.revision AS arrived,
      CASE WHEN a.revision <= (SELECT file.revision FROM file) THEN n.ordinal END AS ordinal,
      coalesce(b.count, 0) + coalesce(l.count, 0) AS occupied, coalesce(b.containers, '[]') AS containers, coalesce(l.lids, '[]') AS lids
    FROM device_state_at(_revision) d JOIN arrived a ON a.id = d.id LEFT JOIN named n ON n.id = d.id LEFT JOIN named_group g ON g.name = d."group"
    LEFT JOIN body_then b ON b.device = d.name LEFT JOIN lid_then l ON l.device = d.name
    -- The slots for which something was set, for themselves or otherwise than for their device.
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE NOT last.disposes) AS kept, count(*) FILTER (WHERE last.disposes) AS disposing,
        coalesce(json_agg(last.position ORDER BY last.position) FILTER (WHERE last.deep_well_suited), '[]') AS deep_well
      FROM (
        SELECT DISTINCT ON (e.after->>'position') (e.after->>'position')::integer AS position, (e.after->>'disposes')::boolean AS disposes,
          (e.after->>'deep_well_suited')::boolean AS deep_well_suited FROM event e
        WHERE e.device_id = d.id AND e.kind = 'position-updated' AND e.revision <= _revision AND (e.after->>'position')::integer < d.capacity
        ORDER BY e.after->>'position', e.revision DESC, e.ordinal DESC
      ) last
    ) slots
    WHERE d.listed AND d.retired_at IS NULL
  ),
  slots AS (SELECT coalesce(sum(keeping), 0)::integer AS positions, coalesce(sum(occupied), 0)::integer AS occupied, count(*)::integer AS devices FROM device_then)
  SELECT _revision::double precision,
    json_build_object('devices', s.devices, 'positions', s.positions, 'occupied', s.occupied, 'empty', s.positions - s.occupied,
      'utilization', s.occupied::double precision / nullif(s.positions, 0),
      'containers', (SELECT count(*) FROM container_then WHERE removed_at IS NULL),
      'containers_missing', (SELECT count(*) FROM container_then WHERE missing_since IS NOT NULL),
      'containers_removed', (SELECT count(*) FROM container_then WHERE removed_at IS NOT NULL)),
    (SELECT coalesce(json_agg(json_build_object('name', d.name, 'group', d."group", 'type', d.type, 'view', d.view, 'positions', d.capacity, 'occupied', d.occupied,
         'disposes', d.disposes, 'deep_well', d.deep_well, 'reserved', NULL, 'containers', d.containers, 'lids', d.lids)
       ORDER BY d.group_ordinal, d."group", d.ordinal, d.arrived, d.name), '[]') FROM device_then d)
  FROM slots s
$$;

-- prisma/sql/position/position_state_at.sql
-- Returns the slots of a device as of a revision, read from the log. `reserved` is null: the log does not say which
-- slots were reserved.
CREATE OR REPLACE FUNCTION position_state_at(_device text, _revision bigint)
RETURNS TABLE (slot integer, empty boolean, container text, container_id uuid, occupied_by text, deep_well_suited boolean,
  disposes boolean, labware_types jsonb, max_height_mm double precision, reserved jsonb)
LANGUAGE sql STABLE AS $$
  WITH standing AS MATERIALIZED (
    SELECT s.position, s.barcode, s.id, 'container' AS part FROM container_state_at(_revision) s WHERE s.device = _device
    UNION ALL
    SELECT (s.lid->>'position')::integer, NULL, s.id, 'lid' FROM container_state_at(_revision) s WHERE s.lid->>'device' = _device
  )
  SELECT slot.number, s.id IS NULL, s.barcode, s.id, s.part, coalesce((known.after->>'deep_well_suited')::boolean, false),
    coalesce((known.after->>'disposes')::boolean, d.disposes), nullif(known.after->'labware_types', 'null'), (known.after->>'max_height_mm')::double precision, NULL::jsonb
  FROM device_state_at(_revision) d
  CROSS JOIN LATERAL generate_series(0, d.capacity - 1) AS slot (number)
  LEFT JOIN standing s ON s.position = slot.number
  LEFT JOIN LATERAL (
    SELECT e.after FROM event e
    WHERE e.device_id = d.id AND e.kind = 'position-updated' AND (e.after->>'position')::integer = slot.number AND e.revision <= _revision
    ORDER BY e.revision DESC LIMIT 1
  ) known ON true
  WHERE d.name = _device AND d.retired_at IS NULL
  ORDER BY slot.number
$$;

-- prisma/sql/lab/lab_config_at.sql
-- Returns the lab file as of a revision, read from the log, with the members that the present one has. Free members
-- (`extra`, `pythonlab_translation`) are stored in the log without the order of their keys. If they are the same today,
-- the present text is returned, which has the order of the file.
CREATE OR REPLACE FUNCTION lab_config_at(_revision bigint) RETURNS TABLE (description json, pythonlab_translation json, extra json, groups json, labware_types json)
LANGUAGE sql STABLE AS $$
  WITH file AS (
    SELECT after FROM event WHERE kind = 'lab-updated' AND revision <= _revision ORDER BY revision DESC, ordinal DESC LIMIT 1
  ),
  listed AS (
    SELECT d.value->>'name' AS name, d.value->>'group' AS "group", d.ordinality AS ordinal
    FROM lab_state_at(_revision) s CROSS JOIN LATERAL json_array_elements(s.devices) WITH ORDINALITY d
  ),
  device_then AS (
    SELECT l."group", l.ordinal, json_build_object('name', s.name, 'capacity', s.capacity, 'process_capacity', s.process_capacity,
      'min_capacity', s.min_capacity, 'allows_overlap', s.allows_overlap,
      'disposes', s.disposes, 'labware_types', s.labware_types, 'max_height_mm', s.max_height_mm, 'type', s.type, 'description', s.description, 'uri', s.uri,
      'extra', CASE WHEN d.extra::jsonb = s.extra::jsonb THEN d.extra ELSE s.extra END, 'slots', (
        SELECT json_agg(json_build_object('position', k.after->'position', 'deep_well_suited', k.after->'deep_well_suited', 'disposes', k.after->'disposes',
          'labware_types', k.after->'labware_types', 'max_height_mm', k.after->'max_height_mm') ORDER BY (k.after->>'position')::integer)
        FROM (
          SELECT DISTINCT ON (e.after->>'position') e.after FROM event e
          WHERE e.device_id = s.id AND e.kind = 'position-updated' AND e.revision <= _revision AND (e.after->>'position')::integer < s.capacity
          ORDER BY e.after->>'position', e.revision DESC, e.ordinal DESC
        ) k)) AS settings
    FROM device_state_at(_revision) s JOIN listed l ON l.name = s.name JOIN device d ON d.id = s.id
    WHERE s.listed AND s.retired_at IS NULL
  ),
  group_then AS (
    SELECT g.value->>'name' AS name, g.ordinality AS ordinal
    FROM file CROSS JOIN LATERAL jsonb_array_elements(file.after->'groups') WITH ORDINALITY g
    UNION ALL
    SELECT t."group", NULL FROM device_then t
    WHERE t."group" NOT IN (SELECT g.value->>'name' FROM file CROSS JOIN LATERAL jsonb_array_elements(file.after->'groups') g)
    GROUP BY t."group"
  )
  SELECT
    CASE WHEN l.description::jsonb = f.description THEN l.description ELSE nullif(f.description, 'null')::json END,
    CASE WHEN l.pythonlab_translation::jsonb = f.pythonlab_translation THEN l.pythonlab_translation ELSE nullif(f.pythonlab_translation, 'null')::json END,
    CASE WHEN l.extra::jsonb = f.extra THEN l.extra ELSE nullif(f.extra, 'null')::json END,
    (SELECT coalesce(json_agg(json_build_object('name', g.name, 'devices', (
       SELECT coalesce(json_agg(t.settings ORDER BY t.ordinal), '[]') FROM device_then t WHERE t."group" = g.name)) ORDER BY g.ordinal, g.name), '[]')
     FROM group_then g),
    (SELECT coalesce(json_agg(json_build_object('name', t.name, 'description', t.description, 'deep_well', t.deep_well, 'height_mm', t.height_mm,
       'wells', t.wells, 'lid', t.lid, 'extra', t.extra)), '[]') FROM labware_type_state_at(_revision) t)
  FROM lab l LEFT JOIN (
    SELECT after->'description' AS description, after->'pythonlab_translation' AS pythonlab_translation, after->'extra' AS extra FROM file
  ) f ON true
$$;
