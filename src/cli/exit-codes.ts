/** How a command ends, for scripts. */
export const exitCodes = { ok: 0, finding: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** Why a command did not do what was asked, as a sentence for who asked, and what to do. `told` is the same for scripts. */
export class CommandError extends Error {
  readonly exitCode: number
  readonly told: object
  constructor (message: string, exitCode: number, told: object = { detail: message }) {
    super(message)
    this.exitCode = exitCode
    this.told = told
  }
}

export function refusedError (message: string, told?: object): CommandError {
  return new CommandError(message, exitCodes.finding, told)
}

export function usageError (message: string): CommandError {
  return new CommandError(message, exitCodes.usage)
}

export function unreachableError (message: string, told?: object): CommandError {
  return new CommandError(message, exitCodes.unreachable, told)
}
