// A ratio says something only when both servers give the same answer. So each call is compared once before it is measured.
import { isDeepStrictEqual } from 'node:util'
import type { Answer, Ask, BenchCall } from './calls.ts'

/** Sends requests to a server. */
export function askOf ({ address }: { address: string }): Ask {
  return async ({ method, path, body }) => {
    const answer = await fetch(address + path, {
      method, ...body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    })
    return { status: answer.status, body: await answer.json() as Answer['body'] }
  }
}

/** Throws when the servers answer differently: in status, or in the members that the call names. */
export async function agree (call: BenchCall, subjects: readonly { address: string }[]): Promise<void> {
  const answers: Answer[][] = []
  for (const subject of subjects) {
    const ask = askOf(subject)
    await call.reset?.(ask)
    const given: Answer[] = []
    for (const request of call.cycleOf(0)) given.push(await ask(request))
    answers.push(given.map(({ status, body }) => ({ status, body: compared(body, call.same) })))
  }
  const [expected, found] = answers
  if (isDeepStrictEqual(expected, found)) return
  throw new Error(`${call.name}: reference and service answer differently in ${difference(expected, found, '')}`)
}

/** Where two values differ first, with what stands there: the whole answers of a listing fill the terminal. */
function difference (expected: unknown, found: unknown, path: string): string {
  if (isObject(expected) && isObject(found)) {
    const member = [...new Set([...Object.keys(expected), ...Object.keys(found)])].find((key) => !isDeepStrictEqual(expected[key], found[key]))
    if (member !== undefined) return difference(expected[member], found[member], `${path}/${member}`)
  }
  return `${path}: ${JSON.stringify(expected)}, ${JSON.stringify(found)}`
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function compared (body: Answer['body'], members: readonly string[] | undefined): Answer['body'] {
  return members === undefined ? rounded(body) : Object.fromEntries(members.map((member) => [member, body[member]]))
}

/** Sums of doubles depend on the order of the rows in their last digits. */
function rounded (value: Answer['body']): Answer['body'] {
  return JSON.parse(JSON.stringify(value, (_key, inner: unknown) => typeof inner === 'number' ? Number(inner.toPrecision(9)) : inner)) as Answer['body']
}
