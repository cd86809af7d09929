import { invalid } from '../contract/problems.ts'
import type { Utilization, UtilizationQuery } from '../contract/utilization.ts'
import { toUtc } from '../domain/step-times.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { refuseDeviceThatNeverWas } from './devices.ts'
import { jsonArrayPieces, type JsonPieces } from './json-row.ts'
import { timeZonesOf } from './time-zones.ts'

/** The longest time range. */
const maxDays = 92
/** A client that wants more asks for a day at a time, or for one device. */
const maxItems = 20_000

const dayMs = 86_400_000
const usualDays = 7

const itemsAsJson = `
  SELECT row_to_json(item)::text AS json FROM (
    SELECT device, wire_time("from") AS "from", wire_time("to") AS "to", busy_seconds, steps, failed, occupied_slot_seconds, slots
    FROM device_utilization($1, $2, $3, $4, $5) LIMIT ${maxItems + 1}
  ) AS item`

/** How busy devices were. The calculation is in prisma/sql/device/device_utilization.sql. */
export function utilizationStore ({ pool }: Database) {
  const timeZones = timeZonesOf(pool)
  return {
    /** As JSON text, in pieces. Throws a 400 for an unknown time zone, for a range that is empty or too long, and for too many buckets; `device-not-found`. */
    async read ({ from, to, bucket = 'day', timezone = 'UTC', device }: UtilizationQuery): Promise<JsonPieces<Utilization>> {
      const zoneFault = await timeZones.fault(timezone)
      if (zoneFault !== null) throw invalid({ in: 'query', parameter: 'timezone', detail: zoneFault })
      const [begins, ends] = rangeOf(from, to)
      const days = (Date.parse(ends) - Date.parse(begins)) / dayMs
      if (!(days > 0)) throw invalid({ in: 'query', parameter: 'to', detail: 'must be after `from`' })
      if (days > maxDays) throw invalid({ in: 'query', parameter: 'to', detail: `must be at most ${maxDays} days after \`from\`` })
      const items = await runPrepared<{ json: string }>(pool, itemsAsJson, [begins, ends, bucket, timezone, device ?? null])
      if (items.length > maxItems) throw invalid({ in: 'query', parameter: 'bucket', detail: `makes more than ${maxItems} items; ask for days, for a shorter range or for one device` })
      if (items.length === 0 && device !== undefined) await refuseDeviceThatNeverWas(pool, device)
      return { pieces: jsonArrayPieces('{"items":', items, '}') }
    }
  }
}

function rangeOf (from: string | undefined, to: string | undefined): [string, string] {
  const later = (time: string, days: number): string => new Date(Date.parse(time) + days * dayMs).toISOString()
  if (from !== undefined) return [toUtc(from), to === undefined ? later(toUtc(from), usualDays) : toUtc(to)]
  const ends = to === undefined ? new Date().toISOString() : toUtc(to)
  return [later(ends, -usualDays), ends]
}
