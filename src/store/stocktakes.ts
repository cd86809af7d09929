import { v7 as uuidv7 } from 'uuid'
import type { ContainerChange } from '../contract/arrangements.ts'
import { type Fault, invalid, problem } from '../contract/problems.ts'
import type { Stocktake, StocktakeQuery, StocktakeRecord, StocktakeResult, StocktakeSlot, StocktakeSummary } from '../contract/stocktakes.ts'
import { findingOf, type FindingRow } from './arrangements.ts'
import { type AuditContext, runPrepared, withRetries } from './commands.ts'
import type { Database } from './database.ts'
import { Prisma } from './generated/client.ts'
import { filtersOf, readPageById } from './pages.ts'

type StocktakeRow = Omit<StocktakeResult, 'id' | 'device' | 'applied' | 'findings'> & { changes: ContainerChange[], findings: FindingRow[] }

const summary = Prisma.raw('s.id, d.name AS device, s.recorded_at, s.revision::float8 AS revision, s.actor, s.reason, s.counts')

/** Stocktakes. The command is one call of the function `take_stock` in prisma/sql/stocktake. */
export function stocktakeStore ({ pool, prisma }: Database) {
  return {
    /** Compares what was seen with what is tracked and, if the request says so, makes the lab as it was seen. */
    async take ({ device, seen, reason, apply }: Stocktake, dryRun: boolean, audit: AuditContext): Promise<StocktakeResult> {
      const faults = repeatedIn(seen)
      if (apply === true && !reason) faults.push({ in: 'body', pointer: '/reason', detail: 'is required with `apply`; the event log keeps it' })
      if (faults.length > 0) throw invalid(...faults)
      const id = uuidv7()
      const input = { id, device, apply: apply ?? false, seen: seen.map((slot) => ({ ...slot, new_id: uuidv7() })) }
      const [row] = await runPrepared<StocktakeRow>(pool, 'SELECT items, counts, changes, warnings, findings, revision FROM take_stock($1, $2, $3)',
        [JSON.stringify(input), dryRun, { ...audit, reason }])
      const { items, counts, changes, warnings, findings, revision } = row!
      const applied = apply === true && !dryRun
      return { id: applied ? id : null, device, applied, items, counts, changes, findings: findings.map(findingOf), warnings, revision }
    },

    /** The stocktakes that were applied, without their items. */
    async list (query: StocktakeQuery) {
      const { device } = filtersOf(query)
      const condition = device === undefined ? Prisma.sql`true` : Prisma.sql`s.device_id = latest_device_named(${device})`
      return await readPageById<StocktakeSummary>(query, {
        name: 'stocktakes',
        filters: { device },
        read: async (after, take) => await withRetries(() => prisma.$queryRaw<StocktakeSummary[]>`
          SELECT ${summary} FROM stocktake s JOIN device d ON d.id = s.device_id
          WHERE ${condition} ${after === null ? Prisma.empty : Prisma.sql`AND s.id > ${after}::uuid`} ORDER BY s.id LIMIT ${take}`),
        count: async () => await withRetries(() => prisma.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count FROM stocktake s WHERE ${condition}`)
          .then(([{ count }]) => count)
      })
    },

    async read (id: string): Promise<StocktakeRecord> {
      const [found] = await withRetries(() => prisma.$queryRaw<StocktakeRecord[]>`
        SELECT ${summary}, s.items FROM stocktake s JOIN device d ON d.id = s.device_id WHERE s.id = ${id}::uuid`)
      if (found === undefined) throw problem('stocktake-not-found', 'No stocktake that was applied has this id. GET /api/stocktakes lists them.', { parameter: 'id' })
      return found
    }
  }
}

/** A plate is in one slot, and a slot has one plate. */
function repeatedIn (seen: readonly StocktakeSlot[]): Fault[] {
  const slots = new Map<number, number>()
  const barcodes = new Map<string, number>()
  return seen.flatMap(({ position, barcode }, index) => {
    const faults: Fault[] = []
    const first = slots.get(position)
    if (first === undefined) slots.set(position, index)
    else faults.push({ in: 'body', pointer: `/seen/${index}/position`, detail: `is the same slot as /seen/${first}/position; send each slot once` })
    if (barcode === null) return faults
    const other = barcodes.get(barcode)
    if (other === undefined) barcodes.set(barcode, index)
    else faults.push({ in: 'body', pointer: `/seen/${index}/barcode`, detail: `was seen in /seen/${other} as well; two plates never have the same barcode, so read the label of both again` })
    return faults
  })
}
