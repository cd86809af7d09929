import { v7 as uuidv7 } from 'uuid'
import type { Answer, Service } from '../support/service.ts'
import * as model from './lab.ts'
import type { Target, Lab } from './lab.ts'
import { finish, pause, resume, timeOf } from './steps.ts'

export const devices = { Bin: 1, Hotel: 6, Shelf: 3, Washer: 1 }
/** What the test sets up: a bin, and places into which high plates do not fit. */
export const properties = { waste: ['Bin'], low: ['Washer', 'Hotel 0'] }
const barcodes = ['P0', 'P1', 'P2', 'P3', 'P4', 'P5']
/** The labware types of the plates: the service knows the first two. */
const typeOf = (barcode: string): string | null => barcode === 'P4' || barcode === 'P5' ? model.high : barcode === 'P3' ? 'Flat' : barcode === 'P2' ? 'nobody described it' : null
const reason = 'seen by a person'

/**
 * A command for the service and for the model. `says` describes it in failure messages. A command that carries an id of the client
 * is told apart by that; the others by an `Idempotency-Key`.
 */
export type Command = { says: string, send: Send, expected: (lab: Lab) => string, repeats: 'key' | 'id' }
/** Sends the command; with a key it is told apart from others by its Idempotency-Key. */
export type Send = (service: Service, key?: string) => Promise<Answer>

const keyed = (key: string | undefined): Record<string, string> => key === undefined ? {} : { 'idempotency-key': key }

/** Gives devices, slots and labware types the properties that the model has. */
export async function setUp (service: Pick<Service, 'put' | 'patch'>): Promise<void> {
  await service.put(`/api/labware-types/${model.high}`, { height_mm: 60 })
  await service.put('/api/labware-types/Flat', { height_mm: 14 })
  for (const device of properties.waste) await service.patch(`/api/devices/${device}`, { disposes: true })
  for (const place of properties.low) {
    const [device, position] = place.split(' ')
    await service.patch(`/api/devices/${device}${position === undefined ? '' : `/positions/${position}`}`, { max_height_mm: 20 })
  }
}

/** Draws a random command: mostly a usual one, sometimes an invalid one. */
export function draw (random: () => number, lab: Lab): Command {
  const pick = <T> (of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const chance = (share: number): boolean => random() < share
  const barcode = pick(barcodes)
  const device = chance(0.03) ? 'Attic' : pick(Object.keys(devices))
  const target = (): Target => ({ device, position: chance(0.5) ? undefined : Math.floor(random() * 7) })
  const spot = () => ({ device, position: Math.floor(random() * 7) })
  // Usually the current place of the plate.
  const source = () => chance(0.7) ? lab.plates.get(barcode)?.at ?? spot() : spot()
  const reservation = chance(0.3) ? chance(0.1) ? uuidv7() : pick([...lab.reservations.keys(), undefined]) : undefined
  type Call = (service: Pick<Service, 'post' | 'patch' | 'delete'>) => Promise<Answer>
  const command = (says: string, call: Call, expected: Command['expected'], repeats: Command['repeats'] = 'key'): Command => ({
    says,
    send: async (service, key) => await call({
      post: async (path, body) => await service.post(path, body, keyed(key)),
      patch: async (path, body) => await service.patch(path, body, keyed(key)),
      delete: async (path) => await service.delete(path, keyed(key))
    }),
    expected,
    repeats
  })
  const path = `/api/containers/${barcode}`

  // A test that remembers no earlier state has nothing to go back to, also not after a wipe.
  const restorable = lab.past.filter(({ devices }) => devices.size > 0)
  const restore = (): Command => {
    const past = pick(restorable)
    return command(`restore ${past.revision}`, (service) => service.post('/api/lab/restore', { at: past.revision, reason }), (then) => model.restore(then, past))
  }

  const kinds: [weight: number, make: () => Command][] = [
    [6, () => {
      const [at, lidTo, lidded, adopt] = [target(), chance(0.3) ? target() : undefined, chance(0.5), chance(0.2)]
      const input = { id: uuidv7(), barcode, labware_type: typeOf(barcode), ...at, lidded: lidded && !lidTo, lid: lidTo, reservation_id: reservation, if_occupied: adopt ? 'adopt' : undefined }
      return command(`add ${JSON.stringify(input)}`, (service) => service.post('/api/containers', input),
        (then) => model.add(then, { barcode, type: typeOf(barcode), lidded: input.lidded, at, adopt, ...lidTo ? { lid: lidTo } : {}, ...reservation ? { reservation } : {} }), 'id')
    }],
    [6, () => {
      const [to, from] = [target(), chance(0.5) ? source() : undefined]
      const input = { target_device: to.device, target_pos: to.position, source_device: from?.device, source_pos: from?.position, reservation_id: reservation }
      return command(`move ${barcode} ${JSON.stringify(input)}`, (service) => service.post(`${path}/move`, input),
        (then) => model.move(then, barcode, { target: to, ...from ? { source: from } : {}, ...reservation ? { reservation } : {} }))
    }],
    [3, () => {
      const [from, to, read] = [source(), target(), chance(0.3) ? barcode : undefined]
      const input = { source_device: from.device, source_pos: from.position, target_device: to.device, target_pos: to.position, barcode: read }
      return command(`move from ${JSON.stringify(input)}`, (service) => service.post('/api/moves', input), (then) => model.moveFrom(then, from, to, read))
    }],
    [4, () => {
      const to = target()
      return command(`unlid ${barcode} ${JSON.stringify(to)}`, (service) => service.post(`${path}/unlid`, { lid_device: to.device, lid_pos: to.position, reservation_id: reservation }),
        (then) => model.unlid(then, barcode, to, reservation))
    }],
    [4, () => {
      const from = chance(0.3) ? lab.plates.get(barcode)?.lid ?? spot() : undefined
      return command(`lid ${barcode} ${JSON.stringify(from)}`, (service) => service.post(`${path}/lid`, from ? { lid_device: from.device, lid_pos: from.position } : {}),
        (then) => model.lid(then, barcode, from))
    }],
    [2, () => command(`remove ${barcode}`, (service) => service.delete(path), (then) => model.remove(then, barcode))],
    [1, () => {
      const to = pick(barcodes)
      return command(`rename ${barcode} ${to}`, (service) => service.patch(path, { barcode: to }), (then) => model.rename(then, barcode, to))
    }],
    [8, () => {
      const moved: model.Moved = { barcode }
      if (chance(0.4)) moved.source = source()
      if (chance(0.8)) moved.target = target()
      if (chance(0.6) || moved.target === undefined) {
        const lidDevice = pick(Object.keys(devices))
        moved.lid = chance(0.5) ? { action: 'on' } : { action: 'off', to: { device: lidDevice, position: chance(0.5) ? undefined : Math.floor(random() * 7) } }
      }
      if (reservation && moved.target) moved.reservation = reservation
      const lid = moved.lid?.action === 'off' ? { action: 'off', ...moved.lid.to } : moved.lid
      const step = chance(0.6) ? { id: uuidv7(), device: 'Arm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' } : undefined
      if (step) moved.logged = true
      const input = { container: barcode, source: moved.source, target: moved.target, lid, reservation_id: moved.reservation, step }
      return command(`transfer ${JSON.stringify(input)}`, (service) => service.post('/api/transfers', input), (then) => model.transfer(then, moved), step ? 'id' : 'key')
    }],
    [2, () => {
      const [at, displaces] = [spot(), chance(0.5)]
      return command(`correct ${barcode} ${JSON.stringify(at)} ${displaces}`, (service) => service.post(`${path}/correct`, { reason, ...at, ...displaces ? { displace: 'remove' } : {} }),
        (then) => model.correct(then, barcode, at, displaces))
    }],
    [4, () => {
      const known = [...lab.plates.values()]
      const some = Array.from({ length: 1 + Math.floor(random() * 4) }, () => chance(0.9) && known.length > 0 ? pick(known).barcode : barcode)
      // Mostly each plate once, in the places that they have among them.
      const named = chance(0.9) ? [...new Set(some)] : some
      const places = named.map((one) => lab.plates.get(one)?.at ?? spot())
      const items: model.Arranged[] = named.map((one, n) => ({
        barcode: one, at: chance(0.8) ? places[(n + 1) % places.length]! : spot(), ...chance(0.2) ? { lidded: chance(0.5) } : {}
      }))
      for (const item of items) if (item.lidded !== true && chance(0.2)) item.lid = chance(0.2) ? null : spot()
      const missing = chance(0.3) ? [chance(0.8) && known.length > 0 ? pick(known).barcode : barcode] : []
      const input = { reason, items: items.map(({ at, ...item }) => ({ ...item, ...at })), missing }
      return command(`arrange ${JSON.stringify(input)}`, (service) => service.post('/api/arrangements', input), (then) => model.arrange(then, items, missing))
    }],
    [3, () => {
      // Of the plates that are known: mostly those that are there, some of them elsewhere on the device, and some from other places.
      const plates = [...lab.plates.values()].filter(({ at }) => chance(at?.device === device ? 0.8 : 0.2)).map((plate) => plate.barcode)
      const positions = [0, 1, 2, 3, 4, 5, 6].sort(() => random() - 0.5)
      const seen = plates.map((one, n) => ({ position: chance(0.6) ? lab.plates.get(one)!.at?.position ?? positions[n]! : positions[n]!, barcode: one }))
        .filter(({ position }, n, all) => all.findIndex((other) => other.position === position) === n)
      const input = { device, seen, apply: true, reason }
      return command(`stocktake ${JSON.stringify(input)}`, (service) => service.post('/api/stocktakes', input), (then) => model.takeStock(then, device, seen))
    }],
    [1, () => {
      const [one, other] = [pick(barcodes), pick(barcodes)]
      const labels: [string, string][] = chance(0.5) ? [[one, other], [other, one]] : [[one, pick(barcodes)], [other, pick(barcodes)]]
      const input = { reason, labels: labels.map(([container, to]) => ({ container, barcode: to })) }
      return command(`relabel ${JSON.stringify(input)}`, (service) => service.post('/api/containers/relabel', input), (then) => model.relabel(then, labels))
    }],
    [1, () => {
      // Mostly back to the original capacity: a lab without slots refuses everything, which tests nothing.
      const capacity = chance(0.7) ? devices[device as keyof typeof devices] ?? 1 : Math.floor(random() * 7)
      return command(`resize ${device} ${capacity}`, (service) => service.patch(`/api/devices/${device}`, { capacity }), (then) => model.resize(then, device, capacity))
    }],
    [2, () => {
      const [id, purpose, count, last] = [uuidv7(), pick(['container', 'lid'] as const), 1 + Math.floor(random() * 2), chance(0.5)]
      const type = chance(0.4) ? pick([model.high, 'Flat']) : null
      const input = { id, device, purpose, count, labware_type: type, strategy: last ? 'last' : 'first', owner: 'o', ttl_seconds: 3600 }
      return command(`reserve ${JSON.stringify(input)}`, (service) => service.post('/api/reservations', input), (then) => model.reserve(then, id, { device, purpose, count, last, type }), 'id')
    }],
    [1, () => {
      const id = pick([...lab.reservations.keys(), uuidv7()])
      return command(`release ${id}`, (service) => service.delete(`/api/reservations/${id}`), (then) => model.release(then, id))
    }],
    [1, () => {
      const [id, start] = [uuidv7(), Math.floor(random() * 100)]
      return command(`begin ${id} ${start}`, (service) => service.post('/api/steps', { id, device: 'Runner', start: timeOf(start) }), (then) => {
        then.steps.set(id, { start, finish: null, pauses: [] })
        return 'ok'
      })
    }],
    [5, () => {
      const [word, change] = pick([['pause', pause], ['resume', resume], ['pause', pause], ['resume', resume], ['finish', finish]] as const)
      const [id, at] = [pick([...[...lab.steps.keys()].slice(-4), ...chance(0.05) ? [uuidv7()] : []]) ?? uuidv7(), Math.floor(random() * 300)]
      return command(`${word} ${id} ${at}`, (service) => service.post(`/api/steps/${id}/${word}`, word === 'finish' ? { finish: timeOf(at) } : { at: timeOf(at) }),
        (then) => change(then.steps, id, at))
    }],
    [restorable.length > 0 ? 0.2 : 0, () => command('wipe', (service) => service.delete('/api/lab?confirm=wipe'), model.wipe)],
    [restorable.length > 0 ? 0.6 : 0, restore]
  ]
  // Nothing else can succeed in a lab without devices.
  if (lab.devices.size === 0) return restore()
  let roll = random() * kinds.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, make] of kinds) {
    roll -= weight
    if (roll < 0) return make()
  }
  return kinds[0]![1]()
}
