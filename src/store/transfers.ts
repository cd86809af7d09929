import type { Warning } from '../contract/common.ts'
import type { Container } from '../contract/containers.ts'
import { type Fault, invalid, type ProblemCode } from '../contract/problems.ts'
import type { Step } from '../contract/steps.ts'
import type { Transfer, TransferFinding, TransferResult } from '../contract/transfers.ts'
import { shortDigestOf } from '../domain/canonical.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import { type AuditContext, runLabCommand } from './commands.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import { type StoredStep, withStoredSteps } from './stored-steps.ts'
import { prepareTransferSteps } from './prepare-steps.ts'
import { refusalDetail } from './refusals.ts'

type TransferRow = {
  container: Container | null, step: Step | null, revision: number
  findings: { code: ProblemCode, members: Record<string, unknown> }[], warnings: Warning[] | null
}
/** The stored step of a transfer that ends it and lacks a part of its name or data. Nothing was done. */
type ToMerge = { findings: null, step: StoredStep }

/** Transfers. The command is one call of the function `transfer` in prisma/sql/transfer. */
export function transferStore ({ pool }: Database) {
  return {
    /** Records transfers in order, either all or none. A dry run records none, and returns the problems of each. */
    async book (transfers: readonly Transfer[], { batch, dryRun }: { batch: boolean, dryRun: boolean }, audit: AuditContext): Promise<TransferResult[]> {
      const base = (index: number) => batch ? `/transfers/${index}` : ''
      const faults = transfers.flatMap((transfer, index) => faultsOf(transfer).map(({ pointer, detail }): Fault => ({ in: 'body', pointer: base(index) + pointer, detail })))
      if (faults.length > 0) throw invalid(...faults)
      const made = await withStoredSteps(async (stored) => {
        const { steps, devices } = await prepareTransferSteps(transfers.map(({ step, target }, index) => ({
          input: step ? { ...step, kind: step.kind ?? (target ? 'move' : 'operation') } : null, pointer: `${base(index)}/step`, placesFollow: true
        })), stored)
        const inputs = transfers.map(({ container, ...transfer }, index) => {
          const step = steps[index] ?? null
          const ref = containerRef(container)
          return {
            ...withNulls(transfer),
            ...ref,
            // The first digest says what the step is, the second identifies a retry of the whole transfer, as it was sent, and the third
            // one a transfer whose step ends now.
            step: step === null
              ? null
              : { ...step, created_as: [step.created_as.split(':')[0], shortDigestOf([ref, { ...transfer, step: { ...transfer.step, id: step.id } }]), shortDigestOf([ref, { ...transfer, step: null }])].join(':') }
          }
        })
        const rows = await runLabCommand<TransferRow | ToMerge>(pool, 'SELECT container, step, findings, warnings, revision FROM transfer($1, $2, $3, $4, $5)',
          [writeExactly(inputs), JSON.stringify(devices), batch, dryRun, audit], audit)
        return rows.some(({ findings }) => findings === null)
          ? { merge: (rows as ToMerge[]).map(({ step }) => step) }
          : { done: rows as TransferRow[] }
      })
      return made.map(({ container, step, findings, warnings, revision }, index) => ({
        status: dryRun ? 'dry-run' : 'success', container, step, revision,
        findings: findings.map((finding) => findingOf(finding, batch ? index : null)),
        ...warnings === null ? {} : { warnings }
      }))
    }
  }
}

function containerRef (container: string | null | undefined) {
  if (!container) return { named: null, id: null }
  const { id, barcode } = parseContainerRef(container)
  return { named: barcode, id: id?.toLowerCase() ?? null }
}

/** The members in the form of the function: null for omitted ones. */
function withNulls ({ source, target, lid, barcode, reservation_id, lid_reservation_id }: Omit<Transfer, 'container'>) {
  return {
    source: source ?? null,
    target: target ? { device: target.device, position: target.position ?? null } : null,
    lid: lid ? { action: lid.action, device: lid.device ?? null, position: lid.position ?? null } : null,
    barcode: barcode ?? null, reservation_id: reservation_id ?? null, lid_reservation_id: lid_reservation_id ?? null
  }
}

function faultsOf ({ container, source, target, lid, barcode, step, reservation_id, lid_reservation_id }: Transfer): { pointer: string, detail: string }[] {
  const faults: { pointer: string, detail: string }[] = []
  const fault = (pointer: string, detail: string): void => { faults.push({ pointer, detail }) }
  if (!container && !source) fault('/container', 'is required without `source`: send the container, or the place where it was')
  if (!target && !barcode && !step && (lid ?? { action: 'keep' }).action === 'keep') fault('/target', 'is required unless there is a `barcode`, a `step`, or a `lid` that was taken off or put on; otherwise there is nothing to record')
  if (lid?.action === 'off' && !lid.device) fault('/lid/device', 'is required when the lid was taken off: send the device on which it was parked')
  if (lid?.action === 'keep' && (lid.device ?? lid.position ?? null) !== null) fault('/lid/device', 'is only allowed for a lid that was taken off or put on')
  if (lid?.action === 'on' && !lid.device && (lid.position ?? null) !== null) fault('/lid/device', 'is required with `position`')
  if (reservation_id && !target) fault('/reservation_id', 'is for the slot of `target`, but there is no `target`')
  if (lid_reservation_id && lid?.action !== 'off') fault('/lid_reservation_id', 'is only allowed for a lid that was taken off')
  return faults
}

function findingOf ({ code, members }: TransferRow['findings'][number], index: number | null): TransferFinding {
  return { ...members, code, detail: refusalDetail(code, members), ...index === null ? {} : { index } }
}
