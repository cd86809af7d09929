import { useState } from 'react'
import { correct } from '../api/commands.ts'
import { queries, useContainer } from '../api/queries.ts'
import { useWorld } from '../lab/lab-context.ts'
import type { World } from '../lab/world.ts'
import { labelOf, Name, placeText } from '../parts/name.tsx'
import { noPlaceText, placeOf } from '../parts/place-label.ts'
import { PlaceFields } from '../parts/place-fields.tsx'
import { RecordForm } from '../parts/record-form.tsx'
import { useScans } from '../parts/scanner.ts'
import { Sheet } from '../parts/sheet.tsx'
import type { Container, ContainerCorrection, Place } from '../api/generated/schema.d.ts'
import { beforeOf, correctionOf, firstChoice, occupantAt, trackedPlace, type Choice } from './correction.ts'
import { offerUndo } from './undo.ts'

const reasons = ['dropped', 'moved by hand', 'wrong scan', 'after a stop'] as const

type Props = {
  /** The barcode or id of the container. */
  name: string
  /** Where somebody has put it down on the map. */
  here?: Place | undefined
  onClose: () => void
}

/** The sheet on which a person says where a container really is. */
export function FixSheet ({ name, here, onClose }: Props) {
  const world = useWorld()
  const { data } = useContainer(name)
  return (
    <Sheet title="Say what is really there" onClose={onClose}>
      {data === undefined || world === null ? <p>Reading ...</p> : (
        <Form key={data.container.id} container={data.container} etag={data.etag} world={world} here={here} onClose={onClose} />
      )}
    </Sheet>
  )
}

function Form ({ container, etag, world, here, onClose }: { container: Container, etag: string, world: World, here: Place | undefined, onClose: () => void }) {
  const tracked = trackedPlace(container)
  const [choice, setChoice] = useState<Choice>({ ...firstChoice, ...tracked === null || here !== undefined ? { stands: 'here', here: here ?? {} } : {} })
  const [reason, setReason] = useState<string | null>(null)
  const [other, setOther] = useState('')
  const change = (part: Partial<Choice>): void => setChoice({ ...choice, ...part })
  const occupant = choice.stands === 'here' ? occupantAt(world, choice.here, container.id) : null
  const body = correctionOf(choice, container, occupant, reason === 'other' ? other : reason ?? '')
  const before = beforeOf(container, occupant)
  const [said, setSaid] = useState('')
  // The label of the slot, also before somebody chose "here".
  useScans((scanned) => {
    const place = placeOf(scanned, world)
    if (place !== null) setChoice({ ...choice, stands: 'here', here: place })
    const says = place === null ? noPlaceText(scanned) : ''
    setSaid(says)
    return says === '' ? scanned : says
  })

  return (
    <RecordForm
      request={[body, etag]} missing={typeof body === 'string' ? body : null} onCancel={onClose}
      send={async (signed) => await correct(container.id, body as ContainerCorrection, { ...signed, etag })}
      onDone={() => {
        const { device, position, reason } = body as ContainerCorrection
        offerUndo(`${labelOf(container)} recorded at ${placeText({ device: device!, position: position! })}`, before, reason)
        onClose()
      }}
      // What is there now, so that the next try is about that.
      onSettled={() => { void queries.invalidateQueries({ queryKey: ['containers'] }) }}
    >
      <p><strong><Name>{labelOf(container)}</Name></strong> tracked: {tracked === null ? 'nobody knows where it is' : placeText(tracked)}, {lidText(container)}</p>
      <fieldset>
        <legend>It stands</legend>
        {tracked === null ? null : <Radio name="stands" label="where tracked" isOn={choice.stands === 'tracked'} onChoose={() => change({ stands: 'tracked' })} />}
        <Radio name="stands" label="here" isOn={choice.stands === 'here'} onChoose={() => change({ stands: 'here' })} />
        {choice.stands === 'here' ? <PlaceFields world={world} place={choice.here} onChange={(here) => change({ here })} /> : null}
        {said === '' ? null : <p role="status" className="refusal">{said}</p>}
      </fieldset>
      {occupant === null ? null : (
        <fieldset className="warning">
          <legend>
            ! {placeText({ device: choice.here.device!, position: choice.here.position! })} holds {occupant.part === 'lid' ? 'the lid of ' : ''}<Name>{labelOf(occupant.container)}</Name>
          </legend>
          <Radio name="displaced" label={occupant.part === 'lid' ? 'nobody knows where that lid is' : 'take it off'} isOn={choice.displaced === 'away'} onChoose={() => change({ displaced: 'away' })} />
          <Radio name="displaced" label="put it to" isOn={choice.displaced === 'to'} onChoose={() => change({ displaced: 'to' })} />
          {choice.displaced === 'to' ? <PlaceFields world={world} place={choice.displacedTo} onChange={(displacedTo) => change({ displacedTo })} what="of the other" /> : null}
        </fieldset>
      )}
      <fieldset>
        <legend>Its lid</legend>
        <Radio name="lid" label="as tracked" isOn={choice.lid === 'tracked'} onChoose={() => change({ lid: 'tracked' })} />
        <Radio name="lid" label="on" isOn={choice.lid === 'on'} onChoose={() => change({ lid: 'on' })} />
        <Radio name="lid" label="at" isOn={choice.lid === 'at'} onChoose={() => change({ lid: 'at' })} />
        <Radio name="lid" label="off, nobody knows where" isOn={choice.lid === 'unknown'} onChoose={() => change({ lid: 'unknown' })} />
        {choice.lid === 'at' ? <PlaceFields world={world} place={choice.lidAt} onChange={(lidAt) => change({ lidAt })} what="of the lid" /> : null}
      </fieldset>
      <fieldset>
        <legend>Why</legend>
        <div className="keys">
          {[...reasons, 'other'].map((one) => <button key={one} type="button" className="key" aria-pressed={reason === one} onClick={() => setReason(one)}>{one}</button>)}
        </div>
        {reason === 'other' ? <label>Reason <input value={other} maxLength={1000} onChange={({ target }) => setOther(target.value)} /></label> : null}
      </fieldset>
      <p className="quiet">The orchestrator reads this before its next step.</p>
    </RecordForm>
  )
}

function Radio ({ name, label, isOn, onChoose }: { name: string, label: string, isOn: boolean, onChoose: () => void }) {
  return <label className="radio"><input type="radio" name={name} checked={isOn} onChange={onChoose} /> {label}</label>
}

function lidText ({ lidded, lid }: Container): string {
  if (lidded) return 'lid on'
  return lid === null ? 'no lid' : `lid at ${placeText(lid)}`
}
