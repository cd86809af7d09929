import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { aReceiver } from '../support/receiver.ts'
import { aLab } from '../support/service.ts'

t.test('a webhook is added, tested, listed with its attempts, and removed', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const receiver = await aReceiver(t)
  const { platformStatus } = await aCommandLine(lab, { TZ: 'UTC' })
  lab.app.deliveries.start()
  t.match(await platformStatus('webhooks'), { code: 0, out: 'no webhooks\n' })
  const added = await platformStatus('webhooks', 'add', receiver.url, '--kind', 'added', '--kind', 'moved', '--device', 'Hotel', '--description', 'tells the stock')
  t.match(added, { code: 0, out: /^whsec_\S+\n$/, err: /Its secret is not shown again/ })
  const [{ id }] = (await platformStatus('webhooks', '--json')).json
  t.match(await platformStatus('webhooks', 'test', id), { code: 0, out: /^delivered: the receiver answered 204 in [\d.]+ s\n$/ })
  receiver.verified(added.out.trim())
  await lab.post('/api/containers', { device: 'Hotel' })
  await receiver.until(2)
  lab.app.deliveries.stop().catch(() => {})
  t.match(await platformStatus('webhooks', 'attempts', id), { code: 0, out: / webhook-test +1 +204 +[\d.]+ +delivered +test\./ })
  t.match(await platformStatus('webhooks'), { out: new RegExp(`${receiver.url} +added,moved +Hotel +on +\\d +tells the stock +${id}\\n$`) })
  t.match(await platformStatus('webhooks', 'add', 'ftp://nowhere'), { code: 1, err: /must begin with https:\/\/ or http:\/\// })
  t.match(await platformStatus('webhooks', 'remove', id), { code: 0, out: `webhook ${id} is deleted\n` })
  t.match(await platformStatus('webhooks', 'remove', id), { code: 1, err: /No webhook has this id/ })
})

t.test('a test message that is not delivered is a finding', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const receiver = await aReceiver(t)
  receiver.answer = (response) => response.writeHead(404).end()
  const { platformStatus } = await aCommandLine(lab)
  lab.app.deliveries.start()
  const { body: { id } } = await lab.post('/api/webhooks', { url: receiver.url })
  t.match(await platformStatus('webhooks', 'test', id), { code: 1, err: /The test message was not delivered: The receiver answered 404\./ })
  await lab.patch(`/api/webhooks/${id}`, { disabled: true })
  t.match(await platformStatus('webhooks'), { out: /off \(requested\)/ })
})
