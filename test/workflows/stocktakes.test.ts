import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Random stocktakes of a lab in which everything occurs that a stocktake can meet: slots that do not exist, dispose or are reserved, labels of
// before, plates without a label, removed and missing plates, lids on, off and parked, plates of another device. STOCKTAKES_SEED repeats a failure.

const seed = Number(process.env.STOCKTAKES_SEED ?? Date.now() % 1_000_000_000)
const looks = repetitions({ quick: 60, thorough: 120 })
const reason = 'seen by a person'
const device = 'Hotel'

type Seen = { position: number, barcode: string | null, lidded?: boolean }
type Item = { position: number, finding: string, container: { id: string, barcode: string | null } | null, seen: Seen | null, relabelled?: { id: string, removed_at: string | null }[] }

async function aMixedLab (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const lab = await aLab(t, { Hotel: 8, Store: 4, Bin: 1 })
  await lab.patch('/api/devices/Bin', { disposes: true })
  await lab.patch('/api/devices/Hotel/positions/7', { disposes: true })
  await lab.post('/api/reservations', { device, purpose: 'container', count: 1, strategy: 'last', owner: 'o', ttl_seconds: 3600 })
  return lab
}

/** What happens in the lab between two looks. Much of it is refused, which is no matter here. */
async function disturb (lab: Service, random: () => number, labels: string[]): Promise<void> {
  const pick = <T> (of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const [one, other, position] = [pick(labels), pick(labels), Math.floor(random() * 8)]
  const target = pick([device, device, 'Store', 'Bin'])
  await pick([
    () => lab.post('/api/containers', { device: pick([device, 'Store']), barcode: random() < 0.8 ? one : null, lidded: random() < 0.5 }),
    () => lab.post(`/api/containers/${one}/move`, { target_device: target, target_pos: target === device ? position : undefined }),
    () => lab.post(`/api/containers/${one}/unlid`, { lid_device: pick([device, 'Store']) }),
    () => lab.post('/api/containers/relabel', { reason, labels: [{ container: one, barcode: other }] }),
    () => lab.post('/api/arrangements', { reason, items: [], missing: [one] }),
    () => lab.delete(`/api/containers/${one}`)
  ])()
}

/** Without what differs each time: times, and ids and names that are made up. */
const plain = (value: unknown): string => JSON.stringify(value).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time').replaceAll(/container-[0-9a-f]{8}/g, 'name').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')

t.test(`each plate is told once by a stocktake, and what it says is what applying it does (STOCKTAKES_SEED=${seed})`, async (t) => {
  const lab = await aMixedLab(t)
  const random = seededRandom([seed])
  const labels = ['A', 'B', 'C', 'D', 'E', 'F', 'a']
  let [applied, refused] = [0, 0]
  for (let look = 0; look < looks; look++) {
    for (let n = 0; n < 4; n++) await disturb(lab, random, labels)
    const { body: slots } = await lab.get(`/api/devices/${device}/positions`)
    const tracked = slots.flatMap(({ position, container, occupied_by: by }: any) => by === 'container' && random() < 0.8 ? [{ position: random() < 0.7 ? position : Math.floor(random() * 7), barcode: random() < 0.8 ? container : null }] : [])
    const more = labels.flatMap((barcode) => random() < 0.2 ? [{ position: Math.floor(random() * (random() < 0.35 ? 10 : 7)), barcode }] : [])
    const seen: Seen[] = [...tracked, ...more].filter(({ position, barcode }, n, all) => all.findIndex((one) => one.position === position || (barcode !== null && one.barcode === barcode)) === n)
      .map((one) => random() < 0.4 ? { ...one, lidded: random() < 0.5 } : one)
    const send = async (more: object, query = '') => await lab.post(`/api/stocktakes${query}`, { device, seen, ...more })
    const { body: compared } = await send({})
    /** The name of an assertion, and what is printed of the stocktake when it fails. */
    const says = (what: string): [name: string, extra: object] => [`look ${look}: ${what}`, { stocktake: JSON.stringify({ seen, compared }) }]
    const items: Item[] = compared.items

    t.strictSame(items.flatMap((item) => item.seen === null ? [] : [[item.position, item.seen.barcode]]).sort(), seen.map(({ position, barcode }) => [position, barcode]).sort(), ...says('everything that was seen is told'))
    const told = items.flatMap(({ finding, container }) => finding === 'lid' || container === null ? [] : [container.id])
    t.equal(new Set(told).size, told.length, ...says('no container is told twice'))
    const doubtful = compared.findings.flatMap(({ index }: { index: number }) => items.find((item) => item.seen?.position === seen[index]!.position)!)
    const maybeSeen = doubtful.flatMap(({ relabelled = [] }: Item) => relabelled.map(({ id }) => id))
    for (const { finding, container } of items) {
      if (finding === 'missing') t.notOk(seen.some(({ barcode }) => barcode !== null && barcode === container!.barcode) || maybeSeen.includes(container!.id), ...says(`${container!.barcode} is missing`))
    }
    for (const { container, seen: saw } of doubtful) {
      // Its lid can be lost all the same, to a plate that was seen where the lid was.
      const losesItsLid = ({ from, to }: any): boolean => from !== null && plain({ ...from, lid: null }) === plain({ ...to, lid: null })
      const about = (change: any): boolean => !losesItsLid(change) && (change.container.id === container?.id || (saw.barcode !== null && change.container.barcode === saw.barcode))
      t.notOk(compared.changes.some(about), ...says('what is refused is not told as a change'))
    }
    t.strictSame(compared.counts, Object.fromEntries(Object.keys(compared.counts).map((name) => [name, items.filter(({ finding }) => finding === name).length])), ...says('counts'))
    t.equal(plain((await send({ apply: true, reason }, '?dry_run=true')).body), plain(compared), ...says('a dry run says the same'))

    const { text: before } = await lab.get('/api/lab')
    const done = await send({ apply: true, reason })
    if (compared.findings.length > 0) {
      refused++
      const { detail, code, pointer } = compared.findings[0]
      t.match(done, { status: code === 'position-not-found' ? 404 : 409, body: { code, pointer, detail } }, ...says('refused'))
      t.equal((await lab.get('/api/lab')).text, before, ...says('nothing is done'))
      continue
    }
    applied++
    t.equal(done.status, 200, ...says(done.text))
    t.equal(plain([done.body.items, done.body.counts, done.body.changes, done.body.warnings]), plain([items, compared.counts, compared.changes, compared.warnings]), ...says('what it did is what it said'))
    const { body: now } = await lab.get(`/api/devices/${device}/positions`)
    const standing = now.filter(({ occupied_by: by }: any) => by === 'container').map(({ position }: any) => position)
    t.strictSame(standing, seen.map(({ position }) => position).sort((a, b) => a - b), ...says('the lab is as it was seen'))
    for (const { position, barcode, lidded } of seen) {
      const { body: { occupant } } = await lab.get(`/api/devices/${device}/positions/${position}`)
      if (barcode !== null) t.equal(occupant.barcode, barcode, ...says(`slot ${position}`))
      if (lidded !== undefined) t.equal(occupant.lidded, lidded, ...says(`the lid of slot ${position}`))
    }
    const { body: again } = await send({})
    t.strictSame([again.changes, again.findings, again.items.filter(({ finding }: Item) => finding !== 'match' && finding !== 'lid')], [[], [], []], ...says('seen again, everything matches'))
    t.match((await lab.get('/api/lab/health')).body, { healthy: true }, ...says('health'))
  }
  t.ok(applied > looks / 4 && refused > looks / 20, `${applied} applied, ${refused} refused`)
})
