import type { Test } from 'tap'
import { aBalancer } from './balancer.ts'
import type { Service } from './service.ts'

/** Opens the service on a free port of this machine; answers its address, of several instances that of a proxy before them. It closes with the service. */
export async function listening (t: Test, { instances }: Service): Promise<string> {
  const addresses: string[] = []
  for (const instance of instances) addresses.push(await instance.listen({ host: '127.0.0.1', port: 0 }))
  return addresses.length === 1 ? addresses[0]! : await aBalancer(t, addresses)
}
