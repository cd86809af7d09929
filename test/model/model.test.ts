import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab } from '../support/service.ts'
import { randomUUID } from 'node:crypto'
import type { Answer, Service } from '../support/service.ts'
import { eventKinds } from '../../src/contract/events.ts'
import { type Command, devices, draw, properties, setUp } from './commands.ts'
import { aModelLab, remember } from './lab.ts'
import { modelled, stateOf } from './state.ts'
import { repetitions } from '../support/thorough.ts'

// Long random sequences of all commands of the lab, sent to the service and to a simple model of it. Both must answer the same and
// end in the same state. Commands are repeated late as well. A failure prints the seed, MODEL_SEED repeats it. MODEL_COMMANDS sets the
// length (`npm run test:soak` uses many).

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const commands = Number(process.env.MODEL_COMMANDS ?? repetitions({ quick: 100, thorough: 250 }))
/** So many commands succeed and are repeated at least. Of 2,000 seeds, one in seventy has fewer after 100 commands, so those have more commands. */
const [fewestDone, fewestRepeated] = [commands / 8, commands / 10]
const lookEvery = 10
const repeatShare = 0.25

type Done = { command: Command, key: string | undefined, answer: Answer }

/** Sends a command again that was answered before, however long ago, and says what is wrong with its answer, or null. */
async function repeated (service: Service, { command, key, answer }: Done): Promise<string | null> {
  const again = await command.send(service, key)
  if (again.status >= 300) return `answers ${again.status} ${again.text}`
  // By id, a container and a reservation are shown as they are now; everything else is answered as before.
  const same = command.repeats === 'id' && /^(add|reserve) /.test(command.says) ? again.body.id === answer.body.id : again.text === answer.text
  return same ? null : `answered ${answer.text}, now ${again.text}`
}

t.test(`the service does as the model does (MODEL_SEED=${seed})`, async (t) => {
  const service = await aLab(t, devices)
  const random = seededRandom([seed])
  const lab = aModelLab(devices, properties)
  await setUp(service)
  remember(lab, (await service.get('/api/lab')).body.revision)
  const tally = new Map<string, number>()
  const told: string[] = []
  const done: Done[] = []
  let repetitions = 0
  for (let n = 0; n < commands || done.length < fewestDone || repetitions < fewestRepeated; n++) {
    const command = draw(random, lab)
    const key = command.repeats === 'key' ? randomUUID() : undefined
    const answer = await command.send(service, key)
    const { status, body, text } = answer
    const expected = command.expected(lab)
    const code = status < 300 ? 'ok' : body.code
    told.push(`${command.says} -> ${code}`)
    tally.set(code, (tally.get(code) ?? 0) + 1)
    if (code !== expected) {
      t.fail(`command ${n} answers ${code}, the model ${expected}: ${text}\n${told.slice(-12).join('\n')}`)
      return
    }
    if (status < 300) {
      done.push({ command, key, answer })
      remember(lab, (await service.get('/api/lab')).body.revision)
    }
    // A repetition changes nothing: the look at the lab below compares with a model that was not told of it.
    for (let time = 0; time < 2 && done.length > 0 && random() < repeatShare; time++) {
      const one = done[Math.floor(random() * done.length)]!
      const fault = await repeated(service, one)
      told.push(`again: ${one.command.says}`)
      repetitions++
      if (fault !== null) {
        t.fail(`after command ${n} the repetition of ${one.command.says} ${fault}\n${told.slice(-12).join('\n')}`)
        return
      }
    }
    if (n % lookEvery === 0 || n >= commands - 1) {
      const [seen, meant] = [await stateOf(service), modelled(lab)]
      if (JSON.stringify(seen) !== JSON.stringify(meant)) {
        t.strictSame(seen, meant, `after command ${n}:\n${told.slice(-lookEvery).join('\n')}`)
        return
      }
    }
  }
  t.comment(`${repetitions} repetitions, ${JSON.stringify([...tally])}`)
  t.match((await service.get('/api/lab/health')).body, { healthy: true })
  const { body: { revision } } = await service.get('/api/lab')
  const { body: events } = await service.get('/api/events?sort=-revision&limit=1')
  t.equal(events.items[0].revision, revision, 'the log has no gap at its end')
  for (let after = 0; after < revision;) {
    const { body: { items } } = await service.get(`/api/events?after=${after}&limit=500`)
    t.same(items.filter(({ kind }: { kind: never }) => !eventKinds.includes(kind)), [], 'one can filter by every kind that is written')
    after = items.at(-1).revision
  }
})
