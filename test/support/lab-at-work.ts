import type { Test } from 'tap'
import { type Answer, aService, type Service } from './service.ts'

export type LabAtWork = Service & { process: string, experiment: string, step: string, container: string, reservation: string, orchestrator: string, alarm: string, stocktake: string, webhook: string, stepKind: string }

/** A service with data of every kind: devices, containers, a parked lid, a reserved slot, a process, a running experiment, finished and running steps, a step that was lost and its alarm, a stocktake, a webhook. */
export async function aLabAtWork (t: Test, env?: Record<string, string>, report?: (fault: string) => void): Promise<LabAtWork> {
  return await putToWork(await aService(t, env, report))
}

/** Fills a service that is empty. */
export async function putToWork (service: Service): Promise<LabAtWork> {
  const made = async (answer: Promise<Answer>): Promise<string> => {
    const { status, body, text } = await answer
    if (status !== 201) throw new Error(`the lab at work was refused: ${text}`)
    return body.id
  }
  await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 6 }, Washer: { capacity: 1 }, Arm: { capacity: 0 } } } })
  const container = await made(service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true }))
  await made(service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2', lid: { device: 'Hotel', position: 2 } }))
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 })
  const process = await made(service.post('/api/processes', { name: 'Screening', source: 'print()\n' }))
  await made(service.post('/api/processes', { name: 'Cleaning', source: 'print()\n' }))
  const experiment = await made(service.post('/api/experiments', { process_id: process }))
  await made(service.post('/api/experiments', { process_id: process }))
  const start = '2026-03-02T09:15:00Z'
  await made(service.post('/api/steps', { device: 'Hotel', start, finish: '2026-03-02T09:16:00Z', experiment_id: experiment, containers: ['P1'] }))
  await made(service.post('/api/steps', { device: 'Hotel', start, finish: '2026-03-02T09:17:00Z', data: { fct: 'shake' } }))
  await made(service.post('/api/steps', {
    kind: 'move', device: 'Arm', start, finish: '2026-03-02T09:15:20Z', origin: { device: 'Hotel', position: 0 }, destination: { device: 'Washer' }, containers: ['P1']
  }))
  const step = await made(service.post('/api/steps', { device: 'Washer', start, experiment_id: experiment, data: { fct: 'wash' } }))
  const reservation = await made(service.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 3600, strategy: 'last' }))
  const orchestrator = 'cage1'
  await service.put(`/api/orchestrators/${orchestrator}`, { session: 'in the morning', ttl_seconds: 3600 })
  await made(service.post('/api/steps', { device: 'Arm', start: new Date().toISOString(), data: { fct: 'home' }, session: 'in the morning' }))
  await service.put(`/api/orchestrators/${orchestrator}`, { session: 'after its restart', ttl_seconds: 3600 })
  const { body: { items: [{ id: alarm }] } } = await service.get('/api/alarms')
  const { body: { id: stocktake } } = await service.post('/api/stocktakes', { device: 'Washer', seen: [], reason: 'Monday', apply: true })
  const webhook = await made(service.post('/api/webhooks', { url: 'https://hooks.lab.example/platform-status' }))
  const { body: { items: [{ key: stepKind }] } } = await service.get('/api/estimates/kinds?since=2026-01-01T00:00:00Z')
  return { ...service, stepKind, webhook, stocktake, orchestrator, alarm, container, process, experiment, step, reservation }
}
