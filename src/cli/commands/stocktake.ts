import type { Command } from 'commander'
import type { Position } from '../../contract/positions.ts'
import type { StocktakeResult } from '../../contract/stocktakes.ts'
import { addressOf, type Client, segment, serviceClient } from '../client.ts'
import { exitCodes } from '../exit-codes.ts'
import { type CommandIo, formatCount, printResult, tableOr } from '../io.ts'
import { lineReader, type LineReader } from '../line-reader.ts'
import type { Outcome } from '../outcome.ts'
import { refuseNothingSaid, saysEnd, scanOf, type Scan, scansOf } from '../scans.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { inputLines } from '../text-input.ts'

type Seen = { device: string, seen: Scan[], reason: string }
type StocktakeOptions = ServiceOptions & { from?: string, yes?: boolean, reason?: string }

const help = `
Scan the plates from slot 0 on; a scanner types each barcode and Enter. Each line is the next slot:
  SCREEN_001      the barcode of the plate in the slot
  (empty)         the slot is empty
  ?               there is a plate that cannot be read
  12: SCREEN_001  the plate in slot 12; the next line is slot 13
  .               the end: all other slots are empty; a device without plates needs this line
A file for --from has the same lines. A comma, a semicolon or a tab after the slot are read as well.

Example:
  platform-status stocktake Hotel1 --reason "Monday stocktake"`

export function stocktakeCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('stocktake')).argument('<device>', 'the device that you look at')
    .description('Compare what you see on a device with what the service says, and correct it after a question; exit code 1 if they differ and nothing was corrected')
    .option('--from <file>', 'read the scans from a file, or from standard input if it is -, instead of the terminal')
    .option('--yes', 'correct without a question')
    .option('--reason <text>', 'why; the event log keeps it (default: "Stocktake of <device>")')
    .addHelpText('after', help)
    .action(async (device: string, options: StocktakeOptions) => {
      const client = serviceClient(io, addressOf(io.env, options.url))
      const slots = await client.request<Position[]>('GET', `/api/devices/${segment(device)}/positions`)
      const typed = options.from === undefined ? lineReader(io.in) : null
      try {
        const seen = typed === null ? readScans(await inputLines(io, options.from!), device) : await ask(io, typed, device, slots.length)
        await compare(client, { device, seen, reason: options.reason ?? `Stocktake of ${device}` }, options, typed)
      } finally {
        typed?.close()
      }
    })

  async function compare (client: Client, stocktake: Seen, options: StocktakeOptions, typed: LineReader | null): Promise<void> {
    const send = async (apply: boolean) => await client.request<StocktakeResult>('POST', '/api/stocktakes', { ...stocktake, apply })
    const compared = await send(false)
    const isPossible = compared.findings.length === 0
    const isAsked = options.json !== true && options.yes !== true && isPossible && compared.changes.length > 0
    const applies = isPossible && (options.yes === true || (isAsked && await isWanted(compared, typed)))
    if (applies) {
      const applied = await send(true)
      printResult(io, options, applied, () => options.yes === true ? [...linesOf(applied), '', appliedLine(applied)] : [appliedLine(applied)])
      return
    }
    const differs = compared.changes.length > 0 || !isPossible
    if (differs) outcome.exitCode = exitCodes.finding
    const end = differs ? 'nothing was changed' : 'everything is as the service says'
    printResult(io, options, compared, () => isAsked ? [end] : [...linesOf(compared), '', ...compared.findings.map(({ detail }) => detail), end])
  }

  /** Shows what differs, and asks whether to correct it. Without a terminal the answer is no. */
  async function isWanted (compared: StocktakeResult, typed: LineReader | null): Promise<boolean> {
    printResult(io, {}, compared, () => [...linesOf(compared), ''])
    io.err.write(`Correct ${formatCount(compared.changes.length, 'container')}? [y/N] `)
    const answer = await typed?.next() ?? null
    if (answer === null) io.err.write('\n')
    return /^\s*y(es)?\s*$/i.test(answer ?? '')
  }
}

function readScans (lines: readonly string[], device: string): Scan[] {
  const scans = scansOf(lines)
  if (scans.length === 0 && !saysEnd(lines)) refuseNothingSaid(device)
  return scans
}

/** Asks for each slot in turn. What is said of a slot again counts. */
async function ask (io: CommandIo, lines: LineReader, device: string, slots: number): Promise<Scan[]> {
  const scans = new Map<number, Scan>()
  io.err.write(`${device} has ${formatCount(slots, 'slot')}. Scan each plate; Enter: empty, ?: cannot be read, "12: ...": another slot, a point: the end.\n`)
  for (let next = 0; next < slots;) {
    io.err.write(`slot ${next}: `)
    const line = await lines.next().catch((error: unknown) => {
      io.err.write('\n')
      throw error
    })
    if (line === null) {
      if (scans.size === 0) refuseNothingSaid(device)
      break
    }
    const { position, what } = scanOf(line, next)
    if (what === 'end') break
    if (what === 'empty') scans.delete(position)
    else scans.set(position, { position, ...what })
    next = position + 1
  }
  return [...scans.values()]
}

function linesOf ({ items, warnings }: StocktakeResult): string[] {
  const rows = items.map(({ position, finding, container, tracked, seen }) => [
    position, finding, container === null ? null : container.barcode ?? container.name, tracked === null ? null : `${tracked.device} ${tracked.position}`,
    seen === null ? null : seen.barcode ?? 'unreadable'
  ])
  return [...tableOr('no plates, neither seen nor tracked', ['slot', 'finding', 'container', 'tracked in', 'seen'], rows), ...warnings.map(({ detail }) => detail)]
}

function appliedLine ({ changes, revision }: StocktakeResult): string {
  return `corrected ${formatCount(changes.length, 'container')}; the lab is at revision ${revision}`
}
