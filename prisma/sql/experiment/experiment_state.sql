-- An experiment as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW experiment_state AS
SELECT
  e.id, e.process_id, jsonb_build_object('id', p.id, 'name', p.name) AS process, e.name, e.status, e.metadata, e.warnings,
  jsonb_build_object('total', s.total, 'completed', s.completed, 'failed', s.failed, 'aborted', s.aborted, 'running', s.running, 'paused', s.paused, 'lost', s.lost) AS steps,
  s.first_start, s.last_finish,
  extract(epoch FROM (s.last_finish - s.first_start))::double precision AS duration_seconds,
  e.paused_at,
  experiment_paused_seconds(e.id, e.status, s.first_start, s.last_finish) AS paused_seconds,
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
