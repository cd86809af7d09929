import type { Command } from 'commander'
import { addressOf } from '../client.ts'
import { runDoctorChecks } from '../doctor-checks.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatCount, type CommandIo, printAnswer, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

export function doctorCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('doctor'))
    .description('Look whether all is well with this installation, and say what to do; exit code 1 when something is wrong')
    .action(async (options: ServiceOptions) => {
      const findings = await runDoctorChecks(io, addressOf(io.env, options.url))
      const wrong = findings.filter(({ status }) => status === 'error')
      if (wrong.length > 0) outcome.exitCode = exitCodes.finding
      printAnswer(io, options, { healthy: wrong.length === 0, findings }, () => [
        ...tableOr('', ['check', 'status', 'what'], findings.map(({ check, status, says }) => [check, status, says.replaceAll(/\s*\n\s*/g, ' ')])),
        ...findings.filter((finding) => finding.todo !== undefined).map(({ check, todo }) => `\n${check}: ${todo}`),
        '', wrong.length === 0 ? 'Nothing is wrong.' : `${formatCount(wrong.length, 'thing')} must be mended.`
      ])
    })
}
