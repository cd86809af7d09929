import type { Service } from '../support/service.ts'
import { occupantOf, slotsOf, type Lab } from './lab.ts'
import { shown } from './steps.ts'

/** The tracked lab, as the service answers it. */
export async function stateOf (service: Pick<Service, 'get'>): Promise<object> {
  const { body: lab } = await service.get('/api/lab')
  const { body: reservations } = await service.get('/api/reservations?limit=500')
  const slots = await Promise.all(lab.devices.map(async ({ name }: { name: string }) => (await service.get(`/api/devices/${name}/positions`)).body
    .map(({ position, container, occupied_by, reserved }: any) => ({ device: name, position, container, occupied_by, reserved: reserved?.id ?? null }))))
  const { body: containers } = await service.get('/api/containers?limit=500')
  return {
    slots: slots.flat(),
    plates: containers.items.map(({ barcode, device, position, last_device, last_position, lidded, lid }: any) => ({ barcode, device, position, last_device, last_position, lidded, lid })).sort(byBarcode),
    steps: (await service.get('/api/steps?device=Runner&limit=500')).body.items
      .map(({ id, status, paused_at, paused_seconds, active_seconds }: any) => ({ id, status, paused_at, paused_seconds, active_seconds })).sort(byId),
    reserved: reservations.items.flatMap(({ positions }: any) => positions).length
  }
}

/** The tracked lab, as the model has it. */
export function modelled (lab: Lab): object {
  const reserved = (device: string, position: number) => [...lab.reservations.values()].find(({ slots }) => slots.some((slot) => slot.device === device && slot.position === position))
  return {
    slots: [...lab.devices.keys()].sort().flatMap((device) => slotsOf(lab, device)).map((spot) => {
      const there = occupantOf(lab, spot)
      return {
        ...spot, container: there?.part === 'container' ? there.plate.barcode : null, occupied_by: there?.part ?? null, reserved: reserved(spot.device, spot.position)?.id ?? null
      }
    }),
    plates: [...lab.plates.values()].map(({ barcode, at, last, lidded, lid }) => ({
      barcode, device: at?.device ?? null, position: at?.position ?? null, last_device: last?.device ?? null, last_position: last?.position ?? null, lidded, lid
    })).sort(byBarcode),
    steps: shown(lab.steps),
    reserved: [...lab.reservations.values()].reduce((sum, { slots }) => sum + slots.length, 0)
  }
}

const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1
const byBarcode = (a: { barcode: string }, b: { barcode: string }) => a.barcode < b.barcode ? -1 : 1
