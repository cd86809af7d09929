-- An alarm as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW alarm_state AS
SELECT a.id, a.kind, a.step_id, d.name AS device, s.name, s.fct, s.start, s.status, s.experiment_id,
  a.raised_at, a.over_at, a.acknowledged_at, a.acknowledged_by, a.note
FROM alarm a
JOIN step s ON s.id = a.step_id
JOIN device d ON d.id = s.device_id;
