import { readGroupings } from '../domain/step-grouping.ts'
import { invalid, problem } from '../problems.ts'
import type { Step, StepCreate, StepFinish, StepPatch, StepQuery } from '../routes/steps/schemas.ts'
import type { StatisticsQuery } from '../routes/steps/statistics.schemas.ts'
import { type By, statement } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, type PageQuery, readPage } from './pages.ts'
import { correctStep, finishStep } from './step-changes.ts'
import { stepCondition } from './step-filters.sql.ts'
import { stepHistory } from './step-history.sql.ts'
import { stepStatistics } from './step-statistics.sql.ts'
import { prepareSteps } from './step-wishes.ts'
import { countSteps, isStepKey, readSteps, type StepKey, stepKey } from './steps.sql.ts'
import { type Members, writing, type Written } from './written.ts'

/** What became of a step that was to be logged: extended is repeated, with containers not named before. */
export type Logged = Written<Step> & { id: string, outcome: 'logged' | 'extended' | 'repeated' }

const members: Members<Step> = {
  id: 'value', kind: 'value', name: 'value', fct: 'value', device: 'value', data: 'value', start: 'time', finish: 'time', status: 'value',
  duration_seconds: 'value', experiment_id: 'value', experiment_named: 'value', containers: 'value', origin: 'value', destination: 'value',
  lidded_before: 'value', lidded_after: 'value', barcode_read: 'value', is_simulation: 'value', warnings: 'value', created_at: 'time',
  updated_at: 'time', version: 'value'
}
const readById = `${writing(members, 'step_state')} WHERE thing.id = $1`
const logSteps = writing(members, '(SELECT outcome, (step).* FROM log_steps($1, $2, $3, $4))', ['id', 'outcome'])

/** The log of steps. It is written by the functions in prisma/sql/step, one call each. */
export function stepStore ({ pool, prisma }: Database) {
  async function read (id: string): Promise<Written<Step>> {
    const [found] = await statement<Written<Step>>(pool, readById, [id])
    if (found === undefined) throw problem('step-not-found', 'No step has this id.', { parameter: 'id' })
    return found
  }

  async function logAll (wishes: readonly StepCreate[], by: By, batch = true): Promise<Logged[]> {
    const { steps, devices } = prepareSteps(wishes, batch)
    return await statement<Logged>(pool, logSteps, [JSON.stringify(steps), JSON.stringify(devices), batch, by])
  }

  return {
    read,
    logAll,

    async log (wish: StepCreate, by: By): Promise<Logged> {
      const [logged] = await logAll([wish], by, false)
      return logged!
    },

    async list (query: StepQuery) {
      const { sort = 'start', ...filters } = filtersOf(query)
      const condition = await stepCondition(prisma, filters)
      return await readPage<Step, StepKey>(query, {
        name: 'steps',
        filters: { ...filters, sort },
        keys: (step) => stepKey(sort, step),
        isKey: (values) => isStepKey(sort, values),
        read: async (after, take) => await readSteps(prisma, condition, sort, after, take),
        count: async () => await countSteps(prisma, condition)
      })
    },

    async statistics ({ group_by, ...filters }: StatisticsQuery) {
      const read = readGroupings(group_by)
      if ('fault' in read) throw invalid({ in: 'query', parameter: 'group_by', detail: read.fault })
      return await stepStatistics(prisma, await stepCondition(prisma, filters), read.groupings)
    },

    async finish (id: string, ending: StepFinish, by: By): Promise<Step> {
      return await finishStep(prisma, id, ending, by)
    },

    async correct (id: string, { reason, ...patch }: StepPatch, by: By): Promise<Step> {
      return await correctStep(prisma, id, patch, { ...by, reason })
    },

    async history (id: string, query: PageQuery) {
      await read(id)
      return await stepHistory(prisma, id, query)
    }
  }
}
