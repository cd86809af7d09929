import { createHash } from 'node:crypto'
import type { Conflicts } from './conflicts.ts'
import type { ImportOptions, ImportCount, ImportContext } from './import-context.ts'
import type { ImportedProcess, ExperimentPlan } from './plan-experiments.ts'

const processesAtOnce = 50
const experimentsAtOnce = 200

/** Imports processes and experiments. Existing ones stay as they are. */
export async function importExperiments (
  { processes, experiments }: ExperimentPlan, { store, audit, startProgress }: ImportContext, { dry_run }: ImportOptions, conflicts: Conflicts
): Promise<{ processes: ImportCount, experiments: ImportCount }> {
  const knownProcesses = store === null ? [] : await store.knownProcesses(processes.map(({ id }) => id))
  const knownExperiments = new Set(store === null ? [] : await store.knownExperiments(experiments.map(({ id }) => id)))
  const newProcesses = withoutKnown(processes, knownProcesses, conflicts)
  const newExperiments = experiments.filter(({ id }) => !knownExperiments.has(id))

  if (!dry_run && store !== null) {
    const progress = startProgress('processes and experiments', newProcesses.length + newExperiments.length)
    for (let at = 0; at < newProcesses.length; at += processesAtOnce) {
      await store.addProcesses(newProcesses.slice(at, at + processesAtOnce))
      progress.step(Math.min(processesAtOnce, newProcesses.length - at))
    }
    for (let at = 0; at < newExperiments.length; at += experimentsAtOnce) {
      await store.addExperiments(newExperiments.slice(at, at + experimentsAtOnce), audit)
      progress.step(Math.min(experimentsAtOnce, newExperiments.length - at))
    }
    progress.done()
  }
  return {
    processes: { read: processes.length, added: newProcesses.length, known: knownProcesses.length },
    experiments: { read: experiments.length, added: newExperiments.length, known: knownExperiments.size }
  }
}

function withoutKnown (
  processes: readonly ImportedProcess[], known: readonly { id: string, name: string, source_sha256: string }[], conflicts: Conflicts
): ImportedProcess[] {
  const existing = new Map(known.map((process) => [process.id, process]))
  return processes.filter(({ id, name, source }) => {
    const match = existing.get(id)
    if (match === undefined) return true
    if (match.name !== name || match.source_sha256 !== createHash('sha256').update(source).digest('hex')) conflicts.add('process-differs-here', `"${name}", ${id}`)
    return false
  })
}
