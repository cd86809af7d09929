/** The exit codes of the command line, for scripts. */
export const exitCodes = { ok: 0, finding: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** A command failed. `message` says why and what to do; `json` is what --json prints instead. */
export class CommandError extends Error {
  readonly exitCode: number
  readonly json: object
  constructor (message: string, exitCode: number, json: object = { detail: message }) {
    super(message)
    this.exitCode = exitCode
    this.json = json
  }
}

export function refusedError (message: string, json?: object): CommandError {
  return new CommandError(message, exitCodes.finding, json)
}

export function usageError (message: string): CommandError {
  return new CommandError(message, exitCodes.usage)
}

export function unreachableError (message: string, json?: object): CommandError {
  return new CommandError(message, exitCodes.unreachable, json)
}
