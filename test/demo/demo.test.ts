import t from 'tap'
import { demoClient } from '../../src/demo/client.ts'
import { demo } from '../../src/demo/demo.ts'
import { barcodeOf, readRuns } from '../../src/demo/robotlab.ts'
import { listening } from '../support/http.ts'
import { anOutput } from '../support/output.ts'
import { aLab, aService } from '../support/service.ts'

// the two shortest real runs are enough
const runs = (await readRuns()).slice(0, 2)

t.test('shows what a real lab did and what is learnt from it', async (t) => {
  const service = await aService(t)
  const address = await listening(service)
  const out = anOutput()
  await demo({ call: demoClient(address), address, out, runs })

  t.match(out.text, /steps of 1 earlier runs 12\/12/)
  t.match(out.text, /moves and lids of 2022-12-09_13\.59 70\/70/)
  t.match(out.text, /step +level +samples +median s +95 % s\n +wash: RunValidated \S+ +parameters +\d+ +\d+\.\d +\d+\.\d\n/)
  t.match(out.text, /a 95 % bound for \d+ of its 173 steps\. \d+\.\d % of these steps kept it/)
  t.match(await service.get(`/api/containers/${barcodeOf(runs[1]!.name, '1')}`), { body: { starting_device: 'incu', starting_position: 1, lidded: true } })
  t.match(await service.get('/api/experiments?count=true&status=completed'), { body: { total: 2 } })

  t.test('the calls that it names can be made', async (t) => {
    const asked = [...out.text.matchAll(/curl '?(http[^\s']+)'?(?:.* -d '(.*)')?/g)]
    t.equal(asked.length, 5)
    for (const [, url, body] of asked) {
      const answer = await fetch(url!, body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      t.equal(answer.status, 200, url!)
    }
  })

  t.test('it can be shown again', async (t) => {
    const again = anOutput()
    await demo({ call: demoClient(address), address, out: again, runs })
    t.match(again.text, /70\/70/)
    t.notMatch(again.text, /gave a 95 % bound/, 'a run that is already logged is not scored')
    t.match(await service.get('/api/steps?count=true&limit=1'), { body: { total: 185 } }, 'nothing is logged twice')
  })
})

t.test('draws in a terminal, and writes plain lines to a pipe', async (t) => {
  const address = await listening(await aService(t))
  const [terminal, pipe] = [anOutput({ isTTY: true }), anOutput()]
  for (const out of [pipe, terminal]) await demo({ call: demoClient(address), address, out, runs: runs.slice(0, 1) })
  t.match(terminal.text, /\r {2}moves and lids of \S+ █+ 4\/4 in/)
  // eslint-disable-next-line no-control-regex -- the test asserts that there is none
  t.notMatch(pipe.text, /[\u0000-\u0009\u000b-\u001f\u007f]/)
})

t.test('leaves a database with another lab alone', async (t) => {
  for (const [devices, named] of [[{ Hotel1: 4 }, /another lab \(Hotel1\)/], [{ D1: 1, D2: 1, D3: 1, D4: 1 }, /another lab \(D1, D2, D3, \.\.\.\)/]] as const) {
    const service = await aLab(t, devices)
    const address = await listening(service)
    await t.rejects(demo({ call: demoClient(address), address, out: anOutput(), runs }), { message: named })
    t.match(await service.get('/api/devices'), { body: { items: Object.keys(devices).map((name) => ({ name })) } })
  }
})

t.test('leaves a lab with plates alone', async (t) => {
  const service = await aLab(t, { Hotel1: 4 })
  await service.post('/api/containers', { device: 'Hotel1', barcode: 'PLATE001' })
  const address = await listening(service)
  await t.rejects(demo({ call: demoClient(address), address, out: anOutput(), runs }), { message: /was refused: 409/ })
  t.match(await service.get('/api/containers/PLATE001'), { body: { device: 'Hotel1', position: 0 } })
})
