-- The tables. Rules of the physical world are constraints here, so that no bug, script or second program can break them.
-- Nothing that happened is deleted: devices and slots retire, containers are removed, processes are archived.

-- ── The lab: one row, whose revision every change of the world takes and advances ───────────────────────────────────

CREATE TABLE lab (
  id integer NOT NULL DEFAULT 1,
  revision bigint NOT NULL DEFAULT 0,
  -- of the latest event; events never go back in time, even when the clock does
  recorded_at timestamptz(3) NOT NULL DEFAULT '-infinity',
  -- json, not jsonb: the lab file comes back with its keys in the order in which it was written
  description json,
  pythonlab_translation json,
  extra json,
  CONSTRAINT lab_pkey PRIMARY KEY (id),
  CONSTRAINT lab_is_one_row CHECK (id = 1)
) WITH (fillfactor = 50);
INSERT INTO lab DEFAULT VALUES;

CREATE TABLE device_group (
  name text NOT NULL,
  -- the place in the lab file; null when the group is not in it
  ordinal integer,
  CONSTRAINT device_group_pkey PRIMARY KEY (name)
);

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
  extra json,
  server_certificate text,
  -- false: known only because a log named it
  listed boolean NOT NULL DEFAULT true,
  retired_at timestamptz(3),
  -- sha256 of the body that created it, so that a repeated create is recognised
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT device_pkey PRIMARY KEY (id),
  CONSTRAINT device_group_fkey FOREIGN KEY ("group") REFERENCES device_group (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT device_capacity_range CHECK (capacity BETWEEN 0 AND 10000),
  CONSTRAINT device_process_capacity_not_negative CHECK (process_capacity >= 0),
  CONSTRAINT device_min_capacity_not_negative CHECK (min_capacity >= 0)
);
CREATE UNIQUE INDEX device_name_active ON device (name) WHERE (retired_at IS NULL);
CREATE INDEX device_name_idx ON device (name);
CREATE INDEX device_group_idx ON device ("group");

CREATE TABLE position (
  id uuid NOT NULL,
  device_id uuid NOT NULL,
  slot_number integer NOT NULL,
  deep_well_suited boolean NOT NULL DEFAULT false,
  retired_at timestamptz(3),
  active boolean GENERATED ALWAYS AS (retired_at IS NULL) STORED,
  CONSTRAINT position_pkey PRIMARY KEY (id),
  CONSTRAINT position_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT position_slot_not_negative CHECK (slot_number >= 0),
  CONSTRAINT position_device_slot_key UNIQUE (device_id, slot_number),
  -- what a placement refers to, so that nothing can stand on a retired slot
  CONSTRAINT position_id_active_key UNIQUE (id, active)
);

-- ── Containers and where they and their lids are ────────────────────────────────────────────────────────────────────

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
  present boolean GENERATED ALWAYS AS (removed_at IS NULL) STORED,
  lid_off boolean GENERATED ALWAYS AS (NOT lidded) STORED,
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT container_pkey PRIMARY KEY (id),
  CONSTRAINT container_starting_position_fkey FOREIGN KEY (starting_position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT container_id_present_key UNIQUE (id, present),
  CONSTRAINT container_id_lid_off_key UNIQUE (id, lid_off)
);
CREATE UNIQUE INDEX container_barcode_active ON container (barcode) WHERE (removed_at IS NULL);
CREATE INDEX container_barcode_idx ON container (barcode);
CREATE INDEX container_starting_position_idx ON container (starting_position_id);

-- One row is one thing in one slot. "One thing per slot", "a lid occupies a slot" and "a thing is in one place" are the
-- two keys; the foreign keys on fixed flags keep things off retired slots, removed containers out of the lab, and a
-- parked lid from existing while its container wears it.
CREATE TABLE placement (
  position_id uuid NOT NULL,
  container_id uuid NOT NULL,
  part text NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT now(),
  on_active_position boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  of_present_container boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  lid_off boolean GENERATED ALWAYS AS (CASE WHEN part = 'lid' THEN true END) STORED,
  CONSTRAINT placement_pkey PRIMARY KEY (position_id),
  CONSTRAINT placement_container_part_key UNIQUE (container_id, part),
  CONSTRAINT placement_part_known CHECK (part IN ('body', 'lid')),
  CONSTRAINT placement_on_active_position FOREIGN KEY (position_id, on_active_position) REFERENCES position (id, active),
  CONSTRAINT placement_of_present_container FOREIGN KEY (container_id, of_present_container) REFERENCES container (id, present),
  CONSTRAINT placement_lid_is_off FOREIGN KEY (container_id, lid_off) REFERENCES container (id, lid_off)
);

-- ── Processes, experiments, steps ───────────────────────────────────────────────────────────────────────────────────

CREATE TABLE process (
  id uuid NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  source_sha256 text NOT NULL,
  metadata jsonb,
  archived_at timestamptz(3),
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT process_pkey PRIMARY KEY (id)
);
CREATE INDEX process_name_idx ON process (name);
CREATE INDEX process_source_idx ON process (source_sha256);

CREATE TABLE experiment (
  id uuid NOT NULL,
  process_id uuid NOT NULL,
  name text,
  status text NOT NULL DEFAULT 'created',
  metadata jsonb,
  created_as text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT experiment_pkey PRIMARY KEY (id),
  CONSTRAINT experiment_process_fkey FOREIGN KEY (process_id) REFERENCES process (id) ON DELETE RESTRICT,
  CONSTRAINT experiment_status_known CHECK (status IN ('created', 'running', 'completed', 'aborted'))
);
CREATE INDEX experiment_process_idx ON experiment (process_id);
CREATE INDEX experiment_status_idx ON experiment (status, id);

-- The key under which a step's duration is comparable with others, per level of the match ladder (1 the most specific);
-- null when the step lacks what the level compares. Used by the generated columns below and by the estimates alike, so
-- that writing and asking can never disagree. Hashes, because an index entry holds at most 2,704 bytes.
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

CREATE TABLE step (
  id uuid NOT NULL,
  experiment_id uuid,
  -- the experiment as the log named it, when no such experiment is known
  experiment_named text,
  device_id uuid NOT NULL,
  kind text NOT NULL,
  name text,
  fct text,
  status text NOT NULL,
  start timestamptz(3) NOT NULL,
  finish timestamptz(3),
  duration_seconds double precision GENERATED ALWAYS AS (extract(epoch FROM (finish - start))::double precision) STORED,
  -- the time that the step was told to take (an incubation of an hour), where its function commands one
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
  warnings jsonb NOT NULL DEFAULT '[]',
  created_as text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,

  -- what the estimates compare; see domain/match.ts for the first four
  match_version integer NOT NULL,
  match_function text,
  match_parameters uuid,
  match_protocol uuid,
  key_1 uuid GENERATED ALWAYS AS (step_key(1, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_2 uuid GENERATED ALWAYS AS (step_key(2, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_3 uuid GENERATED ALWAYS AS (step_key(3, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_4 uuid GENERATED ALWAYS AS (step_key(4, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  key_5 uuid GENERATED ALWAYS AS (step_key(5, kind, match_function, device_id, match_parameters, match_protocol, origin_device_id,
    origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read)) STORED,
  -- a sample of history: really done, done in full
  counts boolean GENERATED ALWAYS AS (status = 'completed' AND NOT is_simulation AND finish IS NOT NULL) STORED,
  -- the duration, or what it took beyond the commanded time
  sample_seconds double precision
    GENERATED ALWAYS AS (extract(epoch FROM (finish - start))::double precision - coalesce(commanded_seconds, 0)) STORED,

  CONSTRAINT step_pkey PRIMARY KEY (id),
  CONSTRAINT step_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT step_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_origin_device_fkey FOREIGN KEY (origin_device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_destination_device_fkey FOREIGN KEY (destination_device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT step_kind_known CHECK (kind IN ('operation', 'move')),
  CONSTRAINT step_status_known CHECK (status IN ('running', 'completed', 'failed', 'aborted')),
  CONSTRAINT step_running_has_no_finish CHECK (status <> 'running' OR finish IS NULL),
  CONSTRAINT step_completed_has_finish CHECK (status <> 'completed' OR finish IS NOT NULL),
  CONSTRAINT step_finish_not_before_start CHECK (finish >= start),
  CONSTRAINT step_move_has_both_ends CHECK (kind <> 'move' OR (origin_device_id IS NOT NULL AND destination_device_id IS NOT NULL)),
  CONSTRAINT step_slots_not_negative CHECK (origin_position >= 0 AND destination_position >= 0)
);
CREATE INDEX step_start_idx ON step (start, id);
CREATE INDEX step_device_idx ON step (device_id, start, id);
CREATE INDEX step_experiment_idx ON step (experiment_id, start, id) WHERE (experiment_id IS NOT NULL);
CREATE INDEX step_experiment_named_idx ON step (experiment_named) WHERE (experiment_named IS NOT NULL);
CREATE INDEX step_fct_idx ON step (fct, start, id);
CREATE INDEX step_duration_idx ON step (duration_seconds, id);
CREATE INDEX step_not_completed_idx ON step (status, start, id) WHERE (status <> 'completed');
CREATE INDEX step_origin_idx ON step (origin_device_id, start, id) WHERE (origin_device_id IS NOT NULL);
CREATE INDEX step_destination_idx ON step (destination_device_id, start, id) WHERE (destination_device_id IS NOT NULL);
CREATE INDEX step_key_1_idx ON step (key_1, finish DESC) INCLUDE (sample_seconds) WHERE (counts AND key_1 IS NOT NULL);
CREATE INDEX step_key_2_idx ON step (key_2, finish DESC) INCLUDE (sample_seconds, key_1) WHERE (counts AND key_2 IS NOT NULL);
CREATE INDEX step_key_3_idx ON step (key_3, finish DESC) INCLUDE (sample_seconds, key_1) WHERE (counts AND key_3 IS NOT NULL);
CREATE INDEX step_key_4_idx ON step (key_4, finish DESC) INCLUDE (sample_seconds, key_1) WHERE (counts AND key_4 IS NOT NULL);
CREATE INDEX step_key_5_idx ON step (key_5, finish DESC) INCLUDE (sample_seconds, key_1) WHERE (counts AND key_5 IS NOT NULL);

CREATE TABLE step_container (
  step_id uuid NOT NULL,
  ordinal integer NOT NULL,
  -- the barcode or id as the log gave it
  named text NOT NULL,
  container_id uuid,
  CONSTRAINT step_container_pkey PRIMARY KEY (step_id, ordinal),
  CONSTRAINT step_container_named_once UNIQUE (step_id, named),
  CONSTRAINT step_container_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  -- checked at the end, when the lab's row is taken: the check locks the container, and before the lab's row that would
  -- deadlock with the commands that take its lid off
  CONSTRAINT step_container_container_fkey FOREIGN KEY (container_id) REFERENCES container (id) ON DELETE RESTRICT
    DEFERRABLE INITIALLY DEFERRED
);
-- a step names a container once, be it by barcode and by id
CREATE UNIQUE INDEX step_container_container_once ON step_container (container_id, step_id) WHERE (container_id IS NOT NULL);

-- ── The log ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- One revision is one command; its events are numbered by ordinal. Images hold the thing as the API shows it.
CREATE TABLE event (
  revision bigint NOT NULL,
  ordinal integer NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  kind text NOT NULL,
  actor text,
  reason text,
  request_id text,
  container_id uuid,
  device_id uuid,
  step_id uuid,
  experiment_id uuid,
  before jsonb,
  after jsonb,
  CONSTRAINT event_pkey PRIMARY KEY (revision, ordinal),
  CONSTRAINT event_container_fkey FOREIGN KEY (container_id) REFERENCES container (id) ON DELETE RESTRICT,
  CONSTRAINT event_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT event_step_fkey FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE RESTRICT,
  CONSTRAINT event_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT
);
CREATE INDEX event_container_idx ON event (container_id, revision) WHERE (container_id IS NOT NULL);
CREATE INDEX event_device_idx ON event (device_id, revision) WHERE (device_id IS NOT NULL);
CREATE INDEX event_step_idx ON event (step_id, revision) WHERE (step_id IS NOT NULL);
CREATE INDEX event_experiment_idx ON event (experiment_id, revision) WHERE (experiment_id IS NOT NULL);
CREATE INDEX event_kind_idx ON event (kind, revision);
CREATE INDEX event_recorded_idx ON event (recorded_at, revision);
