import type { DeviceUtilization, LabState } from '../../api/generated/schema.d.ts'

export type Use = { device: string, buckets: DeviceUtilization[], busy: number, steps: number, failed: number, occupied: number | null }

/** What each device did in the whole range, as shares of it; the busiest first. */
export function usesOf (items: readonly DeviceUtilization[]): Use[] {
  const devices = new Map<string, DeviceUtilization[]>()
  for (const one of items) devices.set(one.device, [...devices.get(one.device) ?? [], one])
  return [...devices].map(([device, buckets]) => {
    const sum = (of: (one: DeviceUtilization) => number): number => buckets.reduce((total, one) => total + of(one), 0)
    const seconds = sum(lengthOf)
    const slotSeconds = sum((one) => lengthOf(one) * one.slots)
    return {
      device, buckets, busy: seconds === 0 ? 0 : sum((one) => one.busy_seconds) / seconds, steps: sum((one) => one.steps), failed: sum((one) => one.failed),
      occupied: slotSeconds === 0 ? null : sum((one) => one.occupied_slot_seconds) / slotSeconds
    }
  }).sort((a, b) => b.busy - a.busy)
}

export function lengthOf ({ from, to }: DeviceUtilization): number {
  return Math.max(1, (Date.parse(to) - Date.parse(from)) / 1000)
}

/** A share in words: never 0 % for something. */
export function shareText (share: number): string {
  const percent = share * 100
  if (percent === 0) return '0 %'
  return percent < 1 ? 'below 1 %' : `${Math.round(percent)} %`
}

/** What the heatmap shows, as a sentence. */
export function findingOfUse (uses: readonly Use[], range: string): string {
  const [busiest] = uses
  if (busiest === undefined || busiest.busy === 0) return `No device did anything in the ${range}.`
  const idle = uses.filter(({ busy }) => busy === 0).length
  const failed = uses.reduce((total, one) => total + one.failed, 0)
  return [
    `${busiest.device} was the busiest: ${shareText(busiest.busy)} of the ${range}.`, idle === 0 ? '' : ` ${idle} of ${uses.length} devices did nothing.`,
    failed === 0 ? '' : ` ${failed} ${failed === 1 ? 'step' : 'steps'} failed.`
  ].join('')
}

type Standing = LabState['devices'][number]['containers'][number] & { device: string }

/** The containers that have stood longest where they are. */
export function standingLongest ({ devices }: LabState, most = 20): Standing[] {
  return devices.flatMap(({ name, containers }) => containers.map((one) => ({ ...one, device: name })))
    .sort((a, b) => Date.parse(a.since) - Date.parse(b.since)).slice(0, most)
}
