import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab } from '../support/service.ts'
import { devices, draw } from './commands.ts'
import { aModelLab } from './lab.ts'
import { modelled, stateOf } from './state.ts'

// Long random sequences of all commands of the lab, sent to the service and to a simple model of it. Both must answer the same and
// end in the same state. A failure prints the seed, MODEL_SEED repeats it. MODEL_COMMANDS sets the length (`npm run test:soak` uses many).

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const commands = Number(process.env.MODEL_COMMANDS ?? 250)
const lookEvery = 10

t.test(`the service does as the model does (MODEL_SEED=${seed})`, async (t) => {
  const service = await aLab(t, devices)
  const random = seededRandom([seed])
  const lab = aModelLab(devices)
  const tally = new Map<string, number>()
  const told: string[] = []
  for (let n = 0; n < commands; n++) {
    const command = draw(random, lab)
    const { status, body, text } = await command.send(service)
    const expected = command.expected(lab)
    const code = status < 300 ? 'ok' : body.code
    told.push(`${command.says} -> ${code}`)
    tally.set(code, (tally.get(code) ?? 0) + 1)
    if (code !== expected) {
      t.fail(`command ${n} answers ${code}, the model ${expected}: ${text}\n${told.slice(-12).join('\n')}`)
      return
    }
    if (n % lookEvery === 0 || n === commands - 1) {
      const [seen, meant] = [await stateOf(service), modelled(lab)]
      if (JSON.stringify(seen) !== JSON.stringify(meant)) {
        t.strictSame(seen, meant, `after command ${n}:\n${told.slice(-lookEvery).join('\n')}`)
        return
      }
    }
  }
  t.ok((tally.get('ok') ?? 0) > commands / 8, `enough of it succeeds: ${JSON.stringify([...tally])}`)
  t.match((await service.get('/api/lab/health')).body, { healthy: true })
  const { body: { revision } } = await service.get('/api/lab')
  const { body: events } = await service.get('/api/events?sort=-revision&limit=1')
  t.equal(events.items[0].revision, revision, 'the log has no gap at its end')
})
