import { type ReactNode, useMemo } from 'react'
import { useHistoryState } from 'wouter/use-browser-location'
import type { Reserved } from '../api/generated/schema.d.ts'
import { useReservations } from '../api/queries.ts'
import { CarryBar } from '../fix/carry-bar.tsx'
import { usePast } from '../lab/lab-context.ts'
import type { World } from '../lab/world.ts'
import { DeviceGrid } from './device-grid.tsx'
import { useIsPhone } from './screen.ts'

type Props = {
  world: World, only?: readonly string[] | undefined, isPlain?: boolean
  /** The device to which the page leads, and its slot. */
  selection?: { device: string, slot: number | null } | null
  /** What is said in this device about this slot. */
  children?: ReactNode
}

/** All devices of the lab, or these, with what is in their slots. */
export function LabMap ({ world, only, isPlain = false, selection = null, children }: Props) {
  // The same link once more leads there once more.
  const visit = useHistoryState<unknown>()
  const reserved = useReserved()
  const isPhone = useIsPhone()
  const devices = [...world.devices.values()].filter(({ name }) => only === undefined || only.includes(name))
  return (
    <>
      {isPlain ? null : <CarryBar />}
      <div className="map">
        {devices.map((device) => (
          <DeviceGrid
            key={device.name} device={device} reserved={reserved.get(device.name)} isPlain={isPlain} isFolded={isPhone && !isPlain}
            {...selection?.device === device.name ? { meant: selection.slot, visit, children } : {}}
          />
        ))}
      </div>
    </>
  )
}

/** The reserved slots of each device. Of the past nothing is known about them. */
export function useReserved (): ReadonlyMap<string, ReadonlyMap<number, Reserved>> {
  const { at } = usePast()
  const { data } = useReservations()
  return useMemo(() => {
    const found = new Map<string, Map<number, Reserved>>()
    for (const { id, owner, expires_at, positions } of at === null ? data?.items ?? [] : []) {
      for (const { device, position } of positions) {
        const slots = found.get(device) ?? new Map<number, Reserved>()
        found.set(device, slots.set(position, { id, owner, expires_at }))
      }
    }
    return found
  }, [at, data])
}
