import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { devices, draw, properties, setUp } from '../model/commands.ts'
import { aModelLab } from '../model/lab.ts'
import { modelled, stateOf } from '../model/state.ts'
import { aLyingNetwork } from '../support/lying-network.ts'
import { aPersistentClient } from '../support/persistent-client.ts'
import { aLab, type Service } from '../support/service.ts'

// The same commands end in the same state over a good and over a bad network, because clients send a command that got no answer
// again, with the same key. LYING_COMMANDS sets the number of commands (`npm run test:soak` uses many).

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const count = Number(process.env.LYING_COMMANDS ?? 60)

t.test(`clients that retry come through a network that lies (MODEL_SEED=${seed})`, async (t) => {
  const random = seededRandom([seed])
  const lab = aModelLab(devices, properties)
  const commands = Array.from({ length: count }, () => {
    const command = draw(random, lab)
    return { ...command, code: command.expected(lab) }
  })
  const clean = await aLab(t, devices)
  await setUp(clean)
  for (const { send } of commands) await send(clean)

  const service = await aLab(t, devices)
  await setUp(service)
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const network = await aLyingNetwork(t, address, seededRandom([seed, 1]))
  const client = aPersistentClient(() => network.address) as Service
  for (const { says, send, code } of commands) {
    const { status, body } = await send(client)
    const told = status < 300 ? 'ok' : body.code
    if (told !== code) {
      t.fail(`${says} answers ${told} instead of ${code}`)
      return
    }
  }
  t.comment(JSON.stringify(network.lies))
  t.ok(network.lies.lost > 0 && network.lies.cut > 0 && network.lies.twice > 0, 'it lied')
  const state = await stateOf(service)
  t.strictSame(state, modelled(lab), 'as the model has it')
  t.strictSame(state, await stateOf(clean), 'as over an honest network')
  t.equal((await service.get('/api/lab')).body.revision, (await clean.get('/api/lab')).body.revision, 'nothing was done twice')
})
