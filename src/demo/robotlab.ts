import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { v5 as uuidv5 } from 'uuid'
import type { Place } from '../contract/common.ts'
import { projectRoot } from '../project-root.ts'

// The records of a real lab, and how they are read as steps and places of this service; see examples/robotlab/README.md.

const folder = join(projectRoot, 'examples', 'robotlab')

/** A line of steps.jsonl.gz, as far as it is read. */
type StepRecord = {
  run: string
  start: string
  finish: string
  device: string
  type: 'RobotarmCmd' | 'BiotekCmd' | 'BlueCmd' | 'IncuCmd'
  cmd: { program_name?: string, action?: string, protocol_path?: string | null, incu_loc?: string | null }
  plate: string | null
}

/** A change of the world: of the plate `what`, between places in the lab's own names. */
export type RobotlabEvent =
  | { kind: 'move', what: string, src: string, dst: string }
  | { kind: 'unlid', what: string, dst: string }
  | { kind: 'lid', what: string, src: string }

type WorldRecord = { run: string } & (RobotlabEvent | { kind: 'init', world: Record<string, string> })

/** One run: which plate stood where when it began, what changed, and what was done. */
export type RobotlabRun = { name: string, world: Readonly<Record<string, string>>, events: readonly RobotlabEvent[], steps: readonly ReplayedStep[] }

/** A step that is still to be done, as an estimate is asked for it. */
export type RobotlabStep = { kind: 'operation' | 'move', name: string, device: string, data: Record<string, string>, origin?: Place, destination?: Place }

/** A step as it is logged. */
export type ReplayedStep = RobotlabStep & { id: string, start: string, finish: string, containers: string[], experiment_id: string }

/** All runs, oldest first. */
export async function readRuns (): Promise<RobotlabRun[]> {
  const [steps, world] = await Promise.all([readLines<StepRecord>('steps.jsonl.gz'), readLines<WorldRecord>('world.jsonl.gz')])
  const stepsOf = byRun(steps)
  return [...byRun(world)].map(([name, records]) => ({
    name,
    world: records.find((record) => record.kind === 'init')?.world ?? {},
    events: records.filter((record) => record.kind !== 'init'),
    steps: (stepsOf.get(name) ?? []).map(loggedStep)
  }))
}

function byRun<T extends { run: string }> (records: readonly T[]): Map<string, T[]> {
  const runs = new Map<string, T[]>()
  for (const record of records) {
    const run = runs.get(record.run)
    if (run === undefined) runs.set(record.run, [record])
    else run.push(record)
  }
  return runs
}

/** That lab as a lab file, YAML. */
export async function readLabFile (): Promise<string> {
  return await readFile(join(folder, 'lab.yaml'), 'utf8')
}

async function readLines<T> (file: string): Promise<T[]> {
  const text = await promisify(gunzip)(await readFile(join(folder, file)))
  return text.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as T)
}

const slotsOfStack = 22

/** The slot that the lab's name of a place means. */
export function placeOf (name: string): Place {
  const [, letter, digits] = /^([A-Z])(\d+)$/.exec(name) ?? []
  if (letter === undefined) return { device: name, position: 0 }
  const number = Number(digits)
  if (letter === 'L') return { device: 'incu', position: number }
  if (letter === 'R') return { device: 'incu', position: slotsOfStack + number }
  return { device: letter, position: number - 1 }
}

/** The lab's name of a slot. */
export function nameOfPlace ({ device, position }: Place): string {
  if (/^[A-Z]$/.test(device)) return `${device}${position + 1}`
  if (position === 0) return device
  return position <= slotsOfStack ? `L${position}` : `R${position - slotsOfStack}`
}

/** The barcode of a plate of a run: the run's start and the plate's number. */
export function barcodeOf (run: string, plate: string): string {
  const [, date, time] = /^(.{10})_(.{8})/.exec(run) ?? []
  return `${date?.replaceAll('-', '')}-${time?.replaceAll('.', '')}-${plate}`
}

const namespace = '7f2b0c5e-5c1b-4f0a-9a53-2b9f6d1f4e21'

/** The id of something in the records: the same whenever they are read, so that what was logged before is recognised. */
export function idOf (name: string): string {
  return uuidv5(name, namespace)
}

function loggedStep (record: StepRecord, index: number): ReplayedStep {
  return {
    ...plannedStep(record),
    id: idOf(`${record.run} step ${index}`),
    start: `${record.start}Z`,
    finish: `${record.finish}Z`,
    containers: record.plate === null ? [] : [barcodeOf(record.run, record.plate)],
    experiment_id: idOf(record.run)
  }
}

function plannedStep ({ device, type, cmd }: StepRecord): RobotlabStep {
  if (type === 'RobotarmCmd') return programStep(device, cmd.program_name!)
  const data = { fct: cmd.action!, ...(cmd.protocol_path && { protocol: cmd.protocol_path }), ...(cmd.incu_loc && { incu_loc: cmd.incu_loc }) }
  return { kind: 'operation', name: [cmd.action, cmd.protocol_path ?? cmd.incu_loc].filter(Boolean).join(' '), device, data }
}

const exchangePlace = 'B21'

/** A program of the arm: a move when a plate is in its gripper. */
function programStep (device: string, program: string): RobotlabStep {
  const [, from, to] = /^(\w+?)[-_]to[-_](\w+) transfer$/.exec(program) ?? []
  const [, place, way] = /^(?!lid)(\w+) (get|put) transfer$/.exec(program) ?? []
  const ends = from !== undefined ? [from, to!] : way === 'get' ? [place!, exchangePlace] : way === 'put' ? [exchangePlace, place!] : null
  if (ends === null) return { kind: 'operation', name: program, device, data: { fct: 'run_program', protocol: program } }
  const [origin, destination] = ends.map(placeOf) as [Place, Place]
  return { kind: 'move', name: program, device, data: { fct: 'move', protocol: program }, origin, destination }
}
