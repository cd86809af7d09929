import type { Service } from './service.ts'

/** Starts listening on a free port and returns the URL. It closes with the service. */
export async function listening (service: Service): Promise<string> {
  return await service.listen()
}
