import type { Pause } from '../contract/pauses.ts'
import { invalid, problem } from '../contract/problems.ts'
import type { StepExclusionRequest, StepExclusionResult } from '../contract/step-exclusions.ts'
import type { StatisticsQuery } from '../contract/step-statistics.ts'
import type { Step, StepCreate, StepFinish, StepPatch, StepQuery } from '../contract/steps.ts'
import { readGroupings } from '../domain/step-grouping.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import { type AuditContext, runLabCommand, runPrepared, withRetries } from './commands.ts'
import type { Database } from './database.ts'
import type { JsonRow } from './json-row.ts'
import { countRows } from './list-rows.sql.ts'
import { filtersOf, type PageQuery, readJsonPage } from './pages.ts'
import { pauseValues } from './pauses.ts'
import { withStoredSteps } from './stored-steps.ts'
import { prepareSteps } from './prepare-steps.ts'
import { correctStep, finishStep } from './step-changes.ts'
import { excludeSteps } from './step-exclusions.ts'
import { stepCondition } from './step-filters.sql.ts'
import { stepHistory } from './step-history.sql.ts'
import { stepStatistics } from './step-statistics.sql.ts'
import { isStepKey, type ListedStep, readSteps, type StepKey, stepKey, stepsAsJson } from './steps.sql.ts'
import { timeZonesOf } from './time-zones.ts'

/** The result of logging a step. `ended`: it was told before, and ended now. `repeated`: a retry. `extended`: a retry that added containers. */
export type LoggedStep = JsonRow<Step> & { id: string, outcome: 'logged' | 'ended' | 'extended' | 'repeated' }

const readById = `${stepsAsJson()} WHERE object.id = $1`
type ToMerge = Omit<LoggedStep, 'outcome'> & { outcome: 'merge' }
const setPaused = stepsAsJson('set_step_paused($1, $2, $3, $4, $5)')
// The lab lock is taken last: the event is recorded when the whole response is written. array_agg reads it to its end.
const logSteps = `
  WITH logged AS MATERIALIZED (${stepsAsJson('(SELECT outcome, (step).*, record FROM log_steps($1, $2, $3))', ['id', 'outcome', 'record'])}),
    recorded AS MATERIALIZED (SELECT record_logged_steps((SELECT (array_agg(record) FILTER (WHERE record IS NOT NULL))[1] FROM logged), $4))
  SELECT version, id, outcome, json FROM logged CROSS JOIN recorded`

/** The log of steps. Each command is one call of a function in prisma/sql/step. */
export function stepStore ({ pool, prisma }: Database) {
  const timeZones = timeZonesOf(pool)

  async function read (id: string): Promise<JsonRow<Step>> {
    const [found] = await runPrepared<JsonRow<Step>>(pool, readById, [id])
    if (found === undefined) throw problem('step-not-found', 'No step has this id.', { parameter: 'id' })
    return found
  }

  async function logAll (inputs: readonly StepCreate[], audit: AuditContext, batch = true): Promise<LoggedStep[]> {
    return await withStoredSteps(async (stored) => {
      const { steps, devices } = await prepareSteps(inputs, batch, stored)
      const logged = await runLabCommand<LoggedStep | ToMerge>(pool, logSteps, [writeExactly(steps), JSON.stringify(devices), batch, audit], audit)
      return logged.some(({ outcome }) => outcome === 'merge')
        ? { merge: logged.map(({ json }) => JSON.parse(json) as Step) }
        : { done: logged as LoggedStep[] }
    })
  }

  return {
    read,
    logAll,

    async log (input: StepCreate, audit: AuditContext): Promise<LoggedStep> {
      const [logged] = await logAll([input], audit, false)
      return logged!
    },

    async list (query: StepQuery) {
      const { sort = 'start', ...filters } = filtersOf(query)
      const condition = await withRetries(async () => await stepCondition(prisma, filters))
      return await readJsonPage<ListedStep, StepKey>(query, {
        name: 'steps',
        filters: { ...filters, sort },
        keys: (step) => stepKey(sort, step),
        isKey: (values) => isStepKey(sort, values),
        read: async (after, take) => await readSteps(prisma, condition, sort, after, take),
        count: async () => await countRows(prisma, 'step s', condition)
      })
    },

    async statistics ({ group_by, excluded, timezone = 'UTC', ...filters }: StatisticsQuery) {
      const grouping = readGroupings(group_by)
      if ('fault' in grouping) throw invalid({ in: 'query', parameter: 'group_by', detail: grouping.fault })
      const zoneFault = await timeZones.fault(timezone)
      if (zoneFault !== null) throw invalid({ in: 'query', parameter: 'timezone', detail: zoneFault })
      return await stepStatistics(prisma, await stepCondition(prisma, filters), grouping.groupings, { all: excluded === 'any', timezone })
    },

    async finish (id: string, ending: StepFinish, audit: AuditContext): Promise<Step> {
      return await finishStep(prisma, id, ending, audit)
    },

    /** Pauses a running step, or resumes a paused one. Returns it unchanged if it is so already. A dry run changes nothing. */
    async setPaused (id: string, paused: boolean, pause: Pause, dryRun: boolean, audit: AuditContext): Promise<JsonRow<Step>> {
      const [step] = await runPrepared<JsonRow<Step>>(pool, setPaused, pauseValues(id, paused, pause, dryRun, audit))
      return step!
    },

    async correct (id: string, { reason, ...patch }: StepPatch, audit: AuditContext): Promise<Step> {
      return await correctStep(prisma, id, patch, { ...audit, reason })
    },

    /** Decides about many steps as samples for estimates. A dry run only says which. */
    async exclude (request: StepExclusionRequest, dryRun: boolean, audit: AuditContext): Promise<StepExclusionResult> {
      return await excludeSteps(prisma, request, dryRun, audit)
    },

    async history (id: string, query: PageQuery) {
      await read(id)
      return await stepHistory(prisma, id, query)
    }
  }
}
