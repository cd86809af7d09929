import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { v5 as uuidv5 } from 'uuid'
import type { Place } from '../contract/common.ts'
import { projectRoot } from '../project-root.ts'

// Reads the records of a real lab as steps and places of this service; see examples/robotlab/README.md.

const folder = join(projectRoot, 'examples', 'robotlab')

/** The members of a line of steps.jsonl.gz that are used. */
type StepRecord = {
  run: string
  start: string
  finish: string
  device: string
  type: 'RobotarmCmd' | 'BiotekCmd' | 'BlueCmd' | 'IncuCmd'
  cmd: { program_name?: string, action?: string, protocol_path?: string | null, incu_loc?: string | null }
  plate: string | null
}

/** A move or lid change of the plate `what`. Places have the names of that lab. */
export type RobotlabEvent =
  | { kind: 'move', what: string, src: string, dst: string }
  | { kind: 'unlid', what: string, dst: string }
  | { kind: 'lid', what: string, src: string }

type LabRecord = { run: string } & (RobotlabEvent | { kind: 'init', world: Record<string, string> })

/** One run: the initial plates by place, the changes, and the steps. */
export type RobotlabRun = { name: string, initial: Readonly<Record<string, string>>, events: readonly RobotlabEvent[], steps: readonly ReplayedStep[] }

/** A planned step, as an estimate needs it. */
export type RobotlabStep = { kind: 'operation' | 'move', name: string, device: string, data: Record<string, string>, origin?: Place, destination?: Place }

/** A finished step, as it is logged. */
export type ReplayedStep = RobotlabStep & { id: string, start: string, finish: string, containers: string[], experiment_id: string }

/** All runs, oldest first. */
export async function readRuns (): Promise<RobotlabRun[]> {
  const [steps, labRecords] = await Promise.all([readLines<StepRecord>('steps.jsonl.gz'), readLines<LabRecord>('world.jsonl.gz')])
  const stepsOf = byRun(steps)
  return [...byRun(labRecords)].map(([name, records]) => ({
    name,
    initial: records.find((record) => record.kind === 'init')?.world ?? {},
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

/** The lab file of that lab, as YAML. */
export async function readLabFile (): Promise<string> {
  return await readFile(join(folder, 'lab.yaml'), 'utf8')
}

async function readLines<T> (file: string): Promise<T[]> {
  const text = await promisify(gunzip)(await readFile(join(folder, file)))
  return text.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as T)
}

const slotsOfStack = 22

/** The place for a name of that lab, for example `A1`. */
export function placeOf (name: string): Place {
  const [, letter, digits] = /^([A-Z])(\d+)$/.exec(name) ?? []
  if (letter === undefined) return { device: name, position: 0 }
  const number = Number(digits)
  if (letter === 'L') return { device: 'incu', position: number }
  if (letter === 'R') return { device: 'incu', position: slotsOfStack + number }
  return { device: letter, position: number - 1 }
}

/** The name of a place in that lab. */
export function nameOfPlace ({ device, position }: Place): string {
  if (/^[A-Z]$/.test(device)) return `${device}${position + 1}`
  if (position === 0) return device
  return position <= slotsOfStack ? `L${position}` : `R${position - slotsOfStack}`
}

/** The barcode of a plate: the start of the run and the number of the plate. */
export function barcodeOf (run: string, plate: string): string {
  const [, date, time] = /^(.{10})_(.{8})/.exec(run) ?? []
  return `${date?.replaceAll('-', '')}-${time?.replaceAll('.', '')}-${plate}`
}

const namespace = '7f2b0c5e-5c1b-4f0a-9a53-2b9f6d1f4e21'

/** A UUID derived from a name in the records. It is always the same, so that a repeated demo logs nothing twice. */
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

/** A program of the robot arm. It is a move if it transports a plate. */
function programStep (device: string, program: string): RobotlabStep {
  const [, from, to] = /^(\w+?)[-_]to[-_](\w+) transfer$/.exec(program) ?? []
  const [, place, way] = /^(?!lid)(\w+) (get|put) transfer$/.exec(program) ?? []
  const ends = from !== undefined ? [from, to!] : way === 'get' ? [place!, exchangePlace] : way === 'put' ? [exchangePlace, place!] : null
  if (ends === null) return { kind: 'operation', name: program, device, data: { fct: 'run_program', protocol: program } }
  const [origin, destination] = ends.map(placeOf) as [Place, Place]
  return { kind: 'move', name: program, device, data: { fct: 'move', protocol: program }, origin, destination }
}
