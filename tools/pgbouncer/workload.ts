// A little of everything at once: commands, steps, lists, counts and estimates.

/** How often each answer came: its status, and of a refusal the code and the sentence. */
export type Answers = Record<string, number>

type Call = readonly [method: string, path: string, body?: object]

export async function answersOf (service: string, robots: number, rounds: number): Promise<Answers> {
  const answers: Answers = {}
  const send = async (...[method, path, body]: Call): Promise<void> => {
    const answer = await fetch(service + path, { method, ...body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } })
    const said = await saidBy(answer)
    answers[said] = (answers[said] ?? 0) + 1
  }
  await send('PUT', '/api/lab/config', { sila_servers: { lab: { Left: { capacity: robots }, Right: { capacity: robots }, Washer: { capacity: 1 } } } })
  await Promise.all(Array.from({ length: robots }, async (_, n) => {
    for (let round = 0; round < rounds; round++) for (const call of callsOf(n, round)) await send(...call)
  }))
  return answers
}

/** Each leaves the lab as it was, so a call that failed makes no other one fail. */
function callsOf (n: number, round: number): Call[] {
  const start = new Date(Date.now() - 60_000).toISOString()
  const step = { device: 'Washer', data: { fct: 'wash', robot: String(n) } }
  return [
    ['PUT', '/api/orchestrators/robots', { session: 'today', ttl_seconds: 3600 }],
    ['POST', '/api/steps', { ...step, start, finish: new Date(Date.parse(start) + 1000 + round).toISOString() }],
    ['POST', '/api/processes', { name: `${n}-${round}`, source: 'print()' }],
    ['GET', '/api/lab'],
    ['GET', '/api/steps?count=true&sort=-duration'],
    ['GET', '/api/steps/statistics?group_by=device,fct'],
    ['GET', '/api/devices/Left/positions'],
    ['GET', '/api/events?limit=100'],
    ['POST', '/api/estimates', { step }],
    ['GET', '/health/ready']
  ]
}

async function saidBy (answer: Response): Promise<string> {
  const body = await answer.text()
  if (answer.ok) return String(answer.status)
  const { code, detail } = JSON.parse(body) as { code?: string, detail?: string }
  return `${answer.status} ${code} ${detail}`
}
