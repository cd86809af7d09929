import { occupantOf, slotsOf } from "./lab.js";
/** What stands where, by the service. */
export async function stateOf(service) {
    const { body: lab } = await service.get('/api/lab');
    const { body: reservations } = await service.get('/api/reservations?limit=500');
    const slots = await Promise.all(lab.devices.map(async ({ name }) => (await service.get(`/api/devices/${name}/positions`)).body
        .map(({ position, container, occupied_by, reserved }) => ({ device: name, position, container, occupied_by, reserved: reserved?.id ?? null }))));
    const { body: containers } = await service.get('/api/containers?limit=500');
    return {
        slots: slots.flat(),
        plates: containers.items.map(({ barcode, device, position, lidded, lid }) => ({ barcode, device, position, lidded, lid })).sort(byBarcode),
        promised: reservations.items.flatMap(({ positions }) => positions).length
    };
}
/** The same, by the model. */
export function modelled(world) {
    const promised = (device, position) => [...world.promises.values()].find(({ slots }) => slots.some((slot) => slot.device === device && slot.position === position));
    return {
        slots: [...world.devices.keys()].sort().flatMap((device) => slotsOf(world, device)).map((spot) => {
            const there = occupantOf(world, spot);
            return {
                ...spot, container: there?.part === 'container' ? there.plate.barcode : null, occupied_by: there?.part ?? null, reserved: promised(spot.device, spot.position)?.id ?? null
            };
        }),
        plates: [...world.plates.values()].map(({ barcode, at, lidded, lid }) => ({ barcode, ...at, lidded, lid })).sort(byBarcode),
        promised: [...world.promises.values()].reduce((sum, { slots }) => sum + slots.length, 0)
    };
}
const byBarcode = (a, b) => a.barcode < b.barcode ? -1 : 1;
//# sourceMappingURL=state.js.map