import type { Service } from './service.ts'

/** The body of a step that took `seconds`, for POST /api/steps. */
export function aStep<Members extends Record<string, unknown>> (members: Members = {} as Members, seconds = 10) {
  const start = new Date('2026-03-02T09:00:00Z')
  const usual = { device: 'Reader', start: start.toISOString(), finish: new Date(start.getTime() + seconds * 1000).toISOString() }
  return { ...usual, ...members } as Omit<typeof usual, keyof Members> & Members
}

/** Logs a step and returns it. */
export async function logged (service: Service, members: Record<string, unknown> = {}, seconds = 10) {
  const { status, body } = await service.post('/api/steps', aStep(members, seconds))
  if (status !== 201) throw new Error(`the step was refused: ${JSON.stringify(body)}`)
  return body
}

/** Creates a process and an experiment, and returns the experiment. */
export async function anExperiment (service: Service, members: Record<string, unknown> = {}) {
  const process = await service.post('/api/processes', { name: 'Screening', source: 'pass' })
  const { body } = await service.post('/api/experiments', { process_id: process.body.id, ...members })
  return body
}

/** Runs SQL on the database of the service and returns the rows. */
export async function rows (service: Service, sql: string, values: unknown[] = []): Promise<Record<string, any>[]> {
  return (await service.query<Record<string, any>>(sql, values)).rows
}

/** The kinds of all events, oldest first. */
export async function eventKinds (service: Service): Promise<string[]> {
  return (await rows(service, 'SELECT kind FROM event ORDER BY revision, ordinal')).map(({ kind }) => kind as string)
}
