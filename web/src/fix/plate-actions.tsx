import { useState } from 'react'
import { label, lidOff, lidOn, move, takeOff } from '../api/commands.ts'
import type { Container, Place } from '../api/generated/schema.d.ts'
import { queries } from '../api/queries.ts'
import { useMayWrite, useWorld } from '../lab/lab-context.ts'
import { Key } from '../parts/key.tsx'
import { labelOf } from '../parts/name.tsx'
import { PlaceFields } from '../parts/place-fields.tsx'
import { ReasonField } from '../parts/reason-field.tsx'
import { RecordForm } from '../parts/record-form.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { beforeOf, isPlace, trackedPlace } from './correction.ts'
import { offerUndo } from './undo.ts'

type Action = 'Move' | 'Take off' | 'Label' | 'Lid on' | 'Lid off'

type Fields = { place: Partial<Place>, text: string }

/** What can be recorded of a container that stands where the service says. */
function actionsFor ({ device, removed_at, lidded }: Container): Action[] {
  if (removed_at !== null) return []
  return device === null ? ['Take off', 'Label'] : ['Move', lidded ? 'Lid off' : 'Lid on', 'Label', 'Take off']
}

/** Buttons for what somebody has done with a container by hand. Each opens a sheet. */
export function PlateActions ({ container, etag }: { container: Container, etag: string }) {
  const mayWrite = useMayWrite()
  const [action, setAction] = useState<Action | null>(null)
  return (
    <>
      {actionsFor(container).map((one) => <Key key={one} isOff={!mayWrite} onClick={() => setAction(one)}>{one}</Key>)}
      {action === null ? null : (
        <Sheet title={`${action}: ${labelOf(container)}`} onClose={() => setAction(null)}>
          <Form action={action} container={container} etag={etag} onClose={() => setAction(null)} />
        </Sheet>
      )}
    </>
  )
}

function Form ({ action, container, etag, onClose }: { action: Action, container: Container, etag: string, onClose: () => void }) {
  const world = useWorld()
  const [fields, setFields] = useState<Fields>({ place: {}, text: action === 'Label' ? container.barcode ?? '' : '' })
  return (
    <RecordForm
      request={[fields, etag]} missing={missingIn(action, fields)} onCancel={onClose}
      send={async (signed) => await send(action, container, fields, { ...signed, etag })}
      onDone={() => {
        offerUndo(`${labelOf(container)}: ${action.toLowerCase()} recorded`, beforeOf(container, null), action.toLowerCase())
        onClose()
      }}
      onSettled={() => { void queries.invalidateQueries({ queryKey: ['containers'] }) }}
    >
      {(action === 'Move' || action === 'Lid off') && world !== null
        ? <PlaceFields world={world} place={fields.place} onChange={(place) => setFields({ ...fields, place })} />
        : null}
      {action === 'Label' ? <label>Barcode <input value={fields.text} maxLength={200} onChange={({ target }) => setFields({ ...fields, text: target.value })} /></label> : null}
      {action === 'Take off' ? <ReasonField label="Why it leaves the platform" reason={fields.text} onChange={(text) => setFields({ ...fields, text })} /> : null}
      {action === 'Lid on' ? <p>The lid is on the container now.</p> : null}
    </RecordForm>
  )
}

function missingIn (action: Action, { place, text }: Fields): string | null {
  if ((action === 'Move' || action === 'Lid off') && !isPlace(place)) return 'Choose the device and the slot.'
  if (action === 'Take off' && text.trim() === '') return 'Say why it leaves the platform.'
  return null
}

async function send (action: Action, container: Container, { place, text }: Fields, guards: { key: string, etag: string }): Promise<number> {
  switch (action) {
    case 'Move': return await move(container.id, trackedPlace(container)!, place as Place, guards)
    case 'Lid off': return await lidOff(container.id, place as Place, guards)
    case 'Lid on': return await lidOn(container.id, guards)
    case 'Label': return await label(container.id, text.trim() === '' ? null : text.trim(), guards)
    case 'Take off': return await takeOff(container.id, text.trim(), guards)
  }
}
