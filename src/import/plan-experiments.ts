import { maxSourceLength } from '../domain/limits.ts'
import type { Conflicts } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { OldExperiment, OldProcess, OldLab } from './old-tables.ts'
import { sanitizeName } from './sanitize-names.ts'

export type ImportedProcess = { id: string, name: string, source: string }
export type ImportedExperiment = { id: string, process_id: string, metadata: { project: string, project_pi: string } | null }

/** Processes and experiments keep the ids of the old system, because orchestrators and notes refer to them. */
export type ExperimentPlan = {
  processes: ImportedProcess[]
  experiments: ImportedExperiment[]
  /** The new id by the old row id. */
  experiment_ids: ReadonlyMap<number, string>
}

export function planExperiments (old: OldLab, conflicts: Conflicts): ExperimentPlan {
  const processIds = idsOf(old.identity, 'process', old.processes, conflicts)
  const experimentIds = idsOf(old.identity, 'experiment', old.experiments, conflicts)
  const processes = old.processes.map((process) => ({ id: processIds.get(process.id)!, ...describe(process, conflicts) }))
  const gone = new Map<number, ImportedProcess>()

  const experiments = old.experiments.map(({ id, process, project }): ImportedExperiment => {
    let process_id = processIds.get(process)
    if (process_id === undefined) {
      conflicts.add('experiment-process-gone', `experiment ${id}, process ${process}`)
      process_id = idOfRow(old.identity, 'process', process)
      gone.set(process, { id: process_id, name: `process ${process} (gone)`, source: '# This process was gone from the old database.\n' })
    }
    const found = old.projects.find((one) => one.id === project)
    return { id: experimentIds.get(id)!, process_id, metadata: found === undefined ? null : { project: storable(found.name), project_pi: storable(found.pi) } }
  })
  return { processes: [...processes, ...gone.values()], experiments, experiment_ids: experimentIds }
}

function idsOf (identity: string, table: string, rows: readonly (OldProcess | OldExperiment)[], conflicts: Conflicts): Map<number, string> {
  const taken = new Set<string>()
  return new Map(rows.map(({ id, uuid }) => {
    if (uuid === null) conflicts.add('id-missing', `${table} ${id}`)
    else if (taken.has(uuid)) conflicts.add('id-twice', `${table} ${id}, ${uuid}`)
    const given = uuid === null || taken.has(uuid) ? idOfRow(identity, table, id) : uuid
    taken.add(given)
    return [id, given]
  }))
}

function describe ({ id, name, source }: OldProcess, conflicts: Conflicts): { name: string, source: string } {
  const sanitized = sanitizeName(name) ?? `process ${id}`
  if (sanitized !== name) conflicts.add('process-name', `process ${id}, "${name}", becomes "${sanitized}"`)
  const stored = source === '' ? '# The source of this process was empty in the old database.\n' : storable(source)
  if (stored !== source) conflicts.add('process-source', `process ${id}, "${name}"`)
  if (stored.length > maxSourceLength) conflicts.add('process-too-long', `process ${id}, "${name}", ${stored.length} characters`)
  return { name: sanitized, source: stored.slice(0, maxSourceLength).toWellFormed() }
}

function storable (text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed()
}
