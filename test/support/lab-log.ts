import type { Service } from './service.ts'

/** A row of the table `event`. */
export type LoggedEvent = {
  revision: number, ordinal: number, kind: string, request_id: string, before: Record<string, unknown> | null, after: Record<string, unknown> | null
}

/** All events of the lab, oldest first. */
export async function eventsOf (service: Service): Promise<LoggedEvent[]> {
  const { rows } = await service.query<LoggedEvent>(
    'SELECT revision::int, ordinal, kind, request_id, before, after FROM event ORDER BY revision, ordinal')
  return rows
}

/** The revision of the lab. */
export async function revisionOf (service: Service): Promise<number> {
  return (await service.get('/api/lab')).body.revision
}
