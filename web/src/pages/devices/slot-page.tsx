import { useState } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { PositionWithOccupant } from '../../api/generated/schema.d.ts'
import { changeSlot, useLabwareTypes, useSlot } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite, usePast, usePastSearch, useWorld } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { ContainerLink, Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Moment } from '../../parts/time.tsx'

/** One slot: what is in it, who keeps it, and what may stand there. */
export function SlotPage ({ name, slot }: { name: string, slot: string }) {
  const { at } = usePast()
  const past = usePastSearch()
  const world = useWorld()
  const mayAdminister = useMayWrite('admin')
  const [isChanging, setChanging] = useState(false)
  const position = Number(slot)
  const { data, error } = useSlot(name, position, at)
  const title = `${name} · ${slot}`
  const heading = <><Link href={`/devices/${encodeURIComponent(name)}${past}`}><Name>{name}</Name></Link> · {slot}</>
  if (error !== null) return <Page title={title} heading={heading}><Notice>{wordsOf(error)}</Notice></Page>
  if (data === undefined) return <Page title={title} heading={heading}><Notice>Reading ...</Notice></Page>
  const occupant = world?.devices.get(name)?.slots.get(position)
  const { deep_well_suited, disposes, labware_types, max_height_mm, reserved } = data.slot
  return (
    <Page title={title} heading={heading} tools={<Key isOff={!mayAdminister} onClick={() => setChanging(true)}>Change</Key>}>
      <dl className="facts">
        <dt>In it</dt><dd>{occupant === undefined ? disposes ? 'nothing: it is waste' : 'nothing' : <>{occupant.part === 'lid' ? 'lid of ' : ''}<ContainerLink container={occupant.container} /></>}</dd>
        {reserved === null ? null : <><dt>Kept for</dt><dd><Name>{reserved.owner}</Name>, until <Moment at={reserved.expires_at} /></dd></>}
        <dt>Deep-well plates</dt><dd>{deep_well_suited ? 'fit' : 'do not fit'}</dd>
        <dt>Highest plate</dt><dd>{max_height_mm === null ? 'as the device says' : `${max_height_mm} mm`}</dd>
        <dt>Labware types</dt><dd>{labware_types === null ? 'as the device says' : labware_types.length === 0 ? 'none' : <Name>{labware_types.join(', ')}</Name>}</dd>
        <dt>Waste</dt><dd>{disposes ? 'yes: what is put there leaves the platform' : 'no'}</dd>
        <dt>Log</dt><dd><Link href={`/log?device=${encodeURIComponent(name)}`}>What was recorded of this device</Link></dd>
      </dl>
      {isChanging ? <ChangeSheet device={name} slot={data.slot} etag={data.etag} onClose={() => setChanging(false)} /> : null}
    </Page>
  )
}

function ChangeSheet ({ device, slot, etag, onClose }: { device: string, slot: PositionWithOccupant, etag: string, onClose: () => void }) {
  const known = useLabwareTypes().items?.map(({ name }) => name) ?? []
  const [isDeep, setDeep] = useState(slot.deep_well_suited)
  const [height, setHeight] = useState(slot.max_height_mm?.toString() ?? '')
  const [types, setTypes] = useState(slot.labware_types)
  const body = { deep_well_suited: isDeep, max_height_mm: height.trim() === '' ? null : Number(height), labware_types: types }
  return (
    <Sheet title={`Change ${device} · ${slot.position}`} onClose={onClose}>
      <RecordForm
        scope="admin" request={[body, etag]} missing={Number.isNaN(body.max_height_mm) ? 'The height is a number.' : null} onDone={onClose} onCancel={onClose}
        send={async (signed) => await changeSlot(device, slot.position, body, { ...signed, etag })}
        onSettled={() => { void queries.invalidateQueries({ queryKey: ['devices'] }) }}
      >
        <label className="radio"><input type="checkbox" checked={isDeep} onChange={({ target }) => setDeep(target.checked)} /> deep-well plates fit</label>
        <label className="field">Highest plate in mm (leave empty: as the device says) <input value={height} inputMode="decimal" onChange={({ target }) => setHeight(target.value)} /></label>
        <fieldset>
          <legend>Labware types</legend>
          <label className="radio"><input type="checkbox" checked={types === null} onChange={({ target }) => setTypes(target.checked ? null : [])} /> as the device says</label>
          {types === null ? null : [...new Set([...known, ...slot.labware_types ?? []])].map((one) => (
            <label key={one} className="radio">
              <input type="checkbox" checked={types.includes(one)} onChange={({ target }) => setTypes(target.checked ? [...types, one] : types.filter((type) => type !== one))} /> <Name>{one}</Name>
            </label>
          ))}
        </fieldset>
      </RecordForm>
    </Sheet>
  )
}
