/** An object of a lab file with any members. */
export type Members = Record<string, unknown>

/** A fault of a lab file, with its JSON pointer. */
export type ConfigFault = { in: 'body', pointer: string, detail: string }

/** Takes a fault. */
export type Report = (pointer: string, detail: string) => void

export function isMembers (value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
