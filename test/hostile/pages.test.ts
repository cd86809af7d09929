import t from 'tap'
import { rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const evil = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", '</style><script>x</script>', '&lt;b&gt;', 'a{{b}}${c}']

t.test('text of the lab stays text on the page of present labware', async (t) => {
  const lab = await aLab(t, { 'Hotel <b>': 20 })
  for (const [position, text] of evil.entries()) {
    const { status } = await lab.post('/api/containers', { device: 'Hotel <b>', position, barcode: text, name: text, labware_type: text })
    t.equal(status, 201, text)
  }
  const { text: page } = await lab.get('/present')
  const tags = new Set([...page.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag!.toLowerCase()))
  t.strictSame([...tags].filter((tag) => ['script', 'img', 'b', 'iframe'].includes(tag)), [])
  t.notMatch(page, /<[^>]*\son[a-z]+=/i, 'no tag has a handler')
  t.equal(page.match(/<style>/g)!.length, 1)
  for (const device of ['<script>', '"><svg onload=x>']) t.notMatch((await lab.get(`/present?device=${encodeURIComponent(device)}`)).text, /<script|<svg/)
})

t.test('what nobody sees in a barcode is shown as a mark, and directions do not leave it', async (t) => {
  const lab = await aLab(t, { Hotel: 5 })
  const long = 'X'.repeat(200)
  const barcodes = ['P12', 'P1', '样品板 42', 'لوحة', long]
  for (const [position, barcode] of barcodes.entries()) t.equal((await lab.post('/api/containers', { device: 'Hotel', position, barcode, name: `n${position}` })).status, 201, barcode)
  // An older version accepted these.
  await rows(lab, "UPDATE container SET barcode = 'P1' || chr(8238) || '2' WHERE barcode = 'P12'")
  await rows(lab, "UPDATE container SET barcode = 'P1' || chr(8203) WHERE barcode = 'P1'")
  const { text: page } = await lab.get('/present')
  t.match(page, '<bdi>P1<b class="mark">U+202E</b>2</bdi>')
  t.match(page, '<bdi>P1<b class="mark">U+200B</b></bdi>')
  t.match(page, '<bdi>样品板 42</bdi>')
  t.match(page, '<bdi>لوحة</bdi>')
  t.match(page, `<bdi>${long}</bdi>`)
  t.notMatch(page, /[\u200b\u202e]/)
})
