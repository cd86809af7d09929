import fc from 'fast-check'
import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Whatever happened to the labels, every call that looks for a barcode says the same of it: the container that has it, otherwise those that
// had it, the ones on the platform first.

const reason = 'labels came off'
const barcodes = ['A', 'B', 'C']
const plates = [0, 1, 2, 3]
type Change = { plate: number, what: 'label' | 'remove' | 'missing' | 'back', barcode: string | null }

const change: fc.Arbitrary<Change> = fc.record({
  plate: fc.constantFrom(...plates), what: fc.constantFrom('label', 'label', 'label', 'remove', 'missing', 'back'), barcode: fc.constantFrom(...barcodes, null)
})

t.test('every look-up of a barcode agrees, whatever became of the plates that have or had it', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  let runs = 0
  const { platformStatus } = await aCommandLine(lab)
  await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 4, maxLength: 12 }), async (changes) => {
    await lab.delete('/api/lab?confirm=wipe')
    await lab.post('/api/devices', { name: 'Hotel', positions: 4 })
    // Labels of an earlier lab are remembered as well, so each has its own.
    const run = `run${++runs}`
    const ids: string[] = []
    for (const plate of plates) ids.push((await lab.post('/api/containers', { device: 'Hotel', position: plate, barcode: `${run}-${plate}` })).body.id)
    const own = new Map(ids.map((id, plate) => [id, { had: new Set([`${run}-${plate}`]), has: `${run}-${plate}` as string | null, state: 'present' }]))
    for (const { plate, what, barcode } of changes) {
      const id = ids[plate]!
      const label = barcode === null ? null : `${run}-${barcode}`
      const known = own.get(id)!
      const { status } = what === 'label'
        ? await lab.patch(`/api/containers/${id}`, { barcode: label })
        : what === 'remove'
          ? await lab.delete(`/api/containers/${id}`)
          : what === 'missing'
            ? await lab.post('/api/arrangements', { reason, items: [], missing: [id] })
            : await lab.post(`/api/containers/${id}/correct`, { reason, device: 'Hotel', position: plate })
      if (status >= 300) continue
      if (what === 'label') {
        known.has = label
        if (label !== null) known.had.add(label)
      } else known.state = { remove: 'removed', missing: 'missing', back: 'present' }[what]
    }

    for (const barcode of barcodes.map((one) => `${run}-${one}`)) {
      const all = [...own].filter(([, { had }]) => had.has(barcode))
      const holder = all.find(([, { has, state }]) => has === barcode && state !== 'removed')
      const former = all.filter(([, { has, state }]) => has !== barcode && state !== 'removed').map(([id]) => id)
      const removed = all.filter(([, { has, state }]) => has === barcode && state === 'removed').map(([id]) => id)
      const formerRemoved = all.filter(([, { has, state }]) => has !== barcode && state === 'removed').map(([id]) => id)
      const same = (found: string[], wanted: string[], what: string) => t.same([...found].sort(), [...wanted].sort(), what)

      const { body: { items: [item] } } = await lab.post('/api/containers/lookup', { barcodes: [barcode] })
      const found = item.containers.map(({ id }: any) => id)
      t.equal(item.found, holder !== undefined ? holder[1].state : former.length > 0 ? 'relabelled' : removed.length > 0 ? 'removed' : all.length > 0 ? 'relabelled' : 'unknown')
      same(found, holder === undefined ? all.map(([id]) => id) : [holder[0]], 'the look-up')
      same(found.slice(0, former.length), holder === undefined ? former : [holder[0]].slice(0, former.length), 'those on the platform first')

      const read = await lab.get(`/api/containers/${barcode}`)
      const refused = await lab.post(`/api/containers/${barcode}/move`, { target_device: 'Hotel', target_pos: 99 })
      if (holder !== undefined) {
        t.match(read, { status: 200, body: { id: holder[0] } })
        t.match(refused, { status: 404, body: { code: 'position-not-found' } })
      } else {
        for (const { body } of [read, refused]) {
          t.equal(body.code, 'container-not-found')
          const relabelled = (body.relabelled ?? []).map(({ id }: any) => id)
          same(relabelled, [...former, ...formerRemoved], 'a refusal')
          same(relabelled.slice(0, former.length), former, 'those on the platform first')
          same((body.removed ?? []).map(({ id }: any) => id), removed, 'the removed ones are told')
        }
      }

      const ids = async (query: string) => (await lab.get(`/api/containers?barcode=${barcode}&${query}`)).body.items.map(({ id }: any) => id)
      same(await ids('removed=any'), holder === undefined ? all.map(([id]) => id) : [holder[0], ...removed], 'the list')
      same(await ids(''), holder === undefined ? former : [holder[0]], 'the list of those on the platform')

      const { body: { items } } = await lab.get(`/api/search?q=${barcode}`)
      same(items.map(({ id }: any) => id), all.map(([id]) => id), 'the search finds all')
      for (const { id, where, missing_since, last, removed_at } of items) {
        t.equal(where !== null ? 'present' : missing_since !== null ? 'missing' : 'removed', own.get(id)!.state)
        t.equal(missing_since !== null, last !== null)
        t.equal(removed_at !== null, own.get(id)!.state === 'removed')
      }
      if (holder !== undefined) t.equal(items[0].id, holder[0], 'the search tells the holder first')
      else same(items.slice(0, former.length).map(({ id }: any) => id), former, 'the search tells those on the platform first')

      const { json: [json] } = await platformStatus('where', barcode, '--json')
      const meant = json.code === 'container-not-found' ? json.relabelled.map(({ id }: any) => id) : [json.id]
      t.equal(meant[0] ?? null, holder?.[0] ?? (former.length + removed.length > 0 ? found[0] : meant[0] ?? null), 'the command line means the same first')
      if (former.length > 0 && holder === undefined) same(meant, all.map(([id]) => id), 'and tells the others')
    }
  }), { numRuns: repetitions({ quick: 8, thorough: 25 }) })
})
