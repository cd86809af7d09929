import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type SyntheticEvent } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { StocktakeResult } from '../../api/generated/schema.d.ts'
import { compareStock } from '../../api/stocktakes.ts'
import { usePast, useWorld } from '../../lab/lab-context.ts'
import { keepingOf, keptSlots } from '../../lab/waste.ts'
import type { Device, World } from '../../lab/world.ts'
import { DryRun } from '../../parts/dry-run.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { useScans } from '../../parts/scanner.ts'
import { signal } from '../../parts/signal.ts'
import { useSigning } from '../../parts/use-signing.ts'
import { Findings } from './findings.tsx'
import { keepSeen, keptSeen } from './kept.ts'
import { lidChoices, type Lids, type Seen, slotAfter, slotOf, trackedText, withoutSeen, withSeen, wordOf } from './seen.ts'

/** What really stands in a device: scan after scan, then what differs, then one reason. */
export function DeviceStocktakePage ({ name }: { name: string }) {
  const world = useWorld()
  const { at } = usePast()
  const device = world?.devices.get(name)
  const title = `Stocktake: ${name}`
  return (
    <Page title={title} heading={<>Stocktake: <Name>{name}</Name></>} tools={<Link className="key" href="/stocktake">Other devices</Link>}>
      {world === null ? <Notice>Reading the lab ...</Notice> : device === undefined ? <Notice>The lab has no such device.</Notice>
        : at !== null ? <Notice>Nothing can be recorded of the past.</Notice> : <Count world={world} device={device} />}
    </Page>
  )
}

function Count ({ world, device }: { world: World, device: Device }) {
  const [seen, setSeen] = useState<Seen>(() => keptSeen(device.name))
  const [slot, setSlot] = useState(() => firstSlot(device))
  const [lids, setLids] = useState<Lids>('not looked')
  const [said, setSaid] = useState('')
  const [result, setResult] = useState<StocktakeResult | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const signing = useSigning()
  useScans(take)
  const comparing = useMutation({
    mutationFn: async (badge: string | undefined) => await compareStock({ device: device.name, seen: [...seen.values()] }, { badge })
  })

  function saw (next: Seen): void {
    setSeen(next)
    keepSeen(device.name, next)
    // What was compared, and is perhaps still on its way, is without this. Whoever signed that has not signed what was seen since.
    if (result !== null || comparing.isPending) signing.forget()
    setResult(null)
    comparing.reset()
  }

  function record (barcode: string | null): string {
    const { word, isGood } = wordOf(world, device.name, slot, barcode)
    signal(isGood)
    const says = `Slot ${slot}: ${barcode ?? 'a plate'}, ${word}`
    setSaid(says)
    const next = withSeen(seen, slot, barcode, lids)
    saw(next)
    setSlot(slotAfter(next, slot, device))
    return says
  }

  function take (scanned: string): string {
    const named = slotOf(scanned, device)
    if (named === null) return record(scanned)
    setSlot(named)
    setSaid(`Slot ${named} is next`)
    return `Slot ${named} is next`
  }

  function onEnter (event: SyntheticEvent): void {
    event.preventDefault()
    const scanned = field.current!.value.trim()
    field.current!.value = ''
    field.current!.focus()
    if (scanned !== '') take(scanned)
  }

  return (
    <>
      <form className="scan" onSubmit={onEnter}>
        <label className="field">Slot
          <select value={slot} onChange={({ target }) => setSlot(Number(target.value))}>
            {keptSlots(device).map((n) => <option key={n} value={n}>{n} ({trackedText(device, n)})</option>)}
          </select>
        </label>
        <label className="field">Barcode of the plate in slot {slot}
          <input ref={field} autoComplete="off" enterKeyHint="next" maxLength={200} />
        </label>
        <div className="keys">
          <button className="key is-main">Next</button>
          <button type="button" className="key" onClick={() => { saw(withoutSeen(seen, slot)); setSaid(`Slot ${slot}: empty`); setSlot(slotAfter(seen, slot, device)) }}>Empty</button>
          <button type="button" className="key" onClick={() => record(null)}>Cannot be read</button>
        </div>
        <div className="keys" role="group" aria-label="The lids of what is scanned next">
          <span className="radio">Lids:</span>
          {lidChoices.map((one) => <button key={one} type="button" className="key" aria-pressed={lids === one} onClick={() => setLids(one)}>{one}</button>)}
        </div>
      </form>
      <p role="status" className="said">{said}</p>
      <SeenTable world={world} device={device} seen={seen} onRemove={(position) => saw(withoutSeen(seen, position))} />
      <p>{seen.size} of {keepingOf(device)} slots were scanned. <strong>Slots that were not scanned count as empty.</strong></p>
      {comparing.error === null ? null : <p role="alert" className="refusal">{wordsOf(comparing.error)}</p>}
      <DryRun
        verb={comparing.isPending ? 'comparing ...' : 'Compare'} isMain={result === null} isPending={comparing.isPending} signing={signing} isFormShown={result !== null}
        run={(badge) => comparing.mutate(badge, { onSuccess: setResult })}
      >
        {seen.size === 0 ? null : <button className="key" onClick={() => { saw(new Map()); setSlot(firstSlot(device)); setSaid('') }}>Start again</button>}
      </DryRun>
      {result === null ? null : (
        <Findings
          result={result} seen={seen} signing={signing}
          onApplied={() => {
            saw(new Map())
            setSlot(firstSlot(device))
            setSaid(`Recorded: ${device.name} is as it was seen.`)
          }}
        />
      )}
    </>
  )
}

function firstSlot (device: Device): number {
  return keptSlots(device)[0] ?? 0
}

function SeenTable ({ world, device, seen, onRemove }: { world: World, device: Device, seen: Seen, onRemove: (position: number) => void }) {
  if (seen.size === 0) return null
  return (
    <table className="list">
      <thead><tr><th scope="col">Slot</th><th scope="col">Seen</th><th scope="col">Lid</th><th scope="col">Tracked</th><th scope="col">Word</th><th scope="col">Wrong?</th></tr></thead>
      <tbody>
        {[...seen.values()].sort((a, b) => a.position - b.position).map(({ position, barcode, lidded }) => (
          <tr key={position}>
            <th scope="row" data-label="Slot">{position}</th>
            <td data-label="Seen">{barcode === null ? 'a plate' : <Name>{barcode}</Name>}</td>
            <td data-label="Lid">{lidded == null ? 'not looked' : lidded ? 'on' : 'off'}</td>
            <td data-label="Tracked"><Name>{trackedText(device, position)}</Name></td>
            <td data-label="Word">{wordOf(world, device.name, position, barcode).word}</td>
            <td data-label="Wrong?"><button className="key" aria-label={`Remove what was seen in slot ${position}`} onClick={() => onRemove(position)}>Remove</button></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
