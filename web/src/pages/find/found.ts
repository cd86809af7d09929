import type { Occupant, Placed, World } from '../../lab/world.ts'

type Found = { place: { device: string, position: number, container: Occupant['container'] | undefined } | null, devices: string[], containers: Placed[] }

const most = 100

/** What on the platform a text can mean: "Hotel1 5", a device, a part of a barcode or name. */
export function foundIn ({ devices, placed }: World, query: string): Found {
  const wanted = query.toLocaleLowerCase()
  const has = (text: string | null): boolean => text?.toLocaleLowerCase().includes(wanted) === true
  const [, named, slot] = /^(.+?)[\s·:]+(\d+)$/.exec(query) ?? []
  const device = named === undefined ? undefined : [...devices.values()].find(({ name }) => name.toLocaleLowerCase() === named.trim().toLocaleLowerCase())
  const position = Number(slot)
  return {
    place: device === undefined || position >= device.positions ? null : { device: device.name, position, container: device.slots.get(position)?.container },
    devices: [...devices.keys()].filter(has),
    containers: [...placed.values()].filter(({ barcode, name }) => has(barcode) || has(name)).slice(0, most)
  }
}
