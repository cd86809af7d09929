import type pg from 'pg'
import { alarmIsOn } from './alarms.ts'

/** Devices beyond this number have no figures of their own, so that the answer stays small. The sums contain them. */
const maxDevices = 1000

/** Figures of the lab now, for metrics. */
export type LabFigures = {
  revision: number
  /** Seconds since the last change; null in a lab that never changed. */
  revision_age_seconds: number | null
  containers: number
  missing: number
  reservations: number
  /** Statements of all instances that wait for a lock. */
  waiting_for_lock: number
  steps: Record<'running' | 'paused' | 'lost', number>
  /** Alarms that are on. */
  alarms: Record<'new' | 'acknowledged', number>
  /** By whether they are told everything, wait for a receiver, were switched off by somebody, or by the service. */
  webhooks: Record<'current' | 'behind' | 'off' | 'failed', number>
  /** For how long the oldest event has waited for a webhook that is on; 0 if none waits. */
  webhooks_behind_seconds: number
  devices: { device: string, slots: number, occupied: number, reserved: number }[]
  slots: { slots: number, occupied: number, reserved: number }
}

/** Reads all figures with one statement. What it counts is present or not over, so its cost does not grow with the history. */
export async function readLabFigures (pool: pg.Pool): Promise<LabFigures> {
  const { rows: [row] } = await pool.query<{ figures: LabFigures }>({
    name: 'lab-figures',
    text: `
      WITH held AS MATERIALIZED (
        SELECT p.device_id, count(*)::int AS slots, count(pl.position_id)::int AS occupied,
          count(*) FILTER (WHERE r.expires_at > now() AND pl.position_id IS NULL)::int AS reserved
        FROM position p
        LEFT JOIN placement pl ON pl.position_id = p.id
        LEFT JOIN reserved_position rp ON rp.position_id = p.id
        LEFT JOIN reservation r ON r.id = rp.reservation_id
        WHERE p.active GROUP BY p.device_id
      )
      SELECT json_build_object(
        'revision', l.revision,
        'revision_age_seconds', CASE WHEN l.revision > 0 THEN extract(epoch FROM clock_timestamp() - l.recorded_at) END,
        'containers', (SELECT count(*) FROM container WHERE removed_at IS NULL),
        'missing', (SELECT count(*) FROM container WHERE missing_since IS NOT NULL),
        'reservations', (SELECT count(*) FROM reservation WHERE expires_at > now()),
        'waiting_for_lock', (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'platform-status' AND wait_event_type = 'Lock'),
        'steps', json_build_object(
          'running', (SELECT count(*) FROM step WHERE status = 'running'),
          'paused', (SELECT count(*) FROM step WHERE status = 'paused'),
          'lost', (SELECT count(*) FROM step WHERE status = 'lost')),
        'alarms', (SELECT json_build_object('new', count(*) FILTER (WHERE acknowledged_at IS NULL), 'acknowledged', count(acknowledged_at)) FROM alarm_state
          WHERE ${alarmIsOn}),
        'webhooks', (SELECT json_build_object('current', count(*) FILTER (WHERE w.disabled_at IS NULL AND w.cursor_revision > l.revision),
          'behind', count(*) FILTER (WHERE w.disabled_at IS NULL AND w.cursor_revision <= l.revision),
          'off', count(*) FILTER (WHERE w.disabled_because = 'requested'), 'failed', count(*) FILTER (WHERE w.disabled_because <> 'requested')) FROM webhook w),
        'webhooks_behind_seconds', (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waiting.recorded_at)), 0) FROM webhook w
          CROSS JOIN LATERAL (SELECT e.recorded_at FROM event e WHERE (e.revision, e.ordinal) >= (w.cursor_revision, w.cursor_ordinal) ORDER BY e.revision, e.ordinal LIMIT 1) waiting
          WHERE w.disabled_at IS NULL),
        'devices', (SELECT coalesce(json_agg(json_build_object('device', d.name, 'slots', h.slots, 'occupied', h.occupied, 'reserved', h.reserved) ORDER BY d.name), '[]')
          FROM (SELECT d.id, d.name FROM device d WHERE d.retired_at IS NULL ORDER BY d.name LIMIT ${maxDevices}) d JOIN held h ON h.device_id = d.id),
        'slots', (SELECT json_build_object('slots', coalesce(sum(slots), 0), 'occupied', coalesce(sum(occupied), 0), 'reserved', coalesce(sum(reserved), 0)) FROM held)
      ) AS figures
      FROM lab l`
  })
  return row!.figures
}
