import type { Experiment, ExperimentQuery } from '../contract/experiments.ts'
import { toUtc } from '../domain/step-times.ts'
import { allOf } from './conditions.sql.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectAsJson, selectItemsAsJson } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'
import { largestRead, LargeRead, type ReadSize } from './read-size.ts'

const members: MemberKinds<Experiment> = {
  id: 'value', process_id: 'value', process: 'value', name: 'value', status: 'value', metadata: 'value', warnings: 'value', steps: 'value', first_start: 'time',
  last_finish: 'time', duration_seconds: 'value', paused_at: 'time', paused_seconds: 'value', active_seconds: 'value', session: 'value', attention: 'value', created_at: 'time',
  updated_at: 'time', version: 'value'
}

/** A query for the JSON of the experiments of a view, or of a function that returns rows of it. A clause like `WHERE object.id = $1` can follow. */
export function experimentsAsJson (from = 'experiment_state', also: readonly string[] = []): string {
  return selectAsJson(members, from, also)
}

const pageAsJson = selectItemsAsJson(members, '(SELECT page.id AS page_id, state.* FROM page LEFT JOIN experiment_state state ON state.id = page.id AND page.shown)', ['page_id AS id'])

/** An experiment of a list. */
export type ListedExperiment = JsonItem<Experiment> & Pick<Experiment, 'id'>

/** The SQL condition (on `experiment e`) of the filters. The start of an experiment is the first entry of an index range, so its steps are not scanned. */
export function experimentCondition ({ process_id, status, started_after, started_before }: ExperimentQuery): Prisma.Sql {
  const firstStart = Prisma.sql`(SELECT min(s.start) FROM step s WHERE s.experiment_id = e.id AND s.believable)`
  return allOf([
    process_id === undefined ? null : Prisma.sql`e.process_id = ${process_id}::uuid`,
    status === undefined ? null : Prisma.sql`e.status = ${status}`,
    started_after === undefined ? null : Prisma.sql`${firstStart} >= ${toUtc(started_after)}::timestamptz`,
    started_before === undefined ? null : Prisma.sql`${firstStart} < ${toUtc(started_before)}::timestamptz`
  ])
}

/**
 * Up to `take` experiments after an id. The last one of `take` only says that there is another page: its steps are not counted, and in
 * its JSON all members are null.
 */
export async function readExperiments (
  prisma: PrismaClient, condition: Prisma.Sql, after: string | null, take: number, size: ReadSize
): Promise<PageRow<ListedExperiment>[]> {
  const page = Prisma.sql`
    page AS MATERIALIZED (
      SELECT found.id, row_number() OVER (ORDER BY found.id) < ${take}::int AS shown FROM (
        SELECT e.id FROM experiment e
        WHERE ${condition} AND ${after === null ? Prisma.sql`true` : Prisma.sql`e.id > ${after}::uuid`}
        ORDER BY e.id LIMIT ${take}
      ) found
    )`
  if (size === 'small') {
    const beyond = await prisma.$queryRaw<unknown[]>`WITH ${page} SELECT 1 AS step FROM page JOIN step ON step.experiment_id = page.id WHERE page.shown OFFSET ${largestRead.steps} LIMIT 1`
    if (beyond.length > 0) throw new LargeRead()
  }
  return await prisma.$queryRaw<PageRow<ListedExperiment>[]>`WITH ${page} ${withinPageBytes(['id'], Prisma.sql`${Prisma.raw(pageAsJson)} ORDER BY object.page_id`)}`
}
