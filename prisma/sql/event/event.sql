-- The log of changes: each event with the state of its object before and after it. The table `event_log` keeps less: see stored_container
-- and changed_members.
CREATE OR REPLACE VIEW event AS
SELECT e.revision, e.ordinal, e.recorded_at, e.kind, e.actor, e.reason, coalesce(e.request_id, e.request_uuid::text) AS request_id,
  e.container_id, e.device_id, e.step_id, e.experiment_id,
  CASE WHEN e.was IS NOT NULL THEN coalesce(event_after(e), '{}') || e.was END AS before,
  event_after(e) AS after,
  e.position_id, e.lid_position_id, e.relabels, e.concerns
FROM event_log e;
