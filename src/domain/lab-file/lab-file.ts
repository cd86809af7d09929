import type { DeviceSettings, LabLayout, Members } from './lab-config.ts'

/** The lab as a lab file, without null members and with the unknown members. */
export function labFile ({ description, pythonlab_translation, extra, groups }: LabLayout): Members {
  const servers = Object.fromEntries(groups.map(({ name, devices }) => [name, Object.fromEntries(devices.map(deviceMember))]))
  return { ...withoutNulls({ description, sila_servers: servers, pythonlab_translation }), ...extra }
}

function deviceMember ({ name, extra, ...settings }: LabLayout['groups'][number]['devices'][number]): [string, Members] {
  return [name, { ...withoutNulls(settings), ...extra }]
}

function withoutNulls (members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}

/** Why `extra` cannot be merged with the other members of a device, as in a lab file; null if it can. */
export function extraFault (device: DeviceSettings): string | null {
  const extra = device.extra ?? {}
  const isOwn = (key: string) => counts.has(key) || (isText(key) && (device[key] !== null || extra[key] === null || typeof extra[key] === 'string'))
  const clash = Object.keys(extra).find(isOwn)
  return clash === undefined ? null : `must not contain "${clash}", which is a member of the device itself`
}

const counts: ReadonlySet<string> = new Set(['capacity', 'process_capacity', 'min_capacity', 'allows_overlap'])

function isText (key: string): key is 'type' | 'description' | 'uri' {
  return key === 'type' || key === 'description' || key === 'uri'
}
