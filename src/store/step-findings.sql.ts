import type { LabHealth } from '../contract/lab.ts'
import type { Transaction } from './lab-lock.ts'

/** A finding lists at most this many steps; its message has the number. */
const maxListed = 20

/**
 * Warnings about steps whose times or status cannot be trusted and about which nobody decided: those that estimates leave out, and
 * those that an older version of the service stored without a look.
 */
export async function readStepFindings (transaction: Transaction): Promise<LabHealth['findings']> {
  return await transaction.$queryRaw<LabHealth['findings']>`
    WITH suspect AS (
      SELECT s.id, s.device_id, s.start, CASE WHEN s.status IN ('failed', 'aborted') OR s.excluded_from_estimates = 'simulation' THEN 'no-sample'
        ELSE coalesce(nullif(s.excluded_from_estimates, 'not-completed'), 'running') END AS reason, 'steps-excluded' AS code
      FROM step s
      WHERE s.exclude_from_estimates IS NULL AND (NOT s.believable OR s.excluded_from_estimates IN ('unknown-status', 'paused-throughout'))
        -- Otherwise the finding steps-running-long tells.
        AND (s.status <> 'running' OR s.start >= clock_timestamp() - interval '1 day')
      UNION ALL
      SELECT s.id, s.device_id, s.start, d.reason, 'steps-doubtful' FROM doubtful_steps() d JOIN step s ON s.id = d.id
    ),
    told AS (
      SELECT s.code, s.reason, d.name AS device, count(*) AS count, array_agg(s.id ORDER BY s.start DESC, s.id DESC) AS ids
      FROM suspect s JOIN device d ON d.id = s.device_id GROUP BY s.code, s.reason, d.name
    )
    SELECT code, 'warning' AS severity, device, NULL::int AS position, '[]'::jsonb AS containers, to_jsonb(ids[1:${maxListed}::integer]) AS steps,
      count || CASE WHEN count = 1 THEN ' step' ELSE ' steps' END || ' of ' || device || CASE reason
        WHEN 'no-sample' THEN CASE WHEN count = 1 THEN ' was' ELSE ' were' END || ' failed, aborted or simulated, and ' || CASE WHEN count = 1 THEN 'has' ELSE 'have' END || ' times that cannot be true'
        WHEN 'running' THEN CASE WHEN count = 1 THEN ' is' ELSE ' are' END || ' running since a time that cannot be true'
        WHEN 'clock' THEN CASE WHEN count = 1 THEN ' has times' ELSE ' have times' END || ' that cannot be true'
        WHEN 'implausible' THEN ' took longer than all reason for ' || CASE WHEN count = 1 THEN 'its' ELSE 'their' END || ' kind'
        WHEN 'paused-throughout' THEN CASE WHEN count = 1 THEN ' was' ELSE ' were' END || ' paused from start to finish'
        ELSE CASE WHEN count = 1 THEN ' has a status' ELSE ' have a status' END || ' that was not understood' END
      || CASE WHEN code = 'steps-doubtful' THEN ', but ' || CASE WHEN count = 1 THEN 'it is' ELSE 'they are' END || ' used. '
        WHEN reason = 'no-sample' THEN ', so no experiment begins or ends with ' || CASE WHEN count = 1 THEN 'it. ' ELSE 'them. ' END
        ELSE ', so estimates leave ' || CASE WHEN count = 1 THEN 'it' ELSE 'them' END || ' out. ' END
      || 'The newest is ' || ids[1] || '. Correct ' || CASE WHEN count = 1 THEN 'it' ELSE 'them' END || CASE
        WHEN reason = 'running' THEN '.'
        ELSE ', or decide with: platform-status steps exclude --where '
          || CASE WHEN code = 'steps-doubtful' THEN 'doubtful=true' WHEN reason = 'no-sample' THEN 'impossible_times=true'
            ELSE 'excluded_from_estimates=' || reason END END AS message
    FROM told ORDER BY code DESC, device, reason`
}
