import type { Command } from 'commander'
import { type Asking, asking } from '../service-options.ts'
import { addressOf } from '../client.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted, type Io, show, tableOr } from '../io.ts'
import type { Outcome } from '../program.ts'
import { examine } from '../doctor-checks.ts'

export function doctor (program: Command, io: Io, outcome: Outcome): void {
  asking(program.command('doctor'))
    .description('Look whether all is well with this installation, and say what to do; exit code 1 when something is wrong')
    .action(async (options: Asking) => {
      const findings = await examine(io, addressOf(io.env, options.url))
      const wrong = findings.filter(({ status }) => status === 'error')
      if (wrong.length > 0) outcome.exitCode = exitCodes.finding
      show(io, options, { healthy: wrong.length === 0, findings }, () => [
        ...tableOr('', ['check', 'status', 'what'], findings.map(({ check, status, says }) => [check, status, says])),
        ...findings.filter((finding) => finding.todo !== undefined).map(({ check, todo }) => `\n${check}: ${todo}`),
        '', wrong.length === 0 ? 'Nothing is wrong.' : `${counted(wrong.length, 'thing')} must be mended.`
      ])
    })
}
