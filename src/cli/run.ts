import { CommanderError } from 'commander'
import { OperatorError } from '../domain/operator-error.ts'
import { safeJson, safeLines } from '../terminal/safe-text.ts'
import { CommandError, exitCodes } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { programOf } from './program.ts'

/**
 * Runs a command line (without the program name) and returns its exit code. Errors go to `io.err`; with --json as one line of
 * JSON.
 */
export async function runCommandLine (args: readonly string[], io: CommandIo): Promise<number> {
  const outcome = { exitCode: exitCodes.ok as number }
  try {
    await (await programOf(args, io, outcome)).parseAsync([...args], { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error === io.signal.reason || (error as Error).name === 'AbortError') return exitCodes.interrupted
    const { message, exitCode, json } = toCommandError(error)
    io.err.write(args.includes('--json') ? `${safeJson(JSON.stringify(json))}\n` : `${safeLines(message)}\n`)
    return exitCode
  }
}

function toCommandError (error: unknown): { message: string, exitCode: number, json: object } {
  if (error instanceof CommandError) return error
  const { message, stack } = error as Error
  const isSentence = error instanceof OperatorError
  return { message: isSentence ? message : stack ?? message, exitCode: exitCodes.finding, json: { detail: message } }
}
