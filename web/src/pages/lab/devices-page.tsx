import { useState } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Device } from '../../api/generated/schema.d.ts'
import { addDevice, changeDevice, retireDevice, useDevice } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite, useWorld } from '../../lab/lab-context.ts'
import { isAllWaste } from '../../lab/waste.ts'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { Key } from '../../parts/key.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { ConfirmSheet } from './confirm-sheet.tsx'
import { LabPage } from './lab-page.tsx'

type Open = { what: 'add' } | { what: 'change' | 'retire', name: string }

/** The devices of the lab, and to add, change and retire them. */
export function DevicesPage () {
  const world = useWorld()
  const mayAdminister = useMayWrite('admin')
  const [open, setOpen] = useState<Open | null>(null)
  const close = (): void => setOpen(null)
  const devices = [...world?.devices.values() ?? []]
  return (
    <LabPage title="Devices" tools={<Key isOff={!mayAdminister} onClick={() => setOpen({ what: 'add' })}>Add a device</Key>}>
      {world === null ? <Notice>Reading the lab ...</Notice> : devices.length === 0 ? <EmptyLab /> : (
        <table className="list">
          <thead><tr>
            <th scope="col">Device</th><th scope="col">Group</th><th scope="col">Slots</th><th scope="col">Occupied</th><th scope="col">Set up</th>
          </tr></thead>
          <tbody>
            {devices.map((device) => {
              const { name, group, positions, slots, waste } = device
              return (
              <tr key={name}>
                <th scope="row"><Link href={`/devices/${encodeURIComponent(name)}`}><Name>{name}</Name></Link></th>
                <td data-label="Group"><Name>{group}</Name></td>
                <td data-label="Slots">{isAllWaste(device) ? 'waste' : waste.size === 0 ? positions : `${positions}, of them ${waste.size} waste`}</td>
                <td data-label="Occupied">{slots.size}</td>
                <td data-label="Set up">
                  <span className="keys">
                    <Key isOff={!mayAdminister} aria-label={`Change ${name}`} onClick={() => setOpen({ what: 'change', name })}>Change</Key>
                    <Key isOff={!mayAdminister} aria-label={`Retire ${name}`} onClick={() => setOpen({ what: 'retire', name })}>Retire</Key>
                  </span>
                </td>
              </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {open?.what === 'add' ? <AddSheet onClose={close} /> : null}
      {open?.what === 'change' ? <ChangeSheet name={open.name} onClose={close} /> : null}
      {open?.what === 'retire' ? (
        <ConfirmSheet
          title={`Retire ${open.name}`} verb="Retire" onClose={close} send={async (signed) => await retireDevice(open.name, signed)}
          says="It leaves the lab; its history stays. The service refuses while something stands in it."
        />
      ) : null}
    </LabPage>
  )
}

type Fields = { name: string, group: string, slots: string, description: string }

function DeviceFields ({ fields, onChange }: { fields: Fields, onChange: (fields: Fields) => void }) {
  const field = (name: keyof Fields, label: string, max: number) => (
    <label className="field">{label}
      <input value={fields[name]} maxLength={max} inputMode={name === 'slots' ? 'numeric' : undefined} onChange={({ target }) => onChange({ ...fields, [name]: target.value })} />
    </label>
  )
  return <>{field('name', 'Name', 200)}{field('group', 'Group', 200)}{field('slots', 'Slots', 6)}{field('description', 'Description', 1000)}</>
}

function missingIn ({ name, slots }: Fields): string | null {
  if (name.trim() === '') return 'Say its name.'
  return /^\d+$/.test(slots.trim()) ? null : 'Say how many slots it has.'
}

function AddSheet ({ onClose }: { onClose: () => void }) {
  const [fields, setFields] = useState<Fields>({ name: '', group: '', slots: '', description: '' })
  const { name, group, slots, description } = fields
  const body = {
    name: name.trim(), capacity: Number(slots), ...group.trim() === '' ? {} : { group: group.trim() }, ...description.trim() === '' ? {} : { description: description.trim() }
  }
  return (
    <Sheet title="Add a device" onClose={onClose}>
      <RecordForm scope="admin" request={body} missing={missingIn(fields)} verb="Add" send={async (signed) => await addDevice(body, signed)} onDone={onClose} onCancel={onClose}>
        <DeviceFields fields={fields} onChange={setFields} />
      </RecordForm>
    </Sheet>
  )
}

function ChangeSheet ({ name, onClose }: { name: string, onClose: () => void }) {
  const { data, error } = useDevice(name)
  return (
    <Sheet title={`Change ${name}`} onClose={onClose}>
      {error !== null ? <Notice>{wordsOf(error)}</Notice> : data === undefined ? <p>Reading ...</p>
        : <ChangeForm device={data.device} etag={data.etag} onClose={onClose} />}
    </Sheet>
  )
}

function ChangeForm ({ device, etag, onClose }: { device: Device, etag: string, onClose: () => void }) {
  const { description: present, capacity } = device
  const [fields, setFields] = useState<Fields>({ name: device.name, group: device.group, slots: String(capacity), description: present ?? '' })
  const { name, group, slots, description } = fields
  const body = { name: name.trim(), group: group.trim(), capacity: Number(slots), description: description.trim() === '' ? null : description.trim() }
  return (
    <RecordForm
      scope="admin" request={[body, etag]} missing={missingIn(fields)} onDone={onClose} onCancel={onClose}
      send={async (signed) => await changeDevice(device.name, body, { ...signed, etag })}
      // After a refusal what is there now, so that the next try is about that. After a success there may be no device with the old name.
      onSettled={(error) => {
        if (error === null) queries.removeQueries({ queryKey: ['devices', device.name], exact: true })
        else void queries.invalidateQueries({ queryKey: ['devices'] })
      }}
    >
      <DeviceFields fields={fields} onChange={setFields} />
      <p className="quiet">Everything else, such as the order on the map and what fits in which slot, is in the <Link href="/lab/file">lab file</Link>.</p>
    </RecordForm>
  )
}
