import type { Service } from './service.ts'

// Pauses of tests. Times are minutes after an hour ago, so that running steps can be believed.

const origin = Date.now() - 3_600_000

/** The time so many minutes after an hour ago. */
export const at = (minutes: number): string => new Date(origin + minutes * 60_000).toISOString()

/** The members of a step that began then and runs. */
export const began = (minutes: number, members: Record<string, unknown> = {}) => ({ start: at(minutes), finish: null, ...members })

/** Sends a command that is not refused and returns the body of its answer. */
export async function told (service: Service, path: string, body: object = {}): Promise<any> {
  const answer = await service.post(path, body)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`)
  return answer.body
}

/** The codes of the warnings of a step or an experiment, each with its pointer. */
export const warningsOf = ({ warnings }: any): string[] => warnings.map(({ code, pointer }: any) => `${code} ${pointer}`)
