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
