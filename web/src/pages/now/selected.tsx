import { useState } from 'react'
import { Link } from 'wouter'
import { useContainer } from '../../api/queries.ts'
import { FixSheet } from '../../fix/fix-sheet.tsx'
import { PlateActions } from '../../fix/plate-actions.tsx'
import { useMayWrite, usePast, usePastSearch } from '../../lab/lab-context.ts'
import type { Device, Occupant } from '../../lab/world.ts'
import { Key } from '../../parts/key.tsx'
import { containerPath, ContainerLink, placeText } from '../../parts/name.tsx'
import { Ago } from '../../parts/time.tsx'

/** The slot that the address names: what is in it, since when, and what can be done. */
export function Selected ({ device, slot }: { device: Device, slot: number }) {
  const occupant = device.slots.get(slot)
  const past = usePastSearch()
  return (
    <div className="selected" role="region" aria-label={`Selected: ${placeText({ device: device.name, position: slot })}`}>
      {occupant === undefined
        ? <p>Slot {slot}: {device.waste.has(slot) ? 'waste. What is put there leaves the platform.' : 'nothing is in it.'} <Link href={`/devices/${encodeURIComponent(device.name)}/${slot}${past}`}>The slot</Link></p>
        : <Content key={occupant.container.id} slot={slot} occupant={occupant} />}
    </div>
  )
}

function Content ({ slot, occupant: { part, container: { id, barcode, name } } }: { slot: number, occupant: Occupant }) {
  const { at } = usePast()
  const past = usePastSearch()
  const { data } = useContainer(id, at)
  const mayWrite = useMayWrite()
  const [isFixing, setFixing] = useState(false)
  return (
    <>
      <p>
        Slot {slot}: {part === 'lid' ? 'lid of ' : ''}<strong><ContainerLink container={{ id, barcode, name }} /></strong>
        {data === undefined ? null : <>, {part === 'lid' ? null : <>{data.container.lidded ? 'lid on' : data.container.lid === null ? 'no lid' : `lid at ${placeText(data.container.lid)}`}, </>}changed <Ago at={data.container.updated_at} /></>}
      </p>
      <div className="keys">
        {at !== null ? null : <Key className="key is-main" isOff={!mayWrite} onClick={() => setFixing(true)}>Fix</Key>}
        {at !== null || data === undefined ? null : <PlateActions container={data.container} etag={data.etag} />}
        <Link className="key" href={containerPath({ id, barcode }) + past}>Life</Link>
      </div>
      {isFixing ? <FixSheet name={id} onClose={() => setFixing(false)} /> : null}
    </>
  )
}
