import t from 'tap'
import { selectionOf } from '../../web/src/pages/now/selection.ts'

t.test('an address of Now names a device, or a slot behind the last colon', (t) => {
  const of = (search: string) => selectionOf(new URLSearchParams(search))
  t.equal(of(''), null)
  t.same(of('device=Hotel1'), { device: 'Hotel1', slot: null })
  t.same(of('sel=Hotel1:5'), { device: 'Hotel1', slot: 5 })
  t.same(of('sel=rack:a:0&device=Hotel1'), { device: 'rack:a', slot: 0 }, 'a slot says more than a device')
  t.same(of('sel=Hotel1:-1'), { device: 'Hotel1:-1', slot: null }, 'no slot: the page says that the lab has no such device')
  t.end()
})
