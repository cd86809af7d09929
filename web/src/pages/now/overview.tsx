import { useEffect, useState } from 'react'
import { useAlarms, useRunning } from '../../api/queries.ts'
import { usePast, useWorld } from '../../lab/lab-context.ts'
import { keepingOf } from '../../lab/waste.ts'
import type { Device } from '../../lab/world.ts'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { LabMap } from '../../parts/lab-map.tsx'
import { Legend } from '../../parts/legend.tsx'
import { Name, placeText } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { AlarmCard } from './alarm-card.tsx'
import { RunningList } from './running-list.tsx'
import { Selected } from './selected.tsx'
import type { Selection } from './selection.ts'

/** What needs somebody, what runs, and where everything is. Of a past moment only the last. */
export function Overview ({ only, isPlain = false, selection = null }: { only?: readonly string[], isPlain?: boolean, selection?: Selection | null }) {
  const world = useWorld()
  const { at } = usePast()
  const { data: alarms, isLoading: areAlarmsAwaited, failureCount: alarmFailures } = useAlarms()
  const { data: running, isLoading: isRunningAwaited, failureCount: runningFailures } = useRunning()
  // What stands above the map comes first, so that the map does not move under the finger. But the map waits for it only for a moment.
  const isMomentOver = useIsOver(1000)
  const isAboveAwaited = (areAlarmsAwaited && alarmFailures === 0) || (isRunningAwaited && runningFailures === 0)
  if (world === null) return <Notice>Reading the lab ...</Notice>
  if (at === null && isAboveAwaited && !isMomentOver) return <Notice>Reading what runs ...</Notice>
  const meant = selection === null ? undefined : world.devices.get(selection.device)
  const isThere = meant !== undefined && (selection!.slot === null || selection!.slot < meant.positions)
  const needed = alarms?.items ?? []
  const items = running?.items ?? []
  const { containers_missing } = world.totals
  const { occupied, positions } = only === undefined ? world.totals : totalsOf(only.flatMap((name) => world.devices.get(name) ?? []))
  const unknown = (only ?? []).filter((name) => !world.devices.has(name))
  return (
    <div className="overview">
      {at !== null ? null : (
        <div className="work">
          {needed.length === 0 ? null : (
            <section aria-labelledby="needs" className="needs">
              <h2 id="needs">Needs you ({needed.length})</h2>
              {needed.map((alarm) => (
                <AlarmCard key={alarm.id} alarm={alarm} running={items.find(({ step }) => step.id === alarm.step_id)} isPlain={isPlain} />
              ))}
            </section>
          )}
          <section aria-labelledby="running">
            <h2 id="running">Running ({items.length})</h2>
            {items.length === 0 ? <p className="quiet">Nothing runs.</p> : <RunningList items={items} isPlain={isPlain} />}
          </section>
        </div>
      )}
      <section aria-labelledby="map" className="whole-map">
        <h2 id="map">Map <span className="count">{occupied}/{positions} slots{containers_missing === 0 ? '' : `, ${containers_missing} missing`}</span></h2>
        {selection === null || isThere ? null : <Notice>The lab has no {selection.slot === null ? 'device' : 'slot'} <Name>{placeText({ device: selection.device, position: selection.slot })}</Name>.</Notice>}
        {unknown.length === 0 ? null : <Notice>The lab has no device <Name>{unknown.join(', ')}</Name>.</Notice>}
        {world.devices.size === 0 ? <EmptyLab /> : (
          <LabMap world={world} only={only} isPlain={isPlain} selection={isThere ? selection : null}>
            {isThere && selection!.slot !== null ? <Selected device={meant} slot={selection!.slot} /> : null}
          </LabMap>
        )}
        {world.devices.size === 0 ? null : <Legend />}
      </section>
    </div>
  )
}

/** Whether so many milliseconds have passed since the part was first drawn. */
function useIsOver (afterMs: number): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), afterMs)
    return () => clearTimeout(timer)
  }, [afterMs])
  return isOver
}

/** Of some devices. As in the totals of the lab, waste is no slot in which something stands. */
function totalsOf (devices: readonly Device[]): { occupied: number, positions: number } {
  return { occupied: devices.reduce((sum, { slots }) => sum + slots.size, 0), positions: devices.reduce((sum, device) => sum + keepingOf(device), 0) }
}
