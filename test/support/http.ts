import type { Service } from './service.ts'

/** Opens the service on a free port of this machine; answers its address. It closes with the service. */
export async function listening (service: Service): Promise<string> {
  return await service.listen()
}
