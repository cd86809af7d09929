import t from 'tap'
import { logged } from '../support/log.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { aLab, aService, seg, type Service } from '../support/service.ts'

async function pageOf (lab: Service, query = ''): Promise<string> {
  const { status, text } = await lab.get(`/present${query}`)
  if (status !== 200) throw new Error(`the page was refused: ${status} ${text}`)
  return text
}

/** The rows of the tables as a text browser shows them. */
function rowsOf (page: string): string[] {
  return [...page.matchAll(/<tr>\n(.*?)<\/tr>/gs)].map(([, row]) => row!.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').trim())
}

t.test('every container is shown with barcode, type, place, lid, since when it is there and how it was last seen', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'P2', name: 'cells', labware_type: 'Greiner 96', lid: { device: 'Hotel', position: 3 } })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1', lidded: true })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, name: 'waste box' })
  await lab.post('/api/containers/P1/move', { target_device: 'Washer' })
  const page = await pageOf(lab)
  t.match(rowsOf(page), [
    /^waste box without a barcode – Hotel 0 none \d\d:\d\d added \d\d:\d\d$/,
    /^P2 cells Greiner 96 Hotel 2 Hotel · 3 \d\d:\d\d added \d\d:\d\d$/,
    /^P1 – Washer 0 on \d\d:\d\d moved \d\d:\d\d$/
  ], 'in the order of the lab file')
  const { body: { revision } } = await lab.get('/api/lab')
  t.match(page, new RegExp(`As of <time datetime="\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\dZ">\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d</time>, revision ${revision}\\.`))
  t.match(page, /<title>Present labware · 3 containers<\/title>/)
})

t.test('the page reloads itself, runs and loads nothing, and stays as it is for who asks', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { text, headers } = await lab.get('/present')
  t.match(text, '<meta http-equiv="refresh" content="5">')
  t.notMatch(text, /<script|<img|<form|src=|style="| on[a-z]+=/)
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-cache',
    'content-security-policy': /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/
  })
  t.notMatch(await pageOf(lab, '?reload=off'), /http-equiv/)
  t.match(await lab.get('/present?reload=on'), { status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } })
})

t.test('an unchanged page is not sent again', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const tagOf = async () => String((await lab.get('/present')).headers.etag)
  const tag = await tagOf()
  // The page says the time to the minute, which can change between two reads.
  t.ok((await lab.get('/present', { 'if-none-match': tag })).status === 304 || (await lab.get('/present', { 'if-none-match': await tagOf() })).status === 304)
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  t.equal((await lab.get('/present', { 'if-none-match': tag })).status, 200)
})

t.test('a page of one device shows what stands there, and whose lids lie there', async (t) => {
  const lab = await aLab(t, { 'Hotel/1 & Co': 3, Washer: 2 })
  await lab.post('/api/containers', { device: 'Hotel/1 & Co', position: 0, barcode: 'P1' })
  await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'P2', lid: { device: 'Hotel/1 & Co', position: 2 } })
  await lab.post('/api/containers', { device: 'Washer', position: 1, barcode: 'P3' })
  const link = `/present?device=${seg('Hotel/1 & Co')}`
  t.ok((await pageOf(lab)).includes(`href="${link}"`))
  t.match(rowsOf((await lab.get(link)).text), [/^P1/, /^P2 .* Hotel\/1 &amp; Co · 2/])
  t.match(await lab.get('/present?device=Fridge'), { status: 404, text: /Device not found[^]*&quot;Fridge&quot;[^]*href="\/present"/ })
})

t.test('missing containers have a section of their own, with where they were last', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  for (const position of [0, 1]) await lab.post('/api/containers', { device: 'Hotel', position, barcode: `P${position}` })
  await lab.post('/api/arrangements', { reason: 'nobody finds it', items: [], missing: ['P1'] })
  const page = await pageOf(lab)
  t.match(page, /Present labware: 1 container<[^]*<h2>Missing: 1<\/h2>/)
  t.match(rowsOf(page), [/^P0/, /^P1 – Hotel · 1 \d\d:\d\d$/])
  t.match(await pageOf(lab, '?device=Hotel'), /Missing: 1/)
  t.notMatch(await pageOf(lab, '?device=Washer'), /Missing/)
})

t.test('what hangs comes first, with where its plates stand and who is at it', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Arm: 0 })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' })
  await lab.put('/api/orchestrators/cage1', { session: 'first', ttl_seconds: 60 })
  await logged(lab, { device: 'Arm', name: 'get lid', start: new Date().toISOString(), finish: null, session: 'first', containers: ['P1', 'P9'] })
  await lab.put('/api/orchestrators/cage1', { session: 'second', ttl_seconds: 60 })
  const page = await pageOf(lab, '?device=Hotel')
  t.match(page, /<title>1 ALARM · Labware on Hotel · 1 container<\/title>[^]*<h2>Needs you: 1<\/h2>[^]*▲ LOST[^]*<bdi>Arm<\/bdi> · <bdi>get lid<\/bdi>[^]*<bdi>P1<\/bdi>: <bdi>Hotel<\/bdi> · 1[^]*<bdi>P9<\/bdi>: nobody knows where it is[^]*<table class="labware">/)
  const [{ id }] = (await lab.get('/api/alarms')).body.items
  await lab.post(`/api/alarms/${id}/acknowledge`, { note: 'Anna:\non my way' })
  t.match(await pageOf(lab), /Somebody is at it since .*: <bdi>Anna: on my way<\/bdi>/)
})

t.test('an empty lab says what it is', async (t) => {
  const service = await aService(t)
  t.match(await pageOf(service), /0 containers<[^]*The lab has no devices yet\. Apply a lab file first\./)
  const lab = await aLab(t, { Hotel: 1 })
  t.match(await pageOf(lab), 'No labware is present.')
  t.match(await pageOf(lab, '?device=Hotel'), 'Nothing stands on this device')
})

t.test('with keys, strangers see a short page that leads to the sign-in, and any key is enough', async (t) => {
  const service = await aLabAtWork(t)
  await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  t.match(await service.get('/present'), { status: 401, text: /<a href="\/sign-in">Sign in<\/a>/, headers: { 'www-authenticate': /^Bearer/, 'content-security-policy': /default-src 'none'; style/ } })
  t.notMatch((await service.get('/present')).text, /Hotel|P1/)
})

t.test('links of other pages lead here, but other pages can neither frame nor fetch it', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const foreign = { host: 'localhost:8000', 'sec-fetch-site': 'cross-site' }
  t.equal((await lab.get('/present', { ...foreign, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).status, 200)
  for (const how of [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, { origin: 'https://elsewhere.example' }]) {
    t.match(await lab.get('/present', { ...foreign, ...how }), { status: 403, headers: { 'content-type': 'text/html; charset=utf-8' } }, JSON.stringify(how))
  }
})

t.test('a long list ends early and says so', async (t) => {
  const lab = await aLab(t, { Hotel: 1003, Washer: 1 })
  for (const first of [0, 500]) {
    await lab.post('/api/containers/batch', { containers: Array.from({ length: 500 }, (_, n) => ({ device: 'Hotel', position: first + n })) })
  }
  await lab.post('/api/containers/batch', { containers: [1000, 1001].map((position) => ({ device: 'Hotel', position })) })
  await lab.post('/api/containers', { device: 'Washer', barcode: 'W1' })
  const page = await pageOf(lab)
  t.equal(rowsOf(page).length, 1000)
  t.match(page, 'And 3 containers more, for which this page has no room. <a href="/labware">')
  t.match(page, '<title>Present labware · 1003 containers</title>')
  t.match(rowsOf(await pageOf(lab, '?device=Washer')), [/^W1 /])
  t.notMatch(await pageOf(lab, '?device=Washer'), 'no room')
})
