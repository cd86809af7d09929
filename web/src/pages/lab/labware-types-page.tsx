import { useState } from 'react'
import { wordsOf } from '../../api/client.ts'
import type { LabwareType, TypeLid } from '../../api/generated/schema.d.ts'
import { deleteLabwareType, putLabwareType, useLabwareTypes } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { ConfirmSheet } from './confirm-sheet.tsx'
import { LabPage } from './lab-page.tsx'

type Open = { what: 'put', type: LabwareType | null } | { what: 'delete', name: string }

const again = (): void => { void queries.invalidateQueries({ queryKey: ['labware-types'] }) }

/** The types of labware: how high they are, how many wells they have, whether they have lids. */
export function LabwareTypesPage () {
  const list = useLabwareTypes()
  const mayAdminister = useMayWrite('admin')
  const [open, setOpen] = useState<Open | null>(null)
  const close = (): void => setOpen(null)
  const columns: readonly TableColumn<LabwareType>[] = [
    { name: 'Type', cell: ({ name }) => <Name>{name}</Name>, text: ({ name }) => name },
    { name: 'Description', cell: ({ description }) => description === null ? '–' : <Name>{description}</Name>, text: ({ description }) => description },
    { name: 'Wells', cell: ({ wells, deep_well }) => `${wells ?? '–'}${deep_well ? ', deep' : ''}`, text: ({ wells }) => wells },
    { name: 'Height', cell: ({ height_mm }) => height_mm === null ? '–' : `${height_mm} mm`, text: ({ height_mm }) => height_mm },
    { name: 'Lid', cell: ({ lid }) => lid ?? '–', text: ({ lid }) => lid },
    {
      name: 'Set up', text: () => null,
      cell: (type) => (
        <span className="keys">
          <Key isOff={!mayAdminister} aria-label={`Change ${type.name}`} onClick={() => setOpen({ what: 'put', type })}>Change</Key>
          <Key isOff={!mayAdminister} aria-label={`Delete ${type.name}`} onClick={() => setOpen({ what: 'delete', name: type.name })}>Delete</Key>
        </span>
      )
    }
  ]
  return (
    <LabPage title="Labware types" tools={<Key isOff={!mayAdminister} onClick={() => setOpen({ what: 'put', type: null })}>Add a type</Key>}>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? null : list.items.length === 0 ? <Notice>The lab has no labware types: any plate fits anywhere.</Notice>
        : <Table columns={columns} rows={list.items} keyOf={({ name }) => name} />}
      <More list={list} />
      {open?.what === 'put' ? <TypeSheet type={open.type} onClose={close} /> : null}
      {open?.what === 'delete' ? (
        <ConfirmSheet
          title={`Delete ${open.name}`} verb="Delete" says="Plates keep its name, and can then stand anywhere." onClose={close} onSettled={again}
          send={async (signed) => await deleteLabwareType(open.name, signed)}
        />
      ) : null}
    </LabPage>
  )
}

const lids: readonly TypeLid[] = ['none', 'optional', 'always']

function TypeSheet ({ type, onClose }: { type: LabwareType | null, onClose: () => void }) {
  const [name, setName] = useState(type?.name ?? '')
  const [description, setDescription] = useState(type?.description ?? '')
  const [wells, setWells] = useState(type?.wells?.toString() ?? '')
  const [height, setHeight] = useState(type?.height_mm?.toString() ?? '')
  const [isDeep, setDeep] = useState(type?.deep_well ?? false)
  const [lid, setLid] = useState<TypeLid | null>(type?.lid ?? null)
  const body = {
    description: description.trim() === '' ? null : description.trim(), wells: wells.trim() === '' ? null : Number(wells), height_mm: height.trim() === '' ? null : Number(height),
    deep_well: isDeep, lid, ...type?.extra == null ? {} : { extra: type.extra as Record<string, never> }
  }
  const missing = name.trim() === '' ? 'Say its name.' : Number.isNaN(body.wells) || Number.isNaN(body.height_mm) ? 'Wells and height are numbers.' : null
  return (
    <Sheet title={type === null ? 'Add a labware type' : `Change ${type.name}`} onClose={onClose}>
      <RecordForm
        scope="admin" request={[name, body]} missing={missing} send={async (signed) => await putLabwareType(name.trim(), body, signed)} onDone={onClose} onCancel={onClose}
        onSettled={again}
      >
        <label className="field">Name <input value={name} maxLength={200} disabled={type !== null} onChange={({ target }) => setName(target.value)} /></label>
        <label className="field">Description <input value={description} maxLength={1000} onChange={({ target }) => setDescription(target.value)} /></label>
        <label className="field">Wells <input value={wells} inputMode="numeric" onChange={({ target }) => setWells(target.value)} /></label>
        <label className="field">Height in mm <input value={height} inputMode="decimal" onChange={({ target }) => setHeight(target.value)} /></label>
        <label className="radio"><input type="checkbox" checked={isDeep} onChange={({ target }) => setDeep(target.checked)} /> deep well</label>
        <label className="field">Lid <select value={lid ?? ''} onChange={({ target }) => setLid(lids.find((one) => one === target.value) ?? null)}>
          <option value="">not known</option>{lids.map((one) => <option key={one}>{one}</option>)}
        </select></label>
      </RecordForm>
    </Sheet>
  )
}
