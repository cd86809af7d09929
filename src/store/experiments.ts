import { v7 as uuidv7 } from 'uuid'
import type { Experiment, ExperimentCreate, ExperimentPatch, ExperimentQuery } from '../contract/experiments.ts'
import type { Pause } from '../contract/pauses.ts'
import { problem } from '../contract/problems.ts'
import { digestOf } from '../domain/canonical.ts'
import { allowedAfter, type ExperimentStatusName } from '../domain/experiment-status.ts'
import { numberWarnings, writeExactly } from '../domain/whole-numbers.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, withRetries, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { Prisma } from './generated/client.ts'
import { experimentCondition, experimentsAsJson, type ListedExperiment, readExperiments } from './experiments.sql.ts'
import type { JsonRow } from './json-row.ts'
import { countRows } from './list-rows.sql.ts'
import { filtersOf, readJsonPageById } from './pages.ts'
import { pauseValues } from './pauses.ts'
import { largestRead, LargeRead, type ReadSize } from './read-size.ts'

const readById = `${experimentsAsJson()} WHERE object.id = $1`
const setPaused = experimentsAsJson('set_experiment_paused($1, $2, $3, $4, $5)')
// The condition does not depend on the row, so PostgreSQL checks it before it counts steps.
const readSmallById = `${readById} AND NOT EXISTS (SELECT FROM step WHERE step.experiment_id = $1 OFFSET ${largestRead.steps})`

/** Experiments. Their times and step counts are computed from their steps. */
export function experimentStore ({ pool, prisma }: Database) {
  async function isThere (id: string): Promise<boolean> {
    return (await runPrepared(pool, 'SELECT 1 FROM experiment WHERE id = $1', [id])).length > 0
  }

  return {
    async read (id: string, size: ReadSize = 'any'): Promise<JsonRow<Experiment>> {
      const isSmall = size === 'small'
      const [found] = await runPrepared<JsonRow<Experiment>>(pool, isSmall ? readSmallById : readById, [id])
      if (found !== undefined) return found
      if (isSmall && await isThere(id)) throw new LargeRead()
      throw notFound()
    },

    /** Throws `experiment-not-found` if there is none, without counting its steps. */
    async require (id: string): Promise<void> {
      if (!await isThere(id)) throw notFound()
    },

    /** Creates an experiment. The outcome is `repeated` for a retry with the same id and body. Steps that were logged with its id become its steps. */
    async create (input: ExperimentCreate, audit: AuditContext): Promise<{ outcome: 'created' | 'repeated', experiment: Experiment }> {
      const prepared = { ...input, id: input.id ?? uuidv7(), created_as: digestOf(input), warnings: numberWarnings(input.metadata, '/metadata') }
      const [row] = await runPrepared<Experiment & { outcome: 'created' | 'repeated' }>(pool,
        `SELECT outcome, ${viewColumns('experiment', '(experiment)')} FROM create_experiment($1, $2)`, [writeExactly(prepared), audit])
      const { outcome, ...experiment } = row!
      return { outcome, experiment }
    },

    async list (query: ExperimentQuery, size: ReadSize) {
      const condition = experimentCondition(query)
      return await readJsonPageById<ListedExperiment>(query, {
        name: 'experiments',
        filters: filtersOf(query),
        read: async (after, take) => await readExperiments(prisma, condition, after, take, size),
        count: async () => await countRows(prisma, 'experiment e', condition)
      })
    },

    /** Pauses a running experiment, or resumes a paused one. Returns it unchanged if it is so already. A dry run changes nothing. */
    async setPaused (id: string, paused: boolean, pause: Pause, dryRun: boolean, audit: AuditContext): Promise<JsonRow<Experiment>> {
      const [experiment] = await runPrepared<JsonRow<Experiment>>(pool, setPaused, pauseValues(id, paused, pause, dryRun, audit))
      return experiment!
    },

    /** Changes status, name, session or metadata. Throws `illegal-transition` for a status that cannot follow the present one. */
    async update (id: string, changes: ExperimentPatch, audit: AuditContext): Promise<Experiment> {
      return await withRetries(() => prisma.$transaction(async (transaction) => {
        const [locked] = await transaction.$queryRaw<{ status: ExperimentStatusName }[]>`
          SELECT status FROM experiment WHERE id = ${id}::uuid FOR NO KEY UPDATE`
        if (locked === undefined) throw notFound()
        refuseIllegalTransition(locked.status, changes.status ?? locked.status)
        const [changed] = await transaction.$queryRaw<Experiment[]>`
          SELECT ${Prisma.raw(viewColumns('experiment'))} FROM update_experiment(${id}::uuid, ${writeExactly({ ...changes, ...changes.metadata === undefined ? {} : { warnings: numberWarnings(changes.metadata, '/metadata') } })}::jsonb, ${JSON.stringify(audit)}::jsonb)`
        return changed!
      }))
    }
  }
}

function notFound () {
  return problem('experiment-not-found', 'No experiment has this id.', { parameter: 'id' })
}

function refuseIllegalTransition (status: ExperimentStatusName, requested: ExperimentStatusName): void {
  const allowed = allowedAfter(status)
  if (requested === status || allowed.includes(requested)) return
  const nextStep = allowed.length === 0 ? 'It has ended' : `It can become ${allowed.join(' or ')}`
  throw problem('illegal-transition', `The experiment is ${status} and cannot become ${requested}. ${nextStep}.`, { from: status, to: requested, allowed, pointer: '/status' })
}
