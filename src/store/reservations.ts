import { v7 as uuidv7 } from 'uuid'
import { invalid, problem } from '../contract/problems.ts'
import type { Reservation, ReservationCreate, ReservationQuery, ReservationRenewal } from '../contract/reservations.ts'
import { digestOf } from '../domain/canonical.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, readPageById } from './pages.ts'
import { refusalDetail } from './refusals.ts'

const matching = `
  FROM reservation_state r
  WHERE ($1::text IS NULL OR r.owner = $1) AND ($2::text IS NULL OR r.purpose = $2)
    AND ($3::text IS NULL OR r.positions @> jsonb_build_array(jsonb_build_object('device', $3::text)))`

/** Reservations. Each command is one call of a function in prisma/sql/reservation. */
export function reservationStore ({ pool }: Database) {
  return {
    async read (id: string): Promise<Reservation> {
      const [found] = await runPrepared<Reservation>(pool, `SELECT ${viewColumns('reservation')} FROM reservation_state WHERE id = $1`, [id])
      if (found === undefined) throw problem('reservation-not-found', refusalDetail('reservation-not-found', {}), { reservation_id: id, parameter: 'id' })
      return found
    },

    async list (query: ReservationQuery) {
      const filters = filtersOf(query)
      const values = [filters.owner ?? null, filters.purpose ?? null, filters.device ?? null]
      return await readPageById<Reservation>(query, {
        name: 'reservations',
        filters,
        read: async (after, take) => await runPrepared<Reservation>(pool,
          `SELECT ${viewColumns('reservation', 'r')} ${matching} AND ($4::uuid IS NULL OR r.id > $4) ORDER BY r.id LIMIT $5`, [...values, after, take]),
        count: async () => await runPrepared<{ count: number }>(pool, `SELECT count(*)::int AS count ${matching}`, values).then(([row]) => row!.count)
      })
    },

    async reserve (input: ReservationCreate, audit: AuditContext): Promise<{ outcome: 'created' | 'repeated', reservation: Reservation }> {
      if (!input.device === !input.type) {
        throw invalid({ in: 'body', pointer: input.device ? '/type' : '/device', detail: 'send either `device` or `type`, not both or neither' })
      }
      const prepared = { ...input, id: input.id ?? uuidv7(), id_chosen: typeof input.id === 'string', created_as: digestOf(input) }
      const [row] = await runPrepared<{ outcome: 'created' | 'repeated', reservation: Reservation }>(pool,
        'SELECT outcome, reservation FROM create_reservation($1, $2)', [prepared, audit])
      return row!
    },

    async renew (id: string, { ttl_seconds }: ReservationRenewal, audit: AuditContext): Promise<Reservation> {
      const [renewed] = await runPrepared<Reservation>(pool, `SELECT ${viewColumns('reservation')} FROM renew_reservation($1, $2, $3)`, [id, ttl_seconds, audit])
      return renewed!
    },

    async release (id: string, audit: AuditContext): Promise<void> {
      await runPrepared(pool, 'SELECT release_reservation($1, $2)', [id, audit])
    }
  }
}
