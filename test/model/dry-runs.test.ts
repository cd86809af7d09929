import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab, type Answer, type Service } from '../support/service.ts'
import { devices, draw, properties, setUp } from './commands.ts'
import { aModelLab, remember } from './lab.ts'

// The same random commands as those of the model: each is first tried with `?dry_run=true`, which must say what the command then does.
// MODEL_SEED repeats a failure.

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const commands = Number(process.env.MODEL_COMMANDS ?? 120)

/** The same service, whose writes are dry runs. */
function tried (service: Service): Service {
  const dry = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}dry_run=true`
  return {
    ...service,
    post: async (path, body, headers) => await service.post(dry(path), body, headers),
    patch: async (path, body, headers) => await service.patch(dry(path), body, headers),
    delete: async (path, headers) => await service.delete(dry(path), headers)
  }
}

/**
 * An answer without what differs each time. A dry run of a transfer returns the container as it is now; its findings and warnings are compared. One
 * of a stocktake has no id.
 */
function comparable ({ status, body }: Answer): unknown {
  const others = ['revision', 'applied', 'request_id', 'instance', 'step']
  if (body.findings !== undefined) others.push(body.container === undefined ? 'id' : 'container', 'status')
  const plain = JSON.stringify(body, (name, value: unknown) => others.includes(name) ? undefined : value)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
  return [status, JSON.parse(plain)]
}

t.test(`a dry run of a random command says what the command then does (MODEL_SEED=${seed})`, async (t) => {
  const service = await aLab(t, devices)
  const random = seededRandom([seed])
  const lab = aModelLab(devices, properties)
  await setUp(service)
  remember(lab, (await service.get('/api/lab')).body.revision)
  for (let n = 0; n < commands; n++) {
    const command = draw(random, lab)
    const { text: before } = await service.get('/api/lab')
    const dry = await command.send(tried(service))
    t.equal((await service.get('/api/lab')).text, before, `${command.says} changed nothing`)
    const done = await command.send(service)
    command.expected(lab)
    if (done.status < 300) remember(lab, (await service.get('/api/lab')).body.revision)
    const [finding] = dry.body.findings ?? []
    if (done.status >= 400 && finding !== undefined) {
      const { detail, code } = done.body
      t.match(finding, { code, detail }, command.says)
    } else t.strictSame(comparable(dry), comparable(done), command.says)
  }
})
