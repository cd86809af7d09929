import type { Alarm, AlarmQuery } from '../contract/alarms.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, readPageById } from './pages.ts'

// An alarm whose step has ended is over, also before the watch has said so.
export const alarmIsOn = "over_at IS NULL AND status IN ('running', 'lost')"

/** Alarms. The watch (estimation/watch.ts) raises and ends them. */
export function alarmStore ({ pool }: Database) {
  return {
    /** Those that are on. */
    async list (query: AlarmQuery) {
      return await readPageById<Alarm>(query, {
        name: 'alarms',
        filters: filtersOf(query),
        read: async (after, take) => await runPrepared<Alarm>(pool,
          `SELECT ${viewColumns('alarm', 'a')} FROM alarm_state a WHERE ${alarmIsOn} AND ($1::uuid IS NULL OR a.id > $1) ORDER BY a.id LIMIT $2`, [after, take]),
        count: async () => await runPrepared<{ count: number }>(pool, `SELECT count(*)::int AS count FROM alarm_state WHERE ${alarmIsOn}`, []).then(([row]) => row!.count)
      })
    },

    /** Notes who is at an alarm. Throws `alarm-not-found`. */
    async acknowledge (id: string, note: string, audit: AuditContext): Promise<Alarm> {
      const [alarm] = await runPrepared<Alarm>(pool, `SELECT ${viewColumns('alarm')} FROM acknowledge_alarm($1, $2, $3)`, [id, note, audit])
      return alarm!
    }
  }
}
