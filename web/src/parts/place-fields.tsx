import { useState } from 'react'
import type { Place } from '../api/generated/schema.d.ts'
import { isAllWaste, keptSlots } from '../lab/waste.ts'
import type { Device, World } from '../lab/world.ts'
import { ScanKey } from '../scan/scan-key.tsx'
import { labelOf } from './name.tsx'
import { noPlaceText, placeOf } from './place-label.ts'
import { useScans } from './scanner.ts'

type Props = { world: World, place: Partial<Place>, onChange: (place: Partial<Place>) => void, what?: string }

/** Two lists: a device, and a slot of it with what is in it. Or the label of the slot is scanned. */
export function PlaceFields ({ world, place, onChange, what }: Props) {
  const device = place.device === undefined ? undefined : world.devices.get(place.device)
  const [said, setSaid] = useState('')
  const take = (scanned: string): string | null => {
    const found = placeOf(scanned, world)
    setSaid(found === null ? noPlaceText(scanned) : '')
    if (found === null) return noPlaceText(scanned)
    onChange(found)
    return null
  }
  useScans((scanned) => take(scanned) ?? scanned)
  const suffix = what === undefined ? '' : ` ${what}`
  return (
    <div className="place">
      <label>Device{suffix}
        <select value={place.device ?? ''} onChange={({ target }) => onChange(target.value === '' ? {} : { device: target.value })}>
          <option value="">choose</option>
          {[...world.devices.values()].filter((one) => !isAllWaste(one)).map(({ name }) => <option key={name}>{name}</option>)}
        </select>
      </label>
      <label>Slot{suffix}
        <select
          value={place.position ?? ''} disabled={device === undefined}
          onChange={({ target }) => onChange({ device: place.device!, ...target.value === '' ? {} : { position: Number(target.value) } })}
        >
          <option value="">choose</option>
          {(device === undefined ? [] : keptSlots(device)).map((slot) => <option key={slot} value={slot}>{slotText(device!.slots, slot)}</option>)}
        </select>
      </label>
      <ScanKey what={what === undefined ? 'slot' : `slot ${what}`} onScan={take} />
      <p role="status" className={said === '' ? 'for-readers' : 'refusal'}>{said}</p>
    </div>
  )
}

function slotText (slots: Device['slots'], slot: number): string {
  const occupant = slots.get(slot)
  if (occupant === undefined) return String(slot)
  return `${slot} (${occupant.part === 'lid' ? 'lid of ' : ''}${labelOf(occupant.container)})`
}
