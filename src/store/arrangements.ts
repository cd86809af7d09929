import type { Arrangement, ArrangementItem, CommandFinding, ContainerChange, ContainerChanges } from '../contract/arrangements.ts'
import type { Warning } from '../contract/common.ts'
import { type Fault, invalid, type ProblemCode } from '../contract/problems.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import { refusalDetail } from './refusals.ts'

/** A finding as a database function returns it. */
export type FindingRow = { code: ProblemCode, members: Record<string, unknown> }

/** Arrangements. The command is one call of the function `arrange_containers` in prisma/sql/arrangement. */
export function arrangementStore ({ pool }: Database) {
  return {
    /** Records where containers are, judged by the end. A dry run changes nothing, and returns what contradicts. */
    async arrange ({ reason, items, missing }: Arrangement, dryRun: boolean, audit: AuditContext): Promise<ContainerChanges> {
      const faults = items.flatMap(faultsOf)
      if (items.length + (missing ?? []).length === 0) faults.push({ in: 'body', pointer: '/items', detail: 'must not be empty unless `missing` has containers' })
      if (faults.length > 0) throw invalid(...faults)
      const input = { items: items.map(inputOf), missing: (missing ?? []).map(namesOf) }
      const [done] = await runPrepared<{ changes: ContainerChange[], findings: FindingRow[], warnings: Warning[], revision: number }>(pool,
        'SELECT changes, findings, warnings, revision FROM arrange_containers($1, $2, $3)', [JSON.stringify(input), dryRun, { ...audit, reason }])
      const { changes, findings, warnings, revision } = done!
      return { changes, findings: findings.map(findingOf), warnings, revision }
    }
  }
}

/** A finding with its sentence. */
export function findingOf ({ code, members }: FindingRow): CommandFinding {
  return { ...members, code, detail: refusalDetail(code, members) }
}

function faultsOf ({ container, barcode, lidded, lid }: ArrangementItem, index: number): Fault[] {
  const faults: Fault[] = []
  const fault = (member: string, detail: string): void => { faults.push({ in: 'body', pointer: `/items/${index}/${member}`, detail }) }
  if (!container && !barcode) fault('container', 'is required without `barcode`: send one of the two')
  if (container && barcode) fault('barcode', 'must not be sent with `container`: send one of the two')
  if (lidded === true && lid) fault('lid', 'must not be a place when `lidded` is true, because the lid is on')
  return faults
}

function inputOf ({ container, barcode, device, position, lidded, lid }: ArrangementItem) {
  const names = container ? namesOf(container) : { named: barcode ?? null, id: null }
  return { ...names, member: container ? 'container' : 'barcode', device, position, lidded: lidded ?? null, ...lid === undefined ? {} : { lid } }
}

/** A container as the database functions take it: its barcode or its id. */
export function namesOf (container: string): { named: string | null, id: string | null } {
  const { id, barcode } = parseContainerRef(container)
  return { named: barcode, id }
}
