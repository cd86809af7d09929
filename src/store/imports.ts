import { createHash } from 'node:crypto'
import type { StepCreate } from '../contract/steps.ts'
import { digestOf } from '../domain/canonical.ts'
import type { DeviceInput } from '../domain/lab-file/lab-plan.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import { type AuditContext, withRetries, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { type ImportLookup, readTrackedThings, type TrackedThings } from './imports.sql.ts'
import { withLabLock, nextRevision, type Transaction } from './lab-lock.ts'
import { writeDevices } from './lab.sql.ts'
import { prepareSteps } from './prepare-steps.ts'

/** What to change in the lab. `containers` is the input of the function import_containers. */
export type LabInputs = {
  devices: readonly (readonly DeviceInput[])[]
  deep_well_suited: readonly { device: string, position: number }[]
  certificates: readonly { device: string, certificate: string }[]
  containers: readonly object[]
}
/** A step to import. Its `warnings` are stored together with those that logging adds. */
export type ImportStepInput = StepCreate & { id: string, warnings: readonly object[] }
/** Numbers of steps. `logged`: new. `extended`: known, with further containers. `repeated`: known and unchanged. */
export type LoggedSteps = { logged: number, extended: number, repeated: number }
export type ImportStore = ReturnType<typeof importStore>

/** Imports the data of another system. Large imports run in batches, so that robots of a running service never wait long for the lab lock. */
export function importStore (database: Database) {
  const { pool, prisma } = database
  return {
    /** Whether the database has the schema. An empty database cannot be queried. */
    async isReady (): Promise<boolean> {
      const [row] = await runPrepared<{ ready: boolean }>(pool, "SELECT to_regclass('step_container') IS NOT NULL AS ready", [])
      return row!.ready
    },

    async read (lookup: ImportLookup): Promise<TrackedThings> {
      return await withRetries(() => readTrackedThings(prisma, lookup))
    },

    /** Plans and changes the lab under the lab lock, so that the plan is still valid when it is applied. */
    async changeWorld<P extends LabInputs> (lookup: ImportLookup, plan: (tracked: TrackedThings) => P, audit: AuditContext): Promise<P> {
      return await withLabLock(database, audit, async (transaction) => {
        const planned = plan(await readTrackedThings(transaction, lookup))
        for (const devices of planned.devices) {
          if (devices.length > 0) await writeDevices(transaction, devices, { revision: await nextRevision(transaction, audit), ordinal: 0 }, audit)
        }
        await transaction.$executeRaw`
          SELECT count(update_position(s.device, s.position, '{"deep_well_suited": true}', ${JSON.stringify(audit)}::jsonb)::text)
          FROM jsonb_to_recordset(${JSON.stringify(planned.deep_well_suited)}::jsonb) AS s (device text, position integer)`
        await transaction.$executeRaw`
          SELECT count(set_certificate(c.device, c.certificate, ${JSON.stringify(audit)}::jsonb)::text)
          FROM jsonb_to_recordset(${JSON.stringify(planned.certificates)}::jsonb) AS c (device text, certificate text)`
        await importContainers(transaction, planned.containers, audit)
        return planned
      })
    },

    async addContainers (containers: readonly object[], audit: AuditContext): Promise<void> {
      await withLabLock(database, audit, async (transaction) => { await importContainers(transaction, containers, audit) })
    },

    /** The processes with these ids that exist already. */
    async knownProcesses (ids: readonly string[]): Promise<{ id: string, name: string, source_sha256: string }[]> {
      return await runPrepared(pool, 'SELECT id, name, source_sha256 FROM process WHERE id = ANY ($1::uuid[])', [ids])
    },

    async addProcesses (processes: readonly { id: string, name: string, source: string }[]): Promise<void> {
      const rows = processes.map((process) => ({
        ...process, source_sha256: sha256(process.source), created_as: digestOf({ name: process.name, source: process.source })
      }))
      await runPrepared(pool, `
        INSERT INTO process (id, name, source, source_sha256, created_as)
        SELECT id, name, source, source_sha256, created_as
        FROM jsonb_to_recordset($1) AS p (id uuid, name text, source text, source_sha256 text, created_as text)
        ON CONFLICT ON CONSTRAINT process_pkey DO NOTHING`, [JSON.stringify(rows)])
    },

    async knownExperiments (ids: readonly string[]): Promise<string[]> {
      return (await runPrepared<{ id: string }>(pool, 'SELECT id FROM experiment WHERE id = ANY ($1::uuid[])', [ids])).map(({ id }) => id)
    },

    async addExperiments (experiments: readonly { id: string, process_id: string, metadata: object | null }[], audit: AuditContext): Promise<void> {
      const inputs = experiments.map((experiment) => ({ ...experiment, created_as: digestOf(experiment) }))
      await runPrepared(pool, 'SELECT count(created.outcome) FROM jsonb_array_elements($1) AS input (value), create_experiment(input.value, $2) AS created',
        [writeExactly(inputs), audit])
    },

    /** Completes the experiments for which no step was logged since `before`. Returns their number. */
    async completeExperiments (ids: readonly string[], before: Date, audit: AuditContext): Promise<number> {
      const [row] = await runPrepared<{ completed: number }>(pool, 'SELECT complete_quiet_experiments($1::uuid[], $2, $3) AS completed', [ids, before, audit])
      return row!.completed
    },

    async knownSteps (ids: readonly string[]): Promise<number> {
      const [row] = await runPrepared<{ known: number }>(pool, 'SELECT count(*)::integer AS known FROM step WHERE id = ANY ($1::uuid[])', [ids])
      return row!.known
    },

    /** Logs steps in one call. Known steps stay unchanged, but new containers are added to them. */
    async addSteps (inputs: readonly ImportStepInput[], audit: AuditContext): Promise<LoggedSteps> {
      const { steps, devices } = await prepareSteps(inputs, true)
      const known = new Map((await runPrepared<{ id: string, created_as: string }>(pool,
        'SELECT id, created_as FROM step WHERE id = ANY ($1::uuid[])', [inputs.map(({ id }) => id)])).map(({ id, created_as }) => [id, created_as]))
      // A known step is identified by its id alone: with another --timezone the same row gives other times, so another digest.
      const prepared = steps.map((step, index) => ({
        ...step, created_as: known.get(step.id) ?? step.created_as, warnings: [...step.warnings, ...inputs[index]!.warnings]
      }))
      const [counts] = await runPrepared<LoggedSteps>(pool, `
        WITH logged AS MATERIALIZED (SELECT outcome, record FROM log_steps($1, $2, true)),
          recorded AS MATERIALIZED (SELECT record_logged_steps((SELECT (array_agg(record) FILTER (WHERE record IS NOT NULL))[1] FROM logged), $3))
        SELECT count(*) FILTER (WHERE outcome = 'logged')::integer AS logged, count(*) FILTER (WHERE outcome = 'extended')::integer AS extended,
          count(*) FILTER (WHERE outcome = 'repeated')::integer AS repeated
        FROM logged CROSS JOIN recorded`, [writeExactly(prepared), JSON.stringify(devices), audit])
      return counts!
    },

    /** Updates the table statistics, so that estimates are fast immediately. Otherwise autovacuum does it later. */
    async analyze (): Promise<void> {
      await pool.query('ANALYZE container, event, experiment, placement, process, run, step, step_container')
    }
  }
}

async function importContainers (transaction: Transaction, containers: readonly object[], audit: AuditContext): Promise<void> {
  await transaction.$executeRaw`SELECT import_containers(${JSON.stringify(containers)}::jsonb, ${JSON.stringify(audit)}::jsonb)`
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
