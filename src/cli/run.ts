import { CommanderError } from 'commander'
import { OperatorError } from '../domain/operator-error.ts'
import { safeJson, safeLines } from '../terminal/safe-text.ts'
import { CommandError, exitCodes } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { programOf } from './program.ts'

/** Runs a command line (without the program's name) and answers its exit code. What goes wrong is told on `io.err`, with --json as one line of JSON. */
export async function runCommandLine (args: readonly string[], io: CommandIo): Promise<number> {
  const outcome = { exitCode: exitCodes.ok as number }
  try {
    await programOf(io, outcome).parseAsync([...args], { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error === io.signal.reason || (error as Error).name === 'AbortError') return exitCodes.interrupted
    const { message, exitCode, told } = toCommandError(error)
    io.err.write(args.includes('--json') ? `${safeJson(JSON.stringify(told))}\n` : `${safeLines(message)}\n`)
    return exitCode
  }
}

function toCommandError (error: unknown): { message: string, exitCode: number, told: object } {
  if (error instanceof CommandError) return error
  const { message, stack } = error as Error
  const isSentence = error instanceof OperatorError
  return { message: isSentence ? message : stack ?? message, exitCode: exitCodes.finding, told: { detail: message } }
}
