import type { EstimateSample } from '../contract/estimates.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import type { EstimateQuery } from './estimate-query.ts'

const samplesSql = (level: number) => `
SELECT s.id AS step_id, s.sample_seconds AS seconds, s.finish
FROM jsonb_to_record($1) AS q (
  kind text, match_function text, match_parameters uuid, match_protocol uuid, device text, origin_device text, origin_position integer,
  destination_device text, destination_position integer, lidded_before boolean, lidded_after boolean, barcode_read boolean)
CROSS JOIN LATERAL (SELECT step_key(${level}, q.kind, q.match_function, latest_device_named(q.device), q.match_parameters, q.match_protocol,
  latest_device_named(q.origin_device), q.origin_position, latest_device_named(q.destination_device), q.destination_position,
  q.lidded_before, q.lidded_after, q.barcode_read) AS key) wanted
JOIN step s ON s.key_${level} = wanted.key
WHERE s.is_sample AND s.key_${level} IS NOT NULL AND s.finish <= now()
ORDER BY s.finish DESC LIMIT $2`

/** The newest samples of a level, newest first: the steps that an estimate with this many samples uses. */
export async function readSamples (database: Queryable, query: EstimateQuery, level: number, size: number): Promise<EstimateSample[]> {
  return await runPrepared<EstimateSample>(database, samplesSql(level), [JSON.stringify(query), size])
}
