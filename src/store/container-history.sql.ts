import type { ContainerEvent } from '../contract/containers.ts'
import { isInstant, isUuid } from '../domain/values.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type Page, type PageQuery, readPage } from './pages.ts'

// The position of an entry in the history: its time, then changes before steps, then the revision or the step id.
type HistoryKey = readonly [at: string, rank: number, tie: string]
type HistoryRow = ContainerEvent & { rank: number, tie: string }

const changes = (container: string) => Prisma.sql`
  SELECT e.kind, e.recorded_at AS at, e.revision::float8 AS revision, container_situation(e.before) AS "from", container_situation(e.after) AS "to",
    NULL::jsonb AS step, 0 AS rank, to_char(e.revision, 'FM0000000000000000000') || to_char(e.ordinal, 'FM000000') AS tie
  FROM event e WHERE e.container_id = ${container}::uuid`

const steps = (container: string) => Prisma.sql`
  SELECT 'step', s.start, NULL::float8, NULL::jsonb, NULL::jsonb,
    jsonb_build_object('id', s.id, 'name', s.name, 'fct', s.fct, 'device', d.name, 'status', s.status, 'start', wire_time(s.start),
      'finish', wire_time(s.finish), 'duration_seconds', s.duration_seconds, 'active_seconds', active_seconds(s.duration_seconds, s.paused_seconds),
      'origin', CASE WHEN s.origin_device_id IS NOT NULL THEN jsonb_build_object('device', o.name, 'position', s.origin_position) END,
      'destination', CASE WHEN s.destination_device_id IS NOT NULL THEN jsonb_build_object('device', t.name, 'position', s.destination_position) END),
    1, s.id::text
  FROM container_of_step sc JOIN step s ON s.id = sc.step_id JOIN device d ON d.id = s.device_id
  LEFT JOIN device o ON o.id = s.origin_device_id LEFT JOIN device t ON t.id = s.destination_device_id
  WHERE sc.container_id = ${container}::uuid`

/** One page of the changes of a container and the steps that involved it, oldest first. */
export async function containerHistory (prisma: PrismaClient, container: string, query: PageQuery): Promise<Page<ContainerEvent>> {
  const all = Prisma.sql`(${changes(container)} UNION ALL ${steps(container)}) AS history`
  const page = await readPage<HistoryRow, HistoryKey>(query, {
    name: 'container-history',
    filters: { container },
    keys: ({ at, rank, tie }) => [(at as Date).toISOString(), rank, tie],
    isKey: ([at, rank, tie]) => typeof at === 'string' && isInstant(at) && typeof tie === 'string' && (rank === 0 ? /^\d{25}$/.test(tie) : rank === 1 && isUuid(tie)),
    read: async (after, take) => await prisma.$queryRaw<HistoryRow[]>`
      SELECT * FROM ${all}
      ${after === null ? Prisma.empty : Prisma.sql`WHERE (at, rank, tie) > (${after[0]}::timestamptz, ${after[1]}::int, ${after[2]})`}
      ORDER BY at, rank, tie LIMIT ${take}`,
    count: async () => await prisma.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count FROM ${all}`.then(([{ count }]) => count)
  })
  return { ...page, items: page.items.map(({ rank, tie, ...event }) => event) }
}
