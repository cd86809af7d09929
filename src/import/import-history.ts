import { collectConflicts, type Conflict, type Conflicts } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { ImportOptions, ImportCount, ImportContext } from './import-context.ts'
import { importExperiments } from './import-experiments.ts'
import { importSteps, type StepsResult } from './import-steps.ts'
import type { OldDatabase } from './old-database.ts'
import { type OldLab, readOldLab } from './old-tables.ts'
import { oldZone } from './old-times.ts'
import { nameDevices, type OldDevices } from './plan-devices.ts'
import { planExperiments } from './plan-experiments.ts'
import { lookupFor, emptyLab, planTrackedLab, type TrackedLabPlan } from './plan-lab.ts'

const containersAtOnce = 1000
/** An experiment without steps for this long is completed. */
const quietMs = 24 * 3_600_000
const experimentsAtOnce = 100

export type ImportResult = {
  counts: { devices: ImportCount, certificates: ImportCount, containers: ImportCount, processes: ImportCount, experiments: ImportCount, steps: ImportCount }
  /** The number of added containers that are on the platform. */
  on_platform: number
  /** The number of step rows that are moves. */
  moves: number
  /** The number of existing steps that got another container. */
  steps_extended: number
  experiments_completed: number
  first_start: string | null
  last_finish: string | null
  conflicts: Conflict[]
}

/**
 * Imports the history of an old database. A dry run reads both databases and writes nothing. What exists from an earlier import
 * stays as it is, so an interrupted import can be repeated.
 */
export async function importHistory (source: OldDatabase, target: ImportContext, options: ImportOptions): Promise<ImportResult> {
  const conflicts = collectConflicts()
  const old = await readOldLab(source)
  const devices = nameDevices(old, conflicts)
  const labPlan = await importLab(old, devices, target, options)
  conflicts.addAll(labPlan.conflicts)
  const experimentPlan = planExperiments(old, conflicts)
  const { processes, experiments } = await importExperiments(experimentPlan, target, options, conflicts)
  const steps = await importSteps(source, old.steps, target, {
    ...options, identity: old.identity, devices: devices.names, places: devices.places, conflicts,
    containers: new Map(old.containers.map(({ id }) => [id, idOfRow(old.identity, 'container', id)])), experiments: experimentPlan.experiment_ids
  })
  noteGeneralConflicts(old, steps, options, conflicts)
  const completed = await completeOldExperiments(experimentPlan.experiments.map(({ id }) => id), target, options)

  const certificates = old.devices.filter(({ certificate }) => certificate).length
  const names = new Set(devices.names.values()).size
  return {
    counts: {
      devices: { read: old.devices.length, added: labPlan.added_devices, known: names - labPlan.added_devices },
      certificates: { read: certificates, added: labPlan.certificates.length, known: 0 },
      containers: { read: old.containers.length, added: labPlan.containers.length + labPlan.removed.length, known: labPlan.known_containers },
      processes,
      experiments,
      steps: { read: steps.read, added: steps.added, known: steps.known }
    },
    on_platform: labPlan.containers.length,
    moves: old.moves,
    steps_extended: steps.extended,
    experiments_completed: completed,
    first_start: steps.first_start,
    last_finish: steps.last_finish,
    conflicts: conflicts.list()
  }
}

async function importLab (
  old: OldLab, devices: OldDevices, { store, audit, startProgress }: ImportContext, { dry_run }: ImportOptions
): Promise<TrackedLabPlan> {
  const lookup = lookupFor(old, devices)
  if (dry_run || store === null) return planTrackedLab(old, devices, store === null ? emptyLab : await store.read(lookup))
  const planned = await store.changeWorld(lookup, (tracked) => planTrackedLab(old, devices, tracked), audit)
  const progress = startProgress('removed containers', planned.removed.length)
  for (const some of chunks(planned.removed, containersAtOnce)) {
    await store.addContainers(some, audit)
    progress.step(some.length)
  }
  progress.done()
  return planned
}

/** Completes experiments that have ended, and updates the planner statistics. */
async function completeOldExperiments (experiments: readonly string[], { store, audit }: ImportContext, { dry_run }: ImportOptions): Promise<number> {
  if (dry_run || store === null) return 0
  let completed = 0
  for (const some of chunks(experiments, experimentsAtOnce)) completed += await store.completeExperiments(some, new Date(Date.now() - quietMs), audit)
  await store.analyze()
  return completed
}

function noteGeneralConflicts (old: OldLab, steps: StepsResult, { timezone, keep_simulation }: ImportOptions, conflicts: Conflicts): void {
  const simulated = `${steps.simulated} of ${steps.read} steps are marked`
  if (!keep_simulation) conflicts.add('simulation-flag', steps.simulated === steps.read ? simulated : `${simulated}: in this database the mark may be meaningful`, steps.simulated)
  conflicts.add('step-status-unknown', 'all steps', steps.read)
  conflicts.add('local-times', timezone === oldZone ? 'all steps' : `all steps, moved to ${timezone}`, steps.read)
  conflicts.add('orphan-move', `${old.orphan_moves} rows of job_logs_movestep`, old.orphan_moves)
  conflicts.add('results', `${old.results} rows of job_logs_result`, old.results)
}

function chunks<T> (items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
