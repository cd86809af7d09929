-- Tries to write a row, and takes it back. It fails as other writes fail, for example when the disk is full.
CREATE OR REPLACE FUNCTION probe_write() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO process (id, name, source, source_sha256) VALUES (gen_random_uuid(), 'probe', '', '');
  RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a probe is undone';
EXCEPTION WHEN SQLSTATE 'PS204' THEN
  NULL;
END $$;
