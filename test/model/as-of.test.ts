import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab, type Service } from '../support/service.ts'
import { devices, draw, properties, setUp } from './commands.ts'
import { aModelLab, remember } from './lab.ts'
import { repetitions } from '../support/thorough.ts'

// The same random commands as those of the model. What the service said after each of them, it says later with `?at=`. MODEL_SEED repeats a failure.

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const commands = Number(process.env.MODEL_COMMANDS ?? repetitions({ quick: 40, thorough: 120 }))
/** So many states of the past are compared at least. Of 2,000 seeds, one in thirty has none after 40 commands, so those have more commands. */
const fewestLooks = 3

/** What is read of the lab, now or as of a revision. Reservations are not in the past, and a container that came later is not either. */
async function look (service: Service, at?: number): Promise<object> {
  const then = at === undefined ? '' : `?at=${at}`
  const { devices: ofLab, ...lab } = (await service.get(`/api/lab${then}`)).body
  const names: string[] = ofLab.map(({ name }: { name: string }) => name).sort()
  const positions = await Promise.all(names.map(async (name) => (await service.get(`/api/devices/${name}/positions${then}`)).body.map(({ reserved, ...slot }: { reserved: unknown }) => slot)))
  const { body: { items } } = await service.get('/api/containers?removed=any&missing=any&limit=500')
  const read = await Promise.all(items.map(async ({ id }: { id: string }) => (await service.get(`/api/containers/${id}${then}`)).body))
  return {
    lab, devices: ofLab.map(({ reserved, ...device }: { reserved: unknown }) => device).sort((a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1),
    positions, containers: read.filter(({ status }) => status !== 404)
  }
}

t.test(`the past is as the service said it (MODEL_SEED=${seed})`, async (t) => {
  const service = await aLab(t, devices)
  const random = seededRandom([seed])
  const lab = aModelLab(devices, properties)
  await setUp(service)
  remember(lab, (await service.get('/api/lab')).body.revision)
  const seen = new Map<number, { says: string, state: object }>()
  for (let n = 0; n < commands || seen.size < fewestLooks; n++) {
    const command = draw(random, lab)
    const { status } = await command.send(service)
    command.expected(lab)
    const { body: { revision } } = await service.get('/api/lab')
    if (status < 300) remember(lab, revision)
    if (status < 300 && random() < 0.4) seen.set(revision, { says: command.says, state: await look(service) })
  }
  for (const [revision, { says, state }] of seen) t.strictSame(await look(service, revision), state, `as of revision ${revision}, after ${says}`)
})
