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
