import type { Command } from 'commander'
import { addressOf } from '../client.ts'
import { runDoctorChecks } from '../doctor-checks.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatCount, type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

export function doctorCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('doctor'))
    .description('Check this installation and say how to fix problems; exit code 1 if there is a problem')
    .action(async (options: ServiceOptions) => {
      const findings = await runDoctorChecks(io, addressOf(io.env, options.url))
      const problems = findings.filter(({ status }) => status === 'error')
      if (problems.length > 0) outcome.exitCode = exitCodes.finding
      printResult(io, options, { healthy: problems.length === 0, findings }, () => [
        ...tableOr('', ['check', 'status', 'result'], findings.map(({ check, status, says }) => [check, status, says.replaceAll(/\s*\n\s*/g, ' ')])),
        ...findings.filter((finding) => finding.todo !== undefined).map(({ check, todo }) => `\n${check}: ${todo}`),
        '', problems.length === 0 ? 'No problems found.' : `${formatCount(problems.length, 'problem')} ${problems.length === 1 ? 'needs' : 'need'} fixing.`
      ])
    })
}
