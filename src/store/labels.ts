import type { ContainerChange, ContainerChanges } from '../contract/arrangements.ts'
import type { Warning } from '../contract/common.ts'
import type { Container } from '../contract/containers.ts'
import type { LookupItem, NewLabel, Relabelling } from '../contract/labels.ts'
import { type Fault, invalid } from '../contract/problems.ts'
import { findingOf, type FindingRow, namesOf } from './arrangements.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'

const lookup = 'SELECT barcode, found, containers, differs_in_case FROM lookup_containers($1, $2) ORDER BY n'

/** The labels of containers: new ones, and whose they are or were. */
export function labelStore ({ pool }: Database) {
  return {
    /** Gives containers new labels, all at once. A dry run changes nothing, and returns what contradicts. */
    async relabel ({ reason, labels }: Relabelling, dryRun: boolean, audit: AuditContext): Promise<ContainerChanges> {
      const faults = repeatedIn(labels)
      if (faults.length > 0) throw invalid(...faults)
      const input = labels.map(({ container, barcode }) => ({ ...namesOf(container), barcode }))
      const [done] = await runPrepared<{ changes: ContainerChange[], findings: FindingRow[], warnings: Warning[], revision: number }>(pool,
        'SELECT changes, findings, warnings, revision FROM relabel_containers($1, $2, $3)', [JSON.stringify(input), dryRun, { ...audit, reason }])
      const { changes, findings, warnings, revision } = done!
      return { changes, findings: findings.map(findingOf), warnings, revision }
    },

    /** The containers that have, or had, these barcodes, in one statement. */
    async lookup (barcodes: readonly string[]): Promise<LookupItem[]> {
      const names = barcodes.map(namesOf)
      return await runPrepared<LookupItem & { containers: Container[] }>(pool, lookup, [barcodes, names.map(({ id }) => id)])
    }
  }
}

function repeatedIn (labels: readonly NewLabel[]): Fault[] {
  const first = new Map<string, number>()
  return labels.flatMap(({ barcode }, index) => {
    const other = first.get(barcode)
    if (other === undefined) first.set(barcode, index)
    return other === undefined ? [] : [{ in: 'body' as const, pointer: `/labels/${index}/barcode`, detail: `is the same barcode as /labels/${other}/barcode; two containers never have the same one` }]
  })
}
