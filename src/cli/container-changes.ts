import type { ContainerChange, ContainerChanges } from '../contract/arrangements.ts'
import type { Client } from './client.ts'
import { exitCodes } from './exit-codes.ts'
import { type CommandIo, formatCount, printResult } from './io.ts'
import type { Outcome } from './outcome.ts'

/** Sends a command about many containers, prints what it changes, and with a dry run what would refuse it. */
export async function changeContainers (
  io: CommandIo, outcome: Outcome, { request }: Client, path: string, body: object,
  { dryRun, json }: { dryRun?: boolean, json?: boolean }, lineOf: (change: ContainerChange) => string
): Promise<void> {
  const changed = await request<ContainerChanges>('POST', `${path}?dry_run=${String(dryRun === true)}`, body)
  if (changed.findings.length > 0) outcome.exitCode = exitCodes.finding
  printResult(io, { ...json === undefined ? {} : { json } }, changed, () => [
    ...changed.changes.map(lineOf),
    ...changed.findings.map(({ detail }) => detail),
    ...changed.warnings.map(({ detail }) => detail),
    dryRun === true ? `${formatCount(changed.changes.length, 'container')} would change; this is only a plan`
      : `${formatCount(changed.changes.length, 'container')} changed; the lab is at revision ${changed.revision}`
  ])
}
