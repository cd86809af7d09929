import type { Call } from './page.ts'

/** A lab with something of everything: plates with and without lids, a lid on its own, a long name, another script, a reservation, a missing plate, a step that hangs. */
export async function fillLab (call: Call): Promise<void> {
  await call('PUT', '/api/lab/config', {
    sila_servers: {
      storage: { Hotel1: { capacity: 20 }, Hotel2: { capacity: 20 }, Inkubationsschrank_mit_sehr_langem_Namen: { capacity: 100 } },
      devices: { Washer: { capacity: 1 }, Bin: { capacity: 1, disposes: true } }
    }
  })
  for (let n = 0; n < 5; n++) await call('POST', '/api/containers', { device: 'Hotel1', position: n * 3, barcode: `SCREEN_00${n}`, lidded: n % 2 === 0, labware_type: 'Greiner 96' })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 18, barcode: 'SCREEN_014', lid: { device: 'Hotel2', position: 19 } })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 3, barcode: 'X'.repeat(200) })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 4, barcode: '细胞板-07' })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 5, barcode: 'LOST_1' })
  await call('POST', '/api/arrangements', { reason: 'nobody sees it', items: [], missing: ['LOST_1'] })
  await call('POST', '/api/reservations', { device: 'Hotel1', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 3600 })
  const yesterday = Date.now() - 86_400_000
  for (let n = 0; n < 12; n++) {
    await call('POST', '/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: timeOf(yesterday + n * 60_000), finish: timeOf(yesterday + n * 60_000 + 7000) })
  }
  await call('POST', '/api/steps', { device: 'Washer', name: 'wash', data: { fct: 'wash' }, start: timeOf(Date.now() - 195_000), containers: ['SCREEN_014'] })
}

function timeOf (milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
