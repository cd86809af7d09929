import type { Device } from '../contract/devices.ts'
import { safeText } from '../terminal/safe-text.ts'
import type { Client } from './client.ts'
import { CommandError, refusedError } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { nearNames } from './near-names.ts'

type Asked = { device?: string, json?: boolean }

/** Tells a person who asked for a device and got an empty list that there is no such device. A script gets only the list. */
export async function hintAtDevice (client: Client, io: CommandIo, { device, json }: Asked, items: readonly unknown[]): Promise<void> {
  if (device === undefined || json === true || items.length > 0) return
  const hint = await unknownDevice(client, device)
  if (hint !== null) io.err.write(`${safeText(hint)}\n`)
}

/** The error of a call, with the names that a person may have meant if it says that the lab has no such device. */
export async function withNearDevice (client: Client, device: string, error: unknown): Promise<unknown> {
  if (!(error instanceof CommandError) || (error.json as { code?: string }).code !== 'device-not-found') return error
  return refusedError(await unknownDevice(client, device) ?? error.message, error.json)
}

/** The question for a person who wrote a name that does not exist. */
export function didYouMean (names: readonly string[]): string {
  return `Did you mean ${names.join(' or ')}?`
}

/** What to say of a device that the lab never had, with the names that a person may have meant; null if the lab has it, or had it. */
async function unknownDevice ({ list }: Client, meant: string): Promise<string | null> {
  const names: string[] = []
  for await (const { name } of list<Device>('/api/devices', { retired: 'any' })) names.push(name)
  const near = nearNames(meant, [...new Set(names)])
  return names.includes(meant) ? null : `The lab has no device "${meant}".${near.length === 0 ? '' : ` ${didYouMean(near)}`}`
}
