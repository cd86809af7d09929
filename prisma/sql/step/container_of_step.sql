-- The containers of all steps. Most steps name one container, by one name: it stands in their own row. Those of other steps are in step_container, also
-- those of steps that were corrected. Whatever reads the containers of steps reads this view.
CREATE OR REPLACE VIEW container_of_step AS
SELECT s.id AS step_id, 0 AS ordinal, s.container_named AS named, NULL::text[] AS also_named, s.container_id FROM step s WHERE s.container_named IS NOT NULL
UNION ALL
SELECT sc.step_id, sc.ordinal, sc.named, sc.also_named, sc.container_id FROM step_container sc;
