// A ratio says something only when both give the same answer: they are asked once each before they are measured.
import { isDeepStrictEqual } from 'node:util'

/** Asks one request; status and body. */
export function askOf ({ address }) {
  return async ({ method, path, body }) => {
    const answer = await fetch(address + path, {
      method, ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    return { status: answer.status, body: await answer.json() }
  }
}

/** Throws when the subjects answer differently: in status, or in the members that the call says. */
export async function agree (call, subjects) {
  const answers = []
  for (const subject of subjects) {
    if (call.reset) await call.reset(askOf(subjects.at(-1)))
    const ask = askOf(subject)
    const said = []
    for (const request of call.cycleOf(0)) said.push(await ask(request))
    answers.push(said)
  }
  const [expected, found] = answers.map((said) => said.map(({ status, body }) => ({ status, body: seen(body, call.same) })))
  if (isDeepStrictEqual(expected, found)) return
  throw new Error(`${call.name}: reference and service answer differently\n${JSON.stringify(expected)}\n${JSON.stringify(found)}`)
}

function seen (body, members) {
  return members === undefined ? rounded(body) : Object.fromEntries(members.map((member) => [member, body[member]]))
}

// sums of doubles depend on the order of the rows in their last digits
function rounded (value) {
  return JSON.parse(JSON.stringify(value, (_key, inner) => typeof inner === 'number' ? Number(inner.toPrecision(9)) : inner))
}
