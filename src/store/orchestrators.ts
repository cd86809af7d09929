import type { Orchestrator, OrchestratorPut, OrchestratorQuery } from '../contract/orchestrators.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import { viewColumns } from './columns.ts'
import type { Database } from './database.ts'
import { filtersOf, readPage } from './pages.ts'

/** The programs that run experiments. Each command is one call of a function in prisma/sql/orchestrator. */
export function orchestratorStore ({ pool }: Database) {
  return {
    /** Takes a sign of life. What ran in another session of the orchestrator is lost. */
    async put (name: string, input: OrchestratorPut, audit: AuditContext): Promise<{ outcome: 'created' | 'renewed', orchestrator: Orchestrator }> {
      const [row] = await runPrepared<Orchestrator & { outcome: 'created' | 'renewed' }>(pool,
        `SELECT outcome, ${viewColumns('orchestrator', '(orchestrator)')} FROM put_orchestrator($1, $2, $3)`, [name, input, audit])
      const { outcome, ...orchestrator } = row!
      return { outcome, orchestrator }
    },

    async list (query: OrchestratorQuery) {
      return await readPage<Orchestrator, readonly [string]>(query, {
        name: 'orchestrators',
        filters: filtersOf(query),
        keys: ({ name }) => [name],
        isKey: ([name, ...others]) => typeof name === 'string' && others.length === 0,
        read: async (after, take) => await runPrepared<Orchestrator>(pool,
          `SELECT ${viewColumns('orchestrator')} FROM orchestrator_state WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2`, [after?.[0] ?? null, take]),
        count: async () => await runPrepared<{ count: number }>(pool, 'SELECT count(*)::int AS count FROM orchestrator', []).then(([row]) => row!.count)
      })
    }
  }
}
